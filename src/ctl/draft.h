/* draft.h -- a file that is there as a whole or not at all: written beside it, and put in its place once complete. */
#ifndef MUSTER_CTL_DRAFT_H
#define MUSTER_CTL_DRAFT_H

#include "base/err.h"

#include <stdio.h>

/* All zero: not opened. */
struct draft {
    FILE *file;   /* to write to */
    char *target; /* what it becomes; NULL: it is only read again */
    char *path;   /* its own until then */
};

/* draft_open opens a draft of the file, path NULL: one without a name, to be read again; ERR_IO with the reason. */
enum err draft_open(struct draft *draft, const char *path, struct fault *out_fault) MUST_USE;

/* draft_complete makes it the file; ERR_IO where not all of it could be written, or it cannot take the place. */
enum err draft_complete(struct draft *draft, struct fault *out_fault) MUST_USE;

/* draft_close removes what has not been completed. */
void draft_close(struct draft *draft);

#endif
