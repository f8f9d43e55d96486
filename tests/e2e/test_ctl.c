/* test_ctl.c -- musterctl as an operator meets it: what it prints, what it exits with, and how it follows what happens.
 */
#include "e2e/run.h"
#include "e2e/terminal.h"
#include "e2e/world.h"

#include "support/wait.h"

#include <ctype.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DONE = 0,
    REFUSED = 1,
    WRONG_USAGE = 2,
    NO_ANSWER = 3,
    ARGS_MAX = 24,
    MANY = 230,
    TOLD = 120,
    CHANGE_EACH_MS = 50
};

/* Nobody here is to fall silent, however long the tests take. */
#define STEADY "\"heartbeatTimeoutMs\":3600000"
static const char *const on_a_terminal[] = {"TERM=xterm", "NO_COLOR=", NULL};
static const char *const without_colour[] = {"TERM=xterm", "NO_COLOR=1", NULL};

/* musterctl, the world's broker, and what else is said (NULL at the end). */
static void compose(const struct world *world, const char *const args[], const char *argv[ARGS_MAX])
{
    size_t count = 0;
    argv[count++] = MUSTER_BIN_DIR "/musterctl";
    argv[count++] = "--uri";
    argv[count++] = world->broker.uri;
    while (*args != NULL && count < ARGS_MAX - 1) {
        argv[count++] = *args++;
    }
    argv[count] = NULL;
}

static void begin_ctl(const struct world *world, struct run *run, const char *const args[])
{
    const char *argv[ARGS_MAX];
    compose(world, args, argv);
    run_begin(run, world->folder, argv, on_a_terminal);
}

/* Runs it to its end, which has to be this one. */
static void ctl(const struct world *world, struct run *run, int status, const char *const args[])
{
    begin_ctl(world, run, args);
    run_end(run);
    if (run->status != status) {
        fail_msg("musterctl exited with %d instead of %d: %s%s", run->status, status, run->out, run->err);
    }
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void assert_has(const char *text, const char *fragment)
{
    if (strstr(text, fragment) == NULL) {
        fail_msg("\"%s\" is not in: %s", fragment, text);
    }
}

static void assert_lacks(const char *text, const char *fragment)
{
    if (strstr(text, fragment) != NULL) {
        fail_msg("\"%s\" is in: %s", fragment, text);
    }
}

/* The one JSON document of the output. */
static json_t *document_of(const struct run *run)
{
    json_error_t error;
    json_t *document = json_loads(run->out, 0, &error);
    if (document == NULL) {
        fail_msg("not JSON (%s): %s", error.text, run->out);
    }
    return document;
}

static const char *string_in(const json_t *document, const char *field)
{
    const char *string = json_string_value(json_object_get(document, field));
    return string != NULL ? string : "";
}

/* ---- list and get */

/* A line of the output that begins with the id and has the fragment. */
static void assert_line(const char *out, const char *id, const char *fragment)
{
    size_t id_len = strlen(id);
    const char *line = out;
    while (line != NULL && !(strncmp(line, id, id_len) == 0 && isspace((unsigned char)line[id_len]))) {
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    if (line == NULL) {
        fail_msg("no line of %s in: %s", id, out);
        return;
    }
    char copy[512];
    (void)snprintf(copy, sizeof copy, "%.*s", (int)strcspn(line, "\n"), line);
    assert_has(copy, fragment);
}

static void list_shows_a_row_for_each_worker(void **state)
{
    struct world *world = *state;
    struct run run;
    world_register(world, "row-1", STEADY ",\"zone\":\"north\",\"tags\":[\"gpu\",\"fast\"]");
    world_register(world, "row-2", STEADY);
    world_heartbeat(world, "row-1", "{\"status\":\"BUSY\",\"currentJobCount\":7,\"cpuUsage\":45.5,\"memoryUsage\":12}");
    world_status(world, "row-1", "{\"status\":\"BUSY\"}");
    ctl(world, &run, DONE, ARGS("list"));
    assert_int_equal(strncmp(run.out, "ID ", 3), 0);
    static const char *const shown[] = {"Worker row-1", "BUSY",  "HEALTHY", "7/10",
                                        "45.5%",        "12.0%", "north",   "gpu fast"};
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        assert_line(run.out, "row-1", shown[i]);
    }
    assert_line(run.out, "row-2", "ACTIVE");
    assert_string_equal(run.err, "");
    run_free(&run);
}

static void list_without_terminal_has_no_colour_and_no_limit_of_width(void **state)
{
    struct world *world = *state;
    struct run run;
    char long_name[160];
    char more[256];
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    (void)snprintf(more, sizeof more, STEADY ",\"zone\":\"z\",\"version\":\"1\",\"hostName\":\"%s\"", long_name);
    world_register(world, "wide-1", more);
    ctl(world, &run, DONE, ARGS("list"));
    assert_null(strchr(run.out, '\033'));
    assert_line(run.out, "wide-1", "Worker wide-1");
    run_free(&run);
}

static void list_json_is_one_document_with_every_worker_of_all_pages_once(void **state)
{
    struct world *world = *state;
    struct run run;
    char id[32];
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(id, sizeof id, "page-%03d", i);
        world_register(world, id, STEADY);
    }
    ctl(world, &run, DONE, ARGS("list", "--json"));
    json_t *document = document_of(&run);
    size_t index = 0;
    int found = 0;
    const json_t *worker = NULL;
    json_array_foreach(json_object_get(document, "workers"), index, worker)
    {
        found += strncmp(string_in(worker, "workerId"), "page-", 5) == 0 ? 1 : 0;
    }
    assert_int_equal(found, MANY);
    json_decref(document);
    run_free(&run);
}

static void get_shows_every_field_of_the_worker(void **state)
{
    struct world *world = *state;
    struct run run;
    world_register(world, "got-1", STEADY ",\"capabilities\":{\"java\":true},\"port\":8080,\"tags\":[\"a\",\"b\"]");
    ctl(world, &run, DONE, ARGS("get", "got-1"));
    assert_line(run.out, "workerId", "got-1");
    assert_line(run.out, "status", "ACTIVE");
    assert_line(run.out, "capabilities", "{\"java\":true}");
    assert_line(run.out, "port", "8080");
    assert_line(run.out, "tags", "a, b");
    assert_line(run.out, "registeredAt", " ago)");
    run_free(&run);
    ctl(world, &run, DONE, ARGS("get", "got-1", "--json"));
    assert_like(run.out, "{\"workerId\":\"got-1\",\"status\":\"ACTIVE\",\"health\":\"HEALTHY\",\"port\":8080,"
                         "\"capabilities\":{\"java\":true},\"tags\":[\"a\",\"b\"]}");
    run_free(&run);
}

static void get_of_nobody_is_refused_with_1(void **state)
{
    struct world *world = *state;
    struct run run;
    ctl(world, &run, REFUSED, ARGS("get", "nobody"));
    assert_string_equal(run.out, "");
    assert_string_equal(run.err, "musterctl: not_found: Worker not registered\n");
    run_free(&run);
    ctl(world, &run, REFUSED, ARGS("get", "nobody", "--json"));
    assert_like(run.out, "{\"success\":false,\"code\":\"not_found\"}");
    run_free(&run);
}

/* ---- register */

static const char *write_file(struct world *world, const char *name, const char *text)
{
    static char path[FOLDER_PATH_MAX + 64];
    struct fault fault = {0};
    assert_int_equal(folder_write(world->folder, name, text, &fault), ERR_OK);
    (void)snprintf(path, sizeof path, "%s/%s", world->folder, name);
    return path;
}

static void register_from_file_makes_the_worker(void **state)
{
    struct world *world = *state;
    struct run run;
    const char *file = write_file(world, "good.json",
                                  "{\"workerId\":\"filed-1\",\"name\":\"Filed\",\"maxConcurrentJobs\":3,\n"
                                  " \"heartbeatTimeoutMs\":3600000}\n");
    ctl(world, &run, DONE, ARGS("register", file));
    assert_has(run.out, "filed-1 registered, epoch ");
    run_free(&run);
    world_event(world, "registered", "filed-1", NULL);
    assert_string_equal(world_field(world, "filed-1", "name"), "Filed");
    ctl(world, &run, DONE, ARGS("register", file, "--json"));
    assert_like(run.out, "{\"success\":true,\"code\":\"ok\",\"workerId\":\"filed-1\"}");
    run_free(&run);
}

static void register_of_invalid_worker_is_refused_with_every_reason(void **state)
{
    struct world *world = *state;
    struct run run;
    const char *file =
        write_file(world, "bad.json", "{\"workerId\":\"filed-2\",\"maxConcurrentJobs\":101,\"port\":70000}");
    ctl(world, &run, REFUSED, ARGS("register", file));
    assert_string_equal(run.err, "musterctl: validation_failed: Worker name is required\n"
                                 "musterctl: validation_failed: Max concurrent jobs cannot exceed 100\n"
                                 "musterctl: validation_failed: Port must be between 1 and 65535\n");
    assert_string_equal(run.out, "");
    run_free(&run);
    assert_string_equal(world_field(world, "filed-2", "status"), "");
}

static void register_of_broken_or_missing_file_is_wrong_usage(void **state)
{
    struct world *world = *state;
    struct run run;
    const char *file = write_file(world, "broken.json", "{\"workerId\":\n\"x\",,}");
    ctl(world, &run, WRONG_USAGE, ARGS("register", file));
    assert_has(run.err, "broken.json: line 2");
    run_free(&run);
    ctl(world, &run, WRONG_USAGE, ARGS("register", "/nowhere/at-all.json"));
    assert_has(run.err, "/nowhere/at-all.json");
    run_free(&run);
    ctl(world, &run, WRONG_USAGE, ARGS("register", write_file(world, "list.json", "[1]")));
    assert_has(run.err, "a registration is a JSON object");
    run_free(&run);
}

/* ---- deregister */

static void occupy(struct world *world, const char *id, const char *heartbeat)
{
    world_register(world, id, STEADY);
    world_heartbeat(world, id, heartbeat);
    world_status(world, id, "{\"status\":\"BUSY\"}");
}

static void deregister_of_idle_worker_is_done(void **state)
{
    struct world *world = *state;
    struct run run;
    world_register(world, "bye-1", STEADY);
    ctl(world, &run, DONE, ARGS("deregister", "bye-1", "--reason", "moved house", "--client", "alice"));
    assert_has(run.out, "bye-1: ");
    run_free(&run);
    world_event(world, "deregistered", "bye-1",
                "{\"reason\":\"operator\",\"message\":\"moved house\",\"by\":\"alice\"}");
}

static void deregister_with_active_jobs_is_refused_with_1(void **state)
{
    struct world *world = *state;
    struct run run;
    occupy(world, "bye-2", "{\"status\":\"BUSY\",\"currentJobCount\":3}");
    ctl(world, &run, REFUSED, ARGS("deregister", "bye-2"));
    assert_string_equal(run.err, "musterctl: active_jobs: Worker has 3 active jobs\n");
    run_free(&run);
    assert_string_equal(world_field(world, "bye-2", "status"), "BUSY");
}

static void deregister_by_force_orphans_the_jobs(void **state)
{
    struct world *world = *state;
    struct run run;
    occupy(world, "bye-3", "{\"status\":\"BUSY\",\"jobs\":[\"j1\",\"j2\"]}");
    ctl(world, &run, DONE, ARGS("deregister", "--force", "bye-3", "--json"));
    assert_like(run.out, "{\"success\":true,\"code\":\"ok\"}");
    run_free(&run);
    world_event(world, "deregistered", "bye-3",
                "{\"reason\":\"operator\",\"orphanedJobs\":[\"j1\",\"j2\"],\"to\":{\"status\":\"INACTIVE\"}}");
}

static void deregister_with_drain_lets_it_go_when_jobs_are_done(void **state)
{
    struct world *world = *state;
    struct run run;
    occupy(world, "bye-4", "{\"status\":\"BUSY\",\"currentJobCount\":1}");
    ctl(world, &run, DONE, ARGS("deregister", "bye-4", "--drain"));
    run_free(&run);
    world_event(world, "draining", "bye-4", "{\"reason\":\"operator\"}");
    assert_string_equal(world_field(world, "bye-4", "status"), "DRAINING");
    world_heartbeat(world, "bye-4", "{\"currentJobCount\":0}");
    world_event(world, "deregistered", "bye-4", "{\"to\":{\"status\":\"INACTIVE\"}}");
}

/* ---- usage, and nobody there */

static void wrong_usage_exits_2_and_says_why(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *args[4];
        const char *sentence;
    } cases[] = {
        {{NULL}, "a command is needed"},
        {{"dance", NULL}, "\"dance\" is no command"},
        {{"get", NULL}, "get needs ID"},
        {{"list", "w1", NULL}, "list takes no argument"},
        {{"list", "--force", NULL}, "--force is an option of deregister"},
        {{"list", "--colour", NULL}, "\"--colour\" is no option"},
        {{"list", "--timeout", "soon", NULL}, "--timeout must be from 1 to 600000 ms (is \"soon\")"},
        {{"events", "--from", "yesterday", NULL}, "--from: \"yesterday\" is not an event's id"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct run run;
        ctl(world, &run, WRONG_USAGE, cases[i].args);
        assert_has(run.err, cases[i].sentence);
        assert_string_equal(run.out, "");
        run_free(&run);
    }
    struct run run;
    ctl(world, &run, WRONG_USAGE, ARGS("deregister", "w1", "--force", "--drain"));
    assert_has(run.err, "give one of them");
    run_free(&run);
}

static void help_and_version_are_done(void **state)
{
    struct world *world = *state;
    struct run run;
    ctl(world, &run, DONE, ARGS("--help"));
    assert_has(run.out, "Exit status: 0 done, 1 refused by the registry, 2 wrong usage, 3 no answer.");
    run_free(&run);
    ctl(world, &run, DONE, ARGS("--version"));
    assert_has(run.out, "musterctl ");
    run_free(&run);
}

static void no_broker_exits_3(void **state)
{
    struct world *world = *state;
    struct run run;
    char uri[64];
    (void)snprintf(uri, sizeof uri, "tcp://127.0.0.1:%d", server_free_port());
    ctl(world, &run, NO_ANSWER, ARGS("list", "--uri", uri, "--timeout", "500"));
    assert_has(run.err, "no connection to ");
    run_free(&run);
}

/* ---- events */

static int64_t at_of_id(const char *event_id)
{
    return strtoll(event_id, NULL, 10);
}

static void events_are_those_of_the_worker_oldest_first(void **state)
{
    struct world *world = *state;
    struct run run;
    world_register(world, "told-1", STEADY);
    world_heartbeat(world, "told-1", "{\"status\":\"BUSY\"}");
    world_event(world, "status", "told-1", "{\"to\":{\"status\":\"BUSY\"}}");
    world_heartbeat(world, "told-1", "{\"status\":\"IDLE\"}");
    world_event(world, "status", "told-1", "{\"to\":{\"status\":\"IDLE\"}}");
    ctl(world, &run, DONE, ARGS("events", "--worker", "told-1"));
    const char *registered = strstr(run.out, "registered");
    const char *busy = strstr(run.out, "ACTIVE/HEALTHY → BUSY/HEALTHY");
    const char *idle = strstr(run.out, "BUSY/HEALTHY → IDLE/HEALTHY");
    assert_non_null(registered);
    assert_non_null(busy);
    assert_non_null(idle);
    assert_true(registered < busy && busy < idle);
    assert_lacks(run.out, "page-");
    assert_null(strchr(run.out, '\033'));
    run_free(&run);
}

static void events_from_an_id_are_those_after_it(void **state)
{
    struct world *world = *state;
    struct run run;
    ctl(world, &run, DONE, ARGS("events", "--worker", "told-1", "--json"));
    json_t *all = document_of(&run);
    json_t *events = json_object_get(all, "events");
    assert_int_equal(json_array_size(events), 3);
    const char *first = string_in(json_array_get(events, 0), "eventId");
    assert_true(at_of_id(first) > 0);
    run_free(&run);
    ctl(world, &run, DONE, ARGS("events", "--worker", "told-1", "--json", "--from", first));
    json_t *later = document_of(&run);
    assert_int_equal(json_array_size(json_object_get(later, "events")), 2);
    assert_true(json_equal(json_array_get(json_object_get(later, "events"), 0), json_array_get(events, 1)));
    json_decref(later);
    json_decref(all);
    run_free(&run);
}

static void events_of_a_type_go_through_all_pages(void **state)
{
    struct world *world = *state;
    struct run run;
    ctl(world, &run, DONE, ARGS("events", "--type", "registered", "--json"));
    json_t *document = document_of(&run);
    size_t index = 0;
    int pages = 0;
    const json_t *event = NULL;
    json_array_foreach(json_object_get(document, "events"), index, event)
    {
        assert_string_equal(string_in(event, "type"), "registered");
        pages += strncmp(string_in(event, "workerId"), "page-", 5) == 0 ? 1 : 0;
    }
    assert_int_equal(pages, MANY);
    json_decref(document);
    run_free(&run);
}

/* What a follower sees: one JSON document a line, numbered without gap by the worker's revision. */
static size_t count_contiguous(const char *out, int64_t *out_last)
{
    size_t count = 0;
    const char *line = out;
    *out_last = 0;
    for (const char *end = strchr(line, '\n'); end != NULL; end = strchr(line, '\n')) {
        json_t *event = json_loadb(line, (size_t)(end - line), 0, NULL);
        assert_non_null(event);
        int64_t revision = json_integer_value(json_object_get(event, "revision"));
        json_decref(event);
        if (count > 0) {
            assert_int_equal(revision, *out_last + 1);
        }
        *out_last = revision;
        count++;
        line = end + 1;
    }
    return count;
}

static void change_status(struct world *world, const char *id, int number)
{
    world_heartbeat(world, id, number % 2 == 0 ? "{\"status\":\"BUSY\"}" : "{\"status\":\"ACTIVE\"}");
}

/* Waits until a follower has printed the event of this revision. */
static int64_t wait_followed(const struct run *run, int64_t revision)
{
    int64_t deadline_ms = clock_monotonic_ms() + RUN_PATIENCE_MS;
    int64_t last = 0;
    while (last < revision && clock_monotonic_ms() < deadline_ms) {
        char *out = run_written(run);
        (void)count_contiguous(out, &last);
        free(out);
        wait_a_step();
    }
    return last;
}

/* It starts among changes that go on all the time: some are read from the past, some heard, none twice. */
static void events_followed_from_the_beginning_have_no_gap_and_no_repetition(void **state)
{
    struct world *world = *state;
    struct run run;
    int64_t last = 0;
    world_register(world, "flow-1", STEADY);
    for (int i = 0; i < TOLD; i++) {
        change_status(world, "flow-1", i);
    }
    begin_ctl(world, &run, ARGS("events", "--follow", "--from", "0", "--worker", "flow-1", "--json"));
    for (int i = 0; i < TOLD; i++) {
        change_status(world, "flow-1", i);
    }
    world_heartbeat(world, "flow-1", "{\"status\":\"IDLE\"}");
    world_event(world, "status", "flow-1", "{\"to\":{\"status\":\"IDLE\"}}");
    int64_t revision = strtoll(world_field(world, "flow-1", "revision"), NULL, 10);
    assert_int_equal(wait_followed(&run, revision), revision);
    process_signal(&run.process, SIGTERM);
    run_end(&run);
    assert_int_equal(count_contiguous(run.out, &last), revision);
    assert_int_equal(last, revision);
    assert_int_equal(run.status, DONE);
    run_free(&run);
}

static bool has_printed(const struct run *run, const char *fragment)
{
    char *out = run_written(run);
    bool found = strstr(out, fragment) != NULL;
    free(out);
    return found;
}

static void wait_printed(const struct run *run, const char *fragment)
{
    int64_t deadline_ms = clock_monotonic_ms() + RUN_PATIENCE_MS;
    while (!has_printed(run, fragment)) {
        if (clock_monotonic_ms() >= deadline_ms) {
            fail_msg("\"%s\" was not printed", fragment);
        }
        wait_a_step();
    }
}

static void let_pass(int64_t duration_ms)
{
    int64_t end_ms = clock_monotonic_ms() + duration_ms;
    while (clock_monotonic_ms() < end_ms) {
        wait_a_step();
    }
}

/* Changes the worker's status until a follower tells of it: only then the daemon and it are known to listen. */
static void change_until_printed(struct world *world, const struct run *run, const char *id, const char *fragment)
{
    int64_t deadline_ms = clock_monotonic_ms() + RUN_PATIENCE_MS;
    for (int i = 0; !has_printed(run, fragment); i++) {
        if (clock_monotonic_ms() >= deadline_ms) {
            fail_msg("\"%s\" was not printed", fragment);
        }
        change_status(world, id, i);
        let_pass(CHANGE_EACH_MS);
    }
}

static void events_followed_are_those_of_type_and_worker(void **state)
{
    struct world *world = *state;
    struct run run;
    world_register(world, "follow-1", STEADY);
    world_register(world, "follow-2", STEADY);
    begin_ctl(world, &run, ARGS("events", "--follow", "--worker", "follow-1", "--type", "status"));
    change_until_printed(world, &run, "follow-1", "follow-1");
    world_heartbeat(world, "follow-2", "{\"status\":\"BUSY\"}");
    world_event(world, "status", "follow-2", NULL);
    assert_like(world_ask(world, "worker/follow-1/deregister", "worker/follow-1", "{}"), "{\"code\":\"ok\"}");
    world_register(world, "follow-1", STEADY);
    world_heartbeat(world, "follow-1", "{\"status\":\"MAINTENANCE\"}");
    wait_printed(&run, "MAINTENANCE/HEALTHY");
    process_signal(&run.process, SIGINT);
    run_end(&run);
    assert_int_equal(run.status, DONE);
    assert_lacks(run.out, "follow-2");
    assert_lacks(run.out, "registered");
    run_free(&run);
}

static void events_followed_go_on_after_the_broker_was_away(void **state)
{
    struct world *world = *state;
    struct run run;
    int64_t last = 0;
    world_register(world, "flow-2", STEADY);
    begin_ctl(world, &run, ARGS("events", "--follow", "--from", "0", "--worker", "flow-2", "--json"));
    /* Having printed the first it asks for more; with nothing more it has begun to listen. */
    assert_non_null(recorder_wait(world->observer, "muster/v1/reply/client/+/+",
                                  "{\"workerId\":\"flow-2\",\"events\":[]}", RUN_PATIENCE_MS));
    server_stop(&world->broker, SIGTERM);
    world_start_broker(world);
    world_observe_again(world);
    recorder_mark(world->observer);
    change_until_printed(world, &run, "flow-2", "\"revision\":2,");
    world_heartbeat(world, "flow-2", "{\"status\":\"IDLE\"}");
    world_event(world, "status", "flow-2", "{\"to\":{\"status\":\"IDLE\"}}");
    int64_t revision = strtoll(world_field(world, "flow-2", "revision"), NULL, 10);
    assert_int_equal(wait_followed(&run, revision), revision);
    process_signal(&run.process, SIGTERM);
    run_end(&run);
    assert_int_equal(count_contiguous(run.out, &last), revision);
    assert_has(run.err, "the connection was lost");
    run_free(&run);
}

/* ---- watch and colour */

static void watch_without_terminal_lists_once(void **state)
{
    struct world *world = *state;
    struct run run;
    world_register(world, "seen-0", STEADY);
    ctl(world, &run, DONE, ARGS("watch"));
    assert_line(run.out, "seen-0", "ACTIVE");
    assert_null(strchr(run.out, '\033'));
    run_free(&run);
}

static void open_terminal(struct world *world, struct terminal *terminal, const char *const env[], int rows,
                          const char *const args[])
{
    const char *argv[ARGS_MAX];
    compose(world, args, argv);
    terminal_open(terminal, argv, env, rows, 200);
}

static void watch_on_terminal_redraws_on_change_and_restores_the_screen(void **state)
{
    struct world *world = *state;
    struct terminal terminal;
    world_register(world, "seen-1", STEADY);
    open_terminal(world, &terminal, on_a_terminal, 400, ARGS("watch"));
    terminal_wait(&terminal, "Worker seen-1", RUN_PATIENCE_MS);
    assert_has(terminal.shown, "\033[?1049h");
    assert_has(terminal.shown, "\033[?25l");
    assert_lacks(terminal.shown, "\033[?1049l");
    world_heartbeat(world, "seen-1", "{\"status\":\"BUSY\",\"currentJobCount\":9}");
    terminal_wait(&terminal, " 9/10 ", RUN_PATIENCE_MS);
    terminal_wait(&terminal, "ACTIVE/HEALTHY → BUSY/HEALTHY", RUN_PATIENCE_MS);
    world_register(world, "seen-2", STEADY);
    terminal_wait(&terminal, "Worker seen-2", RUN_PATIENCE_MS);
    terminal_type(&terminal, "\003");
    assert_int_equal(terminal_end(&terminal, RUN_PATIENCE_MS), DONE);
    const char *left = strstr(terminal.shown, "\033[?1049l");
    assert_non_null(left);
    assert_has(terminal.shown, "\033[?25h");
    assert_null(strstr(left, "Worker"));
    terminal_close(&terminal);
}

static void watch_shows_that_the_daemon_is_away_and_goes_on_when_it_is_back(void **state)
{
    struct world *world = *state;
    struct terminal terminal;
    open_terminal(world, &terminal, on_a_terminal, 400, ARGS("watch", "--timeout", "500"));
    terminal_wait(&terminal, "Worker seen-1", RUN_PATIENCE_MS);
    process_stop(&world->daemons[0], SIGTERM);
    terminal_wait(&terminal, "no answer to list within 500 ms", RUN_PATIENCE_MS);
    terminal_wait(&terminal, "Worker seen-1", RUN_PATIENCE_MS);
    world_start_daemon(world, 0, NULL);
    world_register(world, "seen-3", STEADY);
    terminal_wait(&terminal, "Worker seen-3", RUN_PATIENCE_MS);
    terminal_type(&terminal, "\003");
    assert_int_equal(terminal_end(&terminal, RUN_PATIENCE_MS), DONE);
    terminal_close(&terminal);
}

static void watch_on_small_terminal_says_how_many_are_not_shown(void **state)
{
    struct world *world = *state;
    struct terminal terminal;
    open_terminal(world, &terminal, on_a_terminal, 12, ARGS("watch"));
    terminal_wait(&terminal, " more", RUN_PATIENCE_MS);
    terminal_type(&terminal, "\003");
    assert_int_equal(terminal_end(&terminal, RUN_PATIENCE_MS), DONE);
    terminal_close(&terminal);
}

static void list_on_terminal_is_coloured_unless_no_color_says_otherwise(void **state)
{
    struct world *world = *state;
    struct terminal terminal;
    open_terminal(world, &terminal, on_a_terminal, 40, ARGS("list"));
    assert_int_equal(terminal_end(&terminal, RUN_PATIENCE_MS), DONE);
    assert_has(terminal.shown, "\033[");
    assert_has(terminal.shown, "HEALTHY");
    terminal_close(&terminal);
    open_terminal(world, &terminal, without_colour, 40, ARGS("list"));
    assert_int_equal(terminal_end(&terminal, RUN_PATIENCE_MS), DONE);
    assert_null(strchr(terminal.shown, '\033'));
    assert_has(terminal.shown, "HEALTHY");
    terminal_close(&terminal);
    open_terminal(world, &terminal, on_a_terminal, 40, ARGS("list", "--json"));
    assert_int_equal(terminal_end(&terminal, RUN_PATIENCE_MS), DONE);
    assert_null(strchr(terminal.shown, '\033'));
    terminal_close(&terminal);
}

/* The last one: the daemon does not come back. */
static void no_daemon_exits_3_after_the_timeout(void **state)
{
    struct world *world = *state;
    static const char *const commands[] = {"list", "events", "watch"};
    struct run run;
    process_stop(&world->daemons[0], SIGTERM);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        int64_t began_ms = clock_monotonic_ms();
        ctl(world, &run, NO_ANSWER, ARGS(commands[i], "--timeout", "500"));
        assert_true(clock_monotonic_ms() - began_ms >= 500);
        assert_has(run.err, "within 500 ms; is musterd running?");
        assert_string_equal(run.out, "");
        run_free(&run);
    }
}

/* Many workers are registered one after the other: no packet is to wait for the acknowledgement of the one before. */
static int begin(void **state)
{
    static struct world world;
    world_begin(&world, "set_tcp_nodelay true\n", NULL);
    world_start_daemon(&world, 0, NULL);
    world_wait_listening(&world, 0);
    *state = &world;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list_shows_a_row_for_each_worker),
        cmocka_unit_test(list_without_terminal_has_no_colour_and_no_limit_of_width),
        cmocka_unit_test(list_json_is_one_document_with_every_worker_of_all_pages_once),
        cmocka_unit_test(get_shows_every_field_of_the_worker),
        cmocka_unit_test(get_of_nobody_is_refused_with_1),
        cmocka_unit_test(register_from_file_makes_the_worker),
        cmocka_unit_test(register_of_invalid_worker_is_refused_with_every_reason),
        cmocka_unit_test(register_of_broken_or_missing_file_is_wrong_usage),
        cmocka_unit_test(deregister_of_idle_worker_is_done),
        cmocka_unit_test(deregister_with_active_jobs_is_refused_with_1),
        cmocka_unit_test(deregister_by_force_orphans_the_jobs),
        cmocka_unit_test(deregister_with_drain_lets_it_go_when_jobs_are_done),
        cmocka_unit_test(wrong_usage_exits_2_and_says_why),
        cmocka_unit_test(help_and_version_are_done),
        cmocka_unit_test(no_broker_exits_3),
        cmocka_unit_test(events_are_those_of_the_worker_oldest_first),
        cmocka_unit_test(events_from_an_id_are_those_after_it),
        cmocka_unit_test(events_of_a_type_go_through_all_pages),
        cmocka_unit_test(events_followed_from_the_beginning_have_no_gap_and_no_repetition),
        cmocka_unit_test(events_followed_are_those_of_type_and_worker),
        cmocka_unit_test(events_followed_go_on_after_the_broker_was_away),
        cmocka_unit_test(watch_without_terminal_lists_once),
        cmocka_unit_test(watch_on_terminal_redraws_on_change_and_restores_the_screen),
        cmocka_unit_test(watch_shows_that_the_daemon_is_away_and_goes_on_when_it_is_back),
        cmocka_unit_test(watch_on_small_terminal_says_how_many_are_not_shown),
        cmocka_unit_test(list_on_terminal_is_coloured_unless_no_color_says_otherwise),
        cmocka_unit_test(no_daemon_exits_3_after_the_timeout),
    };
    return cmocka_run_group_tests_name("e2e/ctl", tests, begin, world_teardown);
}
