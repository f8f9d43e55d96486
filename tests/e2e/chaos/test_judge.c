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
        const char *whose = json_string_value(json_object_get(line, strcmp(what, "change") == 0 ? "workerId" : "id"));
        const char *of = json_string_value(json_object_get(line, "type"));
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

static void good_record_is_acquitted(void **state)
{
    (void)state;
    json_t *lines = good_record();
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
    set_text(find(lines, "heard", NULL, NULL), "reason", "operator");
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

static void ghost_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    json_t *final = find(lines, "final", "dies", NULL);
    (void)json_object_set_new(final, "sets", json_pack("[s]", "workers"));
    assert_accused(lines, "final:");
}

static void worker_that_nothing_watches_is_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    (void)json_object_set_new(find(lines, "final", "lives", NULL), "due", json_array());
    assert_accused(lines, "final:");
}

static void wrong_totals_are_named(void **state)
{
    (void)state;
    json_t *lines = good_record();
    set_number(find(lines, "totals", NULL, NULL), "totalCapacity", 11);
    assert_accused(lines, "totals:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_record_is_acquitted),
        cmocka_unit_test(missing_call_in_spite_of_heartbeat_is_named),
        cmocka_unit_test(failed_steady_worker_is_named),
        cmocka_unit_test(unnoticed_death_is_named),
        cmocka_unit_test(late_notice_is_named),
        cmocka_unit_test(gap_in_revisions_is_named),
        cmocka_unit_test(falling_epoch_is_named),
        cmocka_unit_test(step_outside_the_table_is_named),
        cmocka_unit_test(lost_registration_is_named),
        cmocka_unit_test(event_told_with_other_content_is_named),
        cmocka_unit_test(job_orphaned_twice_is_named),
        cmocka_unit_test(retained_status_that_lies_is_named),
        cmocka_unit_test(ghost_is_named),
        cmocka_unit_test(worker_that_nothing_watches_is_named),
        cmocka_unit_test(wrong_totals_are_named),
    };
    return cmocka_run_group_tests_name("e2e/chaos/judge", tests, NULL, NULL);
}
