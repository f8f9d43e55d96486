/* expire.c -- steps of time: what Redis says is due, judged by what was heard, and claimed. */
#include "registry/internal.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

struct claiming {
    struct registry *registry;
    bool by_event;
    enum figure_source source;
};

static void on_steps(void *context, const struct store_steps *result)
{
    struct claiming *claiming = context;
    struct registry *registry = claiming->registry;
    size_t taken = 0;
    for (size_t i = 0; i < result->count; i++) {
        taken += !text_is(result->steps[i].outcome, "changed");
    }
    *(claiming->by_event ? &registry->counters.steps_by_event : &registry->counters.steps_by_sweep) += taken;
    figures_count_steps(&registry->figures, claiming->source, result);
    if (result->outcome == STORE_LATE) {
        note(registry, LOG_WARN, "steps of time were refused: they had waited for Redis for too long");
    }
    free(claiming);
}

static void wait_for_hearing(struct expiry *expiry, const struct store_due *due, bool by_event)
{
    /* What finds no room here is found again by the sweep. */
    if (expiry->waiting_count == WAITING_MAX || due->member.len > MEMBER_MAX) {
        return;
    }
    struct waiting_step *step = &expiry->waiting[expiry->waiting_count++];
    memcpy(step->member, due->member.data, due->member.len);
    step->member_len = due->member.len;
    step->deadline_ms = due->deadline_ms;
    step->duration_ms = due->duration_ms;
    step->zone_len = due->zone.len < sizeof step->zone ? due->zone.len : sizeof step->zone;
    memcpy(step->zone, due->zone.data, step->zone_len);
    step->by_event = by_event;
}

static void claim(struct registry *registry, const struct store_claim *claims, size_t count, bool by_event)
{
    struct claiming *claiming = count > 0 ? malloc(sizeof *claiming) : NULL;
    if (claiming != NULL) {
        enum figure_source source = by_event ? FIGURE_BY_EVENT : FIGURE_BY_SWEEP;
        *claiming = (struct claiming){registry, by_event, registry->reconciled.swept ? source : FIGURE_AT_START};
        store_claim(registry->store, by_event ? "event" : "sweep", claims, count, on_steps, claiming);
    }
}

static void judge(struct registry *registry, const struct store_due *dues, size_t count, bool by_event)
{
    struct store_claim claims[SWEEP_MAX];
    size_t claim_count = 0;
    int64_t now_ms = timebase_remote_ms(store_clock(registry->store), clock_monotonic_ms());
    for (size_t i = 0; i < count && claim_count < SWEEP_MAX; i++) {
        const struct store_due *due = &dues[i];
        struct store_claim *next = &claims[claim_count];
        *next = (struct store_claim){.due = *due};
        switch (hearing_judge(&registry->hearing, due->deadline_ms, due->duration_ms, now_ms, &next->rest_ms)) {
        case HEARING_SILENT:
            next->take = !brake_holds(registry, due);
            next->rest_ms = due->duration_ms;
            claim_count++;
            break;
        case HEARING_TOO_NEW:
            claim_count++;
            break;
        case HEARING_WAIT:
            wait_for_hearing(&registry->expiry, due, by_event);
            canary_seek(registry, due->deadline_ms);
            break;
        }
    }
    claim(registry, claims, claim_count, by_event);
}

static void on_look(void *context, const struct store_dues *result)
{
    struct registry *registry = context;
    if (registry->listening) {
        judge(registry, result->dues, result->count, true);
    }
}

static void look(struct registry *registry)
{
    struct expiry *expiry = &registry->expiry;
    if (expiry->look_count > 0 && registry->listening) {
        store_look(registry->store, expiry->look, expiry->look_count, on_look, registry);
    }
    expiry->look_count = 0;
}

static void look_now(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    look(arg);
}

/* Those that come in one turn of the loop are looked at together. */
void expire_look(struct registry *registry, struct text member)
{
    struct expiry *expiry = &registry->expiry;
    if (!registry->listening || member.len > MEMBER_MAX) {
        return;
    }
    char *bytes = expiry->look_bytes[expiry->look_count];
    memcpy(bytes, member.data, member.len);
    expiry->look[expiry->look_count++] = (struct text){bytes, member.len};
    if (expiry->look_count == LOOK_MAX) {
        look(registry);
    } else if (expiry->look_count == 1) {
        event_active(expiry->look_now, EV_TIMEOUT, 0);
    }
}

static void sweep(struct registry *registry, size_t from);

static void on_sweep(void *context, const struct store_dues *result)
{
    struct registry *registry = context;
    registry->expiry.sweeping = false;
    if (result->outcome == STORE_FENCED) {
        duty_lose(registry, "the lease is lost");
    }
    if (!registry->listening) {
        return;
    }
    judge(registry, result->dues, result->count, false);
    if (result->seen == SWEEP_MAX) {
        sweep(registry, registry->expiry.swept + SWEEP_MAX);
    } else if (result->outcome == STORE_DONE) {
        registry->reconciled.swept = true;
    }
}

/* What has been touched but not claimed yet stays at the front of the index: the next part begins behind it. */
static void sweep(struct registry *registry, size_t from)
{
    registry->expiry.sweeping = true;
    registry->expiry.swept = from;
    store_sweep(registry->store, from, SWEEP_MAX, SWEEP_GRACE_MS, on_sweep, registry);
}

void expire_tick(struct registry *registry)
{
    if (registry->listening && !registry->expiry.sweeping && !hearing_is_deaf(&registry->hearing)) {
        sweep(registry, 0);
    }
}

static void judge_waiting(struct registry *registry, const struct waiting_step *steps, size_t count, bool by_event)
{
    struct store_due dues[SWEEP_MAX];
    size_t taken = 0;
    for (size_t i = 0; i < count; i++) {
        const struct waiting_step *step = &steps[i];
        if (step->by_event != by_event) {
            continue;
        }
        dues[taken++] = (struct store_due){.member = {step->member, step->member_len},
                                           .deadline_ms = step->deadline_ms,
                                           .duration_ms = step->duration_ms,
                                           .zone = {step->zone, step->zone_len}};
        if (taken == SWEEP_MAX) {
            judge(registry, dues, taken, by_event);
            taken = 0;
        }
    }
    judge(registry, dues, taken, by_event);
}

void expire_heard(struct registry *registry)
{
    struct expiry *expiry = &registry->expiry;
    size_t count = expiry->waiting_count;
    if (count == 0) {
        return;
    }
    /* Those that have to wait on are put into the other list. */
    struct waiting_step *steps = expiry->waiting;
    expiry->waiting = expiry->spare;
    expiry->spare = steps;
    expiry->waiting_count = 0;
    judge_waiting(registry, steps, count, true);
    judge_waiting(registry, steps, count, false);
}

void expire_forget(struct registry *registry)
{
    registry->expiry.look_count = 0;
    registry->expiry.waiting_count = 0;
}

enum err expire_new(struct registry *registry, struct fault *out_fault)
{
    struct expiry *expiry = &registry->expiry;
    expiry->waiting = calloc(WAITING_MAX, sizeof *expiry->waiting);
    expiry->spare = calloc(WAITING_MAX, sizeof *expiry->spare);
    expiry->look_now = evtimer_new(registry->base, look_now, registry);
    if (expiry->waiting == NULL || expiry->spare == NULL || expiry->look_now == NULL) {
        return fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    }
    return ERR_OK;
}

void expire_fini(struct registry *registry)
{
    if (registry->expiry.look_now != NULL) {
        event_free(registry->expiry.look_now);
    }
    free(registry->expiry.waiting);
    free(registry->expiry.spare);
}
