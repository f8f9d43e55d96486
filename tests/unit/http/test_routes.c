/* test_routes.c -- paths find their verbs, and nothing else does. */
#include "http/routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define P "/api/v1/worker-registration"

static struct route_match find(const char *path, enum route_method method)
{
    return routes_find(text_of(path), method);
}

static void expect_verb(enum route_method method, const char *path, const char *verb, const char *worker_id)
{
    struct route_match match = find(path, method);
    if (match.route == NULL) {
        fail_msg("nothing at %s", path);
        return;
    }
    assert_string_equal(match.route->verb, verb);
    assert_true(worker_id != NULL ? text_is(match.worker_id, worker_id) : match.worker_id.data == NULL);
}

static void every_path_of_the_replaced_system_has_its_verb(void **state)
{
    (void)state;
    expect_verb(ROUTE_POST, P "/register", "register", NULL);
    expect_verb(ROUTE_POST, P "/register/batch", "register-batch", NULL);
    expect_verb(ROUTE_POST, P "/worker-001/heartbeat", "heartbeat", "worker-001");
    expect_verb(ROUTE_POST, P "/worker-001/deregister", "deregister", "worker-001");
    expect_verb(ROUTE_POST, P "/worker-001/force-deregister", "force-deregister", "worker-001");
    expect_verb(ROUTE_GET, P "/worker-001/health", "health", "worker-001");
    expect_verb(ROUTE_GET, P "/worker-001/status", "status", "worker-001");
    expect_verb(ROUTE_GET, P "/health/system", "system-health", NULL);
    expect_verb(ROUTE_GET, P "/health/summary", "health-summary", NULL);
    expect_verb(ROUTE_POST, P "/health/check", "check", NULL);
    expect_verb(ROUTE_POST, P "/cleanup/failed", "cleanup", NULL);
    expect_verb(ROUTE_GET, P "/config", "config", NULL);
}

static void what_operators_do_has_its_verb(void **state)
{
    (void)state;
    static const char *const verbs[] = {"recover", "drain", "maintain", "resume", "forget", "ping", "reregister"};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, P "/w.1/%s", verbs[i]);
        expect_verb(ROUTE_POST, path, verbs[i], "w.1");
    }
    expect_verb(ROUTE_POST, P "/brake/release", "brake-release", NULL);
    expect_verb(ROUTE_GET, P "/workers", "list", NULL);
    expect_verb(ROUTE_GET, P "/workers/find", "find", NULL);
    expect_verb(ROUTE_GET, P "/events", "events", NULL);
}

static void own_words_come_before_a_worker_of_that_name(void **state)
{
    (void)state;
    expect_verb(ROUTE_GET, P "/health/health", "health", "health");
    expect_verb(ROUTE_GET, P "/health/status", "status", "health");
    expect_verb(ROUTE_POST, P "/register/heartbeat", "heartbeat", "register");
}

static void other_paths_match_nothing(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "",
        "/",
        "*",
        P,
        P "/",
        P "/register/",
        "/register",
        P "//status",
        P "/a/b/status",
        P "/status",
        P "/w1",
        P "/w1/statusx",
        P "/w1/status/",
        "/api/v2/x",
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct route_match match = find(paths[i], ROUTE_GET);
        if (match.route != NULL || match.methods != 0) {
            fail_msg("%s matches %s", paths[i], match.route != NULL ? match.route->path : "another method");
        }
    }
}

static void other_method_matches_nothing_but_says_which_there_are(void **state)
{
    (void)state;
    struct route_match match = find(P "/register", ROUTE_GET);
    assert_null(match.route);
    assert_int_equal(match.methods, ROUTE_POST);
    match = find(P "/w1/status", ROUTE_POST);
    assert_null(match.route);
    assert_int_equal(match.methods, ROUTE_GET);
}

static void path_with_a_zero_byte_matches_nothing(void **state)
{
    (void)state;
    static const char path[] = P "/config\0";
    struct route_match match = routes_find((struct text){path, sizeof path - 1}, ROUTE_GET);
    assert_null(match.route);
    assert_int_equal(match.methods, 0);
}

static void what_only_reads_is_no_post_and_what_writes_is_no_get(void **state)
{
    (void)state;
    size_t count = 0;
    const struct route *routes = routes_all(&count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(routes[i].writes, routes[i].method == ROUTE_POST);
        assert_true(routes[i].kind != ROUTE_ASKS || (routes[i].verb != NULL && routes[i].params != NULL));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_of_the_replaced_system_has_its_verb),
        cmocka_unit_test(what_operators_do_has_its_verb),
        cmocka_unit_test(own_words_come_before_a_worker_of_that_name),
        cmocka_unit_test(other_paths_match_nothing),
        cmocka_unit_test(other_method_matches_nothing_but_says_which_there_are),
        cmocka_unit_test(path_with_a_zero_byte_matches_nothing),
        cmocka_unit_test(what_only_reads_is_no_post_and_what_writes_is_no_get),
    };
    return cmocka_run_group_tests_name("routes", tests, NULL, NULL);
}
