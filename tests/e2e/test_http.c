/* test_http.c -- the registry over HTTP: every route, every status, and what the replaced system's users type. */
#include "e2e/http.h"
#include "e2e/run.h"
#include "support/wait.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define P HTTP_PREFIX

enum { TEXT_MAX = 2048, BIG_BODY = 64 * 1024 + 1 };

static struct http_world http;

static const char *const settings[] = {"worker.heartbeat_timeout_ms=60000", "registration.max_attempts=2", NULL};

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

static void expect_get(const char *path, int status, const char *like)
{
    struct http_answer answer = http_get(http.client, path);
    http_expect(&answer, status, like);
}

static void expect_post(const char *path, const char *body, int status, const char *like)
{
    struct http_answer answer = http_post(http.client, path, body);
    http_expect(&answer, status, like);
}

static void expect_header(const struct http_answer *answer, const char *name, const char *value)
{
    char is[256];
    http_header(answer, name, is, sizeof is);
    assert_string_equal(is, value);
}

static void register_worker(const char *id)
{
    char body[TEXT_MAX];
    (void)snprintf(body, sizeof body, "{\"workerId\":\"%s\",\"name\":\"N\",\"maxConcurrentJobs\":5}", id);
    expect_post(P "/register", body, 201, "{\"success\":true,\"code\":\"ok\"}");
}

/* What the replaced system's document prints, but for host and port. */
static const struct {
    const char *command;
    const char *like;
} examples[] = {
    {"curl -X POST http://localhost:8080/api/v1/worker-registration/register \\\n"
     "  -H \"Content-Type: application/json\" \\\n"
     "  -d '{\n    \"workerId\": \"worker-001\",\n    \"name\": \"Test Worker\",\n    \"hostAddress\": \"localhost\",\n"
     "    \"port\": 8080,\n    \"maxConcurrentJobs\": 5\n  }'",
     "{\"success\":true,\"workerId\":\"worker-001\",\"message\":\"Worker registered successfully\"}"},
    {"curl -X POST http://localhost:8080/api/v1/worker-registration/worker-001/heartbeat \\\n"
     "  -H \"Content-Type: application/json\" \\\n"
     "  -d '{\n    \"status\": \"ACTIVE\",\n    \"currentJobCount\": 2,\n    \"cpuUsage\": 45.5,\n"
     "    \"memoryUsage\": 67.8\n  }'",
     "{\"success\":true,\"workerId\":\"worker-001\",\"message\":\"Heartbeat processed successfully\"}"},
    {"curl -X GET http://localhost:8080/api/v1/worker-registration/worker-001/health",
     "{\"success\":true,\"workerId\":\"worker-001\",\"healthy\":true}"},
    {"curl -X GET http://localhost:8080/api/v1/worker-registration/health/system",
     "{\"success\":true,\"totalWorkers\":1,\"usedCapacity\":2,\"totalCapacity\":5}"},
    {"curl -X POST http://localhost:8080/api/v1/worker-registration/worker-001/deregister \\\n"
     "  -H \"Content-Type: application/json\" \\\n"
     "  -d '{\n    \"forceDeregister\": false,\n    \"reason\": \"Scheduled maintenance\"\n  }'",
     "{\"success\":false,\"code\":\"active_jobs\",\"message\":\"Worker has 2 active jobs\"}"},
    {"curl -X POST http://localhost:8080/api/v1/worker-registration/health/check", "{\"success\":true,\"checked\":1}"},
    {"curl -X POST http://localhost:8080/api/v1/worker-registration/cleanup/failed",
     "{\"success\":true,\"cleanedUp\":0}"},
};

static void with_own_port(const char *command, char *out, size_t size)
{
    static const char printed[] = "localhost:8080/";
    const char *at = strstr(command, printed);
    (void)snprintf(out, size, "%.*s127.0.0.1:%d/%s", (int)(at - command), command, http.port, at + sizeof printed - 1);
}

static void commands_of_the_replaced_system_work_as_printed(void **state)
{
    (void)state;
    static const char *const no_proxy[] = {"no_proxy=*", NULL};
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        char command[TEXT_MAX];
        struct run run;
        with_own_port(examples[i].command, command, sizeof command);
        const char *const argv[] = {"/bin/sh", "-c", command, NULL};
        run_program(&run, http.world.folder, argv, no_proxy);
        assert_int_equal(run.status, 0);
        assert_like(run.out, examples[i].like);
        run_free(&run);
    }
}

static void other_endpoints_of_the_replaced_system_answer(void **state)
{
    (void)state;
    expect_post(
        P "/register",
        "{\"workerId\":\"worker-002\",\"name\":\"Production Worker 1\",\"hostName\":\"prod-worker-01\","
        "\"hostAddress\":\"10.0.1.15\",\"port\":8080,\"maxConcurrentJobs\":10,"
        "\"capabilities\":\"{\\\"java\\\": true, \\\"python\\\": true}\",\"tags\":\"production,high-performance\","
        "\"version\":\"2.1.0\",\"priorityThreshold\":200,\"workerLoadFactor\":1.2}",
        201, "{\"worker\":{\"capabilities\":{\"java\":true,\"python\":true},\"workerLoadFactor\":1.2}}");
    expect_post(P "/worker-002/heartbeat",
                "{\"status\":\"ACTIVE\",\"currentJobCount\":3,\"availableCapacity\":7,\"cpuUsage\":45.5,"
                "\"memoryUsage\":67.8,\"errorCount\":0,\"message\":\"All systems operational\"}",
                200,
                "{\"code\":\"ok\",\"message\":\"Heartbeat processed successfully\",\"worker\":{\"workerId\":"
                "\"worker-002\",\"currentJobCount\":3,\"cpuUsage\":45.5}}");
    expect_get(P "/worker-002/status", 200, "{\"worker\":{\"status\":\"ACTIVE\",\"currentJobCount\":3}}");
    expect_get(P "/health/summary", 200, "{\"success\":true}");
    expect_get(P "/config", 200, "{\"success\":true}");
    expect_post(P "/register/batch",
                "[{\"workerId\":\"batch-1\",\"name\":\"Worker 1\",\"maxConcurrentJobs\":1},"
                "{\"workerId\":\"batch-2\",\"name\":\"Worker 2\"}]",
                200, "{\"success\":true,\"accepted\":1,\"refused\":1}");
    expect_get(P "/batch-1/status", 200, "{\"code\":\"ok\"}");
}

static void reason_may_hold_a_blank_however_it_is_sent(void **state)
{
    (void)state;
    static const char *const reasons[] = {"Emergency%20shutdown", "Emergency+shutdown"};
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        char path[256];
        char id[32];
        (void)snprintf(id, sizeof id, "forced-%zu", i);
        register_worker(id);
        (void)snprintf(path, sizeof path, P "/%s/force-deregister?reason=%s", id, reasons[i]);
        expect_post(path, NULL, 200, "{\"code\":\"ok\"}");
        (void)world_event(&http.world, "deregistered", id, "{\"message\":\"Emergency shutdown\"}");
    }
    struct http_wire wire;
    register_worker("forced-raw");
    http_wire_open(&wire, http.port);
    (void)http_wire_say(&wire, "POST " P "/forced-raw/force-deregister?reason=Emergency shutdown HTTP/1.1\r\n"
                               "Host: localhost\r\nContent-Length: 0\r\n\r\n");
    assert_true(http_wire_wait(&wire, "\"code\":\"ok\"", WORLD_PATIENCE_MS));
    http_wire_close(&wire);
    (void)world_event(&http.world, "deregistered", "forced-raw",
                      "{\"message\":\"Emergency shutdown\",\"by\":\"http-127.0.0.1\"}");
}

static void registering_is_created_once_and_ok_again(void **state)
{
    (void)state;
    static const char body[] = "{\"workerId\":\"again\",\"name\":\"N\",\"maxConcurrentJobs\":5,\"bootId\":\"b1\"}";
    expect_post(P "/register", body, 201, "{\"code\":\"ok\"}");
    wait_a_step();
    expect_post(P "/register", body, 200, "{\"code\":\"ok\"}");
    expect_post(P "/register", "{\"workerId\":\"again\",\"name\":\"N\",\"maxConcurrentJobs\":5,\"bootId\":\"b2\"}", 201,
                "{\"code\":\"ok\"}");
    expect_post(P "/register", body, 409, "{\"code\":\"superseded\"}");
}

static void bad_requests_are_400_with_all_that_is_wrong(void **state)
{
    (void)state;
    expect_post(P "/register", "{\"workerId\":", 400, "{\"success\":false,\"code\":\"invalid_payload\"}");
    expect_post(P "/register", "{\"workerId\":\"bad\",\"maxConcurrentJobs\":0,\"port\":0}", 400,
                "{\"code\":\"validation_failed\",\"errors\":[\"Worker name is required\","
                "\"Max concurrent jobs must be positive\",\"Port must be between 1 and 65535\"]}");
    register_worker("mine");
    expect_post(P "/mine/heartbeat", "{\"workerId\":\"yours\"}", 400, "{\"code\":\"identity_mismatch\"}");
    expect_post(P "/mine/heartbeat", "{\"workerId\":\"mine\"}", 200, "{\"code\":\"ok\"}");
    expect_post(P "/mine/heartbeat", "{\"cpuUsage\":101,\"errorCount\":-1}", 400, "{\"code\":\"validation_failed\"}");
    expect_post(P "/mine/heartbeat", "[1]", 400, "{\"code\":\"invalid_payload\"}");
    expect_post(P "/a%20b/heartbeat", NULL, 400, "{\"code\":\"validation_failed\"}");
    expect_post(P "/mine/force-deregister?because=x&reason=%ff", NULL, 400,
                "{\"errors\":[\"there is no parameter \\\"because\\\" here\",\"reason must be valid UTF-8\"]}");
    struct http_answer answer = http_get(http.client, P "/workers?limit=0&colour=red&status=ASLEEP&limit=7");
    http_expect(&answer, 400, "{\"success\":false}");
    assert_non_null(strstr(answer.body, "colour"));
    assert_non_null(strstr(answer.body, "limit must be given once"));
    assert_non_null(strstr(answer.body, "status must be"));
    expect_get(P "/mine/status", 200, "{\"worker\":{\"status\":\"ACTIVE\"}}");
}

static void unknown_is_404_and_other_methods_are_405(void **state)
{
    (void)state;
    expect_get("/", 404, "{\"success\":false,\"code\":\"not_found\"}");
    expect_get(P "/nobody/status", 404, "{\"code\":\"not_found\"}");
    expect_post(P "/nobody/heartbeat", NULL, 404, "{\"code\":\"unknown_worker\"}");
    struct http_answer answer = http_get(http.client, P "/register");
    http_expect(&answer, 405, "{\"success\":false}");
    expect_header(&answer, "Allow", "POST, OPTIONS");
    answer = http_ask(http.client, "DELETE", P "/nobody/status", NULL, NULL, 0);
    http_expect(&answer, 405, "{\"success\":false}");
    expect_header(&answer, "Allow", "GET, HEAD, OPTIONS");
    answer = http_ask(http.client, "BREW", P "/register", NULL, NULL, 0);
    http_expect(&answer, 501, "{\"success\":false}");
}

static void active_jobs_are_409_and_force_is_not(void **state)
{
    (void)state;
    register_worker("busy");
    expect_post(P "/busy/heartbeat", "{\"jobs\":[\"j1\"]}", 200, "{\"worker\":{\"currentJobCount\":1}}");
    expect_post(P "/busy/deregister", NULL, 409, "{\"code\":\"active_jobs\"}");
    expect_post(P "/busy/deregister", "{\"forceDeregister\":true}", 200, "{\"code\":\"ok\"}");
    expect_post(P "/busy/heartbeat", NULL, 409, "{\"code\":\"deregistered\"}");
}

static void large_body_is_413_and_rate_limit_429_with_retry_after(void **state)
{
    (void)state;
    char *body = malloc(BIG_BODY + 1);
    assert_non_null(body);
    memset(body, ' ', BIG_BODY);
    body[BIG_BODY] = '\0';
    expect_post(P "/register", body, 413, "{\"code\":\"too_large\"}");
    expect_post(P "/register/batch", body, 400, "{\"code\":\"invalid_payload\"}");
    free(body);
    expect_post(P "/register", "{\"workerId\":\"hasty\"}", 400, "{\"code\":\"validation_failed\"}");
    expect_post(P "/register", "{\"workerId\":\"hasty\"}", 400, "{\"code\":\"validation_failed\"}");
    struct http_answer answer = http_post(http.client, P "/register", "{\"workerId\":\"hasty\"}");
    http_expect(&answer, 429, "{\"code\":\"rate_limited\"}");
    expect_header(&answer, "Retry-After", "3600");
}

static void page_of_another_origin_may_not_write(void **state)
{
    (void)state;
    static const char *const foreign[] = {"Origin: http://example.net", NULL};
    static const char *const none[] = {"Origin: null", NULL};
    char same[64];
    (void)snprintf(same, sizeof same, "Origin: http://127.0.0.1:%d", http.port);
    const char *const own[] = {same, NULL};
    struct http_answer answer = http_ask(http.client, "POST", P "/health/check", foreign, "", 0);
    http_expect(&answer, 403, "{\"code\":\"forbidden\"}");
    answer = http_ask(http.client, "POST", P "/health/check", none, "", 0);
    http_expect(&answer, 403, "{\"code\":\"forbidden\"}");
    answer = http_ask(http.client, "POST", P "/health/check", own, "", 0);
    http_expect(&answer, 200, "{\"code\":\"ok\"}");
}

static void head_and_options_have_no_body(void **state)
{
    (void)state;
    char length[32];
    struct http_answer answer = http_ask(http.client, "HEAD", "/healthz", NULL, NULL, 0);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body_len, 0);
    http_header(&answer, "Content-Length", length, sizeof length);
    assert_true(strtol(length, NULL, 10) > 0);
    answer = http_ask(http.client, "OPTIONS", P "/mine/status", NULL, NULL, 0);
    assert_int_equal(answer.status, 204);
    assert_int_equal(answer.body_len, 0);
    expect_header(&answer, "Allow", "GET, HEAD, OPTIONS");
}

static void connection_is_kept_from_request_to_request(void **state)
{
    (void)state;
    expect_get("/healthz", 200, "{\"status\":\"ok\"}");
    struct http_answer answer = http_get(http.client, "/healthz");
    assert_false(answer.connected_again);
    answer = http_post(http.client, P "/nobody/heartbeat", "{\"seq\":");
    assert_false(answer.connected_again);
    answer = http_get(http.client, "/nothing");
    assert_false(answer.connected_again);
}

static void msgpack_body_is_understood(void **state)
{
    (void)state;
    static const char body[] = "\x83\xa8workerId\xa4pack\xa4name\xa1N\xb1maxConcurrentJobs\x05";
    struct http_answer answer = http_ask(http.client, "POST", P "/register", NULL, body, sizeof body - 1);
    http_expect(&answer, 201, "{\"workerId\":\"pack\"}");
    answer = http_ask(http.client, "POST", P "/pack/heartbeat", NULL, "\x81\xa3seq\x07", 6);
    http_expect(&answer, 200, "{\"workerId\":\"pack\"}");
    assert_string_equal(world_field(&http.world, "pack", "seq"), "7");
}

static void operators_do_what_they_do_over_the_broker(void **state)
{
    (void)state;
    register_worker("op-1");
    expect_post(P "/op-1/maintain?reason=disk", NULL, 200, "{\"worker\":{\"status\":\"MAINTENANCE\"}}");
    (void)world_event(&http.world, "status", "op-1", "{\"message\":\"disk\",\"by\":\"http-127.0.0.1\"}");
    expect_post(P "/op-1/resume", "{}", 200, "{\"worker\":{\"status\":\"ACTIVE\"}}");
    expect_post(P "/op-1/recover", NULL, 403, "{\"code\":\"forbidden\"}");
    expect_post(P "/op-1/drain", NULL, 200, "{\"code\":\"ok\"}");
    expect_post(P "/op-1/forget", NULL, 200, "{\"code\":\"ok\"}");
    expect_get(P "/op-1/status", 404, "{\"code\":\"not_found\"}");
    expect_get(P "/alerts", 200, "{\"code\":\"ok\"}");
    expect_get(P "/workers?sort=freeCapacity&limit=1", 200, "{\"code\":\"ok\"}");
    expect_get(P "/workers/find?minimumFreeCapacity=1", 200, "{\"code\":\"ok\"}");
    expect_get(P "/events?type=registered&limit=1", 200, "{\"code\":\"ok\"}");
    expect_get(P "/export?limit=1", 200, "{\"code\":\"ok\"}");
    expect_post(P "/brake/release", NULL, 200, "{\"code\":\"ok\"}");
}

static void metrics_move_with_what_happens(void **state)
{
    (void)state;
    static const char requests[] =
        "muster_http_requests_total{route=\"" P "/register\",method=\"POST\",status=\"201\"}";
    static const char heartbeats[] = "muster_messages_total{kind=\"heartbeat\",result=\"ok\"}";
    static const char joined[] = "muster_transitions_total{from=\"none\",to=\"HEALTHY\",reason=\"worker\"}";
    struct http_answer answer = http_get(http.client, "/metrics");
    assert_string_equal(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
    double requests_before = http_figure(http.client, requests);
    double heartbeats_before = http_figure(http.client, heartbeats);
    double joined_before = http_figure(http.client, joined);
    double workers_before = http_figure(http.client, "muster_workers{status=\"ACTIVE\"}");
    double calls_before = http_figure(http.client, "muster_redis_call_seconds_count");
    register_worker("metered");
    world_heartbeat(&http.world, "metered", "{\"status\":\"ACTIVE\"}");
    (void)world_event(&http.world, "registered", "metered", NULL);
    int64_t deadline_ms = clock_monotonic_ms() + WORLD_PATIENCE_MS;
    while (http_figure(http.client, heartbeats) < heartbeats_before + 1 && clock_monotonic_ms() < deadline_ms) {
        wait_a_step();
    }
    assert_true(http_figure(http.client, heartbeats) == heartbeats_before + 1);
    assert_true(http_figure(http.client, requests) == requests_before + 1);
    assert_true(http_figure(http.client, joined) == joined_before + 1);
    assert_true(http_figure(http.client, "muster_workers{status=\"ACTIVE\"}") == workers_before + 1);
    assert_true(http_figure(http.client, "muster_redis_call_seconds_count") > calls_before);
    assert_true(http_figure(http.client, "muster_heartbeat_batch_size_count") >= 1);
    assert_true(http_figure(http.client, "muster_handling_seconds_count") > 0);
    assert_true(http_figure(http.client, "muster_active") == 1);
    answer = http_get(http.client, "/metrics");
    assert_null(strstr(answer.body, "metered"));
}

static void standby_answers_reads_and_refuses_writes(void **state)
{
    (void)state;
    register_worker("seen");
    int port = http_start_daemon(&http, 1, settings);
    struct http_client *client = http_client_new(port);
    http_wait_status(client, P "/seen/status", 200);
    struct http_answer answer = http_get(client, "/readyz");
    http_expect(&answer, 503, "{\"ready\":false,\"role\":\"standby\",\"active\":false,\"redis\":true}");
    answer = http_get(client, "/healthz");
    http_expect(&answer, 200, "{\"status\":\"ok\"}");
    answer = http_post(client, P "/seen/heartbeat", NULL);
    http_expect(&answer, 503, "{\"success\":false,\"code\":\"unavailable\"}");
    expect_header(&answer, "Retry-After", "1");
    answer = http_get(client, P "/workers");
    http_expect(&answer, 200, "{\"code\":\"ok\"}");
    assert_true(http_figure(client, "muster_active") == 0);
    process_stop(&http.world.daemons[1], SIGTERM);
    http_client_free(client);
}

static void taken_port_is_named_and_ends_the_daemon(void **state)
{
    (void)state;
    char listen[64];
    char sentence[96];
    (void)snprintf(listen, sizeof listen, "http.listen=127.0.0.1:%d", http.port);
    (void)snprintf(sentence, sizeof sentence, "cannot listen on 127.0.0.1:%d: Address already in use", http.port);
    const char *const same[] = {listen, NULL};
    world_start_daemon(&http.world, 2, same);
    world_wait_log(&http.world, 2, sentence);
    assert_true(process_wait(&http.world.daemons[2], WORLD_PATIENCE_MS));
    assert_int_equal(process_exit_status(&http.world.daemons[2]), 1);
}

static void without_redis_it_lives_but_is_not_ready(void **state)
{
    (void)state;
    world_kill_redis(&http.world);
    http_wait_status(http.client, "/readyz", 503);
    expect_get("/readyz", 503, "{\"ready\":false,\"redis\":false}");
    expect_get("/healthz", 200, "{\"status\":\"ok\"}");
    expect_get(P "/workers", 503, "{\"success\":false,\"code\":\"unavailable\"}");
    assert_true(http_figure(http.client, "muster_redis_up") == 0);
    world_start_redis(&http.world);
    http_wait_status(http.client, "/readyz", 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_of_the_replaced_system_work_as_printed),
        cmocka_unit_test(other_endpoints_of_the_replaced_system_answer),
        cmocka_unit_test(reason_may_hold_a_blank_however_it_is_sent),
        cmocka_unit_test(registering_is_created_once_and_ok_again),
        cmocka_unit_test(bad_requests_are_400_with_all_that_is_wrong),
        cmocka_unit_test(unknown_is_404_and_other_methods_are_405),
        cmocka_unit_test(active_jobs_are_409_and_force_is_not),
        cmocka_unit_test(large_body_is_413_and_rate_limit_429_with_retry_after),
        cmocka_unit_test(page_of_another_origin_may_not_write),
        cmocka_unit_test(head_and_options_have_no_body),
        cmocka_unit_test(connection_is_kept_from_request_to_request),
        cmocka_unit_test(msgpack_body_is_understood),
        cmocka_unit_test(operators_do_what_they_do_over_the_broker),
        cmocka_unit_test(metrics_move_with_what_happens),
        cmocka_unit_test(standby_answers_reads_and_refuses_writes),
        cmocka_unit_test(taken_port_is_named_and_ends_the_daemon),
        cmocka_unit_test(without_redis_it_lives_but_is_not_ready),
    };
    return cmocka_run_group_tests_name("http", tests, set_up, tear_down);
}
