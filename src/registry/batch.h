/* batch.h -- batches: who may speak for the workers in one, and one reply with what became of each item. */
#ifndef MUSTER_REGISTRY_BATCH_H
#define MUSTER_REGISTRY_BATCH_H

#include "registry/inbound.h"
#include "registry/internal.h"

/* Which workers the sender of a batch may speak for. gateway.c */
struct gate {
    bool is_open; /* for all of them */
    char id[CONFIG_GATEWAY_ID_BYTES];
    char bytes[CONFIG_STRING_MAX];          /* the patterns, each terminated */
    uint16_t patterns[CONFIG_PATTERNS_MAX]; /* where each begins */
    size_t count;
};

/*
 * batch_open decodes a batch as a whole, and finds out whom the sender may speak for. False where it is refused; the
 * sender has been told then, unless it is not to be.
 */
bool batch_open(struct registry *registry, const struct inbound *inbound, struct gate *out_gate,
                struct batch *out_batch) MUST_USE;

/* batch_refuse refuses the whole, for what is in registry->violations. */
void batch_refuse(struct registry *registry, const struct inbound *inbound, struct text request_id);

/* gate_admits: false where the id is one that may not be spoken for; then this is all that violations say. */
bool gate_admits(const struct gate *gate, struct text worker_id, struct violations *violations) MUST_USE;

/*
 * results.c: the results of a batch, freed when the last is known and the reply has been sent. Each item is settled
 * exactly once: by the answer to an asker made with results_inbound, or by results_pass, which tells nothing of it
 * (NULL is no item). Nothing is told of a batch that nobody asked about unless an item was answered.
 */
struct results;
struct results_item;

/* settled, where it is not NULL, hears of each item that is settled, before the results can be gone. */
typedef void results_settled_fn(void *context);

/* results_new holds the results open until results_release; NULL without memory: the asker has been told. */
struct results *results_new(struct registry *registry, const struct inbound *inbound, const struct batch *batch,
                            bool asked);
void results_watch(struct results *results, results_settled_fn *settled, void *context);
void results_release(struct results *results);

/* results_item is one item's place; results_inbound is a message of the sender whose answer becomes its result. */
struct results_item *results_item(struct results *results, size_t index);
struct inbound results_inbound(struct results_item *item);
void results_pass(struct results_item *item, enum reply_code code);

#endif
