/* worker.c -- reading the fields of a worker, and the form in which Redis keeps its jobs. */
#include "store/worker.h"

#include "store/internal.h"

struct text store_worker_field(const struct store_worker *worker, const char *name)
{
    for (size_t i = 0; i < worker->count; i++) {
        if (text_is(worker->fields[i].name, name)) {
            return worker->fields[i].value;
        }
    }
    return (struct text){0};
}

struct opt_int store_worker_int(const struct store_worker *worker, const char *name)
{
    return text_opt_int(store_worker_field(worker, name));
}

/* Jobs go to Redis as the JSON list that the event will show; ids hold no control characters. */
void worker_append_jobs(struct buf *out, struct texts jobs)
{
    buf_append_string(out, "[");
    for (size_t i = 0; i < jobs.count; i++) {
        buf_append_string(out, i == 0 ? "\"" : ",\"");
        for (size_t k = 0; k < jobs.items[i].len; k++) {
            char c = jobs.items[i].data[k];
            if (c == '"' || c == '\\') {
                buf_append_string(out, "\\");
            }
            buf_append(out, &c, 1);
        }
        buf_append_string(out, "\"");
    }
    buf_append_string(out, "]");
}
