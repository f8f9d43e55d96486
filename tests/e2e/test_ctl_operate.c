/* test_ctl_operate.c -- musterctl as an operator uses it: finding, judging, operating, moving a registry, the doctor.
 */
#include "e2e/musterctl.h"

#include "base/buf.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = FOLDER_PATH_MAX + 64, MANY = 130, LONG_CAPABILITIES = 60, IDS_BYTES = 1024 };

/* Nobody here is to fall silent, however long the tests take. */
#define STEADY "\"heartbeatTimeoutMs\":3600000"

/* ---- files */

static void path_in(const struct world *world, const char *name, char out[PATH_BYTES])
{
    (void)snprintf(out, PATH_BYTES, "%s/%s", world->folder, name);
}

static void write_file(const struct world *world, const char *name, const char *text, char out_path[PATH_BYTES])
{
    struct fault fault = {0};
    assert_int_equal(folder_write(world->folder, name, text, &fault), ERR_OK);
    path_in(world, name, out_path);
}

/* ---- finding */

/* "a b c": the ids of the workers in the document, in its order; frees the document. */
static void ids_of(json_t *document, char out[IDS_BYTES])
{
    size_t i = 0;
    const json_t *worker = NULL;
    out[0] = '\0';
    json_array_foreach(json_object_get(document, "workers"), i, worker)
    {
        size_t len = strlen(out);
        const char *id = json_string_value(json_object_get(worker, "workerId"));
        (void)snprintf(out + len, IDS_BYTES - len, "%s%s", i > 0 ? " " : "", id != NULL ? id : "?");
    }
    json_decref(document);
}

static void assert_found(struct world *world, const char *const args[], const char *expected)
{
    char ids[IDS_BYTES];
    ids_of(musterctl_document(world, args), ids);
    assert_string_equal(ids, expected);
}

static void find_gives_those_that_match_everything(void **state)
{
    struct world *world = *state;
    world_register(world, "f-1", STEADY ",\"zone\":\"fz\",\"tags\":\"red,big\",\"capabilities\":[\"java\"]");
    world_register(world, "f-2",
                   STEADY ",\"zone\":\"fz\",\"tags\":\"red\",\"capabilities\":{\"java\":true,\"c\":true}");
    world_register(world, "f-3", STEADY ",\"zone\":\"fy\",\"tags\":\"red,big\"");
    world_heartbeat(world, "f-1", "{\"status\":\"BUSY\",\"currentJobCount\":8}");
    world_status(world, "f-1", "{\"status\":\"BUSY\"}");
    assert_found(world, ARGS("find", "--json", "--zone", "fz"), "f-1 f-2");
    assert_found(world, ARGS("find", "--json", "--tags", "big,red"), "f-1 f-3");
    assert_found(world, ARGS("find", "--json", "--capabilities", "c,java"), "f-2");
    assert_found(world, ARGS("find", "--json", "--zone", "fz", "--status", "BUSY"), "f-1");
    assert_found(world, ARGS("find", "--json", "--zone", "fz", "--minimum-free", "5"), "f-2");
    assert_found(world, ARGS("find", "--json", "--name-prefix", "Worker f-3", "--health", "HEALTHY"), "f-3");
    assert_found(world, ARGS("find", "--json", "--zone", "nowhere"), "");
    musterctl_says(world, DONE, ARGS("find", "--zone", "fy"), "f-3  Worker f-3  ACTIVE  HEALTHY");
}

static void find_sorted_gives_the_best_first_and_no_more_than_the_limit(void **state)
{
    struct world *world = *state;
    world_register(world, "s-1", STEADY ",\"zone\":\"sz\"");
    world_register(world, "s-2", STEADY ",\"zone\":\"sz\"");
    world_register(world, "s-3", STEADY ",\"zone\":\"sz\"");
    world_heartbeat(world, "s-1", "{\"status\":\"BUSY\",\"currentJobCount\":5}");
    world_heartbeat(world, "s-2", "{\"status\":\"BUSY\",\"currentJobCount\":9}");
    world_heartbeat(world, "s-3", "{\"status\":\"BUSY\",\"currentJobCount\":1}");
    world_status(world, "s-3", "{\"status\":\"BUSY\"}");
    assert_found(world, ARGS("find", "--json", "--zone", "sz", "--sort", "free"), "s-3 s-1 s-2");
    assert_found(world, ARGS("find", "--json", "--zone", "sz", "--sort", "free", "--limit", "2"), "s-3 s-1");
}

static void find_passes_over_those_who_take_no_work_and_list_does_not(void **state)
{
    struct world *world = *state;
    world_register(world, "m-1", STEADY ",\"zone\":\"mz\"");
    world_register(world, "m-2", STEADY ",\"zone\":\"mz\"");
    musterctl_says(world, DONE, ARGS("maintain", "m-1"), "m-1: MAINTENANCE, HEALTHY\n");
    assert_found(world, ARGS("find", "--json", "--zone", "mz"), "m-2");
    assert_found(world, ARGS("find", "--json", "--zone", "mz", "--status", "MAINTENANCE"), "m-1");
    assert_found(world, ARGS("list", "--json", "--zone", "mz"), "m-1 m-2");
}

/* So long that a page cannot hold many of them. */
static void append_long_worker(struct buf *out, int number)
{
    buf_printf(out,
               "{\"workerId\":\"many-%03d\",\"name\":\"Many\",\"maxConcurrentJobs\":1," STEADY
               ",\"tags\":[\"many\"],\"capabilities\":[",
               number);
    for (int i = 0; i < LONG_CAPABILITIES; i++) {
        buf_printf(out, "%s\"%060d\"", i > 0 ? "," : "", i);
    }
    buf_append_string(out, "]}\n");
}

static void list_with_limit_stops_there_and_without_goes_through_all_pages(void **state)
{
    struct world *world = *state;
    char path[PATH_BYTES];
    struct buf lines = {0};
    for (int i = 0; i < MANY; i++) {
        append_long_worker(&lines, i);
    }
    write_file(world, "many.jsonl", buf_terminated(&lines), path);
    buf_fini(&lines);
    musterctl_says(world, DONE, ARGS("import", path), "\n130 imported, 0 refused\n");
    json_t *document = musterctl_document(world, ARGS("list", "--json", "--tags", "many", "--limit", "100"));
    assert_int_equal(json_array_size(json_object_get(document, "workers")), 100);
    json_decref(document);
    document = musterctl_document(world, ARGS("find", "--json", "--tags", "many"));
    assert_int_equal(json_array_size(json_object_get(document, "workers")), MANY);
    json_decref(document);
}

/* ---- judging */

static void health_of_worker_tells_checks_and_figures(void **state)
{
    struct world *world = *state;
    struct run run;
    world_register(world, "h-1", STEADY);
    world_heartbeat(world, "h-1", "{\"status\":\"BUSY\",\"currentJobCount\":5,\"errorCount\":2}");
    world_status(world, "h-1", "{\"status\":\"BUSY\"}");
    musterctl(world, &run, DONE, ARGS("health", "h-1"));
    static const char *const shown[] = {"\nhealthy                true\n",
                                        "\nloadPercentage         50.0\n",
                                        "\nCHECK      RESULT  WHY\n",
                                        "\nheartbeat  passed  ",
                                        "\nstatus     passed  ",
                                        "\ncapacity   passed  ",
                                        "\njobs       passed  "};
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        assert_has(run.out, shown[i]);
    }
    assert_lacks(run.out, "success");
    run_free(&run);
    json_t *report = musterctl_document(world, ARGS("health", "h-1", "--json"));
    assert_true(json_is_true(json_object_get(report, "healthy")));
    json_decref(report);
    musterctl(world, &run, REFUSED, ARGS("health", "nobody"));
    assert_string_equal(run.err, "musterctl: not_found: Worker not registered\n");
    run_free(&run);
}

static void health_without_id_lists_those_that_are_not_healthy(void **state)
{
    struct world *world = *state;
    struct run run;
    world_register(world, "h-2", STEADY);
    world_heartbeat(world, "h-2", "{\"status\":\"ERROR\"}");
    world_event(world, "unhealthy", "h-2", NULL);
    musterctl(world, &run, DONE, ARGS("health"));
    assert_has(run.out, "\nh-2  Worker h-2  ERROR   UNHEALTHY ");
    assert_has(run.out, "status_inconsistent");
    assert_lacks(run.out, "h-1");
    run_free(&run);
    musterctl_says(world, DONE, ARGS("recover", "h-2"), "h-2: ");
    musterctl(world, &run, DONE, ARGS("health"));
    assert_lacks(run.out, "h-2");
    run_free(&run);
}

static void stats_and_summary_count_the_fleet(void **state)
{
    struct world *world = *state;
    char total[64];
    json_t *stats = musterctl_document(world, ARGS("stats", "--json"));
    int64_t count = (int64_t)json_integer_value(json_object_get(stats, "totalWorkers"));
    json_decref(stats);
    assert_true(count >= MANY);
    (void)snprintf(total, sizeof total, "totalWorkers           %lld\n", (long long)count);
    musterctl_says(world, DONE, ARGS("stats"), total);
    (void)snprintf(total, sizeof total, "%lld workers\nHealth: ", (long long)count);
    musterctl_says(world, DONE, ARGS("summary"), total);
}

static void check_repairs_and_tells_what_disagrees(void **state)
{
    struct world *world = *state;
    world_register(world, "c-1", STEADY ",\"zone\":\"cz\"");
    musterctl_says(world, DONE, ARGS("check"), "; 0 found, 0 repaired\n");
    assert_int_equal(redis_integer(world->store, "SREM muster:{0}:zone:cz c-1"), 1);
    struct run run;
    musterctl(world, &run, DONE, ARGS("check"));
    assert_has(run.out, "c-1  yes");
    assert_has(run.out, "; 1 found, 1 repaired\n");
    run_free(&run);
    assert_int_equal(redis_integer(world->store, "SISMEMBER muster:{0}:zone:cz c-1"), 1);
    json_t *report = musterctl_document(world, ARGS("check", "--json"));
    assert_int_equal(json_integer_value(json_object_get(report, "findingCount")), 0);
    json_decref(report);
}

static void alerts_and_config_are_tables(void **state)
{
    struct world *world = *state;
    struct run run;
    musterctl_says(world, DONE, ARGS("alerts"), "RULE");
    json_t *document = musterctl_document(world, ARGS("alerts", "--json"));
    assert_true(json_is_array(json_object_get(document, "alerts")));
    json_decref(document);
    musterctl(world, &run, DONE, ARGS("config"));
    assert_has(run.out, "\nworker.archive_seconds ");
    assert_has(run.out, "  option\n");
    assert_has(run.out, "  default\n");
    run_free(&run);
}

/* ---- operating */

static void operations_say_who_asked_and_why(void **state)
{
    struct world *world = *state;
    world_register(world, "o-1", STEADY);
    musterctl_says(world, DONE, ARGS("maintain", "o-1", "--reason", "new disk", "--client", "ann"), "o-1: MAINTENANCE");
    world_event(
        world, "status", "o-1",
        "{\"to\":{\"status\":\"MAINTENANCE\"},\"reason\":\"operator\",\"by\":\"ann\",\"message\":\"new disk\"}");
    musterctl_says(world, DONE, ARGS("resume", "o-1"), "o-1: ACTIVE");
    musterctl_says(world, DONE, ARGS("drain", "o-1", "--json"), "\"success\":true");
    world_event(world, "deregistered", "o-1", "{\"reason\":\"operator\"}");
    musterctl_says(world, DONE, ARGS("forget", "o-1"), "o-1: ");
    assert_string_equal(world_field(world, "o-1", "status"), "");
    musterctl_says(world, DONE, ARGS("events", "--worker", "o-1"), "  by ann: new disk\n");
}

static void operations_that_the_state_forbids_are_refused(void **state)
{
    struct world *world = *state;
    static const char *const cases[][2] = {{"recover", "forbidden: "}, {"forget", "forbidden: "}};
    world_register(world, "o-2", STEADY);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct run run;
        musterctl(world, &run, REFUSED, ARGS(cases[i][0], "o-2"));
        assert_string_equal(run.out, "");
        assert_has(run.err, cases[i][1]);
        run_free(&run);
    }
    static const char *const verbs[] = {"drain", "recover", "maintain", "resume", "forget", "ping", "reregister"};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        struct run run;
        musterctl(world, &run, REFUSED, ARGS(verbs[i], "nobody"));
        assert_has(run.err, "not_found: ");
        run_free(&run);
    }
}

static void cleanup_and_brake_release_tell_how_many(void **state)
{
    struct world *world = *state;
    struct run run;
    world_register(world, "o-3", STEADY);
    musterctl_says(world, DONE, ARGS("cleanup"), "cleanup: 0 workers cleaned up\n");
    musterctl_says(world, DONE, ARGS("brake-release", "--reason", "all is known"),
                   "brake-release: 0 brakes released\n");
    musterctl(world, &run, REFUSED, ARGS("cleanup", "o-3"));
    assert_has(run.err, "forbidden: ");
    run_free(&run);
}

static void ping_waits_for_the_heartbeat_and_tells_when_none_comes(void **state)
{
    struct world *world = *state;
    struct process agent = {0};
    struct run run;
    static const char *const flags[] = {"--heartbeat-interval-ms", "600000", "--heartbeat-timeout-ms", "3600000", NULL};
    world_start_agent(world, &agent, "pinged", flags);
    world_event(world, "registered", "pinged", NULL);
    world_wait_written(&agent, "registered, epoch");
    musterctl_says(world, DONE, ARGS("ping", "pinged"), "pinged: a heartbeat after ");
    musterctl_says(world, DONE, ARGS("reregister", "pinged"), "pinged: ");
    world_wait_written(&agent, "command reregister");
    process_stop(&agent, SIGKILL);
    world_register(world, "mute", STEADY);
    musterctl(world, &run, NO_ANSWER, ARGS("ping", "mute", "--timeout", "400"));
    assert_has(run.err, "mute has sent no heartbeat within 400 ms");
    run_free(&run);
}

/* ---- moving a registry */

static size_t count_lines(const char *path, const char *fragment)
{
    size_t count = 0;
    char *content = folder_read(path);
    assert_non_null(content);
    for (char *at = strtok(content, "\n"); at != NULL; at = strtok(NULL, "\n")) {
        count += strstr(at, fragment) != NULL ? 1 : 0;
    }
    free(content);
    return count;
}

static void export_and_import_move_every_worker(void **state)
{
    struct world *world = *state;
    static struct world other;
    static const char *const settings[] = {"worker.archive_seconds=3600", NULL};
    char path[PATH_BYTES];
    struct run run;
    path_in(world, "export.jsonl", path);
    world_register(world, "x-1", STEADY ",\"zone\":\"xz\",\"capabilities\":{\"java\":true},\"bootId\":\"b1\"");
    world_heartbeat(world, "x-1", "{\"bootId\":\"b1\",\"jobs\":[\"j1\",\"j2\"],\"cpuUsage\":12.3,\"status\":\"BUSY\"}");
    world_status(world, "x-1", "{\"status\":\"BUSY\"}");
    musterctl_says(world, DONE, ARGS("export", path), " workers exported to ");
    assert_int_equal(count_lines(path, "\"workerId\":\"many-"), MANY);
    assert_int_equal(count_lines(path, "\"workerId\":\"x-1\""), 1);
    assert_int_equal(count_lines(path, "\"cpuUsage\":12.3,"), 1);
    world_open(&other, settings);
    musterctl(&other, &run, DONE, ARGS("import", path));
    assert_has(run.out, "x-1: imported\n");
    assert_has(run.out, " imported, 0 refused\n");
    run_free(&run);
    assert_found(&other, ARGS("list", "--json", "--zone", "xz"), "x-1");
    musterctl_says(&other, DONE, ARGS("list", "--json", "--zone", "xz"), "\"capabilities\":{\"java\":true}");
    json_t *document = musterctl_document(&other, ARGS("list", "--json", "--tags", "many"));
    assert_int_equal(json_array_size(json_object_get(document, "workers")), MANY);
    json_decref(document);
    world_close(&other);
}

static void export_to_standard_output_can_be_imported_again(void **state)
{
    struct world *world = *state;
    struct run run;
    char path[PATH_BYTES];
    musterctl(world, &run, DONE, ARGS("export", "-"));
    assert_int_equal(strncmp(run.out, "{\"workerId\":", 12), 0);
    write_file(world, "again.jsonl", run.out, path);
    run_free(&run);
    musterctl_says(world, DONE, ARGS("import", path), " imported, 0 refused\n");
}

static void import_takes_registration_documents_however_they_stand(void **state)
{
    struct world *world = *state;
    char path[PATH_BYTES];
    write_file(world, "documents.json",
               "[{\"workerId\":\"d-1\",\"name\":\"D\",\"maxConcurrentJobs\":5,\"heartbeatTimeoutMs\":600000,\n"
               "  \"capabilities\":\"{\\\"java\\\": true}\",\"tags\":\"production,high-performance\"}]\n"
               "{\"workers\":[{\"workerId\":\"d-2\",\"name\":\"D\",\"maxConcurrentJobs\":5}]}\n"
               "{\"workerId\":\"d-3\",\"name\":\"D\",\"maxConcurrentJobs\":5} "
               "{\"workerId\":\"d-4\",\"name\":\"D\",\"maxConcurrentJobs\":5}",
               path);
    musterctl_says(world, DONE, ARGS("import", path),
                   "d-1: imported\nd-2: imported\nd-3: imported\nd-4: imported\n4 imported, 0 refused\n");
    assert_found(world, ARGS("find", "--json", "--capabilities", "java", "--tags", "production"), "d-1");
}

/* More than one request takes, some of it bad, one document beyond what a request may hold. */
static void import_goes_on_past_what_is_refused(void **state)
{
    struct world *world = *state;
    char path[PATH_BYTES];
    char big[70000];
    struct buf lines = {0};
    struct run run;
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    for (int i = 0; i < MANY; i++) {
        buf_printf(&lines, "{\"workerId\":\"i-%d\",\"name\":\"I\",\"maxConcurrentJobs\":%d}\n", i, i == 7 ? 0 : 1);
        if (i == 120) {
            buf_printf(&lines, "{\"workerId\":\"i-big\",\"name\":\"%s\",\"maxConcurrentJobs\":1}\n", big);
        }
    }
    write_file(world, "mixed.jsonl", buf_terminated(&lines), path);
    buf_fini(&lines);
    musterctl(world, &run, REFUSED, ARGS("import", path));
    assert_has(run.out, "i-7: validation_failed: Max concurrent jobs must be positive\n");
    assert_has(run.out, "i-big: too_large: ");
    assert_has(run.out, "\ni-129: imported\n129 imported, 2 refused\n");
    run_free(&run);
    musterctl(world, &run, REFUSED, ARGS("import", path, "--json"));
    assert_has(run.out, "\"workerId\":\"i-big\"");
    assert_lacks(run.out, "refused");
    run_free(&run);
}

static void import_of_one_who_has_left_needs_force(void **state)
{
    struct world *world = *state;
    char path[PATH_BYTES];
    struct run run;
    world_register(world, "back-1", STEADY);
    path_in(world, "back.jsonl", path);
    musterctl_says(world, DONE, ARGS("export", path), "exported");
    musterctl_says(world, DONE, ARGS("deregister", "back-1"), "back-1: ");
    musterctl(world, &run, REFUSED, ARGS("import", path));
    assert_has(run.out, "back-1: deregistered: ");
    run_free(&run);
    assert_string_equal(world_field(world, "back-1", "status"), "INACTIVE");
    musterctl_says(world, DONE, ARGS("import", path, "--force"), "back-1: imported\n");
    assert_string_equal(world_field(world, "back-1", "status"), "ACTIVE");
}

static void import_of_what_is_no_json_is_wrong_usage(void **state)
{
    struct world *world = *state;
    char path[PATH_BYTES];
    struct run run;
    write_file(world, "broken.jsonl",
               "{\"workerId\":\"b-1\",\"name\":\"B\",\"maxConcurrentJobs\":1}\n{\"name\":", path);
    musterctl(world, &run, WRONG_USAGE, ARGS("import", path));
    assert_has(run.err, "broken.jsonl: document 2, its line 1");
    run_free(&run);
    musterctl(world, &run, WRONG_USAGE, ARGS("import", "/nowhere/at-all"));
    assert_has(run.err, "/nowhere/at-all cannot be read: ");
    run_free(&run);
    musterctl(world, &run, WRONG_USAGE, ARGS("import", world->folder));
    assert_has(run.err, "cannot be read: ");
    run_free(&run);
    musterctl(world, &run, WRONG_USAGE, ARGS("export", "/nowhere/at-all"));
    assert_has(run.err, "/nowhere/at-all cannot be written: ");
    run_free(&run);
}

/* What cannot be written is not done. */
static void output_to_full_disk_is_not_done(void **state)
{
    struct world *world = *state;
    struct run run;
    static const char script[] = "\"$0\" --uri \"$1\" \"$2\" - >/dev/full";
    run_program(&run, world->folder, ARGS("sh", "-c", script, MUSTER_BIN_DIR "/musterctl", world->broker.uri, "export"),
                NULL);
    assert_int_equal(run.status, WRONG_USAGE);
    assert_has(run.err, "cannot write: No space left on device");
    run_free(&run);
}

/* ---- the doctor */

static void doctor_of_sound_installation_is_done(void **state)
{
    struct world *world = *state;
    struct run run;
    musterctl(world, &run, DONE, ARGS("doctor"));
    static const char *const subjects[] = {"broker", "access", "registry", "answer",  "clock",
                                           "fleet",  "redis",  "alert",    "hearing", "retained"};
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "ok    %s ", subjects[i]);
        assert_has(run.out, line);
    }
    assert_has(run.out, "d0 is active, 0 standing by");
    run_free(&run);
    musterctl_says(world, DONE, ARGS("doctor", "--json"), "{\"verdict\":\"ok\",\"findings\":[");
}

static void doctor_sees_retained_messages_of_workers(void **state)
{
    struct world *world = *state;
    struct fault fault = {0};
    struct run run;
    struct broker_publication publication = {
        .topic = "muster/v1/worker/w-9/heartbeat", .payload = text_of("well"), .qos = 1, .retained = true};
    assert_int_equal(recorder_publish(world->observer, &publication, &fault), ERR_OK);
    musterctl(world, &run, REFUSED, ARGS("doctor"));
    assert_has(run.out, "warn  retained        1 retained message on worker/+/+, such as worker/w-9/heartbeat\n");
    assert_has(run.out, "-> the registry ignores them");
    run_free(&run);
    publication.payload = text_of("");
    assert_int_equal(recorder_publish(world->observer, &publication, &fault), ERR_OK);
    musterctl_says(world, DONE, ARGS("doctor"), "ok    retained ");
}

/* As topics/acl has it: names are not proven here, but what each may do is the same. */
static void doctor_under_access_control_is_done_for_an_operator_only(void **state)
{
    (void)state;
    static struct world guarded;
    static const char *const settings[] = {"mqtt.username=musterd", NULL};
    struct run run;
    world_begin_as(&guarded, "acl_file " MUSTER_SOURCE_DIR "/topics/acl\n", NULL, "observer", NULL);
    world_start_daemon(&guarded, 0, settings);
    world_wait_listening(&guarded, 0);
    musterctl(&guarded, &run, DONE, ARGS("doctor", "--username", "operator"));
    assert_has(run.out, "ok    hearing         this user hears no canary");
    run_free(&run);
    musterctl(&guarded, &run, NO_ANSWER, ARGS("doctor", "--username", "observer", "--timeout", "1000"));
    assert_has(run.out, "fail  answer          the broker refused the request");
    assert_has(run.out, "may this user write request/CLIENT/+");
    run_free(&run);
    world_close(&guarded);
}

/* The last ones: the daemon does not come back, then the broker. */
static void without_daemon_nothing_is_written_and_the_doctor_says_so(void **state)
{
    struct world *world = *state;
    char path[PATH_BYTES];
    struct run run;
    process_stop(&world->daemons[0], SIGTERM);
    write_file(world, "kept.jsonl", "as it was", path);
    musterctl(world, &run, NO_ANSWER, ARGS("export", path, "--timeout", "500"));
    run_free(&run);
    char *kept = folder_read(path);
    assert_string_equal(kept, "as it was");
    free(kept);
    musterctl(world, &run, NO_ANSWER, ARGS("export", "-", "--timeout", "500"));
    assert_string_equal(run.out, "");
    run_free(&run);
    musterctl(world, &run, NO_ANSWER, ARGS("doctor", "--timeout", "1000"));
    assert_has(run.out, "ok    broker ");
    assert_has(run.out, "fail  registry        no registry is online here\n");
    assert_has(run.out, "fail  answer          no answer to system-health within 1000 ms");
    run_free(&run);
}

static void doctor_without_broker_fails_at_once(void **state)
{
    struct world *world = *state;
    struct run run;
    char uri[64];
    (void)snprintf(uri, sizeof uri, "tcp://127.0.0.1:%d", server_free_port());
    musterctl(world, &run, NO_ANSWER, ARGS("doctor", "--uri", uri, "--timeout", "1000"));
    assert_int_equal(strncmp(run.out, "fail  broker ", 13), 0);
    assert_lacks(run.out, "ok ");
    run_free(&run);
}

/* Steps of time come late, or not at all. */
static int set_up(void **state)
{
    static struct world world;
    static const char *const settings[] = {"health.check_interval_ms=600000", "worker.archive_seconds=3600",
                                           "brake.min_workers=100000", NULL};
    world_open(&world, settings);
    *state = &world;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doctor_of_sound_installation_is_done),
        cmocka_unit_test(doctor_sees_retained_messages_of_workers),
        cmocka_unit_test(find_gives_those_that_match_everything),
        cmocka_unit_test(find_sorted_gives_the_best_first_and_no_more_than_the_limit),
        cmocka_unit_test(find_passes_over_those_who_take_no_work_and_list_does_not),
        cmocka_unit_test(list_with_limit_stops_there_and_without_goes_through_all_pages),
        cmocka_unit_test(health_of_worker_tells_checks_and_figures),
        cmocka_unit_test(health_without_id_lists_those_that_are_not_healthy),
        cmocka_unit_test(stats_and_summary_count_the_fleet),
        cmocka_unit_test(check_repairs_and_tells_what_disagrees),
        cmocka_unit_test(alerts_and_config_are_tables),
        cmocka_unit_test(operations_say_who_asked_and_why),
        cmocka_unit_test(operations_that_the_state_forbids_are_refused),
        cmocka_unit_test(cleanup_and_brake_release_tell_how_many),
        cmocka_unit_test(ping_waits_for_the_heartbeat_and_tells_when_none_comes),
        cmocka_unit_test(export_and_import_move_every_worker),
        cmocka_unit_test(export_to_standard_output_can_be_imported_again),
        cmocka_unit_test(output_to_full_disk_is_not_done),
        cmocka_unit_test(import_takes_registration_documents_however_they_stand),
        cmocka_unit_test(import_goes_on_past_what_is_refused),
        cmocka_unit_test(import_of_one_who_has_left_needs_force),
        cmocka_unit_test(import_of_what_is_no_json_is_wrong_usage),
        cmocka_unit_test(doctor_under_access_control_is_done_for_an_operator_only),
        cmocka_unit_test(without_daemon_nothing_is_written_and_the_doctor_says_so),
        cmocka_unit_test(doctor_without_broker_fails_at_once),
    };
    return cmocka_run_group_tests_name("e2e/ctl_operate", tests, set_up, world_teardown);
}
