/* test_starved.c -- out of file descriptors and out of memory: intake goes on or a standby goes on, never a half of it.
 */
#include "e2e/http.h"
#include "support/wait.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { WIRES = 200, FILES_MAX = 280, CALM_MS = 1000, SPARE_BYTES = 9 * 1024 * 1024, FEW_WIRES = 60 };

static const char *const patient[] = {"worker.heartbeat_timeout_ms=60000", "http.idle_timeout_ms=60000",
                                      "http.request_timeout_ms=60000", NULL};

static int set_up(void **state)
{
    static struct http_world http;
    memset(&http, 0, sizeof http);
    *state = &http;
    return 0;
}

static int tear_down(void **state)
{
    http_close(*state);
    return 0;
}

static struct http_wire *open_wires(const struct http_world *http, size_t count)
{
    struct http_wire *wires = calloc(count, sizeof *wires);
    assert_non_null(wires);
    for (size_t i = 0; i < count; i++) {
        http_wire_open(&wires[i], http->port);
        (void)http_wire_say(&wires[i], "GET /healthz HTTP/1.1\r\nHost: localhost\r\n");
    }
    return wires;
}

static void close_wires(struct http_wire *wires, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        http_wire_close(&wires[i]);
    }
    free(wires);
}

static size_t count_in_log(const struct process *process, const char *fragment)
{
    char *log = process_log(process);
    size_t count = 0;
    for (const char *at = log; at != NULL && (at = strstr(at, fragment)) != NULL; at++) {
        count++;
    }
    free(log);
    return count;
}

/* The number that it would give to the next file it opens. */
static rlim_t next_file(pid_t pid)
{
    char path[64];
    rlim_t number = 0;
    do {
        (void)snprintf(path, sizeof path, "/proc/%ld/fd/%lu", (long)pid, (unsigned long)number);
        number++;
    } while (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
    return number - 1;
}

/* How much processor time it has used, in ms. */
static int64_t used_ms(pid_t pid)
{
    char path[64];
    unsigned long user = 0;
    unsigned long kernel = 0;
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    char *stat = folder_read(path);
    assert_non_null(stat);
    assert_int_equal(
        sscanf(strrchr(stat, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel), 2);
    free(stat);
    return (int64_t)(user + kernel) * 1000 / sysconf(_SC_CLK_TCK);
}

static void limit_files(pid_t pid, rlim_t most, rlim_t *out_before)
{
    struct rlimit before;
    assert_int_equal(prlimit(pid, RLIMIT_NOFILE, NULL, &before), 0);
    if (out_before != NULL) {
        *out_before = before.rlim_cur;
    }
    const struct rlimit limit = {.rlim_cur = most, .rlim_max = before.rlim_max};
    assert_int_equal(prlimit(pid, RLIMIT_NOFILE, &limit, NULL), 0);
}

static void no_files_left_is_told_once_and_intake_goes_on(void **state)
{
    struct http_world *http = *state;
    struct world *world = &http->world;
    http_open(http, patient);
    pid_t pid = world->daemons[0].pid;
    rlim_t before = 0;
    limit_files(pid, next_file(pid) + 4, &before);
    struct http_wire *wires = open_wires(http, FEW_WIRES);
    world_wait_log(world, 0, "the limit of open files is reached");
    int64_t began_ms = used_ms(pid);
    int64_t end_ms = clock_monotonic_ms() + CALM_MS;
    while (clock_monotonic_ms() < end_ms) {
        wait_a_step();
    }
    assert_in_range((uintmax_t)(used_ms(pid) - began_ms), 0, CALM_MS / 2);
    world_register(world, "starved-1", "");
    world_event(world, "registered", "starved-1", NULL);
    close_wires(wires, FEW_WIRES);
    wires = open_wires(http, FEW_WIRES);
    close_wires(wires, FEW_WIRES);
    limit_files(pid, before, NULL);
    http_wait_status(http->client, "/readyz", 200);
    assert_int_equal(count_in_log(&world->daemons[0], "the limit of open files is reached"), 1);
}

/* Redis and broker come back while HTTP has all connections that it may have. */
static void low_limit_leaves_files_for_broker_and_redis(void **state)
{
    struct http_world *http = *state;
    struct world *world = &http->world;
    struct rlimit own;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &own), 0);
    own.rlim_cur = own.rlim_max = own.rlim_max < FILES_MAX ? own.rlim_max : FILES_MAX;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &own), 0);
    http_open(http, patient);
    world_wait_log(world, 0, "http.max_connections = 256 is more than the limit of open files leaves");
    struct http_wire *wires = open_wires(http, WIRES);
    world_kill_redis(world);
    world_wait_log(world, 0, "Redis is away");
    world_start_redis(world);
    /* The lease is gone with what Redis held, and the broker connections with the lease. */
    int64_t deadline_ms = clock_monotonic_ms() + WORLD_PATIENCE_MS;
    while (count_in_log(&world->daemons[0], "listening to") < 2 && clock_monotonic_ms() < deadline_ms) {
        wait_a_step();
    }
    assert_int_equal(count_in_log(&world->daemons[0], "Redis is up"), 2);
    world_register(world, "starved-2", "");
    assert_int_equal(count_in_log(&world->daemons[0], "the limit of open files is reached"), 0);
    close_wires(wires, WIRES);
}

#ifndef __SANITIZE_ADDRESS__ /* it takes all addresses for itself */

static rlim_t address_space(pid_t pid)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%ld/statm", (long)pid);
    char *statm = folder_read(path);
    assert_non_null(statm);
    rlim_t pages = strtoul(statm, NULL, 10);
    free(statm);
    return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void limit_memory(pid_t pid, rlim_t more_bytes)
{
    const struct rlimit limit = {.rlim_cur = address_space(pid) + more_bytes, .rlim_max = RLIM_INFINITY};
    assert_int_equal(prlimit(pid, RLIMIT_AS, &limit, NULL), 0);
}

static void assert_standby_goes_on(struct http_world *http)
{
    struct world *world = &http->world;
    assert_true(process_wait(&world->daemons[0], 30000));
    assert_int_equal(process_exit_status(&world->daemons[0]), EXIT_FAILURE);
    assert_int_equal(count_in_log(&world->daemons[0], "out of memory"), 1);
    world_wait_listening(world, 1);
    world_register(world, "late", "\"heartbeatTimeoutMs\":60000");
    assert_like(world_ask(world, "request/op/status", "client/op", "{\"workerId\":\"early\"}"),
                "{\"worker\":{\"status\":\"ACTIVE\",\"health\":\"HEALTHY\"}}");
}

static void open_two(struct http_world *http)
{
    http_open(http, patient);
    world_start_daemon(&http->world, 1, patient);
    world_wait_log(&http->world, 1, "Redis is up");
    world_register(&http->world, "early", "\"heartbeatTimeoutMs\":60000");
}

static void without_memory_the_daemon_says_so_and_a_standby_goes_on(void **state)
{
    struct http_world *http = *state;
    open_two(http);
    limit_memory(http->world.daemons[0].pid, 0);
    assert_standby_goes_on(http);
}

#ifndef __SANITIZE_THREAD__
/* What is left goes while a fleet registers: every one that was answered is there. */
static void memory_that_runs_out_under_load_loses_no_answered_registration(void **state)
{
    struct http_world *http = *state;
    struct world *world = &http->world;
    struct process sim = {0};
    struct fault fault = {0};
    char log[FOLDER_PATH_MAX + 32];
    open_two(http);
    limit_memory(world->daemons[0].pid, SPARE_BYTES);
    const char *argv[] = {MUSTER_BIN_DIR "/muster-sim",
                          "--uri",
                          world->broker.uri,
                          "--workers",
                          "8000",
                          "--duration",
                          "5",
                          "--json",
                          NULL};
    (void)snprintf(log, sizeof log, "%s/sim.log", world->folder);
    assert_int_equal(process_start(&sim, argv, NULL, log, &fault), ERR_OK);
    assert_standby_goes_on(http);
    assert_true(process_wait(&sim, 60000));
    assert_int_equal(process_exit_status(&sim), 0);
    assert_int_equal(redis_integer(world->store, "SCARD muster:{0}:workers"), 8000 + 2);
}
#endif

#endif

#define STARVED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STARVED(no_files_left_is_told_once_and_intake_goes_on),
#ifndef __SANITIZE_ADDRESS__
        STARVED(without_memory_the_daemon_says_so_and_a_standby_goes_on),
#ifndef __SANITIZE_THREAD__ /* it would take minutes */
        STARVED(memory_that_runs_out_under_load_loses_no_answered_registration),
#endif
#endif
        STARVED(low_limit_leaves_files_for_broker_and_redis), /* last: it limits this program too */
    };
    return cmocka_run_group_tests_name("e2e/starved", tests, NULL, NULL);
}
