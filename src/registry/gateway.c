/* gateway.c -- gateways speak for many workers: which ones, their heartbeats, and the will of their connection. */
#include "registry/gateway.h"

#include "base/clock.h"
#include "base/throttle.h"
#include "codec/document.h"
#include "codec/message.h"
#include "codec/topic.h"
#include "domain/validate.h"
#include "registry/asker.h"
#include "registry/counters.h"
#include "registry/heartbeat.h"
#include "registry/inbound.h"
#include "registry/internal.h"
#include "registry/results.h"
#include "registry/will.h"

#include <fnmatch.h>
#include <stdio.h>

enum { UNASKED_EVERY_MS = 1000 };

static bool find_gateway(const struct config *config, struct text id, struct gate *out)
{
    for (size_t i = 0; i < config->gateways.count; i++) {
        const struct config_gateway *known = &config->gateways.items[i];
        if (text_is(id, known->id)) {
            memcpy(out->id, known->id, sizeof out->id);
            memcpy(out->bytes, known->patterns, sizeof out->bytes);
            return true;
        }
    }
    return false;
}

static void split_patterns(struct gate *gate)
{
    char *rest = gate->bytes;
    char *at = NULL;
    while (gate->count < CONFIG_PATTERNS_MAX && (at = strtok_r(rest, CONFIG_PATTERN_SEPARATORS, &rest)) != NULL) {
        gate->patterns[gate->count++] = (uint16_t)(at - gate->bytes);
    }
}

bool gate_admits(const struct gate *gate, struct text worker_id, struct violations *violations)
{
    char id[WORKER_ID_MAX + 1];
    if (gate->is_open || !worker_id_valid(worker_id)) {
        return true; /* that an id is wrong is said by whoever looks at the whole item */
    }
    memcpy(id, worker_id.data, worker_id.len);
    id[worker_id.len] = '\0';
    for (size_t i = 0; i < gate->count; i++) {
        if (fnmatch(gate->bytes + gate->patterns[i], id, 0) == 0) {
            return true;
        }
    }
    violations_clear(violations);
    violations_add(violations, CODE_FORBIDDEN, "gateway %s may not speak for %s", gate->id, id);
    return false;
}

/* A gateway that is to be told nothing can still be told, now and then, that all of it was refused. */
static bool is_told(struct registry *registry, const struct inbound *inbound)
{
    if (inbound->sender.kind == TOPIC_GATEWAY_HEARTBEAT && inbound->response_topic.data == NULL) {
        return throttle_allows(&registry->throttle, inbound->sender.id, UNASKED_EVERY_MS, clock_monotonic_ms());
    }
    return inbound->sender.kind != TOPIC_GATEWAY_WILL;
}

void batch_refuse(struct registry *registry, const struct inbound *inbound, struct text request_id)
{
    const struct violations *violations = &registry->violations;
    if (is_told(registry, inbound)) {
        asker_reply(asker_new(registry, inbound, (struct text){0}, request_id),
                    &(struct reply){.code = violations->code, .violations = violations});
    } else {
        count_message(registry, inbound->sender.kind, violations->code);
    }
}

bool batch_open(struct registry *registry, const struct inbound *inbound, struct gate *out_gate,
                struct batch *out_batch)
{
    struct text sender = inbound->sender.id;
    struct violations *violations = &registry->violations;
    violations_clear(violations);
    out_gate->is_open = inbound->sender.kind == TOPIC_REQUEST;
    out_gate->count = 0;
    if (decode_batch(registry->decoder, inbound->payload, out_batch, violations) && out_batch->items.items == NULL) {
        violations_add(violations, CODE_VALIDATION_FAILED, "workers is required");
    }
    if (!out_gate->is_open && !find_gateway(&registry->config, sender, out_gate)) {
        violations_clear(violations);
        violations_add(violations, CODE_FORBIDDEN, "gateway %.*s is not in [gateways]", TEXT_ARG(sender));
    }
    if (violations->count > 0) {
        batch_refuse(registry, inbound, out_batch->request_id);
        return false;
    }
    if (!out_gate->is_open) {
        split_patterns(out_gate);
    }
    return true;
}

void handle_gateway_heartbeat(struct registry *registry, const struct inbound *inbound)
{
    struct gate gate;
    struct batch batch;
    if (!batch_open(registry, inbound, &gate, &batch)) {
        return;
    }
    struct violations *violations = &registry->violations;
    struct results *results = results_new(registry, inbound, &batch, inbound->response_topic.data != NULL);
    for (size_t i = 0; results != NULL && i < batch.items.count; i++) {
        struct heartbeat heartbeat;
        struct inbound item = results_inbound(results_item(results, i));
        violations_clear(violations);
        bool decoded = decode_batch_heartbeat(registry->decoder, &batch, i, &heartbeat, violations);
        validate_heartbeat(&heartbeat, violations);
        item.payload = (struct text){batch.items.items[i].data, decode_item_bytes(registry->decoder)};
        decoded = gate_admits(&gate, heartbeat.worker_id, violations) && decoded;
        heartbeat_worker(registry, &item, &heartbeat, decoded);
    }
    if (results != NULL) {
        results_release(results);
    }
}

static enum reply_code take_will(struct registry *registry, const struct gate *gate, const struct batch *batch,
                                 size_t index)
{
    struct will will;
    struct violations *violations = &registry->violations;
    violations_clear(violations);
    bool decoded = decode_batch_will(registry->decoder, batch, index, &will, violations);
    if (!gate_admits(gate, will.worker_id, violations) || !decoded) {
        return violations->code;
    }
    if (!worker_id_valid(will.worker_id)) {
        return CODE_VALIDATION_FAILED;
    }
    will.boot_id = will.boot_id.data != NULL ? will.boot_id : batch->boot_id;
    will.connection = will.connection.set ? will.connection : batch->connection;
    will_take(registry, &will);
    return CODE_OK;
}

void handle_gateway_will(struct registry *registry, const struct inbound *inbound)
{
    struct gate gate;
    struct batch batch;
    if (!batch_open(registry, inbound, &gate, &batch)) {
        return;
    }
    for (size_t i = 0; i < batch.items.count; i++) {
        count_message(registry, inbound->sender.kind, take_will(registry, &gate, &batch, i));
    }
}
