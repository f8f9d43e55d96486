/*
 * gateway.h -- who may speak for the workers in a batch, and what gateways send that is no register or deregister. On
 * the loop thread.
 */
#ifndef MUSTER_REGISTRY_GATEWAY_H
#define MUSTER_REGISTRY_GATEWAY_H

#include "base/err.h"
#include "base/text.h"
#include "config/config.h"
#include "domain/code.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch;
struct inbound;
struct registry;

/* Which workers the sender of a batch may speak for. */
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

void handle_gateway_heartbeat(struct registry *registry, const struct inbound *inbound);
void handle_gateway_will(struct registry *registry, const struct inbound *inbound);

#endif
