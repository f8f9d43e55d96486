/* fields.h -- an object for people, a field a line. No I/O; time is given. */
#ifndef MUSTER_CTL_FIELDS_H
#define MUSTER_CTL_FIELDS_H

#include "base/buf.h"

#include <jansson.h>
#include <stdint.h>

/* fields_append appends a line for each member but those that without names (blanks between; "": none). */
void fields_append(struct buf *out, json_t *object, const char *without, int64_t now_ms);

#endif
