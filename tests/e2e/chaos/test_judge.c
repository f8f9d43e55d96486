/* test_judge.c -- the judge can fail: a good record passes, and each rule broken once is named. */
#include "e2e/chaos/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static json_t *good_record(void)
{
    size_t bad_line = 0;
    json_t *lines = judge_read(MUSTER_JUDGE_FIXTURE, &bad_line);
    if (lines == NULL) {
        fail_msg("%s: line %zu is no JSON object", MUSTER_JUDGE_FIXTURE, bad_line);
    }
    return lines;
}

static json_t *find(json_t *lines, const char *what, const char *id, const char *type)
{
    size_t index = 0;
    json_t *line = NULL;
    json_array_foreach(lines, index, line)
    {
        const json_t *event = strcmp(what, "heard") == 0 ? json_object_get(line, "event") : line;
        const char *whose =
            json_string_value(json_object_get(event, strcmp(what, "change") == 0 || event != line ? "workerId" : "id"));
        const char *of = json_string_value(json_object_get(event, "type"));
        if (strcmp(json_string_value(json_object_get(line, "what")), what) == 0 &&
            (id == NULL || (whose != NULL && strcmp(whose, id) == 0)) &&
            (type == NULL || (of != NULL && strcmp(of, type) == 0))) {
            return line;
        }
    }
    fail_msg("no %s of %s in the record", what, id != NULL ? id : "anybody");
    return NULL;
}

static void assert_accused(json_t *lines, const char *rule)
{
    json_t *verdicts = judge_record(lines);
    bool found = false;
    size_t index = 0;
    json_t *verdict = NULL;
    json_array_foreach(verdicts, index, verdict)
    {
        print_message("%s\n", json_string_value(verdict));
        found = found || strncmp(json_string_value(verdict), rule, strlen(rule)) == 0;
    }
    json_decref(verdicts);
    json_decref(lines);
    assert_true(found);
}

static void set_text(json_t *line, const char *name, const char *value)
{
    assert_int_equal(json_object_set_new(line, name, json_string(value)), 0);
}

static void set_number(json_t *line, const char *name, int64_t value)
{
    assert_int_equal(json_object_set_new(line, name, json_integer(value)), 0);
}

/* What Redis holds under a key. */
static json_t *held_under(json_t *lines, const char *key)
{
    json_t *value = json_object_get(json_object_get(find(lines, "store", NULL, NULL), "keys"), key);
    assert_non_null(value);
    return value;
}

static void forget_key(json_t *lines, const char *key)
{
    assert_int_equal(json_object_del(json_object_get(find(lines, "store", NULL, NULL), "keys"), key), 0);
}

static void add_key(json_t *lines, const char *key, json_t *value)
{
    assert_int_equal(json_object_set_new(json_object_get(find(lines, "store", NULL, NULL), "keys"), key, value), 0);
}

static void remove_line(json_t *lines, const json_t *unwanted)
{
    size_t index = 0;
    const json_t *line = NULL;
    json_array_foreach(lines, index, line)
    {
        if (line == unwanted) {
            assert_int_equal(json_array_remove(lines, index), 0);
            return;
        }
    }
    fail_msg("the line is not in the record");
}

static void assert_acquitted(json_t *lines)
{
    json_t *verdicts = judge_record(lines);
    size_t index = 0;
    json_t *verdict = NULL;
    json_array_foreach(verdicts, index, verdict)
    {
        print_message("%s\n", json_string_value(verdict));
    }
    assert_int_equal(json_array_size(verdicts), 0);
    json_decref(verdicts);
    json_decref(lines);
}

static void good_record_is_acquitted(void **state)
{
    (void)state;
    assert_acquitted(good_record());
}

static void missing_call_in_spite_of_heartbeat_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    json_t *beat = json_pack("{s:s, s:s, s:i, s:i}", "what", "beat", "id", "dies", "sentAt", 11500, "ackedAt", 11510);
    (void)json_array_append_new(lines, beat);
    assert_accused(lines, "silence:");
}

static void failed_steady_worker_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    set_text(find(lines, "worker", "dies", NULL), "kind", "steady");
    assert_accused(lines, "steady:");
}

static void unnoticed_death_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    set_text(find(lines, "change", "dies", "cleaned_up"), "type", "updated");
    assert_accused(lines, "death:");
}

static void late_notice_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    set_number(find(lines, "death", "dies", NULL), "at", -5000);
    assert_accused(lines, "death:");
}

static void merging_that_spares_redis_nothing_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    json_t *plain = find(lines, "worker", "lives", NULL);
    json_t *with_jobs = find(lines, "worker", "flaps", NULL);
    json_t *keys = json_object_get(find(lines, "store", NULL, NULL), "keys");
    (void)json_array_append_new(
        lines, json_pack("{s:s, s:s, s:i, s:i}", "what", "beat", "id", "flaps", "sentAt", 13900, "ackedAt", 13905));
    set_number(plain, "mergeMs", 500);
    set_number(with_jobs, "mergeMs", 500);
    set_text(with_jobs, "kind", "steady");
    (void)json_object_set_new(plain, "listsJobs", json_false());
    (void)json_object_set_new(with_jobs, "listsJobs", json_true());
    set_text(json_object_get(keys, "worker:lives"), "heartbeats", "1");
    set_text(json_object_get(keys, "worker:flaps"), "heartbeats", "1");
    assert_accused(lines, "merging:");
}

static void gap_in_revisions_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    set_number(find(lines, "change", "dies", "failed"), "revision", 4);
    assert_accused(lines, "order:");
}

static void falling_epoch_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    set_number(find(lines, "change", "dies", "failed"), "epoch", 1);
    assert_accused(lines, "order:");
}

static void step_outside_the_table_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    json_t *change = find(lines, "change", "dies", "failed");
    (void)json_object_set_new(change, "from", json_pack("{s:s, s:s}", "status", "ACTIVE", "health", "HEALTHY"));
    assert_accused(lines, "transition:");
}

static void lost_registration_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    set_number(find(lines, "answer", "lives", NULL), "epoch", 999);
    assert_accused(lines, "answer:");
}

static void event_told_with_other_content_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    set_text(json_object_get(find(lines, "heard", NULL, NULL), "event"), "reason", "operator");
    assert_accused(lines, "told:");
}

static void job_orphaned_twice_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    json_t *change = find(lines, "change", "dies", "cleaned_up");
    (void)json_object_set_new(change, "orphanedJobs", json_pack("[s]", "job-1"));
    assert_accused(lines, "jobs:");
}

static void retained_status_that_lies_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    set_text(json_object_get(find(lines, "final", "lives", NULL), "retained"), "health", "UNHEALTHY");
    assert_accused(lines, "final:");
}

static void registration_lost_with_redis_is_excused(void **state)
{
    (void)state;
    json_t *lines = good_record();
    set_number(find(lines, "answer", "lives", NULL), "epoch", 999);
    (void)json_array_append_new(lines, json_pack("{s:s, s:i, s:i}", "what", "loss", "from", 900, "to", 1100));
    assert_acquitted(lines);
}

/* Redis was emptied, took the worker in again, and lost that with the death. */
static void death_that_redis_has_lost_with_the_registration_is_excused(void **state)
{
    (void)state;
    static const char *const lost[] = {"unhealthy", "failed", "cleaned_up"};
    json_t *lines = good_record();
    for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++) {
        remove_line(lines, find(lines, "change", "dies", lost[i]));
    }
    (void)json_array_append_new(lines, json_pack("{s:s, s:i}", "what", "flush", "at", 2000));
    (void)json_array_append_new(lines, json_pack("{s:s, s:i, s:i}", "what", "loss", "from", 2000, "to", 14000));
    assert_acquitted(lines);
}

static void event_that_is_not_in_stream_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    set_text(json_object_get(find(lines, "heard", NULL, NULL), "event"), "eventId", "99-0");
    assert_accused(lines, "told:");
}

static void event_that_was_never_told_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    remove_line(lines, find(lines, "heard", "dies", "failed"));
    assert_accused(lines, "told:");
}

static void event_told_while_nobody_listened_is_excused(void **state)
{
    (void)state;
    json_t *lines = good_record();
    remove_line(lines, find(lines, "heard", "dies", "failed"));
    (void)json_array_append_new(lines, json_pack("{s:s, s:i, s:i}", "what", "gap", "from", 12690, "to", 12710));
    assert_acquitted(lines);
}

static void events_told_out_of_order_are_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    json_t *late = find(lines, "heard", "dies", "unhealthy");
    json_incref(late);
    remove_line(lines, late);
    remove_line(lines, find(lines, "heard", "dies", "unhealthy"));
    (void)json_array_append_new(lines, late);
    assert_accused(lines, "told:");
}

static void hold_that_ends_early_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    json_t *healthy = json_array_get(lines, 0);
    size_t index = 0;
    json_t *line = NULL;
    json_array_foreach(lines, index, line)
    {
        healthy = strcmp(json_string_value(json_object_get(line, "what")), "change") == 0 ? line : healthy;
    }
    set_number(healthy, "at", 20600); /* the third return: 600 ms, twice the second's */
    assert_accused(lines, "hold:");
}

static void ghost_in_retained_statuses_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    (void)json_object_set_new(find(lines, "final", "dies", NULL), "retained", json_pack("{s:s}", "status", "ACTIVE"));
    assert_accused(lines, "final:");
}

static void ghost_in_set_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    (void)json_array_append_new(held_under(lines, "zone:east"), json_string("dies"));
    assert_accused(lines, "store:");
}

static void worker_in_set_of_another_health_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    add_key(lines, "health:FAILED", json_pack("[s]", "lives"));
    assert_accused(lines, "store:");
}

static void worker_missing_in_set_is_named(void **state)
{
    (void)state;
    static const char *const sets[] = {"workers",   "status:ACTIVE", "health:HEALTHY",
                                       "zone:east", "tag:fast",      "capability:print"};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        json_t *lines = good_record();
        (void)json_array_remove(held_under(lines, sets[i]), 0);
        assert_accused(lines, "store:");
    }
}

static void worker_without_liveness_key_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    forget_key(lines, "alive:lives");
    assert_accused(lines, "store:");
}

static void worker_without_deadline_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    (void)json_object_del(held_under(lines, "deadlines"), "alive:lives");
    assert_accused(lines, "store:");
}

static void deadline_of_nobody_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    (void)json_object_set_new(held_under(lines, "deadlines"), "cleanup:dies", json_string("23000"));
    assert_accused(lines, "store:");
}

static void timer_of_nobody_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    add_key(lines, "recheck:dies", json_string("13"));
    assert_accused(lines, "store:");
}

static void details_of_nobody_are_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    add_key(lines, "detail:dies", json_object());
    assert_accused(lines, "store:");
}

static void wrong_free_capacity_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    (void)json_object_set_new(held_under(lines, "free"), "lives", json_string("10"));
    assert_accused(lines, "store:");
}

static void holder_of_job_that_it_does_not_hold_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    (void)json_object_set_new(held_under(lines, "jobs"), "j-1", json_string("+lives\nflaps"));
    assert_accused(lines, "store:");
}

static void wrong_totals_are_named(void **state)
{
    (void)state;
    static const char *const names[] = {"totalWorkers",      "totalCapacity", "usedCapacity",
                                        "availableCapacity", "activeWorkers", "missingWorkers"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        json_t *lines = good_record();
        (void)json_object_set_new(held_under(lines, "totals"), names[i], json_string("7"));
        assert_accused(lines, "totals:");
    }
}

static void service_that_is_back_late_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    set_number(find(lines, "return", NULL, NULL), "afterMs", 5001);
    assert_accused(lines, "return:");
}

static void registration_without_refusal_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    remove_line(lines, find(lines, "told", NULL, NULL));
    assert_accused(lines, "refusal:");
}

static void registration_answered_otherwise_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    set_text(find(lines, "told", NULL, NULL), "code", "ok");
    assert_accused(lines, "refusal:");
}

static void late_refusal_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    set_number(find(lines, "told", NULL, NULL), "at", 9400);
    assert_accused(lines, "refusal:");
}

static void daemon_that_ended_by_itself_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    (void)json_array_append_new(lines, json_pack("{s:s, s:s, s:i}", "what", "ended", "daemon", "d0", "status", 139));
    assert_accused(lines, "program:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_record_is_acquitted),
        cmocka_unit_test(missing_call_in_spite_of_heartbeat_is_named),
        cmocka_unit_test(failed_steady_worker_is_named),
        cmocka_unit_test(unnoticed_death_is_named),
        cmocka_unit_test(late_notice_is_named),
        cmocka_unit_test(merging_that_spares_redis_nothing_is_named),
        cmocka_unit_test(gap_in_revisions_is_named),
        cmocka_unit_test(falling_epoch_is_named),
        cmocka_unit_test(step_outside_the_table_is_named),
        cmocka_unit_test(lost_registration_is_named),
        cmocka_unit_test(event_told_with_other_content_is_named),
        cmocka_unit_test(job_orphaned_twice_is_named),
        cmocka_unit_test(retained_status_that_lies_is_named),
        cmocka_unit_test(registration_lost_with_redis_is_excused),
        cmocka_unit_test(death_that_redis_has_lost_with_the_registration_is_excused),
        cmocka_unit_test(event_that_is_not_in_stream_is_named),
        cmocka_unit_test(event_that_was_never_told_is_named),
        cmocka_unit_test(event_told_while_nobody_listened_is_excused),
        cmocka_unit_test(events_told_out_of_order_are_named),
        cmocka_unit_test(hold_that_ends_early_is_named),
        cmocka_unit_test(ghost_in_retained_statuses_is_named),
        cmocka_unit_test(ghost_in_set_is_named),
        cmocka_unit_test(worker_in_set_of_another_health_is_named),
        cmocka_unit_test(worker_missing_in_set_is_named),
        cmocka_unit_test(worker_without_liveness_key_is_named),
        cmocka_unit_test(worker_without_deadline_is_named),
        cmocka_unit_test(deadline_of_nobody_is_named),
        cmocka_unit_test(timer_of_nobody_is_named),
        cmocka_unit_test(details_of_nobody_are_named),
        cmocka_unit_test(wrong_free_capacity_is_named),
        cmocka_unit_test(holder_of_job_that_it_does_not_hold_is_named),
        cmocka_unit_test(wrong_totals_are_named),
        cmocka_unit_test(service_that_is_back_late_is_named),
        cmocka_unit_test(registration_without_refusal_is_named),
        cmocka_unit_test(registration_answered_otherwise_is_named),
        cmocka_unit_test(late_refusal_is_named),
        cmocka_unit_test(daemon_that_ended_by_itself_is_named),
    };
    return cmocka_run_group_tests_name("e2e/chaos/judge", tests, NULL, NULL);
}
