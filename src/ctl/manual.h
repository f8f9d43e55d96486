/* manual.h -- the page of the manual of musterctl, from the tables of commands and options. */
#ifndef MUSTER_CTL_MANUAL_H
#define MUSTER_CTL_MANUAL_H

#include "base/buf.h"

/* manual_append appends the page, as roff; date is 2031-05-04. */
void manual_append(struct buf *out, const char *version, const char *date);

#endif
