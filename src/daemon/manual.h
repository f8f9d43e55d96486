/* manual.h -- the page of the manual of musterd, from the tables of options and settings. */
#ifndef MUSTER_DAEMON_MANUAL_H
#define MUSTER_DAEMON_MANUAL_H

#include "base/buf.h"

/* manual_append appends the page, as roff; date is 2031-05-04. */
void manual_append(struct buf *out, const char *version, const char *date);

#endif
