/* test_http_stream.c -- server-sent events: live, resumed, filtered, kept awake, and bounded. */
#include "e2e/http.h"
#include "support/wait.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define P HTTP_PREFIX

enum { TEXT_MAX = 512, ID_MAX = 64, STREAMS = 3 };

static struct http_world http;

static const char *const settings[] = {"http.stream_heartbeat_ms=400", "http.max_streams=3",
                                       "worker.heartbeat_timeout_ms=60000", NULL};

static int set_up(void **state)
{
    (void)state;
    http_open(&http, settings);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_close(&http);
    return 0;
}

static void follow_at(struct http_wire *wire, int port, const char *query, const char *header)
{
    char request[2 * TEXT_MAX];
    (void)snprintf(request, sizeof request, "GET /events/stream%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", query,
                   header);
    http_wire_open(wire, port);
    assert_true(wire->fd >= 0);
    (void)http_wire_say(wire, request);
}

static void follow(struct http_wire *wire, const char *query, const char *header)
{
    follow_at(wire, http.port, query, header);
    if (!http_wire_wait(wire, ": still here", WORLD_PATIENCE_MS)) {
        fail_msg("no stream: %s", wire->came);
    }
}

static void expect_come(struct http_wire *wire, const char *fragment)
{
    if (!http_wire_wait(wire, fragment, WORLD_PATIENCE_MS)) {
        fail_msg("%s has not come: %s", fragment, wire->came);
    }
}

/* The id of the first event of that worker that has come. */
static void id_of(const struct http_wire *wire, const char *worker_id, char out[ID_MAX])
{
    char fragment[TEXT_MAX];
    (void)snprintf(fragment, sizeof fragment, "\"workerId\":\"%s\"", worker_id);
    const char *at = strstr(wire->came, fragment);
    assert_non_null(at);
    while (at > wire->came && strncmp(at, "\nid: ", 5) != 0) {
        at--;
    }
    (void)snprintf(out, ID_MAX, "%.*s", (int)strcspn(at + 5, "\n"), at + 5);
}

static void wait_streams(double count)
{
    int64_t deadline_ms = clock_monotonic_ms() + WORLD_PATIENCE_MS;
    while (http_figure(http.client, "muster_http_streams") != count) {
        assert_true(clock_monotonic_ms() < deadline_ms);
        wait_a_step();
    }
}

static void end(struct http_wire *wire)
{
    http_wire_close(wire);
    wait_streams(0);
}

static void event_comes_live_with_its_id_and_type(void **state)
{
    (void)state;
    struct http_wire wire;
    world_register(&http.world, "s-before", "");
    (void)world_event(&http.world, "registered", "s-before", NULL);
    follow(&wire, "", "");
    assert_non_null(strstr(wire.came, "Content-Type: text/event-stream"));
    world_register(&http.world, "s-live", "");
    expect_come(&wire, "\"workerId\":\"s-live\"");
    assert_non_null(strstr(wire.came, "\nevent: registered\ndata: {\"eventId\":\""));
    assert_null(strstr(wire.came, "s-before"));
    end(&wire);
}

static void resumed_stream_goes_on_after_the_last_event(void **state)
{
    (void)state;
    struct http_wire wire;
    char id[ID_MAX];
    char header[TEXT_MAX];
    char query[TEXT_MAX];
    follow(&wire, "", "");
    world_register(&http.world, "s-first", "");
    expect_come(&wire, "\"workerId\":\"s-first\"");
    id_of(&wire, "s-first", id);
    end(&wire);
    world_register(&http.world, "s-missed", "");
    (void)world_event(&http.world, "registered", "s-missed", NULL);
    (void)snprintf(header, sizeof header, "Last-Event-ID: %s\r\n", id);
    follow(&wire, "?from=0", header);
    expect_come(&wire, "\"workerId\":\"s-missed\"");
    assert_null(strstr(wire.came, "s-first"));
    world_register(&http.world, "s-after", "");
    expect_come(&wire, "\"workerId\":\"s-after\"");
    end(&wire);
    (void)snprintf(query, sizeof query, "?from=%s", id);
    follow(&wire, query, "");
    expect_come(&wire, "\"workerId\":\"s-after\"");
    assert_null(strstr(wire.came, "s-first"));
    end(&wire);
}

static void filters_let_through_one_worker_and_one_type(void **state)
{
    (void)state;
    struct http_wire wire;
    follow(&wire, "?workerId=s-mine&type=deregistered", "");
    world_register(&http.world, "s-mine", "");
    world_register(&http.world, "s-other", "");
    (void)world_ask(&http.world, "worker/s-other/deregister", "worker/s-other", "");
    (void)world_ask(&http.world, "worker/s-mine/deregister", "worker/s-mine", "");
    expect_come(&wire, "\"workerId\":\"s-mine\"");
    assert_null(strstr(wire.came, "s-other"));
    assert_null(strstr(wire.came, "event: registered"));
    end(&wire);
    follow(&wire, "?from=0&workerId=s-mine&type=registered", "");
    expect_come(&wire, "\"workerId\":\"s-mine\"");
    assert_null(strstr(wire.came, "s-other"));
    assert_null(strstr(wire.came, "event: deregistered"));
    end(&wire);
}

static void silent_stream_has_comments(void **state)
{
    (void)state;
    struct http_wire wire;
    follow(&wire, "", "");
    int64_t deadline_ms = clock_monotonic_ms() + WORLD_PATIENCE_MS;
    const char *second = NULL;
    while (second == NULL && clock_monotonic_ms() < deadline_ms) {
        (void)http_wire_wait(&wire, "nothing like this", 50);
        second = strstr(strstr(wire.came, ": still here") + 1, ": still here");
    }
    assert_non_null(second);
    end(&wire);
}

static void bad_parameters_are_refused_at_once(void **state)
{
    (void)state;
    struct http_answer answer = http_get(http.client, "/events/stream?from=yesterday&type=nonsense&colour=red");
    http_expect(&answer, 400, "{\"code\":\"validation_failed\"}");
    assert_non_null(strstr(answer.body, "yesterday"));
    assert_non_null(strstr(answer.body, "nonsense"));
    assert_non_null(strstr(answer.body, "colour"));
}

static void stream_too_many_is_503(void **state)
{
    (void)state;
    struct http_wire wires[STREAMS];
    for (size_t i = 0; i < STREAMS; i++) {
        follow(&wires[i], "", "");
    }
    struct http_answer answer = http_get(http.client, "/events/stream");
    http_expect(&answer, 503, "{\"code\":\"unavailable\"}");
    for (size_t i = 0; i < STREAMS; i++) {
        http_wire_close(&wires[i]);
    }
    wait_streams(0);
}

/* Entries that the publisher passes over: they are only read. */
static void add_events(struct world *world, int count)
{
    char script[TEXT_MAX];
    (void)snprintf(script, sizeof script,
                   "for i=1,%d do redis.call('XADD','muster:{0}:events','*','type','checked','message',"
                   "string.rep('x',200),'at',i) end return 1",
                   count);
    assert_int_equal(redis_integer(world->store, "EVAL %s 0", script), 1);
}

static void long_history_comes_whole_and_in_order(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    struct http_wire wire;
    add_events(&http.world, COUNT);
    world_register(&http.world, "s-end", "");
    follow(&wire, "?from=0", "");
    expect_come(&wire, "\"workerId\":\"s-end\"");
    int64_t last = 0;
    size_t count = 0;
    for (const char *at = strstr(wire.came, "\"at\":"); at != NULL; at = strstr(at + 1, "\"at\":")) {
        int64_t number = strtoll(at + 5, NULL, 10);
        if (number <= COUNT) {
            assert_int_equal(number, last + 1);
            last = number;
            count++;
        }
    }
    assert_int_equal(count, COUNT);
    end(&wire);
}

static void reader_that_takes_nothing_is_cut_off(void **state)
{
    (void)state;
    enum { COUNT = 40000, SMALL = 4096 };
    struct http_wire wire;
    const int small = SMALL;
    add_events(&http.world, COUNT);
    follow_at(&wire, http.port, "?from=0", "");
    (void)setsockopt(wire.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    int64_t deadline_ms = clock_monotonic_ms() + WORLD_PATIENCE_MS;
    while (http_figure(http.client, "muster_http_streams_cut_total") < 1) {
        assert_true(clock_monotonic_ms() < deadline_ms);
        wait_a_step();
    }
    end(&wire);
}

static void standby_tells_events_too(void **state)
{
    (void)state;
    struct http_wire wire;
    int port = http_start_daemon(&http, 1, settings);
    struct http_client *client = http_client_new(port);
    http_wait_status(client, P "/workers", 200);
    follow_at(&wire, port, "", "");
    expect_come(&wire, ": still here");
    int64_t deadline_ms = clock_monotonic_ms() + WORLD_PATIENCE_MS;
    for (int i = 0; strstr(wire.came, "\"workerId\":\"s-by-") == NULL; i++) {
        char id[ID_MAX];
        (void)snprintf(id, sizeof id, "s-by-%d", i);
        world_register(&http.world, id, "");
        assert_true(clock_monotonic_ms() < deadline_ms);
        (void)http_wire_wait(&wire, "\"workerId\":\"s-by-", 300);
    }
    http_wire_close(&wire);
    process_stop(&http.world.daemons[1], SIGTERM);
    http_client_free(client);
}

static void stopping_daemon_ends_its_streams_in_good_order(void **state)
{
    (void)state;
    struct http_wire wire;
    follow(&wire, "", "");
    process_signal(&http.world.daemons[0], SIGTERM);
    assert_true(http_wire_wait_end(&wire, WORLD_PATIENCE_MS));
    assert_true(wire.len > 5 && strcmp(wire.came + wire.len - 5, "0\r\n\r\n") == 0);
    http_wire_close(&wire);
    assert_true(process_wait(&http.world.daemons[0], WORLD_PATIENCE_MS));
    assert_int_equal(process_exit_status(&http.world.daemons[0]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_comes_live_with_its_id_and_type),
        cmocka_unit_test(resumed_stream_goes_on_after_the_last_event),
        cmocka_unit_test(filters_let_through_one_worker_and_one_type),
        cmocka_unit_test(silent_stream_has_comments),
        cmocka_unit_test(bad_parameters_are_refused_at_once),
        cmocka_unit_test(stream_too_many_is_503),
        cmocka_unit_test(long_history_comes_whole_and_in_order),
        cmocka_unit_test(reader_that_takes_nothing_is_cut_off),
        cmocka_unit_test(standby_tells_events_too),
        cmocka_unit_test(stopping_daemon_ends_its_streams_in_good_order),
    };
    return cmocka_run_group_tests_name("http_stream", tests, set_up, tear_down);
}
