/* judge_told.c -- rules about what is told: to those who register, and to the world, of what the stream holds. */
#include "e2e/chaos/trial.h"

#include <string.h>

/* An answer may be on its way for that long when Redis loses what it told of. */
enum { ON_THE_WAY_MS = 500 };

/* order: epochs grow; within a life revisions are contiguous. */
void judge_order(struct trial *trial, const json_t *worker)
{
    const char *id = trial_text(worker, "id");
    int64_t epoch = 0;
    int64_t revision = 0;
    size_t at = 0;
    for (const json_t *change = trial_next(trial, &at, "change", id); change != NULL;
         change = trial_next(trial, &at, "change", id)) {
        bool is_new = trial_number(change, "revision") == 1 && strcmp(trial_text(change, "type"), "registered") == 0;
        if (trial_number(change, "epoch") < epoch || (!is_new && trial_number(change, "revision") != revision + 1)) {
            trial_accuse(trial, "order: %s went from epoch %lld revision %lld to epoch %lld revision %lld", id,
                         (long long)epoch, (long long)revision, (long long)trial_number(change, "epoch"),
                         (long long)trial_number(change, "revision"));
        }
        epoch = trial_number(change, "epoch");
        revision = trial_number(change, "revision");
    }
}

static bool is_epoch_known(const struct trial *trial, const char *id, int64_t epoch)
{
    size_t at = 0;
    for (const json_t *change = trial_next(trial, &at, "change", id); change != NULL;
         change = trial_next(trial, &at, "change", id)) {
        if (trial_number(change, "epoch") == epoch) {
            return true;
        }
    }
    return false;
}

/* answer: a registration that was answered with success is in the stream, unless Redis has lost that time. */
void judge_answers(struct trial *trial, const json_t *worker)
{
    const char *id = trial_text(worker, "id");
    size_t at = 0;
    for (const json_t *answer = trial_next(trial, &at, "answer", id); answer != NULL;
         answer = trial_next(trial, &at, "answer", id)) {
        int64_t at_ms = trial_number(answer, "at");
        if (!is_epoch_known(trial, id, trial_number(answer, "epoch")) &&
            !trial_covers(trial, "loss", at_ms - ON_THE_WAY_MS, at_ms)) {
            trial_accuse(trial, "answer: %s was told epoch %lld, of which nothing is known", id,
                         (long long)trial_number(answer, "epoch"));
        }
    }
}

/* One entry of the stream, with when it was first heard (0: never). */
static json_t *entries_of(const struct trial *trial)
{
    json_t *entries = json_object();
    size_t at = 0;
    size_t place = 0;
    for (json_t *change = trial_next(trial, &at, "change", NULL); change != NULL;
         change = trial_next(trial, &at, "change", NULL)) {
        json_t *told = json_copy(change);
        (void)json_object_del(told, "what");
        (void)json_object_set_new(entries, trial_text(change, "eventId"),
                                  json_pack("{s:o, s:I, s:i}", "told", told, "place", (json_int_t)place++, "heard", 0));
    }
    return entries;
}

static void hear(struct trial *trial, json_t *entries, const json_t *heard, json_t *last_places)
{
    const json_t *event = json_object_get(heard, "event");
    const char *id = trial_text(event, "workerId");
    int64_t made_ms = trial_number(event, "at");
    json_t *entry = json_object_get(entries, trial_text(event, "eventId"));
    if (entry == NULL || !json_equal(json_object_get(entry, "told"), event)) {
        if (!trial_covers(trial, "loss", made_ms, made_ms)) {
            trial_accuse(trial, "told: event %s of %s was told otherwise than it is in the stream",
                         trial_text(event, "eventId"), id);
        }
        return;
    }
    if (trial_number(entry, "heard") != 0) {
        return;
    }
    (void)json_object_set(entry, "heard", json_object_get(heard, "at"));
    json_t *last = json_object_get(last_places, id);
    if (last != NULL && json_integer_value(last) > trial_number(entry, "place")) {
        trial_accuse(trial, "told: event %s of %s came after a later one", trial_text(event, "eventId"), id);
    }
    (void)json_object_set(last_places, id, json_object_get(entry, "place"));
}

/* An entry is told between those before and after it: nobody may have listened then, or Redis was emptied. */
static bool may_be_unheard(const struct trial *trial, int64_t from_ms, int64_t to_ms)
{
    size_t at = 0;
    for (const json_t *flush = trial_next(trial, &at, "flush", NULL); flush != NULL;
         flush = trial_next(trial, &at, "flush", NULL)) {
        if (trial_number(flush, "at") >= from_ms && trial_number(flush, "at") <= to_ms) {
            return true;
        }
    }
    return trial_covers(trial, "gap", from_ms, to_ms);
}

static int64_t next_heard(const struct trial *trial, const json_t *entries, size_t at)
{
    for (const json_t *change = trial_next(trial, &at, "change", NULL); change != NULL;
         change = trial_next(trial, &at, "change", NULL)) {
        int64_t heard_ms = trial_number(json_object_get(entries, trial_text(change, "eventId")), "heard");
        if (heard_ms != 0) {
            return heard_ms;
        }
    }
    return INT64_MAX;
}

static void judge_completeness(struct trial *trial, const json_t *entries)
{
    int64_t before_ms = 0;
    size_t at = 0;
    for (const json_t *change = trial_next(trial, &at, "change", NULL); change != NULL;
         change = trial_next(trial, &at, "change", NULL)) {
        const char *event_id = trial_text(change, "eventId");
        int64_t heard_ms = trial_number(json_object_get(entries, event_id), "heard");
        if (heard_ms == 0 && !may_be_unheard(trial, before_ms, next_heard(trial, entries, at))) {
            trial_accuse(trial, "told: event %s of %s was never told", event_id, trial_text(change, "workerId"));
        }
        before_ms = heard_ms != 0 ? heard_ms : before_ms;
    }
}

/* told: what subscribers hear is what the stream holds, all of it and in its order, however often they hear it. */
void judge_told(struct trial *trial)
{
    json_t *entries = entries_of(trial);
    json_t *last_places = json_object();
    size_t at = 0;
    for (const json_t *heard = trial_next(trial, &at, "heard", NULL); heard != NULL;
         heard = trial_next(trial, &at, "heard", NULL)) {
        hear(trial, entries, heard, last_places);
    }
    judge_completeness(trial, entries);
    json_decref(last_places);
    json_decref(entries);
}
