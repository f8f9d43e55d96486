/*
 * ledger.h -- the alerts that are known: what is told of each, in which version, and who has which. On the loop thread.
 */
#ifndef MUSTER_REGISTRY_LEDGER_H
#define MUSTER_REGISTRY_LEDGER_H

#include "base/err.h"
#include "base/text.h"
#include "domain/alert.h"
#include "domain/worker.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct registry;

enum { ALERTS_MAX = 256 };

/* Redis or the broker: the version of the document that is there, and the one on its way. */
struct destination {
    uint64_t version;
    uint64_t sending; /* 0: none */
};

/* version 0: nothing was ever raised. document NULL under a later version: the alert is to be forgotten. */
struct alert {
    char name[WORKER_ID_MAX + 1];
    struct alert_state state;
    json_t *document; /* a bulletin; changed by ledger_put alone */
    uint64_t version;
    struct destination redis;
    struct destination broker;
    int64_t retry_at_ms; /* monotonic */
};

struct ledger {
    struct alert list[ALERTS_MAX];
    size_t count;
    uint64_t versions; /* given out so far */
    bool loading;
    bool loaded; /* what earlier daemons left in Redis is known; until then nothing is raised or told */
    bool told_full;
};

enum err ledger_new(struct registry *registry, struct fault *out_fault) MUST_USE;
void ledger_fini(struct registry *registry);

/*
 * An alert that is returned is the ledger's, until ledger_keep or ledger_forget. ledger_enter adds it where it is not
 * known yet; NULL where there is no room, or the name is not like a worker's id.
 */
struct alert *ledger_find(const struct registry *registry, struct text name);
struct alert *ledger_enter(struct registry *registry, struct text name);

/* ledger_put takes over what is to be told of an alert from now on, in a version of its own. NULL: nothing. */
void ledger_put(struct registry *registry, struct alert *alert, json_t *document);

/* ledger_keep drops those that are not wanted, once Redis and the broker have forgotten them. */
typedef bool ledger_wanted_fn(const struct registry *registry, const struct alert *alert);
void ledger_keep(struct registry *registry, ledger_wanted_fn *is_wanted);
void ledger_forget(struct registry *registry); /* somebody else is active */

/* ledger_load takes over what earlier daemons left in Redis, ledger_read_back what they left with the broker. */
void ledger_load(struct registry *registry);
void ledger_read_back(struct registry *registry, struct text name, json_t *document);

#endif
