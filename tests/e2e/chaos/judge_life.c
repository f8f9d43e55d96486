/* judge_life.c -- rules about the life of a worker: who may be called missing or failed, when, and by which steps. */
#include "e2e/chaos/trial.h"

#include <string.h>

/* A heartbeat may have been on its way for that long when it did not count; noticing may take that long after faults.
 */
enum { ON_THE_WAY_MS = 500, NOTICE_MS = 8000, RETURNS_MAX = 64 };

static bool is_type(const json_t *change, const char *type)
{
    return strcmp(trial_text(change, "type"), type) == 0;
}

static void judge_missing_call(struct trial *trial, const json_t *worker, const json_t *change)
{
    const char *id = trial_text(worker, "id");
    const json_t *evidence = json_object_get(change, "evidence");
    int64_t last_ms = trial_number(evidence, "lastHeartbeatAt");
    int64_t deadline_ms = trial_number(evidence, "deadline");
    size_t at = 0;
    for (const json_t *beat = trial_next(trial, &at, "beat", id); beat != NULL;
         beat = trial_next(trial, &at, "beat", id)) {
        if (trial_number(beat, "sentAt") > last_ms && trial_number(beat, "ackedAt") < deadline_ms - ON_THE_WAY_MS &&
            trial_number(beat, "sentAt") > deadline_ms - trial_number(worker, "timeoutMs")) {
            trial_accuse(trial, "silence: %s was called missing at %lld although it was heard at %lld", id,
                         (long long)trial_number(change, "at"), (long long)trial_number(beat, "ackedAt"));
            return;
        }
    }
}

/* silence: nobody is called missing whose heartbeat the broker had in time. */
void judge_silence(struct trial *trial, const json_t *worker)
{
    const char *id = trial_text(worker, "id");
    size_t at = 0;
    for (const json_t *change = trial_next(trial, &at, "change", id); change != NULL;
         change = trial_next(trial, &at, "change", id)) {
        if (is_type(change, "unhealthy") && strcmp(trial_text(change, "reason"), "heartbeat_timeout") == 0) {
            judge_missing_call(trial, worker, change);
        }
    }
}

/* steady: who keeps heartbeating is never failed. */
void judge_steady(struct trial *trial, const json_t *worker)
{
    const char *id = trial_text(worker, "id");
    if (strcmp(trial_text(worker, "kind"), "steady") == 0 &&
        trial_count(trial, "failed", id, 0) + trial_count(trial, "cleaned_up", id, 0) > 0) {
        trial_accuse(trial, "steady: %s was failed", id);
    }
}

/* How much later a death may be noticed because of what was done to the servers. */
static int64_t fault_time(const struct trial *trial, int64_t from_ms, int64_t to_ms, int64_t timeout_ms)
{
    int64_t allowed_ms = 0;
    size_t at = 0;
    for (const json_t *fault = trial_next(trial, &at, "fault", NULL); fault != NULL;
         fault = trial_next(trial, &at, "fault", NULL)) {
        if (trial_number(fault, "to") + NOTICE_MS >= from_ms && trial_number(fault, "from") <= to_ms) {
            allowed_ms += trial_number(fault, "to") - trial_number(fault, "from") + timeout_ms;
        }
    }
    return allowed_ms;
}

/* Of a worker that Redis has forgotten nobody can tell that it is gone: emptied after its death, or emptied before and
 * robbed of the registration that followed. */
static bool is_forgotten(const struct trial *trial, const char *id, int64_t died_ms)
{
    int64_t emptied_ms = 0;
    size_t at = 0;
    for (const json_t *flush = trial_next(trial, &at, "flush", NULL); flush != NULL;
         flush = trial_next(trial, &at, "flush", NULL)) {
        emptied_ms = trial_number(flush, "at");
        if (emptied_ms >= died_ms) {
            return true;
        }
    }
    return trial_count(trial, "registered", id, emptied_ms) == 0 && trial_covers(trial, "loss", emptied_ms, died_ms);
}

static void judge_notice(struct trial *trial, const json_t *worker, int64_t died_ms)
{
    const char *id = trial_text(worker, "id");
    int64_t timeout_ms = trial_number(worker, "timeoutMs") + trial_number(worker, "mergeMs");
    size_t at = 0;
    for (const json_t *change = trial_next(trial, &at, "change", id); change != NULL;
         change = trial_next(trial, &at, "change", id)) {
        int64_t noticed_ms = trial_number(change, "at");
        if (is_type(change, "unhealthy") && noticed_ms >= died_ms) {
            int64_t allowed_ms = timeout_ms + NOTICE_MS + fault_time(trial, died_ms, noticed_ms, timeout_ms);
            if (noticed_ms - died_ms > allowed_ms) {
                trial_accuse(trial, "death: %s died at %lld and was noticed %lld ms later", id, (long long)died_ms,
                             (long long)(noticed_ms - died_ms));
            }
            return;
        }
    }
}

/* death: every true death is noticed, once, and in time. */
void judge_death(struct trial *trial, const json_t *worker)
{
    const char *id = trial_text(worker, "id");
    size_t at = 0;
    const json_t *death = trial_next(trial, &at, "death", id);
    if (death == NULL) {
        return;
    }
    int64_t died_ms = trial_number(death, "at");
    size_t failed = trial_count(trial, "failed", id, died_ms);
    size_t cleaned = trial_count(trial, "cleaned_up", id, died_ms);
    bool may_be_none = is_forgotten(trial, id, died_ms);
    if (failed > 1 || cleaned > 1 || (!may_be_none && failed + cleaned < 2)) {
        trial_accuse(trial, "death: %s was failed %zu times and cleaned up %zu times after its death", id, failed,
                     cleaned);
    }
    judge_notice(trial, worker, died_ms);
}

/* The table of contract section 6, and what workers and operators do. "" stands for any health. */
static const struct transition {
    const char *type;
    const char *from;
    const char *to;
} transitions[] = {
    {"registered", "", "HEALTHY"},
    {"updated", "", ""},
    {"status", "", ""},
    {"unhealthy", "HEALTHY", "UNHEALTHY"},
    {"unhealthy", "RECOVERED", "UNHEALTHY"},
    {"recovered", "UNHEALTHY", "RECOVERED"},
    {"recovered", "FAILED", "RECOVERED"},
    {"healthy", "RECOVERED", "HEALTHY"},
    {"failed", "UNHEALTHY", "FAILED"},
    {"cleaned_up", "FAILED", "FAILED"},
    {"draining", "", ""},
    {"deregistered", "", ""},
    {"conflict", "", ""},
};

static bool is_allowed(const json_t *change)
{
    for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++) {
        const struct transition *transition = &transitions[i];
        if (is_type(change, transition->type) &&
            (transition->from[0] == '\0' || strcmp(transition->from, trial_part(change, "from", "health")) == 0) &&
            (transition->to[0] == '\0' || strcmp(transition->to, trial_part(change, "to", "health")) == 0)) {
            return true;
        }
    }
    return false;
}

/* transition: only those of the table; and each begins where the one before ended. */
void judge_transitions(struct trial *trial, const json_t *worker)
{
    const char *id = trial_text(worker, "id");
    const json_t *before = NULL;
    size_t at = 0;
    for (const json_t *change = trial_next(trial, &at, "change", id); change != NULL;
         change = trial_next(trial, &at, "change", id)) {
        if (!is_allowed(change)) {
            trial_accuse(trial, "transition: %s went by %s from %s to %s", id, trial_text(change, "type"),
                         trial_part(change, "from", "health"), trial_part(change, "to", "health"));
        }
        bool follows = before == NULL || json_object_get(change, "from") == NULL ||
                       json_equal(json_object_get(before, "to"), json_object_get(change, "from"));
        if (!follows) {
            trial_accuse(trial, "transition: %s revision %lld does not begin where the one before ended", id,
                         (long long)trial_number(change, "revision"));
        }
        before = change;
    }
}

/* The returns of a worker, and how long it is held back because of them. */
struct flapping {
    int64_t returns[RETURNS_MAX];
    size_t count;
    int64_t hold_ms; /* 0: none yet */
    int64_t until_ms;
};

static void return_again(struct flapping *flapping, const json_t *policy, int64_t at_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < flapping->count; i++) {
        if (at_ms - flapping->returns[i] < trial_number(policy, "flapWindowMs") && kept < RETURNS_MAX - 1) {
            flapping->returns[kept++] = flapping->returns[i];
        }
    }
    flapping->returns[kept++] = at_ms;
    flapping->count = kept;
    if ((int64_t)kept <= trial_number(policy, "flapCount") && at_ms >= flapping->until_ms) {
        flapping->hold_ms = 0;
        return;
    }
    int64_t most_ms = trial_number(policy, "flapHoldMaxMs");
    flapping->hold_ms = flapping->hold_ms > 0 ? 2 * flapping->hold_ms : trial_number(policy, "flapHoldMs");
    flapping->hold_ms = flapping->hold_ms < most_ms ? flapping->hold_ms : most_ms;
    flapping->until_ms = at_ms + flapping->hold_ms;
}

/* hold: who has come back too often stays RECOVERED, each time for twice as long, before it counts as HEALTHY. */
void judge_hold(struct trial *trial, const json_t *worker)
{
    const char *id = trial_text(worker, "id");
    struct flapping flapping = {.count = 0};
    size_t at = 0;
    const json_t *policy = trial_next(trial, &at, "policy", NULL);
    at = 0;
    for (const json_t *change = trial_next(trial, &at, "change", id); change != NULL && policy != NULL;
         change = trial_next(trial, &at, "change", id)) {
        int64_t at_ms = trial_number(change, "at");
        if (is_type(change, "registered")) {
            flapping = (struct flapping){.count = 0};
        } else if (is_type(change, "recovered")) {
            return_again(&flapping, policy, at_ms);
        } else if (is_type(change, "failed")) {
            flapping.until_ms = 0;
        } else if (is_type(change, "healthy") && at_ms < flapping.until_ms) {
            trial_accuse(trial, "hold: %s was HEALTHY again %lld ms too early", id,
                         (long long)(flapping.until_ms - at_ms));
        }
    }
}

/* jobs: a job is orphaned once. */
void judge_jobs(struct trial *trial)
{
    json_t *orphaned = json_object();
    size_t at = 0;
    for (const json_t *change = trial_next(trial, &at, "change", NULL); change != NULL;
         change = trial_next(trial, &at, "change", NULL)) {
        size_t index = 0;
        json_t *job = NULL;
        json_array_foreach(json_object_get(change, "orphanedJobs"), index, job)
        {
            const char *name = json_string_value(job) != NULL ? json_string_value(job) : "";
            if (json_object_get(orphaned, name) != NULL) {
                trial_accuse(trial, "jobs: %s was orphaned twice", name);
            }
            (void)json_object_set_new(orphaned, name, json_true());
        }
    }
    json_decref(orphaned);
}
