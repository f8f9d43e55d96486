/* register.h -- one registration taken, or its attempt counted. Called and answered as store.h says. */
#ifndef MUSTER_STORE_REGISTER_H
#define MUSTER_STORE_REGISTER_H

#include "domain/code.h"
#include "domain/worker.h"
#include "store/store.h"
#include "store/worker.h"

struct store_registration {
    const struct registration *registration;
    bool valid;          /* false: only count the attempt */
    struct text refusal; /* why it is not valid, in words */
    int64_t heartbeat_timeout_ms;
    int64_t heartbeat_interval_ms;
    struct text by; /* who asked, where it was not the worker itself */
};

struct store_registered {
    enum store_outcome outcome;
    enum reply_code code;
    int64_t retry_after_ms;     /* of rate_limited */
    struct store_worker worker; /* of ok: its status document and times, without the id */
};

typedef void store_registered_fn(void *context, const struct store_registered *result);
void store_register(struct store *store, const struct store_registration *registration, store_registered_fn *done,
                    void *context);

#endif
