/* test_sentinel.c -- Redis fails over to a replica: found through Sentinel, nobody failed, nothing told twice. */
#include "e2e/world.h"

#include "support/wait.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGENTS = 3, SENTINELS = 3, FAILOVER_MS = 15000, SERVICE_MS = 5000, WATCHED_MS = 2500, SETTING_BYTES = 256 };

/* Two Redis servers, of which world.redis is the first master; the daemon is told of neither. */
struct failover {
    struct world world;
    struct server other;
    struct server sentinels[SENTINELS];
    struct process agents[AGENTS];
    int64_t greatest_epoch;
};

static void must_start(enum err err, const struct fault *fault)
{
    if (err != ERR_OK) {
        fail_msg("%s", fault->text);
    }
}

static void start_servers(struct failover *failover)
{
    char extra[SETTING_BYTES];
    struct fault fault = {0};
    int port = failover->world.redis.port;
    (void)snprintf(extra, sizeof extra, "replicaof 127.0.0.1 %d\nrepl-diskless-sync-delay 0\n", port);
    must_start(server_start_redis(&failover->other, extra, &fault), &fault);
    for (int i = 0; i < SENTINELS; i++) {
        (void)snprintf(extra, sizeof extra,
                       "sentinel monitor fleet 127.0.0.1 %d 2\n"
                       "sentinel down-after-milliseconds fleet 500\n"
                       "sentinel failover-timeout fleet 5000\n",
                       port);
        must_start(server_start_sentinel(&failover->sentinels[i], extra, &fault), &fault);
    }
}

static bool knows_all(void *context)
{
    const struct server *sentinel = context;
    struct timeval patience = {.tv_sec = 5};
    redisContext *client = redisConnectWithTimeout("127.0.0.1", sentinel->port, patience);
    redisReply *reply = redisCommand(client, "SENTINEL ckquorum fleet");
    redisReply *replicas = redisCommand(client, "SENTINEL replicas fleet");
    bool knows = reply != NULL && reply->type == REDIS_REPLY_STATUS && strncmp(reply->str, "OK 3 ", 5) == 0 &&
                 replicas != NULL && replicas->elements == 1;
    freeReplyObject(replicas);
    freeReplyObject(reply);
    redisFree(client);
    return knows;
}

/* The first Sentinel of the list is one that does not exist. */
static void start_daemon(struct failover *failover)
{
    char uri[] = "redis.uri=redis://127.0.0.1:1/0";
    char sentinel[SETTING_BYTES];
    (void)snprintf(sentinel, sizeof sentinel, "redis.sentinel=fleet@127.0.0.1:1,127.0.0.1:%d,localhost:%d,127.0.0.1:%d",
                   failover->sentinels[0].port, failover->sentinels[1].port, failover->sentinels[2].port);
    world_start_daemon(&failover->world, 0, (const char *[]){uri, sentinel, NULL});
    world_wait_listening(&failover->world, 0);
}

static int setup(void **state)
{
    static struct failover failover;
    memset(&failover, 0, sizeof failover);
    world_begin(&failover.world, NULL, "repl-diskless-sync-delay 0\n");
    start_servers(&failover);
    for (int i = 0; i < SENTINELS; i++) {
        assert_true(wait_until(knows_all, &failover.sentinels[i], FAILOVER_MS));
    }
    start_daemon(&failover);
    for (int i = 0; i < AGENTS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "steady-%d", i);
        world_start_agent(&failover.world, &failover.agents[i], id, NULL);
        world_status(&failover.world, id, "{\"status\":\"ACTIVE\",\"health\":\"HEALTHY\"}");
    }
    *state = &failover;
    return 0;
}

static int teardown(void **state)
{
    struct failover *failover = *state;
    for (int i = 0; i < AGENTS; i++) {
        process_stop(&failover->agents[i], SIGKILL);
    }
    for (int i = 0; i < SENTINELS; i++) {
        server_free(&failover->sentinels[i]);
    }
    server_free(&failover->other);
    world_close(&failover->world);
    return 0;
}

/* With a connection of its own: who changes roles ends those that there are. */
static bool has_role(const struct server *server, const char *role)
{
    const struct timeval patience = {.tv_usec = 200000};
    redisContext *client = redisConnectWithTimeout("127.0.0.1", server->port, patience);
    (void)redisSetTimeout(client, patience);
    redisReply *reply = redisCommand(client, "ROLE");
    bool has = reply != NULL && reply->type == REDIS_REPLY_ARRAY && strcmp(reply->element[0]->str, role) == 0;
    freeReplyObject(reply);
    redisFree(client);
    return has;
}

static bool is_master(void *context)
{
    return has_role(context, "master");
}

static bool is_replica(void *context)
{
    return has_role(context, "slave");
}

/* From here on the world looks into another server. */
static void look_into(struct failover *failover, struct server *server)
{
    struct fault fault = {0};
    redis_client_free(failover->world.store);
    must_start(redis_client_new(server, &failover->world.store, &fault), &fault);
}

static int64_t register_and_tell_epoch(struct failover *failover, const char *id)
{
    world_register(&failover->world, id, "\"heartbeatTimeoutMs\":60000");
    return strtoll(world_field(&failover->world, id, "epoch"), NULL, 10);
}

/* Asks again and again, as a worker does. */
/* Asks again where nothing is answered, as an agent does: a reply is lost where the lease is lost before it is sent. */
static void wait_for_service(struct failover *failover, const char *id)
{
    enum { ANSWER_MS = 1000 };
    char topic[80];
    char response[80];
    (void)snprintf(topic, sizeof topic, "muster/v1/worker/%s/register", id);
    (void)snprintf(response, sizeof response, "muster/v1/reply/worker/%s/here", id);
    const struct broker_publication publication = {
        .topic = topic,
        .payload = text_of("{\"name\":\"n\",\"maxConcurrentJobs\":1,\"heartbeatTimeoutMs\":60000}"),
        .qos = 1,
        .response_topic = response};
    int64_t deadline_ms = clock_monotonic_ms() + SERVICE_MS;
    const struct record *reply = NULL;
    while (reply == NULL || strstr(reply->payload, "\"ok\"") == NULL) {
        struct fault fault = {0};
        if (clock_monotonic_ms() >= deadline_ms) {
            fail_msg("no service within %d ms: %s", SERVICE_MS, reply != NULL ? reply->payload : "no reply");
        }
        reply = recorder_request(failover->world.observer, &publication, ANSWER_MS, &fault);
    }
}

static void assert_nobody_fails(struct failover *failover)
{
    struct recorder *observer = failover->world.observer;
    bool is_quiet = recorder_stays_silent(observer, "muster/v1/event/unhealthy/+", NULL, WATCHED_MS) &&
                    recorder_count(observer, "muster/v1/event/failed/+", NULL) == 0 &&
                    recorder_count(observer, "muster/v1/event/cleaned_up/+", NULL) == 0;
    if (!is_quiet) {
        recorder_print(observer);
        fail_msg("a worker that kept heartbeating was called unhealthy");
    }
    for (int i = 0; i < AGENTS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "steady-%d", i);
        assert_string_equal(world_field(&failover->world, id, "health"), "HEALTHY");
    }
}

static void assert_death_is_noticed(struct failover *failover, const char *id)
{
    struct process agent = {0};
    world_start_agent(&failover->world, &agent, id, NULL);
    world_status(&failover->world, id, "{\"status\":\"ACTIVE\"}");
    process_stop(&agent, SIGKILL);
    world_event(&failover->world, "unhealthy", id, NULL);
    world_event(&failover->world, "cleaned_up", id, NULL);
}

static void master_is_found_through_sentinels_of_which_one_is_dead(void **state)
{
    struct failover *failover = *state;
    char up[64];
    (void)snprintf(up, sizeof up, "Redis is up at 127.0.0.1:%d", failover->world.redis.port);
    world_wait_log(&failover->world, 0, up);
    failover->greatest_epoch = register_and_tell_epoch(failover, "early");
}

static void killed_master_is_left_for_the_promoted_replica_and_nobody_fails(void **state)
{
    struct failover *failover = *state;
    recorder_mark(failover->world.observer);
    assert_true(redis_integer(failover->world.store, "WAIT 1 1000") == 1);
    server_stop(&failover->world.redis, SIGKILL);
    assert_true(wait_until(is_master, &failover->other, FAILOVER_MS));
    look_into(failover, &failover->other);
    wait_for_service(failover, "after");
    assert_nobody_fails(failover);
    int64_t epoch = register_and_tell_epoch(failover, "later");
    assert_true(epoch > failover->greatest_epoch);
    failover->greatest_epoch = epoch;
    assert_like(world_ask(&failover->world, "request/op/status", "client/op", "{\"workerId\":\"early\"}"),
                "{\"worker\":{\"status\":\"ACTIVE\"}}");
    assert_death_is_noticed(failover, "dead-1");
}

static void old_master_comes_back_as_replica_and_is_not_used(void **state)
{
    struct failover *failover = *state;
    struct fault fault = {0};
    must_start(server_start_again(&failover->world.redis, &fault), &fault);
    assert_true(wait_until(is_replica, &failover->world.redis, FAILOVER_MS));
    look_into(failover, &failover->world.redis);
    recorder_mark(failover->world.observer);
    int64_t connections = redis_integer(failover->world.store, "EVAL %s 0",
                                        "local n = 0 for _ in string.gmatch(redis.call('INFO', 'commandstats'), "
                                        "'cmdstat_fcall:') do n = n + 1 end return n");
    assert_int_equal(connections, 0);
    look_into(failover, &failover->other);
    assert_true(register_and_tell_epoch(failover, "third") > failover->greatest_epoch);
    assert_nobody_fails(failover);
}

/* It hangs until the others have another master, and then still thinks for a while that it is one. */
static void master_that_hung_is_left_and_nobody_fails(void **state)
{
    struct failover *failover = *state;
    recorder_mark(failover->world.observer);
    assert_true(wait_until(knows_all, &failover->sentinels[0], FAILOVER_MS));
    failover->greatest_epoch = register_and_tell_epoch(failover, "fourth");
    assert_true(redis_integer(failover->world.store, "WAIT 1 1000") == 1);
    server_suspend(&failover->other);
    assert_true(wait_until(is_master, &failover->world.redis, FAILOVER_MS));
    look_into(failover, &failover->world.redis);
    server_resume(&failover->other);
    wait_for_service(failover, "fifth");
    assert_nobody_fails(failover);
    assert_true(register_and_tell_epoch(failover, "sixth") > failover->greatest_epoch);
}

static void tell_sentinels(struct failover *failover, const char *format, int port)
{
    for (int i = 0; i < SENTINELS; i++) {
        redisContext *client = redisConnect("127.0.0.1", failover->sentinels[i].port);
        redisReply *reply = redisCommand(client, format, port);
        assert_true(reply != NULL && reply->type == REDIS_REPLY_STATUS);
        freeReplyObject(reply);
        redisFree(client);
    }
}

static bool has_replica(void *context)
{
    return redis_integer(context, "WAIT 1 100") == 1;
}

static bool lease_is_over(void *context)
{
    return redis_integer(context, "EXISTS muster:{0}:lease") == 0;
}

/* Nobody demotes the old one: it would take everything that is written to it. */
static void master_that_still_answers_is_left_when_sentinels_name_another(void **state)
{
    struct failover *failover = *state;
    assert_true(wait_until(is_replica, &failover->other, FAILOVER_MS));
    assert_true(wait_until(has_replica, failover->world.store, FAILOVER_MS));
    recorder_mark(failover->world.observer);
    tell_sentinels(failover, "SENTINEL remove fleet", 0);
    look_into(failover, &failover->other);
    (void)redis_reply(failover->world.store, "REPLICAOF NO ONE");
    tell_sentinels(failover, "SENTINEL monitor fleet 127.0.0.1 %d 2", failover->other.port);
    char up[64];
    (void)snprintf(up, sizeof up, "names another master: 127.0.0.1:%d", failover->other.port);
    world_wait_log(&failover->world, 0, up);
    wait_for_service(failover, "seventh");
    assert_nobody_fails(failover);
    look_into(failover, &failover->world.redis);
    assert_true(wait_until(lease_is_over, failover->world.store, SERVICE_MS));
    assert_int_equal(redis_integer(failover->world.store, "EXISTS muster:{0}:worker:seventh"), 0);
    look_into(failover, &failover->other);
    assert_death_is_noticed(failover, "dead-2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(master_is_found_through_sentinels_of_which_one_is_dead),
        cmocka_unit_test(killed_master_is_left_for_the_promoted_replica_and_nobody_fails),
        cmocka_unit_test(old_master_comes_back_as_replica_and_is_not_used),
        cmocka_unit_test(master_that_hung_is_left_and_nobody_fails),
        cmocka_unit_test(master_that_still_answers_is_left_when_sentinels_name_another),
    };
    return cmocka_run_group_tests_name("e2e/sentinel", tests, setup, teardown);
}
