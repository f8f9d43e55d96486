/*
 * check.c -- a check of everything that is stored: one step after the other, each when the one before has been
 * answered, so that heartbeats pass in between. Adds up what the steps found, and tells all who asked.
 */
#include "registry/check.h"

#include "base/clock.h"
#include "codec/document.h"
#include "registry/asker.h"
#include "registry/intake.h"
#include "registry/internal.h"
#include "registry/merge.h"
#include "store/check.h"
#include "store/worker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { FINDINGS_TOLD_MAX = 100, RUN_MAX = 32 };

struct check {
    struct registry *registry;
    struct asker **askers;
    size_t asker_count;
    char run[RUN_MAX];
    struct buf reason;
    struct buf by;
    struct buf key;    /* being looked at; empty: all keys are gone through */
    struct buf cursor; /* where the next step begins */
    json_t *keys;      /* still to be looked at */
    json_t *findings;
    int64_t finding_count;
    int64_t repaired;
    int64_t results[STORE_HEALTHS];
    int64_t began_ms;
};

static int64_t checked_by(const struct check *check)
{
    int64_t checked = 0;
    for (size_t i = 0; i < STORE_HEALTHS; i++) {
        checked += check->results[i];
    }
    return checked;
}

static json_t *results_node(const struct check *check)
{
    json_t *results = json_object();
    for (unsigned health = HEALTH_HEALTHY; health < STORE_HEALTHS; health++) {
        (void)json_object_set_new(results, worker_health_name((enum worker_health)health),
                                  json_integer(check->results[health]));
    }
    return results;
}

static void report_to(const struct check *check, struct asker *asker)
{
    char sentence[128];
    const struct extra extras[] = {
        {"checked", json_integer(checked_by(check))},
        {"results", results_node(check)},
        {"findingCount", json_integer(check->finding_count)},
        {"repaired", json_integer(check->repaired)},
        {"findings", json_incref(check->findings)},
        {"durationMs", json_integer(clock_monotonic_ms() - check->began_ms)},
    };
    (void)snprintf(sentence, sizeof sentence,
                   "%" PRId64 " workers checked: %" PRId64 " findings, %" PRId64 " of them repaired", checked_by(check),
                   check->finding_count, check->repaired);
    asker_reply_with(asker, &(struct reply){.code = CODE_OK, .message = text_of(sentence)}, extras,
                     sizeof extras / sizeof extras[0]);
}

static void end(struct check *check, enum reply_code code, const char *why)
{
    struct registry *registry = check->registry;
    registry->check = NULL;
    for (size_t i = 0; i < check->asker_count; i++) {
        intake_call_done(registry);
        if (code == CODE_OK) {
            report_to(check, check->askers[i]);
        } else {
            asker_refuse_for(check->askers[i], code, why);
        }
    }
    json_decref(check->keys);
    json_decref(check->findings);
    buf_fini(&check->reason);
    buf_fini(&check->by);
    buf_fini(&check->key);
    buf_fini(&check->cursor);
    free(check->askers);
    free(check);
}

static json_t *finding_node(const struct store_finding *finding)
{
    json_t *node = json_object();
    (void)json_object_set_new(node, "check", json_stringn(finding->check.data, finding->check.len));
    if (finding->worker_id.len > 0) {
        (void)json_object_set_new(node, "workerId", json_stringn(finding->worker_id.data, finding->worker_id.len));
    }
    (void)json_object_set_new(node, "message", json_stringn(finding->sentence.data, finding->sentence.len));
    (void)json_object_set_new(node, "repaired", json_boolean(finding->repaired));
    return node;
}

static void take(struct check *check, const struct store_check *result)
{
    for (size_t i = 0; i < STORE_HEALTHS; i++) {
        check->results[i] += result->results[i];
    }
    for (size_t i = 0; i < result->finding_count; i++) {
        const struct store_finding *finding = &result->findings[i];
        merge_forget(check->registry, finding->worker_id);
        if (check->finding_count++ < FINDINGS_TOLD_MAX) {
            (void)json_array_append_new(check->findings, finding_node(finding));
        }
        check->repaired += finding->repaired;
    }
    for (size_t i = 0; i < result->key_count; i++) {
        (void)json_array_append_new(check->keys, json_stringn(result->keys[i].data, result->keys[i].len));
    }
}

static void set_cursor(struct check *check, struct text cursor)
{
    buf_clear(&check->cursor);
    buf_append_text(&check->cursor, cursor);
}

static bool take_next_key(struct check *check)
{
    size_t left = json_array_size(check->keys);
    if (left == 0) {
        return false;
    }
    const json_t *key = json_array_get(check->keys, left - 1);
    buf_clear(&check->key);
    buf_append(&check->key, json_string_value(key), json_string_length(key));
    (void)json_array_remove(check->keys, left - 1);
    set_cursor(check, text_of("0"));
    return true;
}

/* Ends the check where the step has not been done; true then. */
static bool has_failed(struct check *check, const struct store_check *result)
{
    if (result->outcome != STORE_DONE) {
        end(check, asker_code_of_outcome(result->outcome), "The registry cannot reach its store");
    } else if (result->gone || check->registry->stopping) {
        end(check, CODE_UNAVAILABLE, "The check was interrupted");
    } else {
        return false;
    }
    return true;
}

static void on_end(void *context, const struct store_check *result)
{
    struct check *check = context;
    if (!has_failed(check, result)) {
        take(check, result);
        end(check, CODE_OK, NULL);
    }
}

static void finish(struct check *check)
{
    const struct store_check_summary summary = {.message = buf_text(&check->reason),
                                                .by = buf_text(&check->by),
                                                .checked = checked_by(check),
                                                .findings = check->finding_count,
                                                .repaired = check->repaired};
    store_check_end(check->registry->store, text_of(check->run), &summary, on_end, check);
}

static void on_step(void *context, const struct store_check *result);

static void step(struct check *check)
{
    struct store *store = check->registry->store;
    struct text run = text_of(check->run);
    if (check->key.len == 0) {
        store_check_keys(store, run, buf_text(&check->cursor), on_step, check);
    } else {
        store_check_members(store, run, buf_text(&check->key), buf_text(&check->cursor), on_step, check);
    }
}

static void on_step(void *context, const struct store_check *result)
{
    struct check *check = context;
    if (has_failed(check, result)) {
        return;
    }
    take(check, result);
    if (result->cursor.len > 0) {
        set_cursor(check, result->cursor);
        step(check);
    } else if (take_next_key(check)) {
        step(check);
    } else {
        finish(check);
    }
}

static void on_begun(void *context, const struct store_check *result)
{
    struct check *check = context;
    if (!has_failed(check, result)) {
        (void)snprintf(check->run, sizeof check->run, "%.*s", TEXT_ARG(result->run));
        set_cursor(check, text_of("0"));
        step(check);
    }
}

static bool add_asker(struct check *check, struct asker *asker)
{
    struct asker **askers = realloc(check->askers, (check->asker_count + 1) * sizeof(struct asker *));
    if (askers == NULL) {
        return false;
    }
    check->askers = askers;
    check->askers[check->asker_count++] = asker;
    return true;
}

static struct check *new_check(struct registry *registry, const struct query *query, const struct asker *asker)
{
    struct check *check = calloc(1, sizeof *check);
    if (check != NULL) {
        check->registry = registry;
        check->keys = json_array();
        check->findings = json_array();
        check->began_ms = clock_monotonic_ms();
        buf_append_text(&check->reason, query->reason);
        buf_append_text(&check->by, asker->by);
    }
    return check;
}

void check_ask(struct registry *registry, const struct query *query, struct asker *asker)
{
    bool is_new = registry->check == NULL;
    if (is_new) {
        registry->check = new_check(registry, query, asker);
    }
    if (registry->check == NULL || !add_asker(registry->check, asker)) {
        if (is_new && registry->check != NULL) {
            end(registry->check, CODE_UNAVAILABLE, NULL);
        }
        intake_call_done(registry);
        asker_refuse_for(asker, CODE_UNAVAILABLE, "The registry is out of memory");
        return;
    }
    if (is_new) {
        store_check_begin(registry->store, on_begun, registry->check);
    }
}
