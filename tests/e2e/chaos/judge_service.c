/*
 * judge_service.c -- rules about service: back soon after each fault, refused in words while it cannot be given, and
 * Redis spared what need not be told.
 */
#include "e2e/chaos/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How soon service has to be back, and how soon a refusal has to come. */
enum { BACK_MS = 5000, REFUSED_MS = 3500, KEY_BYTES = 64 };

/* return: soon after a fault a new worker is registered and its heartbeat taken. What this program itself was kept from
 * the processor does not count. */
void judge_return(struct trial *trial)
{
    size_t at = 0;
    for (const json_t *line = trial_next(trial, &at, "return", NULL); line != NULL;
         line = trial_next(trial, &at, "return", NULL)) {
        int64_t after_ms = trial_number(line, "afterMs");
        if (after_ms - trial_number(line, "ownDelayMs") > BACK_MS) {
            trial_accuse(trial, "return: after \"%s\" it took %lld ms until service was back",
                         trial_text(line, "fault"), (long long)after_ms);
        }
    }
}

static const json_t *answer_to(const struct trial *trial, const char *id, int64_t asked_ms)
{
    size_t at = 0;
    for (const json_t *told = trial_next(trial, &at, "told", id); told != NULL;
         told = trial_next(trial, &at, "told", id)) {
        if (trial_number(told, "askedAt") == asked_ms) {
            return told;
        }
    }
    return NULL;
}

static void judge_ask(struct trial *trial, const json_t *fault, const json_t *ask)
{
    int64_t asked_ms = trial_number(ask, "at");
    const json_t *told = answer_to(trial, trial_text(ask, "id"), asked_ms);
    const char *code = told != NULL ? trial_text(told, "code") : "nothing";
    if (strcmp(code, "unavailable") != 0) {
        trial_accuse(trial, "refusal: during \"%s\" a registration at %lld was answered by %s",
                     trial_text(fault, "name"), (long long)asked_ms, code);
    } else if (trial_number(told, "at") - asked_ms > REFUSED_MS) {
        trial_accuse(trial, "refusal: during \"%s\" a registration at %lld was refused only %lld ms later",
                     trial_text(fault, "name"), (long long)asked_ms, (long long)(trial_number(told, "at") - asked_ms));
    }
}

/* refusal: while Redis cannot be reached or does not take anything, registrations are answered as unavailable. */
void judge_refusals(struct trial *trial)
{
    size_t at = 0;
    for (const json_t *fault = trial_next(trial, &at, "fault", NULL); fault != NULL;
         fault = trial_next(trial, &at, "fault", NULL)) {
        int64_t from_ms = trial_number(fault, "refusesFrom");
        int64_t to_ms = trial_number(fault, "to") - REFUSED_MS;
        size_t ask_at = 0;
        for (const json_t *ask = trial_next(trial, &ask_at, "ask", NULL); from_ms != 0 && ask != NULL;
             ask = trial_next(trial, &ask_at, "ask", NULL)) {
            if (trial_number(ask, "at") >= from_ms && trial_number(ask, "at") <= to_ms) {
                judge_ask(trial, fault, ask);
            }
        }
    }
}

/* Since its registration was last answered: what is counted in its record begins anew there. */
static int64_t count_beats(const struct trial *trial, const char *id)
{
    int64_t since_ms = 0;
    int64_t count = 0;
    size_t at = 0;
    for (const json_t *answer = trial_next(trial, &at, "answer", id); answer != NULL;
         answer = trial_next(trial, &at, "answer", id)) {
        since_ms = trial_number(answer, "at");
    }
    at = 0;
    for (const json_t *beat = trial_next(trial, &at, "beat", id); beat != NULL;
         beat = trial_next(trial, &at, "beat", id)) {
        count += trial_number(beat, "sentAt") >= since_ms;
    }
    return count;
}

/* Of the steady workers, those that list jobs or those that do not: how often they were heard and Redis was told. */
static void count_heard(const struct trial *trial, bool lists_jobs, int64_t *out_heard, int64_t *out_told)
{
    size_t at = 0;
    const json_t *keys = json_object_get(trial_next(trial, &at, "store", NULL), "keys");
    at = 0;
    for (const json_t *worker = trial_next(trial, &at, "worker", NULL); worker != NULL;
         worker = trial_next(trial, &at, "worker", NULL)) {
        const char *id = trial_text(worker, "id");
        if (strcmp(trial_text(worker, "kind"), "steady") == 0 && trial_number(worker, "mergeMs") > 0 &&
            json_is_true(json_object_get(worker, "listsJobs")) == lists_jobs) {
            char key[KEY_BYTES];
            (void)snprintf(key, sizeof key, "worker:%s", id);
            *out_heard += count_beats(trial, id);
            *out_told += atoll(trial_part(keys, key, "heartbeats"));
        }
    }
}

/*
 * merging: where heartbeats that change nothing may be merged, Redis is told of clearly fewer of them than of those
 * with jobs, which never are; faults keep as many of both from it.
 */
void judge_merging(struct trial *trial)
{
    int64_t heard = 0;
    int64_t told = 0;
    int64_t jobs_heard = 0;
    int64_t jobs_told = 0;
    count_heard(trial, false, &heard, &told);
    count_heard(trial, true, &jobs_heard, &jobs_told);
    if (told * jobs_heard * 4 > jobs_told * heard * 3) {
        trial_accuse(trial, "merging: of %lld heartbeats that change nothing Redis was told %lld, of %lld others %lld",
                     (long long)heard, (long long)told, (long long)jobs_heard, (long long)jobs_told);
    }
}

/* program: no daemon ends by itself. */
void judge_programs(struct trial *trial)
{
    size_t at = 0;
    for (const json_t *ended = trial_next(trial, &at, "ended", NULL); ended != NULL;
         ended = trial_next(trial, &at, "ended", NULL)) {
        trial_accuse(trial, "program: daemon %s ended by itself with status %lld", trial_text(ended, "daemon"),
                     (long long)trial_number(ended, "status"));
    }
}
