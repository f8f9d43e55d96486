/* test_http_abuse.c -- what no client should send: cut off or refused, and the next good request works. */
#include "e2e/http.h"
#include "support/wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define P HTTP_PREFIX
#define REGISTER "POST " P "/register HTTP/1.1\r\nHost: localhost\r\n"

enum { REQUEST_MS = 1000, IDLE_MS = 1500, CONNECTIONS = 40, SPARE = 64, GROWTH_MAX_KB = 64 * 1024 };

static struct http_world http;

static int set_up(void **state)
{
    (void)state;
    static const char *const settings[] = {"http.request_timeout_ms=1000", "http.idle_timeout_ms=1500",
                                           "http.max_connections=40", "worker.heartbeat_timeout_ms=60000", NULL};
    http_open(&http, settings);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_close(&http);
    return 0;
}

static void expect_alive(void)
{
    struct http_answer answer = http_get(http.client, "/healthz");
    http_expect(&answer, 200, "{\"status\":\"ok\"}");
}

/* The answer is JSON, has this status, and is the last on its connection. */
static void expect_refusal(const char *what, const char *bytes, size_t len, const char *status)
{
    struct http_wire wire;
    char line[64];
    (void)snprintf(line, sizeof line, "HTTP/1.1 %s ", status);
    print_message("%s\n", what);
    http_wire_open(&wire, http.port);
    (void)http_wire_send(&wire, bytes, len);
    if (!http_wire_wait(&wire, "\"success\":false", WORLD_PATIENCE_MS) || strstr(wire.came, line) != wire.came) {
        fail_msg("%s is answered with %s", what, wire.came);
    }
    assert_non_null(strstr(wire.came, "Content-Type: application/json"));
    assert_true(http_wire_wait_end(&wire, WORLD_PATIENCE_MS));
    http_wire_close(&wire);
    expect_alive();
}

#define EXPECT_REFUSAL(what, bytes, status) expect_refusal(what, bytes, sizeof(bytes) - 1, status)

static void nonsense_is_400_as_json(void **state)
{
    (void)state;
    EXPECT_REFUSAL("no HTTP", "HELLO\r\n\r\n", "400");
    EXPECT_REFUSAL("bytes", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "400");
    EXPECT_REFUSAL("no version", "GET /healthz\r\n\r\n", "400");
    EXPECT_REFUSAL("version of the future", "GET /healthz HTTP/9.9\r\n\r\n", "400");
    EXPECT_REFUSAL("header without colon", "GET /healthz HTTP/1.1\r\nHost localhost\r\n\r\n", "400");
    EXPECT_REFUSAL("negative length", REGISTER "Content-Length: -1\r\n\r\n", "400");
    EXPECT_REFUSAL("length that is no number", REGISTER "Content-Length: 1e3\r\n\r\n", "400");
    EXPECT_REFUSAL("unknown expectation", REGISTER "Expect: wonders\r\nContent-Length: 2\r\n\r\n{}", "417");
    EXPECT_REFUSAL("unknown method", "BREW /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "501");
    EXPECT_REFUSAL("chunk size that is no number", REGISTER "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "413");
    EXPECT_REFUSAL("chunk beyond the limit", REGISTER "Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n", "413");
}

/* What follows could be taken for a request that somebody else did not see as one. */
static void body_of_unclear_length_is_400_and_the_end(void **state)
{
    (void)state;
    EXPECT_REFUSAL("length and chunks", REGISTER "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                   "400");
    EXPECT_REFUSAL("two lengths", REGISTER "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", "400");
    EXPECT_REFUSAL("other encoding", REGISTER "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "400");
    struct http_wire wire;
    http_wire_open(&wire, http.port);
    (void)http_wire_say(&wire, "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n"
                               "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n    ");
    assert_true(http_wire_wait_end(&wire, WORLD_PATIENCE_MS));
    assert_non_null(strstr(wire.came, "HTTP/1.1 400 "));
    assert_null(strstr(wire.came, "HTTP/1.1 200 "));
    http_wire_close(&wire);
}

static void oversized_head_is_400(void **state)
{
    (void)state;
    enum { BIG = 20000 };
    char *head = malloc(BIG + 64);
    assert_non_null(head);
    int begin = snprintf(head, 64, "GET /");
    memset(head + begin, 'a', BIG);
    expect_refusal("endless line", head, BIG, "400");
    begin = snprintf(head, 64, "GET /healthz HTTP/1.1\r\nX: ");
    memset(head + begin, 'a', BIG);
    expect_refusal("endless header", head, BIG, "400");
    free(head);
}

/* Refused before it has come, and the refusal can be read although it goes on coming. */
static void body_beyond_a_megabyte_is_413(void **state)
{
    (void)state;
    enum { BIG = 1024 * 1024 + 1 };
    static const char head[] =
        "POST " P "/register/batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048577\r\n\r\n";
    static char request[sizeof head - 1 + BIG];
    memset(request, ' ', sizeof request);
    memcpy(request, head, sizeof head - 1);
    expect_refusal("large body", request, sizeof request, "413");
    expect_refusal("large body that has not come", request, sizeof head - 1, "413");
    EXPECT_REFUSAL("large body that is asked for",
                   REGISTER "Expect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n", "413");
}

static void refusal_after_a_good_request_has_its_own_status(void **state)
{
    (void)state;
    struct http_wire wire;
    http_wire_open(&wire, http.port);
    (void)http_wire_say(&wire, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_true(http_wire_wait(&wire, "\"status\":\"ok\"", WORLD_PATIENCE_MS));
    (void)http_wire_say(&wire, REGISTER "Content-Length: 1048577\r\n\r\n");
    assert_true(http_wire_wait(&wire, "HTTP/1.1 413 ", WORLD_PATIENCE_MS));
    assert_true(http_wire_wait_end(&wire, WORLD_PATIENCE_MS));
    http_wire_close(&wire);
}

static void chunked_body_is_read(void **state)
{
    (void)state;
    struct http_wire wire;
    http_wire_open(&wire, http.port);
    (void)http_wire_say(&wire, REGISTER "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"nam\r\n");
    (void)http_wire_say(&wire,
                        "2e\r\ne\":\"N\",\"workerId\":\"chunky\",\"maxConcurrentJobs\r\n4\r\n\":1}\r\n0\r\n\r\n");
    assert_true(http_wire_wait(&wire, "\"workerId\":\"chunky\"", WORLD_PATIENCE_MS));
    http_wire_close(&wire);
}

static size_t count_of(const char *text, const char *fragment)
{
    size_t count = 0;
    for (const char *at = strstr(text, fragment); at != NULL; at = strstr(at + 1, fragment)) {
        count++;
    }
    return count;
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    struct http_wire wire;
    http_wire_open(&wire, http.port);
    for (int i = 0; i < 10; i++) {
        (void)http_wire_say(&wire, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                   "GET " P "/config HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    (void)http_wire_say(&wire, "GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_true(http_wire_wait_end(&wire, WORLD_PATIENCE_MS));
    assert_int_equal(count_of(wire.came, "HTTP/1.1 200 OK"), 20);
    assert_int_equal(count_of(wire.came, "\"status\":\"ok\""), 10);
    assert_int_equal(count_of(wire.came, "HTTP/1.1 404 Not Found"), 1);
    http_wire_close(&wire);
}

/* One byte at a time never lets a timeout between two bytes pass. */
static void request_that_dribbles_in_is_cut_off(void **state)
{
    (void)state;
    struct http_wire wire;
    double cut_before = http_figure(http.client, "muster_http_connections_cut_total");
    http_wire_open(&wire, http.port);
    int64_t begun_ms = clock_monotonic_ms();
    (void)http_wire_say(&wire, "GET /healthz HTTP/1.1\r\nX-Slow: ");
    while (!http_wire_wait_end(&wire, 50) && clock_monotonic_ms() - begun_ms < WORLD_PATIENCE_MS) {
        (void)http_wire_say(&wire, "a");
    }
    assert_true(wire.ended);
    assert_true(clock_monotonic_ms() - begun_ms >= REQUEST_MS);
    http_wire_close(&wire);
    assert_true(http_figure(http.client, "muster_http_connections_cut_total") > cut_before);
    expect_alive();
}

static void silent_connection_is_cut_off_and_idle_one_later(void **state)
{
    (void)state;
    struct http_wire silent;
    struct http_wire idle;
    http_wire_open(&silent, http.port);
    http_wire_open(&idle, http.port);
    int64_t begun_ms = clock_monotonic_ms();
    (void)http_wire_say(&idle, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_true(http_wire_wait(&idle, "\"status\":\"ok\"", WORLD_PATIENCE_MS));
    assert_true(http_wire_wait_end(&silent, WORLD_PATIENCE_MS));
    assert_true(http_wire_wait_end(&idle, WORLD_PATIENCE_MS));
    assert_true(clock_monotonic_ms() - begun_ms >= IDLE_MS);
    http_wire_close(&silent);
    http_wire_close(&idle);
}

static void connection_too_many_is_told_so_and_there_is_room_again(void **state)
{
    (void)state;
    static struct http_wire wires[CONNECTIONS + SPARE + 20];
    enum { WIRES = sizeof wires / sizeof wires[0] };
    for (size_t i = 0; i < WIRES; i++) {
        http_wire_open(&wires[i], http.port);
        assert_true(wires[i].fd >= 0);
    }
    struct http_wire *late = &wires[CONNECTIONS + SPARE / 2];
    (void)http_wire_say(late, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_true(http_wire_wait(late, "HTTP/1.1 503 ", WORLD_PATIENCE_MS));
    assert_true(http_wire_wait(late, "too many connections", WORLD_PATIENCE_MS));
    assert_true(http_wire_wait_end(late, WORLD_PATIENCE_MS));
    for (size_t i = 0; i < WIRES; i++) {
        http_wire_close(&wires[i]);
    }
    http_wait_status(http.client, "/healthz", 200);
    assert_true(http_figure(http.client, "muster_http_connections_refused_total") >= 1);
}

static long resident_kb(void)
{
    char path[64];
    char line[256];
    long kb = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)http.world.daemons[0].pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0) {
            kb = strtol(line + 6, NULL, 10);
        }
    }
    (void)fclose(file);
    return kb;
}

/* Bodies that never end, on as many connections as there may be, and requests that nobody reads the answers of. */
static void floods_do_not_bloat_the_daemon(void **state)
{
    (void)state;
    enum { FLOODS = 36, PIECE = 256 * 1024, ROUNDS = 40 };
    static struct http_wire wires[FLOODS];
    static char piece[PIECE];
    static const char request[] = "GET " P "/config HTTP/1.1\r\nHost: localhost\r\n\r\n";
    long before_kb = resident_kb();
    for (size_t i = 0; i < FLOODS; i++) {
        http_wire_open(&wires[i], http.port);
        if (i % 2 == 0) {
            (void)http_wire_say(&wires[i], REGISTER "Content-Length: 1000000000\r\n\r\n");
        }
    }
    memset(piece, ' ', PIECE);
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < FLOODS; i++) {
            if (i % 2 == 0) {
                (void)http_wire_send(&wires[i], piece, PIECE);
            } else {
                (void)http_wire_send(&wires[i], request, sizeof request - 1);
            }
        }
        wait_a_step();
    }
    long after_kb = resident_kb();
    print_message("%ld kB before, %ld kB after\n", before_kb, after_kb);
    assert_true(after_kb - before_kb < GROWTH_MAX_KB);
    for (size_t i = 0; i < FLOODS; i++) {
        http_wire_close(&wires[i]);
    }
    http_wait_status(http.client, "/readyz", 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nonsense_is_400_as_json),
        cmocka_unit_test(body_of_unclear_length_is_400_and_the_end),
        cmocka_unit_test(oversized_head_is_400),
        cmocka_unit_test(body_beyond_a_megabyte_is_413),
        cmocka_unit_test(refusal_after_a_good_request_has_its_own_status),
        cmocka_unit_test(chunked_body_is_read),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(request_that_dribbles_in_is_cut_off),
        cmocka_unit_test(silent_connection_is_cut_off_and_idle_one_later),
        cmocka_unit_test(connection_too_many_is_told_so_and_there_is_room_again),
        cmocka_unit_test(floods_do_not_bloat_the_daemon),
    };
    return cmocka_run_group_tests_name("http_abuse", tests, set_up, tear_down);
}
