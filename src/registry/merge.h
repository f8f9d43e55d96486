/* merge.h -- heartbeats that need not be told to Redis. On the loop thread. */
#ifndef MUSTER_REGISTRY_MERGE_H
#define MUSTER_REGISTRY_MERGE_H

#include "base/buf.h"
#include "base/echo.h"
#include "base/text.h"

#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>

struct heartbeat;
struct registry;

struct merge {
    int64_t window_ms; /* 0: none */
    struct echo *echo; /* NULL: none are merged */
    EVP_MAC_CTX *digest;
    struct buf said;
    uint64_t batches; /* that have been opened: each has a number */
};

/*
 * merge_configure takes over the setting, forgetting all where it is another. merge_takes is true where Redis need not
 * be told of a heartbeat; else out_words are what merge_say notes as on its way in a batch of that number, and
 * merge_confirm as having arrived at_ms (monotonic) or later. merge_forget and merge_forget_all let the next heartbeats
 * go to Redis: call them before anything that may change what Redis has of a worker, of any.
 */
void merge_configure(struct registry *registry);
void merge_fini(struct registry *registry);
bool merge_takes(struct registry *registry, const struct heartbeat *heartbeat, bool asked,
                 struct echo_words *out_words);
void merge_say(struct registry *registry, struct echo_words words, uint64_t batch);
void merge_confirm(struct registry *registry, struct echo_words words, uint64_t batch, int64_t at_ms);
void merge_forget(struct registry *registry, struct text worker_id);
void merge_forget_all(struct registry *registry);

#endif
