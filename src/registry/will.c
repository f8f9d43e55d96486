/*
 * will.c -- the broker tells that a worker's connection ended without a goodbye.
 *
 * A broker that is stopped sends the wills of all its clients, and may keep them until the registry is back. So a will
 * counts at once only where it was sent while the registry heard, and a canary sent after it has come back. Any other
 * one is late: the worker may have connected again since.
 */
#include "registry/will.h"

#include "codec/message.h"
#include "codec/topic.h"
#include "domain/hearing.h"
#include "registry/canary.h"
#include "registry/counters.h"
#include "registry/inbound.h"
#include "registry/intake.h"
#include "registry/internal.h"
#include "registry/merge.h"
#include "store/will.h"

#include <stdlib.h>
#include <string.h>

enum { WILLS_A_CALL = 100, WILLS_MAX = 16384 };

struct waiting_will {
    uint64_t after; /* the number of the canary that it waits for */
    char id[WORKER_ID_MAX];
    size_t id_len;
    char boot_id[WORKER_BOOT_ID_MAX];
    struct text boot; /* data only says whether there is one */
    struct opt_int connection;
};

static void on_wills(void *context, enum store_outcome outcome)
{
    struct registry *registry = context;
    intake_call_done(registry);
    if (outcome != STORE_DONE) {
        note(registry, LOG_WARN, "wills were lost: the registry cannot reach its store");
    }
}

static void take(struct registry *registry, const struct waiting_will *waiting, size_t count, bool late)
{
    struct will wills[WILLS_A_CALL];
    for (size_t i = 0; i < count; i++) {
        const struct waiting_will *from = &waiting[i];
        wills[i] = (struct will){.worker_id = {from->id, from->id_len},
                                 .boot_id = {from->boot.data != NULL ? from->boot_id : NULL, from->boot.len},
                                 .connection = from->connection};
        merge_forget(registry, wills[i].worker_id);
    }
    registry->figures.wills[late] += count;
    registry->calls_open++;
    store_wills(registry->store, wills, count, late, on_wills, registry);
}

static void take_all(struct registry *registry, const struct waiting_will *waiting, size_t count, bool late)
{
    for (size_t at = 0; at < count; at += WILLS_A_CALL) {
        take(registry, waiting + at, count - at < WILLS_A_CALL ? count - at : WILLS_A_CALL, late);
    }
}

void will_heard(struct registry *registry, uint64_t canary)
{
    struct wills *wills = &registry->wills;
    size_t ripe = 0;
    while (ripe < wills->count && wills->waiting[ripe].after <= canary) {
        ripe++;
    }
    take_all(registry, wills->waiting, ripe, false);
    if (ripe > 0) {
        wills->count -= ripe;
        memmove(wills->waiting, wills->waiting + ripe, wills->count * sizeof *wills->waiting);
    }
}

void will_interrupt(struct registry *registry)
{
    take_all(registry, registry->wills.waiting, registry->wills.count, true);
    registry->wills.count = 0;
}

void will_fini(struct registry *registry)
{
    free(registry->wills.waiting);
}

static bool make_room(struct wills *wills)
{
    if (wills->count < wills->cap) {
        return true;
    }
    size_t cap = wills->cap == 0 ? 64 : wills->cap * 2;
    struct waiting_will *waiting = cap <= WILLS_MAX ? realloc(wills->waiting, cap * sizeof *waiting) : NULL;
    if (waiting == NULL) {
        return false;
    }
    wills->waiting = waiting;
    wills->cap = cap;
    return true;
}

static void keep(struct waiting_will *waiting, const struct will *will, uint64_t after)
{
    *waiting = (struct waiting_will){
        .after = after, .id_len = will->worker_id.len, .boot = will->boot_id, .connection = will->connection};
    memcpy(waiting->id, will->worker_id.data, will->worker_id.len);
    if (will->boot_id.len > 0) {
        memcpy(waiting->boot_id, will->boot_id.data, will->boot_id.len);
    }
}

void will_take(struct registry *registry, const struct will *will)
{
    bool hears = registry->listening && !hearing_is_deaf(&registry->hearing);
    if (hears && make_room(&registry->wills)) {
        keep(&registry->wills.waiting[registry->wills.count++], will, registry->canary.number + 1);
        canary_seek(registry, INT64_MAX);
    } else {
        struct waiting_will late;
        keep(&late, will, 0);
        take(registry, &late, 1, true);
    }
}

void handle_will(struct registry *registry, const struct inbound *inbound)
{
    struct will will;
    struct violations *violations = &registry->violations;
    enum reply_code code = CODE_OK;
    violations_clear(violations);
    if (!decode_will(registry->decoder, inbound->payload, &will, violations)) {
        code = violations->code;
        note(registry, LOG_DEBUG, "will of %.*s refused: %s", TEXT_ARG(inbound->sender.id), violations->texts[0]);
    } else if (will.worker_id.data != NULL && !text_equal(will.worker_id, inbound->sender.id)) {
        code = CODE_IDENTITY_MISMATCH;
    } else {
        will.worker_id = inbound->sender.id;
        will_take(registry, &will);
    }
    count_message(registry, TOPIC_WORKER_WILL, code);
}
