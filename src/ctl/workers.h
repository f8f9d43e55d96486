/* workers.h -- the table of workers, from their status documents. No I/O; time is given. */
#ifndef MUSTER_CTL_WORKERS_H
#define MUSTER_CTL_WORKERS_H

#include "ctl/table.h"

#include <jansson.h>
#include <stdint.h>

/* workers_table returns a table with a row for each document, in their order; NULL without memory. */
struct table *workers_table(json_t *const *documents, size_t count, int64_t now_ms);

#endif
