/* judge.c -- one function for each rule that holds whatever fails. */
#include "e2e/chaos/judge.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A heartbeat may have been on its way for that long when it did not count; noticing may take that long after faults.
 */
enum { ON_THE_WAY_MS = 500, NOTICE_MS = 8000 };

struct trial {
    const json_t *lines;
    json_t *verdicts;
};

static void __attribute__((format(printf, 2, 3))) accuse(struct trial *trial, const char *format, ...)
{
    char sentence[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    (void)json_array_append_new(trial->verdicts, json_string(sentence));
}

static const char *text(const json_t *line, const char *name)
{
    const char *value = json_string_value(json_object_get(line, name));
    return value != NULL ? value : "";
}

static int64_t number(const json_t *line, const char *name)
{
    return json_integer_value(json_object_get(line, name));
}

static bool is_what(const json_t *line, const char *what)
{
    return strcmp(text(line, "what"), what) == 0;
}

static const char *part(const json_t *line, const char *object, const char *name)
{
    return text(json_object_get(line, object), name);
}

/* The next line of a kind about a worker (id NULL: about anyone), from *index on. */
static json_t *next(const struct trial *trial, size_t *index, const char *what, const char *id)
{
    for (; *index < json_array_size(trial->lines); (*index)++) {
        json_t *line = json_array_get(trial->lines, *index);
        const char *whose = is_what(line, "change") ? text(line, "workerId") : text(line, "id");
        if (is_what(line, what) && (id == NULL || strcmp(whose, id) == 0)) {
            (*index)++;
            return line;
        }
    }
    return NULL;
}

static size_t count(const struct trial *trial, const char *type, const char *id, int64_t since_ms)
{
    size_t found = 0;
    size_t at = 0;
    for (const json_t *line = next(trial, &at, "change", id); line != NULL; line = next(trial, &at, "change", id)) {
        found += strcmp(text(line, "type"), type) == 0 && number(line, "at") >= since_ms;
    }
    return found;
}

/* silence: nobody is called missing whose heartbeat the broker had in time. */
static void judge_silence(struct trial *trial, const json_t *worker)
{
    const char *id = text(worker, "id");
    size_t at = 0;
    for (const json_t *change = next(trial, &at, "change", id); change != NULL;
         change = next(trial, &at, "change", id)) {
        if (strcmp(text(change, "type"), "unhealthy") != 0 ||
            strcmp(text(change, "reason"), "heartbeat_timeout") != 0) {
            continue;
        }
        const json_t *evidence = json_object_get(change, "evidence");
        int64_t last_ms = number(evidence, "lastHeartbeatAt");
        int64_t deadline_ms = number(evidence, "deadline");
        size_t beat_at = 0;
        for (const json_t *beat = next(trial, &beat_at, "beat", id); beat != NULL;
             beat = next(trial, &beat_at, "beat", id)) {
            if (number(beat, "sentAt") > last_ms && number(beat, "ackedAt") < deadline_ms - ON_THE_WAY_MS &&
                number(beat, "sentAt") > deadline_ms - number(worker, "timeoutMs")) {
                accuse(trial, "silence: %s was called missing at %lld although it was heard at %lld", id,
                       (long long)number(change, "at"), (long long)number(beat, "ackedAt"));
                return;
            }
        }
    }
}

/* steady: who keeps heartbeating is never failed. */
static void judge_steady(struct trial *trial, const json_t *worker)
{
    const char *id = text(worker, "id");
    if (strcmp(text(worker, "kind"), "steady") == 0 &&
        count(trial, "failed", id, 0) + count(trial, "cleaned_up", id, 0) > 0) {
        accuse(trial, "steady: %s was failed", id);
    }
}

/* How much later a death may be noticed because of what was done to the servers. */
static int64_t fault_time(const struct trial *trial, int64_t from_ms, int64_t to_ms, int64_t timeout_ms)
{
    int64_t allowed_ms = 0;
    size_t at = 0;
    for (const json_t *fault = next(trial, &at, "fault", NULL); fault != NULL;
         fault = next(trial, &at, "fault", NULL)) {
        if (number(fault, "to") + NOTICE_MS >= from_ms && number(fault, "from") <= to_ms) {
            allowed_ms += number(fault, "to") - number(fault, "from") + timeout_ms;
        }
    }
    return allowed_ms;
}

/* death: every true death is noticed, once, and in time. */
static void judge_death(struct trial *trial, const json_t *worker)
{
    const char *id = text(worker, "id");
    size_t at = 0;
    const json_t *death = next(trial, &at, "death", id);
    if (death == NULL) {
        return;
    }
    int64_t died_ms = number(death, "at");
    int64_t timeout_ms = number(worker, "timeoutMs");
    if (count(trial, "failed", id, died_ms) != 1 || count(trial, "cleaned_up", id, died_ms) != 1) {
        accuse(trial, "death: %s was failed %zu times and cleaned up %zu times after its death", id,
               count(trial, "failed", id, died_ms), count(trial, "cleaned_up", id, died_ms));
    }
    size_t change_at = 0;
    for (const json_t *change = next(trial, &change_at, "change", id); change != NULL;
         change = next(trial, &change_at, "change", id)) {
        int64_t noticed_ms = number(change, "at");
        if (strcmp(text(change, "type"), "unhealthy") == 0 && noticed_ms >= died_ms) {
            int64_t allowed_ms = timeout_ms + NOTICE_MS + fault_time(trial, died_ms, noticed_ms, timeout_ms);
            if (noticed_ms - died_ms > allowed_ms) {
                accuse(trial, "death: %s died at %lld and was noticed %lld ms later", id, (long long)died_ms,
                       (long long)(noticed_ms - died_ms));
            }
            return;
        }
    }
}

/* order: epochs grow; within a life revisions are contiguous. */
static void judge_order(struct trial *trial, const json_t *worker)
{
    const char *id = text(worker, "id");
    int64_t epoch = 0;
    int64_t revision = 0;
    size_t at = 0;
    for (const json_t *change = next(trial, &at, "change", id); change != NULL;
         change = next(trial, &at, "change", id)) {
        bool is_new = number(change, "revision") == 1 && strcmp(text(change, "type"), "registered") == 0;
        if (number(change, "epoch") < epoch || (!is_new && number(change, "revision") != revision + 1)) {
            accuse(trial, "order: %s went from epoch %lld revision %lld to epoch %lld revision %lld", id,
                   (long long)epoch, (long long)revision, (long long)number(change, "epoch"),
                   (long long)number(change, "revision"));
        }
        epoch = number(change, "epoch");
        revision = number(change, "revision");
    }
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
        if (strcmp(transition->type, text(change, "type")) == 0 &&
            (transition->from[0] == '\0' || strcmp(transition->from, part(change, "from", "health")) == 0) &&
            (transition->to[0] == '\0' || strcmp(transition->to, part(change, "to", "health")) == 0)) {
            return true;
        }
    }
    return false;
}

/* transition: only those of the table; and each begins where the one before ended. */
static void judge_transitions(struct trial *trial, const json_t *worker)
{
    const char *id = text(worker, "id");
    const json_t *before = NULL;
    size_t at = 0;
    for (const json_t *change = next(trial, &at, "change", id); change != NULL;
         change = next(trial, &at, "change", id)) {
        if (!is_allowed(change)) {
            accuse(trial, "transition: %s went by %s from %s to %s", id, text(change, "type"),
                   part(change, "from", "health"), part(change, "to", "health"));
        }
        bool follows = before == NULL || json_object_get(change, "from") == NULL ||
                       json_equal(json_object_get(before, "to"), json_object_get(change, "from"));
        if (!follows) {
            accuse(trial, "transition: %s revision %lld does not begin where the one before ended", id,
                   (long long)number(change, "revision"));
        }
        before = change;
    }
}

/* answer: a registration that was answered with success is in the stream. */
static void judge_answers(struct trial *trial, const json_t *worker)
{
    const char *id = text(worker, "id");
    size_t at = 0;
    for (const json_t *answer = next(trial, &at, "answer", id); answer != NULL;
         answer = next(trial, &at, "answer", id)) {
        bool found = false;
        size_t change_at = 0;
        for (const json_t *change = next(trial, &change_at, "change", id); change != NULL && !found;
             change = next(trial, &change_at, "change", id)) {
            found = number(change, "epoch") == number(answer, "epoch");
        }
        if (!found) {
            accuse(trial, "answer: %s was told epoch %lld, of which nothing is known", id,
                   (long long)number(answer, "epoch"));
        }
    }
}

/* told: what subscribers hear is what the stream holds, however often they hear it. */
static void judge_told(struct trial *trial)
{
    json_t *by_id = json_object();
    size_t at = 0;
    for (json_t *change = next(trial, &at, "change", NULL); change != NULL; change = next(trial, &at, "change", NULL)) {
        (void)json_object_set(by_id, text(change, "eventId"), change);
    }
    at = 0;
    for (json_t *heard = next(trial, &at, "heard", NULL); heard != NULL; heard = next(trial, &at, "heard", NULL)) {
        json_t *copy = json_copy(heard);
        (void)json_object_set_new(copy, "what", json_string("change"));
        const json_t *told = json_object_get(by_id, text(heard, "eventId"));
        if (told == NULL || !json_equal(told, copy)) {
            accuse(trial, "told: event %s of %s was told otherwise than it is in the stream", text(heard, "eventId"),
                   text(heard, "workerId"));
        }
        json_decref(copy);
    }
    json_decref(by_id);
}

/* jobs: a job is orphaned once. */
static void judge_jobs(struct trial *trial)
{
    json_t *orphaned = json_object();
    size_t at = 0;
    for (const json_t *change = next(trial, &at, "change", NULL); change != NULL;
         change = next(trial, &at, "change", NULL)) {
        size_t index = 0;
        json_t *job = NULL;
        json_array_foreach(json_object_get(change, "orphanedJobs"), index, job)
        {
            const char *name = json_string_value(job) != NULL ? json_string_value(job) : "";
            if (json_object_get(orphaned, name) != NULL) {
                accuse(trial, "jobs: %s was orphaned twice", name);
            }
            (void)json_object_set_new(orphaned, name, json_true());
        }
    }
    json_decref(orphaned);
}

static bool has(const json_t *list, const char *kind, const char *name)
{
    char wanted[64];
    size_t index = 0;
    const json_t *item = NULL;
    (void)snprintf(wanted, sizeof wanted, "%s%s", kind, name);
    json_array_foreach(list, index, item)
    {
        if (json_string_value(item) != NULL && strcmp(json_string_value(item), wanted) == 0) {
            return true;
        }
    }
    return false;
}

/* final: at the end retained topics, records, sets, liveness keys and the index agree. */
static void judge_final(struct trial *trial, const json_t *final)
{
    const char *id = text(final, "id");
    const json_t *document = json_object_get(final, "document");
    const json_t *retained = json_object_get(final, "retained");
    const json_t *sets = json_object_get(final, "sets");
    bool is_live = json_is_object(document) && strcmp(text(document, "status"), "INACTIVE") != 0;
    if (!is_live) {
        if (json_is_object(retained) || json_array_size(sets) > 0 || json_is_true(json_object_get(final, "alive")) ||
            json_array_size(json_object_get(final, "due")) > 0) {
            accuse(trial, "final: %s has left, and something of it is still there", id);
        }
        return;
    }
    static const char *const told[] = {"status", "health", "epoch", "revision"};
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        if (!json_equal(json_object_get(document, told[i]), json_object_get(retained, told[i]))) {
            accuse(trial, "final: the retained %s of %s is not that of its record", told[i], id);
        }
    }
    if (json_array_size(sets) != 3 || !has(sets, "status:", text(document, "status")) ||
        !has(sets, "health:", text(document, "health")) || !has(sets, "workers", "")) {
        accuse(trial, "final: %s is not in the sets of its record", id);
    }
    if (strcmp(text(document, "health"), "HEALTHY") == 0 &&
        (!json_is_true(json_object_get(final, "alive")) || !has(json_object_get(final, "due"), "alive:", id))) {
        accuse(trial, "final: %s is HEALTHY and nothing will notice its silence", id);
    }
}

/* totals: the counts that are kept are those of the records. */
static void judge_totals(struct trial *trial)
{
    size_t at = 0;
    const json_t *totals = next(trial, &at, "totals", NULL);
    int64_t workers = 0;
    int64_t capacity = 0;
    size_t final_at = 0;
    for (const json_t *final = next(trial, &final_at, "final", NULL); final != NULL;
         final = next(trial, &final_at, "final", NULL)) {
        const json_t *document = json_object_get(final, "document");
        if (json_is_object(document) && strcmp(text(document, "status"), "INACTIVE") != 0) {
            workers++;
            capacity += number(document, "maxConcurrentJobs");
        }
    }
    if (totals != NULL && (number(totals, "totalWorkers") != workers || number(totals, "totalCapacity") != capacity)) {
        accuse(trial, "totals: %lld workers with capacity %lld are kept, the records have %lld with %lld",
               (long long)number(totals, "totalWorkers"), (long long)number(totals, "totalCapacity"),
               (long long)workers, (long long)capacity);
    }
}

json_t *judge_record(const json_t *lines)
{
    struct trial trial = {.lines = lines, .verdicts = json_array()};
    size_t at = 0;
    for (const json_t *worker = next(&trial, &at, "worker", NULL); worker != NULL;
         worker = next(&trial, &at, "worker", NULL)) {
        judge_silence(&trial, worker);
        judge_steady(&trial, worker);
        judge_death(&trial, worker);
        judge_order(&trial, worker);
        judge_transitions(&trial, worker);
        judge_answers(&trial, worker);
    }
    judge_told(&trial);
    judge_jobs(&trial);
    at = 0;
    for (const json_t *final = next(&trial, &at, "final", NULL); final != NULL;
         final = next(&trial, &at, "final", NULL)) {
        judge_final(&trial, final);
    }
    judge_totals(&trial);
    return trial.verdicts;
}

json_t *judge_read(const char *path, size_t *out_bad_line)
{
    FILE *file = fopen(path, "r");
    json_t *lines = json_array();
    char *line = NULL;
    size_t cap = 0;
    size_t number_of_line = 0;
    bool good = file != NULL;
    while (good && getline(&line, &cap, file) > 0) {
        number_of_line++;
        json_t *document = json_loads(line, 0, NULL);
        good = json_is_object(document);
        (void)json_array_append_new(lines, document != NULL ? document : json_null());
    }
    free(line);
    if (file != NULL) {
        (void)fclose(file);
    }
    if (!good) {
        json_decref(lines);
        *out_bad_line = number_of_line;
        return NULL;
    }
    return lines;
}
