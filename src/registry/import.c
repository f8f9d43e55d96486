/* import.c -- workers made again from an export, or from registration documents; a result for each. */
#include "registry/import.h"

#include "codec/document.h"
#include "codec/message.h"
#include "domain/validate.h"
#include "registry/asker.h"
#include "registry/identity.h"
#include "registry/inbound.h"
#include "registry/intake.h"
#include "registry/internal.h"
#include "registry/merge.h"
#include "store/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMPORT_MAX = 100 };

struct import {
    struct asker *asker;
    json_t *results; /* one for each item, in order */
    size_t calls;    /* that are not answered yet */
    size_t imported;
    size_t refused;
    bool unavailable;
};

/* Some of the items, on their way to the store. */
struct shipment {
    struct import *import;
    size_t count;
    size_t indexes[STORE_IMPORTS_MAX];
    size_t id_lens[STORE_IMPORTS_MAX];
    char ids[STORE_IMPORTS_MAX][WORKER_ID_MAX];
};

static void set_result(struct import *import, size_t index, const struct reply *reply)
{
    json_t *result = reply_document(reply);
    if (reply->code == CODE_OK) {
        import->imported++;
    } else {
        import->refused++;
    }
    if (result == NULL || json_array_set_new(import->results, index, result) != 0) {
        import->unavailable = true;
    }
}

static void end(struct import *import)
{
    char sentence[64];
    (void)snprintf(sentence, sizeof sentence, "%zu of %zu imported", import->imported,
                   import->imported + import->refused);
    const struct reply reply = {.code = import->unavailable ? CODE_UNAVAILABLE : CODE_OK, .message = text_of(sentence)};
    const struct extra extras[] = {
        {"imported", json_integer((json_int_t)import->imported)},
        {"refused", json_integer((json_int_t)import->refused)},
        {"results", import->results},
    };
    asker_reply_with(import->asker, &reply, extras, sizeof extras / sizeof extras[0]);
    free(import);
}

static const char *sentence_of(enum reply_code code)
{
    switch (code) {
    case CODE_OK:
        return "Worker imported";
    case CODE_COUNT:
        return "Worker is registered with this epoch already: nothing changed";
    case CODE_SUPERSEDED:
        return "Worker is registered with a later epoch: only force replaces it";
    case CODE_DEREGISTERED:
        return "Worker has left since, with this epoch or a later one: only force brings it back";
    case CODE_VALIDATION_FAILED:
        return "epoch must be at most a year ahead of the clock, in microseconds";
    case CODE_REGISTRY_FULL:
        return "The registry has no room for another worker (registration.max_workers)";
    default:
        return "The registry cannot reach its store";
    }
}

static void on_imported(void *context, const struct store_imported *imported)
{
    struct shipment *shipment = context;
    struct import *import = shipment->import;
    bool done = imported->outcome == STORE_DONE && imported->count == shipment->count;
    import->unavailable = import->unavailable || !done;
    for (size_t i = 0; i < shipment->count; i++) {
        struct store_import_result result = {.code = CODE_UNAVAILABLE};
        if (done) {
            result = imported->results[i];
        }
        set_result(import, shipment->indexes[i],
                   &(struct reply){.code = result.code == CODE_COUNT ? CODE_OK : result.code,
                                   .message = text_of(sentence_of(result.code)),
                                   .worker_id = {shipment->ids[i], shipment->id_lens[i]},
                                   .epoch = result.epoch});
    }
    free(shipment);
    intake_call_done(import->asker->registry);
    if (--import->calls == 0) {
        end(import);
    }
}

static void ship(struct registry *registry, struct shipment **shipment)
{
    if (*shipment != NULL) {
        (*shipment)->import->calls++;
        registry->calls_open++;
        merge_forget_all(registry);
        store_import_send(registry->store, on_imported, *shipment);
        *shipment = NULL;
    }
}

/* Reads both halves of an item. The second makes the first void, so the state is read once more when it is needed. */
static bool read_item(struct registry *registry, const struct batch *batch, size_t index,
                      struct registration *registration)
{
    struct violations *violations = &registry->violations;
    struct worker_state state;
    violations_clear(violations);
    if (decode_batch_state(registry->decoder, batch, index, &state, violations)) {
        validate_state(&state, violations);
    }
    bool decoded = decode_batch_registration(registry->decoder, batch, index, registration, violations);
    validate_registration(registration, &registry->limits, violations);
    identity_check(registration->worker_id, violations);
    return decoded && violations->count == 0;
}

static void add_item(struct registry *registry, const struct batch *batch, size_t index, struct shipment *shipment,
                     const struct registration *registration)
{
    struct worker_state state;
    struct text id = registration->worker_id;
    struct validate_timing timing = validate_timing_of(registration, &registry->limits);
    shipment->indexes[shipment->count] = index;
    shipment->id_lens[shipment->count] = id.len;
    memcpy(shipment->ids[shipment->count], id.data, id.len);
    shipment->count++;
    store_import_registration(registry->store, registration, timing.heartbeat_timeout_ms, timing.heartbeat_interval_ms);
    if (!decode_batch_state(registry->decoder, batch, index, &state, &registry->violations)) {
        state = (struct worker_state){0};
    }
    store_import_state(registry->store, &state);
}

static void take_items(struct registry *registry, const struct batch *batch, struct import *import)
{
    struct shipment *shipment = NULL;
    for (size_t i = 0; i < batch->items.count; i++) {
        struct registration registration;
        (void)json_array_append_new(import->results, json_null());
        if (!read_item(registry, batch, i, &registration)) {
            set_result(import, i,
                       &(struct reply){.code = registry->violations.code,
                                       .violations = &registry->violations,
                                       .worker_id = registration.worker_id});
            continue;
        }
        if (shipment == NULL) {
            shipment = calloc(1, sizeof *shipment);
            if (shipment == NULL) {
                set_result(import, i, &(struct reply){.code = CODE_UNAVAILABLE, .worker_id = registration.worker_id});
                continue;
            }
            shipment->import = import;
            store_import_begin(registry->store, batch->force, import->asker->by);
        }
        add_item(registry, batch, i, shipment, &registration);
        if (shipment->count == STORE_IMPORTS_MAX) {
            ship(registry, &shipment);
        }
    }
    ship(registry, &shipment);
}

static bool read_batch(struct registry *registry, struct text payload, struct batch *batch)
{
    struct violations *violations = &registry->violations;
    violations_clear(violations);
    if (decode_batch(registry->decoder, payload, batch, violations)) {
        if (batch->items.items == NULL) {
            violations_add(violations, CODE_VALIDATION_FAILED, "workers is required");
        } else if (batch->items.count > IMPORT_MAX) {
            violations_add(violations, CODE_TOO_LARGE, "workers must be at most %d (has %zu)", IMPORT_MAX,
                           batch->items.count);
        }
    }
    return violations->count == 0;
}

void handle_import(struct registry *registry, const struct inbound *inbound)
{
    struct batch batch = {0};
    bool good = read_batch(registry, inbound->payload, &batch);
    struct asker *asker = asker_new(registry, inbound, (struct text){0}, batch.request_id);
    if (asker == NULL) {
        return;
    }
    if (!good) {
        asker_refuse(asker, &registry->violations);
        return;
    }
    struct import *import = calloc(1, sizeof *import);
    if (import == NULL) {
        asker_refuse_for(asker, CODE_UNAVAILABLE, "The registry is out of memory");
        return;
    }
    *import = (struct import){.asker = asker, .results = json_array()};
    take_items(registry, &batch, import);
    if (import->calls == 0) {
        end(import);
    }
}
