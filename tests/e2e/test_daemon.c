/* test_daemon.c -- musterd as a program: its command line, its configuration, its signals, and what it asks of Redis.
 */
#include "e2e/world.h"

#include "support/wait.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A stop in good order would wait three seconds for Redis. */
enum { PATIENCE_MS = 5000, AT_ONCE_MS = 2500 };

/* Runs musterd to its end and returns what it said; the caller frees it. */
static char *run(const char *const arguments[], int expected_status)
{
    char folder[FOLDER_PATH_MAX];
    char log[FOLDER_PATH_MAX + 16];
    const char *argv[16] = {MUSTER_BIN_DIR "/musterd"};
    struct fault fault = {0};
    struct process process = {0};
    size_t count = 1;
    for (; *arguments != NULL; arguments++) {
        argv[count++] = *arguments;
    }
    assert_int_equal(folder_new(folder, &fault), ERR_OK);
    (void)snprintf(log, sizeof log, "%s/log", folder);
    assert_int_equal(process_start(&process, argv, NULL, log, &fault), ERR_OK);
    assert_true(process_wait(&process, PATIENCE_MS));
    char *said = process_log(&process);
    folder_remove(folder);
    print_message("%s\n", said);
    assert_int_equal(process_exit_status(&process), expected_status);
    return said;
}

static void assert_says(const char *const arguments[], int expected_status, const char *fragment)
{
    char *said = run(arguments, expected_status);
    bool has = strstr(said, fragment) != NULL;
    free(said);
    assert_true(has);
}

static void version_and_help_are_told(void **state)
{
    (void)state;
    assert_says((const char *const[]){"--version", NULL}, 0, "musterd 0.");
    assert_says((const char *const[]){"--help", NULL}, 0, "worker.heartbeat_timeout_ms");
    assert_says((const char *const[]){"--nonsense", NULL}, 2, "Usage: musterd");
}

static void check_config_names_key_value_and_range(void **state)
{
    (void)state;
    assert_says((const char *const[]){"--check-config", NULL}, 0, "the configuration is good");
    const char *const bad[] = {"--check-config", "-o", "health.max_consecutive_failures=0", NULL};
    assert_says(bad, 2, "health.max_consecutive_failures");
    const char *const unknown[] = {"--check-config", "-o", "health.nonsense=1", NULL};
    assert_says(unknown, 2, "health.nonsense");
    const char *const missing[] = {"--check-config", "-c", "/no/such/file.ini", NULL};
    assert_says(missing, 2, "/no/such/file.ini");
}

static void check_config_shows_each_value_with_its_origin(void **state)
{
    (void)state;
    const char *const set[] = {"--check-config", "-o", "health.max_consecutive_failures=4", NULL};
    assert_says(set, 0, "max_consecutive_failures = 4                     ; option");
    assert_says(set, 0, "; default");
}

static void bad_uris_are_named_and_nothing_starts(void **state)
{
    (void)state;
    const char *const redis[] = {"-o", "redis.uri=http://x", NULL};
    assert_says(redis, 2, "http://x");
    const char *const mqtt[] = {"-o", "mqtt.uri=nonsense", NULL};
    assert_says(mqtt, 2, "nonsense");
}

/* A daemon on a Redis with the given configuration says why it does not use it. */
static void assert_redis_is_refused(const char *redis_extra, const char *why)
{
    struct world world;
    world_begin(&world, NULL, redis_extra);
    world_start_daemon(&world, 0, NULL);
    world_wait_log(&world, 0, why);
    assert_true(process_is_running(&world.daemons[0]));
    world_close(&world);
}

static void redis_cluster_is_refused(void **state)
{
    (void)state;
    char extra[64];
    (void)snprintf(extra, sizeof extra, "cluster-enabled yes\ncluster-port %d\n", server_free_port());
    assert_redis_is_refused(extra, "this is a Redis Cluster");
}

static void redis_that_evicts_is_refused(void **state)
{
    (void)state;
    assert_redis_is_refused("maxmemory-policy allkeys-lru\n", "maxmemory-policy must be noeviction");
}

static void redis_that_neither_tells_nor_may_be_set_is_refused_with_advice(void **state)
{
    (void)state;
    assert_redis_is_refused("rename-command CONFIG \"\"\n", "put notify-keyspace-events Ex into redis.conf");
}

static void redis_that_tells_but_may_not_be_asked_is_used(void **state)
{
    (void)state;
    struct world world;
    world_begin(&world, NULL, "rename-command CONFIG \"\"\nnotify-keyspace-events Ex\n");
    world_start_daemon(&world, 0, NULL);
    world_wait_listening(&world, 0);
    world_register(&world, "w", "\"heartbeatTimeoutMs\":300");
    world_event(&world, "unhealthy", "w", "{\"evidence\":{\"foundBy\":\"event\"}}");
    world_close(&world);
}

static void flags_of_others_are_kept_when_expiry_events_are_set(void **state)
{
    (void)state;
    struct world world;
    world_begin(&world, NULL, "notify-keyspace-events Kl\n");
    world_start_daemon(&world, 0, NULL);
    world_wait_listening(&world, 0);
    const redisReply *reply = redis_reply(world.store, "CONFIG GET notify-keyspace-events");
    const char *flags = reply->element[1]->str;
    assert_non_null(strchr(flags, 'K'));
    assert_non_null(strchr(flags, 'l'));
    assert_non_null(strchr(flags, 'E'));
    assert_non_null(strchr(flags, 'x'));
    world_close(&world);
}

static void redis_password_and_unix_socket_are_used(void **state)
{
    (void)state;
    struct world world;
    struct fault fault = {0};
    char password_file[FOLDER_PATH_MAX + 64];
    char uri[FOLDER_PATH_MAX + 128];
    world_begin(&world, NULL, NULL);
    (void)redis_reply(world.store, "CONFIG SET requirepass sesame");
    assert_int_equal(folder_write(world.folder, "password", "sesame\n", &fault), ERR_OK);
    (void)snprintf(password_file, sizeof password_file, "redis.password_file=%s/password", world.folder);
    (void)snprintf(uri, sizeof uri, "redis.uri=%s", world.redis.socket_uri);
    world_start_daemon(&world, 0, (const char *const[]){uri, password_file, NULL});
    world_wait_listening(&world, 0);
    world_register(&world, "w", "");
    world_close(&world);
}

static void write_settings(struct world *world, const char *text)
{
    struct fault fault = {0};
    assert_int_equal(folder_write(world->folder, "musterd.ini", text, &fault), ERR_OK);
}

static void hangup_takes_over_what_may_change_and_names_the_rest(void **state)
{
    (void)state;
    struct world world;
    char file[FOLDER_PATH_MAX + 32];
    char log[FOLDER_PATH_MAX + 32];
    char mqtt[128];
    char redis[128];
    struct fault fault = {0};
    world_begin(&world, NULL, NULL);
    (void)snprintf(file, sizeof file, "%s/musterd.ini", world.folder);
    (void)snprintf(log, sizeof log, "%s/daemon-0.log", world.folder);
    (void)snprintf(mqtt, sizeof mqtt, "mqtt.uri=%s", world.broker.uri);
    (void)snprintf(redis, sizeof redis, "redis.uri=%s", world.redis.uri);
    write_settings(&world, "[registration]\nmax_concurrent_jobs = 5\n");
    const char *const argv[] = {
        MUSTER_BIN_DIR "/musterd", "-c", file, "-o", mqtt, "-o", redis, "-o", "http.listen=", NULL};
    assert_int_equal(process_start(&world.daemons[0], argv, NULL, log, &fault), ERR_OK);
    world_wait_listening(&world, 0);
    const char *six = "{\"name\":\"n\",\"maxConcurrentJobs\":6}";
    assert_like(world_ask(&world, "worker/w/register", "worker/w", six),
                "{\"message\":\"Max concurrent jobs cannot exceed 5\"}");
    write_settings(&world, "[registration]\nmax_concurrent_jobs = lots\n");
    process_signal(&world.daemons[0], SIGHUP);
    world_wait_log(&world, 0, "configuration not taken over");
    write_settings(&world, "[registration]\nmax_concurrent_jobs = 6\n[redis]\nprefix = other\n");
    process_signal(&world.daemons[0], SIGHUP);
    world_wait_log(&world, 0, "configuration taken over");
    assert_true(world_log_has(&world, 0, "needs a restart: redis.prefix"));
    assert_like(world_ask(&world, "worker/w/register", "worker/w", six), "{\"code\":\"ok\"}");
    assert_int_equal(redis_integer(world.store, "EXISTS muster:{0}:worker:w"), 1);
    world_close(&world);
}

static void second_stop_signal_stops_at_once(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, NULL);
    server_suspend(&world.redis);
    process_signal(&world.daemons[0], SIGTERM);
    world_wait_log(&world, 0, "signal 15: stopping");
    assert_true(process_is_running(&world.daemons[0]));
    process_signal(&world.daemons[0], SIGTERM);
    assert_true(process_wait(&world.daemons[0], AT_ONCE_MS));
    assert_int_equal(process_exit_status(&world.daemons[0]), 1);
    server_resume(&world.redis);
    world_close(&world);
}

static void log_lines_are_json_when_asked_for(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, (const char *const[]){"log.format=json", NULL});
    process_stop(&world.daemons[0], SIGTERM);
    char *log = process_log(&world.daemons[0]);
    size_t lines = 0;
    for (char *line = strtok(log, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        json_t *document = json_loads(line, 0, NULL);
        assert_true(json_is_string(json_object_get(document, "message")));
        json_decref(document);
        lines++;
    }
    free(log);
    assert_true(lines > 5);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_and_help_are_told),
        cmocka_unit_test(check_config_names_key_value_and_range),
        cmocka_unit_test(check_config_shows_each_value_with_its_origin),
        cmocka_unit_test(bad_uris_are_named_and_nothing_starts),
        cmocka_unit_test(redis_cluster_is_refused),
        cmocka_unit_test(redis_that_evicts_is_refused),
        cmocka_unit_test(redis_that_neither_tells_nor_may_be_set_is_refused_with_advice),
        cmocka_unit_test(redis_that_tells_but_may_not_be_asked_is_used),
        cmocka_unit_test(flags_of_others_are_kept_when_expiry_events_are_set),
        cmocka_unit_test(redis_password_and_unix_socket_are_used),
        cmocka_unit_test(hangup_takes_over_what_may_change_and_names_the_rest),
        cmocka_unit_test(second_stop_signal_stops_at_once),
        cmocka_unit_test(log_lines_are_json_when_asked_for),
    };
    return cmocka_run_group_tests_name("e2e/daemon", tests, NULL, NULL);
}
