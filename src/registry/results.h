/* results.h -- one reply with what became of each item of a batch. On the loop thread. */
#ifndef MUSTER_REGISTRY_RESULTS_H
#define MUSTER_REGISTRY_RESULTS_H

#include "domain/code.h"
#include "registry/inbound.h"

#include <stdbool.h>
#include <stddef.h>

struct batch;
struct registry;

/*
 * The results of a batch are freed when the last is known and the reply has been sent. Each item is settled
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
