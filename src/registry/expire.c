/*
 * expire.c -- steps of time: what Redis says is due, judged by what was heard, and claimed. Few calls at a time and
 * each of them short, however many die at once: heartbeats must not wait behind them.
 */
#include "registry/expire.h"

#include "base/clock.h"
#include "domain/hearing.h"
#include "registry/brake.h"
#include "registry/canary.h"
#include "registry/duty.h"
#include "registry/figures.h"
#include "registry/internal.h"
#include "store/expiry.h"

#include <stdlib.h>
#include <string.h>

/* While many wait for hearing, another round would mostly find them again; few are found beside those who are new. */
enum { ROUND_WAITS_MS = 250, ROUND_WAITS_FOR = STEPS_A_CALL };

/* Steps taken in one round of the due index by which very many are due: more than a round of the usual has. */
enum { CROWD_STEPS = 2000 };

struct claiming {
    struct registry *registry;
    bool by_event;
    enum figure_source source;
};

static void advance(struct registry *registry);

static void end_call(struct registry *registry)
{
    registry->expiry.calls--;
    advance(registry);
}

static enum figure_source source_of(const struct registry *registry, bool by_event)
{
    enum figure_source source = by_event ? FIGURE_BY_EVENT : FIGURE_BY_SWEEP;
    return registry->reconciled.swept ? source : FIGURE_AT_START;
}

static void count_steps(struct registry *registry, bool by_event, enum figure_source source,
                        const struct store_steps *steps)
{
    size_t taken = 0;
    for (size_t i = 0; i < steps->count; i++) {
        taken += !text_is(steps->steps[i].outcome, "changed");
    }
    registry->expiry.round_taken += taken;
    *(by_event ? &registry->counters.steps_by_event : &registry->counters.steps_by_sweep) += taken;
    figures_count_steps(&registry->figures, source, steps);
}

static void on_steps(void *context, const struct store_steps *result)
{
    struct claiming *claiming = context;
    struct registry *registry = claiming->registry;
    count_steps(registry, claiming->by_event, claiming->source, result);
    if (result->outcome == STORE_LATE) {
        note(registry, LOG_WARN, "steps of time were refused: they had waited for Redis for too long");
    }
    if (result->outcome != STORE_DONE) {
        registry->expiry.round =
            false; /* they are still due: the next round finds them, not this one again and again */
    }
    free(claiming);
    end_call(registry);
}

static struct member copy_member(struct text text)
{
    struct member member = {.len = text.len};
    memcpy(member.bytes, text.data, text.len);
    return member;
}

static void wait_for_hearing(struct expiry *expiry, const struct store_due *due, bool by_event)
{
    /* What finds no room here is found again by the sweep. */
    if (expiry->waiting_count == WAITING_MAX || due->member.len > MEMBER_MAX) {
        return;
    }
    struct waiting_step *step = &expiry->waiting[expiry->waiting_count++];
    step->member = copy_member(due->member);
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
        *claiming = (struct claiming){registry, by_event, source_of(registry, by_event)};
        registry->expiry.calls++;
        store_claim(registry->store, by_event ? "event" : "sweep", claims, count, on_steps, claiming);
    }
}

/* Returns how many of them wait on; STEPS_A_CALL at most are judged. */
static size_t judge(struct registry *registry, const struct store_due *dues, size_t count, bool by_event)
{
    struct store_claim claims[STEPS_A_CALL];
    size_t claim_count = 0;
    size_t waiting = 0;
    int64_t now_ms = timebase_remote_ms(store_clock(registry->store), clock_monotonic_ms());
    for (size_t i = 0; i < count && claim_count < STEPS_A_CALL; i++) {
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
            waiting++;
            wait_for_hearing(&registry->expiry, due, by_event);
            canary_seek(registry, due->deadline_ms);
            break;
        }
    }
    claim(registry, claims, claim_count, by_event);
    return waiting;
}

/* ---------------------------------------------------------------------------------------- those that were waited for
 */

static const struct waiting_step *next_heard(struct expiry *expiry)
{
    if (expiry->heard_at == expiry->heard_count && expiry->heard_more) {
        /* Those that have to wait on are put into the other list. */
        struct waiting_step *steps = expiry->waiting;
        expiry->waiting = expiry->heard;
        expiry->heard = steps;
        expiry->heard_at = 0;
        expiry->heard_count = expiry->waiting_count;
        expiry->waiting_count = 0;
        expiry->heard_more = false;
    }
    return expiry->heard_at < expiry->heard_count ? &expiry->heard[expiry->heard_at] : NULL;
}

/* Judges as many as go into one call, all found in the same way; false where nobody has waited. */
static bool judge_heard(struct registry *registry)
{
    struct expiry *expiry = &registry->expiry;
    const struct waiting_step *first = next_heard(expiry);
    struct store_due dues[STEPS_A_CALL];
    size_t count = 0;
    if (first == NULL) {
        return false;
    }
    for (size_t at = expiry->heard_at; at < expiry->heard_count && count < STEPS_A_CALL; at++) {
        const struct waiting_step *step = &expiry->heard[at];
        if (step->by_event != first->by_event) {
            break;
        }
        dues[count++] = (struct store_due){.member = {step->member.bytes, step->member.len},
                                           .deadline_ms = step->deadline_ms,
                                           .duration_ms = step->duration_ms,
                                           .zone = {step->zone, step->zone_len}};
    }
    expiry->heard_at += count;
    (void)judge(registry, dues, count, first->by_event);
    return true;
}

void expire_heard(struct registry *registry)
{
    registry->expiry.heard_more = registry->expiry.waiting_count > 0;
    advance(registry);
}

/* ---------------------------------------------------------------------------------------- those with an event */

static void on_look(void *context, const struct store_dues *result)
{
    struct registry *registry = context;
    count_steps(registry, true, source_of(registry, true), &result->taken);
    if (registry->listening) {
        (void)judge(registry, result->dues, result->count, true);
    }
    end_call(registry);
}

static bool look(struct registry *registry)
{
    struct expiry *expiry = &registry->expiry;
    struct text members[STEPS_A_CALL];
    size_t count = 0;
    while (count < STEPS_A_CALL && expiry->expired_count > 0) {
        const struct member *member = &expiry->expired[expiry->expired_at];
        members[count++] = (struct text){member->bytes, member->len};
        expiry->expired_at = (expiry->expired_at + 1) % EXPIRED_MAX;
        expiry->expired_count--;
    }
    if (count > 0) {
        expiry->calls++;
        store_look(registry->store, &registry->hearing, members, count, on_look, registry);
    }
    return count > 0;
}

/* Those that come in one turn of the loop are looked at together. What finds no room is found by the sweep. */
void expire_look(struct registry *registry, struct text member)
{
    struct expiry *expiry = &registry->expiry;
    if (!registry->listening || member.len > MEMBER_MAX || expiry->expired_count == EXPIRED_MAX) {
        return;
    }
    expiry->expired[(expiry->expired_at + expiry->expired_count) % EXPIRED_MAX] = copy_member(member);
    expiry->expired_count++;
    if (expiry->expired_count == 1) {
        event_active(expiry->advance, EV_TIMEOUT, 0);
    }
}

/* ---------------------------------------------------------------------------------------- those without */

/*
 * What stays where it is in the index is behind the next part's beginning; what is claimed leaves it. Of two sweeps
 * that are under way the second begins where the first did: what that leaves there is seen twice, which changes
 * nothing.
 */
static void on_sweep(void *context, const struct store_dues *result)
{
    struct registry *registry = context;
    struct expiry *expiry = &registry->expiry;
    expiry->sweeps--;
    count_steps(registry, false, source_of(registry, false), &result->taken);
    if (result->outcome == STORE_FENCED) {
        duty_lose(registry, "the lease is lost");
    }
    if (!registry->listening || result->outcome != STORE_DONE) {
        expiry->round = false;
    } else {
        expiry->round_at += result->staying + judge(registry, result->dues, result->count, false);
        if (!result->more) {
            expiry->round = false;
            registry->reconciled.swept = true;
        } else if (expiry->waiting_count + STEPS_A_CALL > WAITING_MAX) {
            expiry->round = false;
        }
    }
    end_call(registry);
}

bool expire_is_crowded(const struct registry *registry)
{
    return registry->expiry.round && registry->expiry.round_taken >= CROWD_STEPS;
}

static bool sweep(struct registry *registry)
{
    struct expiry *expiry = &registry->expiry;
    if (!expiry->round || expiry->sweeps > (expire_is_crowded(registry) ? 1 : 0)) {
        return false;
    }
    expiry->sweeps++;
    expiry->calls++;
    store_sweep(registry->store, &registry->hearing, expiry->round_at, STEPS_A_CALL, SWEEP_GRACE_MS, on_sweep,
                registry);
    return true;
}

void expire_tick(struct registry *registry)
{
    struct expiry *expiry = &registry->expiry;
    int64_t now_ms = clock_monotonic_ms();
    bool is_early = expiry->waiting_count > ROUND_WAITS_FOR && now_ms - expiry->round_ms < ROUND_WAITS_MS;
    if (!expiry->round && expiry->sweeps == 0 && !is_early && !hearing_is_deaf(&registry->hearing)) {
        expiry->round = true;
        expiry->round_at = 0;
        expiry->round_taken = 0;
        expiry->round_ms = now_ms;
    }
    advance(registry);
}

/* ---------------------------------------------------------------------------------------- all of them */

static void advance(struct registry *registry)
{
    while (registry->listening && registry->expiry.calls < STEP_CALLS_MAX &&
           (judge_heard(registry) || look(registry) || sweep(registry))) {
    }
}

static void advance_now(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    advance(arg);
}

void expire_forget(struct registry *registry)
{
    struct expiry *expiry = &registry->expiry;
    expiry->expired_count = 0;
    expiry->waiting_count = 0;
    expiry->heard_count = 0;
    expiry->heard_at = 0;
    expiry->heard_more = false;
}

enum err expire_new(struct registry *registry, struct fault *out_fault)
{
    struct expiry *expiry = &registry->expiry;
    expiry->expired = calloc(EXPIRED_MAX, sizeof *expiry->expired);
    expiry->waiting = calloc(WAITING_MAX, sizeof *expiry->waiting);
    expiry->heard = calloc(WAITING_MAX, sizeof *expiry->heard);
    expiry->advance = evtimer_new(registry->base, advance_now, registry);
    if (expiry->expired == NULL || expiry->waiting == NULL || expiry->heard == NULL || expiry->advance == NULL) {
        return fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    }
    return ERR_OK;
}

void expire_fini(struct registry *registry)
{
    if (registry->expiry.advance != NULL) {
        event_free(registry->expiry.advance);
    }
    free(registry->expiry.expired);
    free(registry->expiry.waiting);
    free(registry->expiry.heard);
}
