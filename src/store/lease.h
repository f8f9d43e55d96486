/* lease.h -- which daemon is the active one. Called and answered as store.h says. */
#ifndef MUSTER_STORE_LEASE_H
#define MUSTER_STORE_LEASE_H

#include "base/text.h"
#include "store/store.h"

struct store_lease {
    enum store_outcome outcome;
    struct text token; /* empty: somebody else holds it */
    struct text holder;
    int64_t ttl_ms;
    bool doubtful; /* Redis may have forgotten what the world was told: it has been started since, or is another one */
};

typedef void store_lease_fn(void *context, const struct store_lease *result);
void store_acquire(struct store *store, const char *instance, int64_t ttl_ms, store_lease_fn *done, void *context);

typedef void store_renewed_fn(void *context, enum store_outcome outcome, bool doubtful);
void store_renew(struct store *store, int64_t ttl_ms, int64_t since_ms, int64_t until_ms, store_renewed_fn *done,
                 void *context);

/* store_trust notes that what the world was told agrees with this Redis: it is not doubtful until its next start. */
void store_trust(struct store *store, store_done_fn *done, void *context);

void store_release(struct store *store, store_done_fn *done, void *context);

#endif
