/* args.h -- the arguments of one Redis command, gathered in one reused buffer. */
#ifndef MUSTER_STORE_ARGS_H
#define MUSTER_STORE_ARGS_H

#include "base/buf.h"
#include "domain/worker.h"

#include <stdint.h>

/* All zero is empty. After a failure to grow, args_finish says so. */
struct args {
    struct buf bytes;
    size_t *ends;
    size_t count;
    size_t cap;
    const char **argv;
    size_t *lens;
    size_t finish_cap;
};

void args_fini(struct args *args);
void args_clear(struct args *args);

/* args_text adds a text; an absent one is an empty argument. */
void args_text(struct args *args, struct text text);
void args_string(struct args *args, const char *string);
void args_int(struct args *args, int64_t value);
void args_opt_int(struct args *args, struct opt_int value);
void args_opt_real(struct args *args, struct opt_real value);

/* args_finish fills argv and lens, valid until the next change; ERR_NO_MEMORY where anything failed. */
enum err args_finish(struct args *args) MUST_USE;

#endif
