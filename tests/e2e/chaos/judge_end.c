/* judge_end.c -- rules about the end of a run: everything that Redis and the broker keep of a worker agrees. */
#include "e2e/chaos/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 256 };

static const json_t *keys_of(const struct trial *trial)
{
    size_t at = 0;
    return json_object_get(trial_next(trial, &at, "store", NULL), "keys");
}

static bool is_live(const json_t *record)
{
    return json_is_object(record) && strcmp(trial_text(record, "status"), "INACTIVE") != 0;
}

/* The value of a key that is named after something: "worker:" and an id. */
static json_t *key_of(const json_t *keys, const char *kind, const char *name)
{
    char key[NAME_MAX_BYTES];
    (void)snprintf(key, sizeof key, "%s%s", kind, name);
    return json_object_get(keys, key);
}

static bool has(const json_t *list, const char *name)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(list, index, item)
    {
        if (json_string_value(item) != NULL && strcmp(json_string_value(item), name) == 0) {
            return true;
        }
    }
    return false;
}

/* final: the retained status is that of the record; of who has left there is none. */
void judge_final(struct trial *trial)
{
    static const char *const told[] = {"status", "health", "epoch", "revision"};
    size_t at = 0;
    for (const json_t *final = trial_next(trial, &at, "final", NULL); final != NULL;
         final = trial_next(trial, &at, "final", NULL)) {
        const char *id = trial_text(final, "id");
        const json_t *document = json_object_get(final, "document");
        const json_t *retained = json_object_get(final, "retained");
        if (!is_live(document) && json_is_object(retained)) {
            trial_accuse(trial, "final: %s has left, and a status of it is still retained", id);
        }
        for (size_t i = 0; is_live(document) && i < sizeof told / sizeof told[0]; i++) {
            if (!json_equal(json_object_get(document, told[i]), json_object_get(retained, told[i]))) {
                trial_accuse(trial, "final: the retained %s of %s is not that of its record", told[i], id);
            }
        }
    }
}

static bool is_trusted(const json_t *record)
{
    return strcmp(trial_text(record, "health"), "HEALTHY") == 0 ||
           strcmp(trial_text(record, "health"), "RECOVERED") == 0;
}

static bool is_schedulable(const json_t *record)
{
    const char *status = trial_text(record, "status");
    return is_trusted(record) &&
           (strcmp(status, "ACTIVE") == 0 || strcmp(status, "IDLE") == 0 || strcmp(status, "BUSY") == 0);
}

static void judge_labels(struct trial *trial, const json_t *keys, const char *id, const char *field, const char *kind)
{
    const char *text = trial_text(key_of(keys, "worker:", id), field);
    json_t *labels = json_loads(text[0] != '\0' ? text : trial_text(key_of(keys, "detail:", id), field), 0, NULL);
    size_t index = 0;
    const json_t *label = NULL;
    json_array_foreach(labels, index, label)
    {
        if (json_string_value(label) != NULL && !has(key_of(keys, kind, json_string_value(label)), id)) {
            trial_accuse(trial, "store: %s is not in the set %s%s", id, kind, json_string_value(label));
        }
    }
    json_decref(labels);
}

static void judge_live(struct trial *trial, const json_t *keys, const char *id, const json_t *record)
{
    char alive[NAME_MAX_BYTES];
    (void)snprintf(alive, sizeof alive, "alive:%s", id);
    if (!has(json_object_get(keys, "workers"), id) || !has(key_of(keys, "status:", trial_text(record, "status")), id) ||
        !has(key_of(keys, "health:", trial_text(record, "health")), id) ||
        (trial_text(record, "zone")[0] != '\0' && !has(key_of(keys, "zone:", trial_text(record, "zone")), id))) {
        trial_accuse(trial, "store: %s is not in the sets of its record", id);
    }
    judge_labels(trial, keys, id, "tags", "tag:");
    judge_labels(trial, keys, id, "capabilities", "capability:");
    if (is_trusted(record) &&
        (json_object_get(keys, alive) == NULL || json_object_get(json_object_get(keys, "deadlines"), alive) == NULL)) {
        trial_accuse(trial, "store: %s is alive and nothing will notice its silence", id);
    }
    const char *free = trial_part(keys, "free", id);
    if (is_schedulable(record) ? strcmp(free, trial_text(record, "availableCapacity")) != 0 : free[0] != '\0') {
        trial_accuse(trial, "store: %s is indexed with free capacity \"%s\"", id, free);
    }
}

/* Whether a live worker belongs into a set by what its record says; of sets by label only the worker is looked at. */
static bool belongs(const json_t *record, const char *set)
{
    static const char *const fields[] = {"status", "health", "zone"};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        size_t len = strlen(fields[i]);
        if (strncmp(set, fields[i], len) == 0 && set[len] == ':') {
            return strcmp(set + len + 1, trial_text(record, fields[i])) == 0;
        }
    }
    return true;
}

static void judge_members(struct trial *trial, const json_t *keys, const char *set, const json_t *members)
{
    size_t index = 0;
    const json_t *member = NULL;
    json_array_foreach(members, index, member)
    {
        const json_t *record = key_of(keys, "worker:", json_string_value(member));
        if (!is_live(record) || !belongs(record, set)) {
            trial_accuse(trial, "store: %s is in the set %s, where it does not belong", json_string_value(member), set);
        }
    }
}

static bool is_timer(const char *key)
{
    return strncmp(key, "alive:", 6) == 0 || strncmp(key, "recheck:", 8) == 0 || strncmp(key, "cleanup:", 8) == 0;
}

/* Members of the index of deadlines are timers, those of the other sorted sets are workers. */
static void judge_index(struct trial *trial, const json_t *keys, const char *index)
{
    const char *member = NULL;
    json_t *score = NULL;
    json_object_foreach(json_object_get(keys, index), member, score)
    {
        const char *id = is_timer(member) ? strchr(member, ':') + 1 : member;
        if (!is_live(key_of(keys, "worker:", id))) {
            trial_accuse(trial, "store: %s has %s, of a worker that is not there", index, member);
        }
    }
}

/* Holders are lines, those that have named the job again with a + before them. */
static void judge_holders(struct trial *trial, const json_t *keys)
{
    const char *job = NULL;
    json_t *holders = NULL;
    json_object_foreach(json_object_get(keys, "jobs"), job, holders)
    {
        char names[NAME_MAX_BYTES];
        char *rest = NULL;
        (void)snprintf(names, sizeof names, "%s", json_string_value(holders));
        for (const char *id = strtok_r(names, "+\n", &rest); id != NULL; id = strtok_r(NULL, "+\n", &rest)) {
            json_t *jobs = json_loads(trial_text(key_of(keys, "worker:", id), "jobs"), 0, NULL);
            if (!has(jobs, job)) {
                trial_accuse(trial, "store: %s is said to hold the job %s, and does not", id, job);
            }
            json_decref(jobs);
        }
    }
}

/* store: records, sets, liveness keys and indexes agree, and nothing is kept of a worker that is not there. */
void judge_store(struct trial *trial)
{
    const json_t *keys = keys_of(trial);
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)keys, key, value)
    {
        const char *name = strchr(key, ':') != NULL ? strchr(key, ':') + 1 : "";
        if (strncmp(key, "worker:", 7) == 0 && is_live(value)) {
            judge_live(trial, keys, name, value);
        } else if (json_is_array(value)) {
            judge_members(trial, keys, key, value);
        } else if ((strncmp(key, "detail:", 7) == 0 && key_of(keys, "worker:", name) == NULL) ||
                   (is_timer(key) && !is_live(key_of(keys, "worker:", name)))) {
            trial_accuse(trial, "store: %s is of a worker that is not there", key);
        }
    }
    judge_index(trial, keys, "deadlines");
    judge_index(trial, keys, "free");
    judge_index(trial, keys, "held");
    judge_holders(trial, keys);
}

static void add(json_t *sums, const char *name, int64_t amount)
{
    (void)json_object_set_new(sums, name, json_integer(trial_number(sums, name) + amount));
}

static json_t *sums_of(const json_t *keys)
{
    static const char *const statuses[][2] = {{"ACTIVE", "activeWorkers"}, {"IDLE", "idleWorkers"},
                                              {"BUSY", "busyWorkers"},     {"MAINTENANCE", "maintenanceWorkers"},
                                              {"ERROR", "failedWorkers"},  {"DRAINING", "drainingWorkers"}};
    json_t *sums = json_object();
    const char *key = NULL;
    json_t *record = NULL;
    json_object_foreach((json_t *)keys, key, record)
    {
        if (strncmp(key, "worker:", 7) != 0 || !is_live(record)) {
            continue;
        }
        add(sums, "totalWorkers", 1);
        add(sums, "totalCapacity", atoi(trial_text(record, "maxConcurrentJobs")));
        add(sums, "usedCapacity", atoi(trial_text(record, "currentJobCount")));
        add(sums, "availableCapacity", atoi(trial_text(record, "availableCapacity")));
        add(sums, "missingWorkers", atoi(trial_text(record, "missing")));
        for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
            add(sums, statuses[i][1], strcmp(trial_text(record, "status"), statuses[i][0]) == 0);
        }
    }
    return sums;
}

/* totals: the counts that are kept are those of the records. */
void judge_totals(struct trial *trial)
{
    const json_t *keys = keys_of(trial);
    json_t *sums = sums_of(keys);
    const char *name = NULL;
    json_t *sum = NULL;
    json_object_foreach(sums, name, sum)
    {
        long long kept = atoll(trial_part(keys, "totals", name));
        if (kept != json_integer_value(sum)) {
            trial_accuse(trial, "totals: %s is kept as %lld, the records have %lld", name, kept,
                         (long long)json_integer_value(sum));
        }
    }
    json_decref(sums);
}
