/* completion.h -- the completion of musterctl for bash, from the tables of commands and options. */
#ifndef MUSTER_CTL_COMPLETION_H
#define MUSTER_CTL_COMPLETION_H

#include "base/buf.h"

/* completion_append_bash appends a script that is to be sourced; it asks nobody, so it completes no ids. */
void completion_append_bash(struct buf *out);

#endif
