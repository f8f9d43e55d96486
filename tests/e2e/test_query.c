/* test_query.c -- asking the registry, from outside: list, find, events, health, config, export and import. */
#include "e2e/world.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAYLOAD_MAX = 64 * 1024, TOPIC_BYTES = 128 };

/* A reply that lives until the next one. */
static json_t *ask(struct world *world, const char *verb, const char *payload)
{
    static json_t *reply = NULL;
    char topic[TOPIC_BYTES];
    (void)snprintf(topic, sizeof topic, "request/op/%s", verb);
    json_decref(reply);
    reply = NULL;
    reply = json_loads(world_ask(world, topic, "client/op", payload), 0, NULL);
    assert_non_null(reply);
    return reply;
}

static const char *string_at(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

static json_int_t int_at(const json_t *object, const char *name)
{
    const json_t *number = json_object_get(object, name);
    if (!json_is_integer(number)) {
        fail_msg("no number \"%s\"", name);
    }
    return json_integer_value(number);
}

static void assert_code(const json_t *reply, const char *code)
{
    assert_string_equal(string_at(reply, "code"), code);
}

/* The ids of the workers in a reply, in their order, with blanks between. */
static const char *ids_of(const json_t *reply)
{
    static char ids[4096];
    size_t i = 0;
    const json_t *worker = NULL;
    size_t used = 0;
    ids[0] = '\0';
    assert_code(reply, "ok");
    json_array_foreach(json_object_get(reply, "workers"), i, worker)
    {
        used +=
            (size_t)snprintf(ids + used, sizeof ids - used, "%s%s", i > 0 ? " " : "", string_at(worker, "workerId"));
        assert_true(used < sizeof ids);
    }
    return ids;
}

static void assert_found(struct world *world, const char *verb, const char *payload, const char *ids)
{
    const char *found = ids_of(ask(world, verb, payload));
    if (strcmp(found, ids) != 0) {
        fail_msg("%s %s found \"%s\", not \"%s\"", verb, payload, found, ids);
    }
}

/* Registers, and waits until a heartbeat has said what the worker does. */
static void register_doing(struct world *world, const char *id, const char *more, const char *heartbeat)
{
    char topic[TOPIC_BYTES];
    char reply_of[TOPIC_BYTES];
    char fields[1024];
    (void)snprintf(topic, sizeof topic, "worker/%s/heartbeat", id);
    (void)snprintf(reply_of, sizeof reply_of, "worker/%s", id);
    (void)snprintf(fields, sizeof fields, "\"heartbeatTimeoutMs\":60000%s%s", more[0] != '\0' ? "," : "", more);
    world_register(world, id, fields);
    if (heartbeat[0] != '\0') {
        assert_like(world_ask(world, topic, reply_of, heartbeat), "{\"code\":\"ok\"}");
    }
}

/* Five workers of one zone, so that no other test is in the way. */
static void make_fleet(struct world *world)
{
    register_doing(world, "f1", "\"zone\":\"fz\",\"tags\":\"gpu,fast\",\"capabilities\":[\"java\",\"go\"]",
                   "{\"currentJobCount\":2}");
    register_doing(world, "f2", "\"zone\":\"fz\",\"tags\":\"gpu\",\"capabilities\":[\"java\"]",
                   "{\"currentJobCount\":9,\"status\":\"BUSY\"}");
    register_doing(world, "f3", "\"zone\":\"fz\",\"tags\":\"fast\",\"capabilities\":{\"java\":false,\"go\":true}",
                   "{\"status\":\"IDLE\"}");
    register_doing(world, "f4", "\"zone\":\"fz\",\"tags\":\"gpu,fast\"", "{\"status\":\"MAINTENANCE\"}");
    register_doing(world, "f5", "\"zone\":\"fz\",\"tags\":\"gpu\"", "{\"status\":\"IDLE\",\"currentJobCount\":1}");
}

static void list_combines_every_filter(void **state)
{
    struct world *world = *state;
    assert_found(world, "list", "{\"zone\":\"fz\"}", "f1 f2 f3 f4 f5");
    assert_found(world, "list", "{\"zone\":\"fz\",\"status\":\"BUSY\"}", "f2");
    assert_found(world, "list", "{\"zone\":\"fz\",\"health\":\"UNHEALTHY\"}", "f5");
    assert_found(world, "list", "{\"zone\":\"fz\",\"tags\":[\"gpu\"]}", "f1 f2 f4 f5");
    assert_found(world, "list", "{\"zone\":\"fz\",\"tags\":\"gpu, fast\"}", "f1 f4");
    assert_found(world, "list", "{\"zone\":\"fz\",\"capabilities\":\"java\"}", "f1 f2");
    assert_found(world, "list", "{\"zone\":\"fz\",\"capabilities\":[\"java\",\"go\"]}", "f1");
    assert_found(world, "list", "{\"zone\":\"fz\",\"minimumFreeCapacity\":9}", "f3 f4 f5");
    assert_found(world, "list", "{\"zone\":\"fz\",\"namePrefix\":\"Worker f3\"}", "f3");
    assert_found(world, "list", "{\"zone\":\"fz\",\"namePrefix\":\"worker\"}", "");
    assert_found(world, "list", "{\"zone\":\"fz\",\"tags\":\"gpu\",\"minimumFreeCapacity\":5,\"status\":\"ACTIVE\"}",
                 "f1");
    assert_found(world, "list", "{\"zone\":\"nowhere\"}", "");
}

static void find_leaves_out_who_may_not_be_given_work(void **state)
{
    struct world *world = *state;
    assert_found(world, "find", "{\"zone\":\"fz\"}", "f1 f2 f3");
    assert_found(world, "find", "{\"zone\":\"fz\",\"tags\":\"fast\",\"minimumFreeCapacity\":9}", "f3");
    assert_found(world, "find", "{\"zone\":\"fz\",\"status\":\"IDLE\"}", "f3");
    assert_found(world, "find", "{\"zone\":\"fz\",\"status\":\"MAINTENANCE\"}", "f4");
    assert_found(world, "find", "{\"zone\":\"fz\",\"health\":\"UNHEALTHY\"}", "f5");
}

static void find_sorted_answers_with_the_freest(void **state)
{
    struct world *world = *state;
    assert_found(world, "find", "{\"zone\":\"fz\",\"sort\":\"freeCapacity\"}", "f3 f1 f2");
    assert_found(world, "find", "{\"zone\":\"fz\",\"sort\":\"freeCapacity\",\"limit\":2}", "f3 f1");
    assert_null(
        json_object_get(ask(world, "find", "{\"zone\":\"fz\",\"sort\":\"freeCapacity\",\"limit\":2}"), "cursor"));
    assert_found(world, "find", "{\"zone\":\"fz\",\"sort\":\"freeCapacity\",\"minimumFreeCapacity\":8}", "f3 f1");
    assert_found(world, "find", "{\"zone\":\"fz\",\"sort\":\"freeCapacity\",\"tags\":\"gpu\",\"limit\":1}", "f1");
    assert_found(world, "find", "{\"zone\":\"fz\",\"sort\":\"freeCapacity\",\"health\":\"UNHEALTHY\"}", "f5");
    assert_found(world, "find", "{\"zone\":\"nowhere\",\"sort\":\"freeCapacity\"}", "");
}

static void free_capacity_follows_the_worker(void **state)
{
    struct world *world = *state;
    register_doing(world, "cap-1", "\"zone\":\"cz\"", "{\"currentJobCount\":4,\"status\":\"BUSY\"}");
    assert_string_equal(redis_text(world->store, "ZSCORE muster:{0}:free cap-1"), "6");
    assert_like(world_ask(world, "worker/cap-1/heartbeat", "worker/cap-1", "{\"currentJobCount\":10}"),
                "{\"code\":\"ok\"}");
    assert_string_equal(redis_text(world->store, "ZSCORE muster:{0}:free cap-1"), "0");
    assert_like(world_ask(world, "worker/cap-1/heartbeat", "worker/cap-1", "{\"status\":\"ERROR\"}"),
                "{\"code\":\"ok\"}");
    assert_null(redis_text(world->store, "ZSCORE muster:{0}:free cap-1"));
    assert_like(
        world_ask(world, "worker/cap-1/heartbeat", "worker/cap-1", "{\"status\":\"ACTIVE\",\"currentJobCount\":1}"),
        "{\"code\":\"ok\"}");
    assert_string_equal(redis_text(world->store, "ZSCORE muster:{0}:free cap-1"), "9");
    assert_like(world_ask(world, "worker/cap-1/deregister", "worker/cap-1", "{\"forceDeregister\":true}"),
                "{\"code\":\"ok\"}");
    assert_null(redis_text(world->store, "ZSCORE muster:{0}:free cap-1"));
}

static void small_pages_hold_what_was_asked_for_and_end(void **state)
{
    struct world *world = *state;
    char payload[512];
    json_t *reply = ask(world, "list", "{\"zone\":\"fz\",\"limit\":2}");
    assert_string_equal(ids_of(reply), "f1 f2");
    (void)snprintf(payload, sizeof payload, "{\"zone\":\"fz\",\"limit\":2,\"cursor\":\"%s\"}",
                   string_at(reply, "cursor"));
    reply = ask(world, "list", payload);
    assert_string_equal(ids_of(reply), "f3 f4");
    (void)snprintf(payload, sizeof payload, "{\"zone\":\"fz\",\"limit\":2,\"cursor\":\"%s\"}",
                   string_at(reply, "cursor"));
    reply = ask(world, "list", payload);
    assert_string_equal(ids_of(reply), "f5");
    assert_null(json_object_get(reply, "cursor"));
}

static void cursors_of_other_requests_are_refused(void **state)
{
    struct world *world = *state;
    char cursor[300];
    char payload[512];
    (void)snprintf(cursor, sizeof cursor, "%s",
                   string_at(ask(world, "list", "{\"zone\":\"fz\",\"limit\":1}"), "cursor"));
    assert_true(strlen(cursor) > 0);
    (void)snprintf(payload, sizeof payload, "{\"zone\":\"other\",\"cursor\":\"%s\"}", cursor);
    assert_code(ask(world, "list", payload), "validation_failed");
    (void)snprintf(payload, sizeof payload, "{\"zone\":\"fz\",\"cursor\":\"%s\"}", cursor);
    assert_code(ask(world, "find", payload), "validation_failed");
    assert_code(ask(world, "list", payload), "ok");
    assert_code(ask(world, "list", "{\"zone\":\"fz\",\"cursor\":\"17\"}"), "validation_failed");
    assert_code(ask(world, "export", "{\"cursor\":\"0\"}"), "validation_failed");
}

static void bad_parameters_are_all_named_at_once(void **state)
{
    struct world *world = *state;
    const json_t *reply = ask(world, "find",
                              "{\"limit\":1001,\"minimumFreeCapacity\":-1,\"sort\":\"name\","
                              "\"workerId\":\"not an id\",\"type\":\"born\",\"from\":\"yesterday\"}");
    assert_code(reply, "validation_failed");
    static const char *const named[] = {"limit must be between 1 and 1000 (is 1001)",
                                        "minimumFreeCapacity must be between 0 and 2147483647 (is -1)",
                                        "sort must be freeCapacity (is \"name\")",
                                        "workerId must be 1-128",
                                        "type must be",
                                        "from must be an event id"};
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (strstr(string_at(reply, "message"), named[i]) == NULL) {
            fail_msg("\"%s\" is not in %s", named[i], string_at(reply, "message"));
        }
    }
    assert_int_equal(json_array_size(json_object_get(reply, "errors")), 6);
    assert_code(ask(world, "list", "{\"sort\":\"freeCapacity\"}"), "validation_failed");
    assert_code(ask(world, "list", "{\"tags\":5}"), "invalid_payload");
    assert_code(ask(world, "health", "{}"), "validation_failed");
}

/* ------------------------------------------------------------------------------------ paging through a crowd */

enum { CROWD = 1500, CROWD_BATCH = 100, CROWD_PAGE = 90 };

static void register_crowd(struct world *world, const char *prefix, int from, int count, const char *tag)
{
    static char payload[PAYLOAD_MAX];
    size_t used = (size_t)snprintf(payload, sizeof payload, "{\"workers\":[");
    for (int i = from; i < from + count; i++) {
        used += (size_t)snprintf(payload + used, sizeof payload - used,
                                 "%s{\"workerId\":\"%s%d\",\"name\":\"N\",\"maxConcurrentJobs\":%d,\"tags\":[\"%s\"],"
                                 "\"zone\":\"crowd\",\"heartbeatTimeoutMs\":600000}",
                                 i > from ? "," : "", prefix, i, 1 + i % 100, tag);
    }
    (void)snprintf(payload + used, sizeof payload - used, "]}");
    const json_t *reply = ask(world, "register-batch", payload);
    assert_code(reply, "ok");
    assert_int_equal(int_at(reply, "accepted"), count);
}

static void churn(struct world *world, int round)
{
    char payload[128];
    register_crowd(world, "guest", round * CROWD_BATCH, CROWD_BATCH, "stay");
    for (int i = 0; round > 0 && i < CROWD_BATCH; i++) {
        (void)snprintf(payload, sizeof payload, "{\"workerId\":\"guest%d\"}", (round - 1) * CROWD_BATCH + i);
        assert_code(ask(world, "force-deregister", payload), "ok");
    }
}

static void note_found(const json_t *reply, bool found[CROWD])
{
    size_t i = 0;
    const json_t *worker = NULL;
    json_array_foreach(json_object_get(reply, "workers"), i, worker)
    {
        int number = 0;
        if (sscanf(string_at(worker, "workerId"), "stay%d", &number) == 1 && number < CROWD) {
            found[number] = true;
        }
    }
}

static void whoever_stays_is_found_while_others_come_and_go(void **state)
{
    struct world *world = *state;
    static bool found[CROWD];
    char payload[512];
    char cursor[300] = "";
    for (int i = 0; i < CROWD; i += CROWD_BATCH) {
        register_crowd(world, "stay", i, CROWD_BATCH, "stay");
    }
    for (int round = 0; round == 0 || cursor[0] != '\0'; round++) {
        assert_true(round < 200);
        (void)snprintf(payload, sizeof payload, "{\"tags\":\"stay\",\"zone\":\"crowd\",\"limit\":%d%s%s%s}", CROWD_PAGE,
                       cursor[0] != '\0' ? ",\"cursor\":\"" : "", cursor, cursor[0] != '\0' ? "\"" : "");
        const json_t *reply = ask(world, "list", payload);
        assert_code(reply, "ok");
        assert_true(json_array_size(json_object_get(reply, "workers")) <= CROWD_PAGE);
        note_found(reply, found);
        (void)snprintf(cursor, sizeof cursor, "%s", string_at(reply, "cursor"));
        if (round < 8) {
            churn(world, round);
        }
    }
    for (int i = 0; i < CROWD; i++) {
        if (!found[i]) {
            fail_msg("stay%d was not found", i);
        }
    }
}

static void best_of_a_crowd_are_the_freest(void **state)
{
    struct world *world = *state;
    const json_t *reply =
        ask(world, "find", "{\"tags\":\"stay\",\"namePrefix\":\"N\",\"sort\":\"freeCapacity\",\"limit\":40}");
    const json_t *workers = json_object_get(reply, "workers");
    assert_int_equal(json_array_size(workers), 40);
    json_int_t before = 100;
    for (size_t i = 0; i < 40; i++) {
        json_int_t free = int_at(json_array_get(workers, i), "availableCapacity");
        assert_true(free <= before && free >= 97);
        before = free;
    }
    assert_int_equal(int_at(json_array_get(workers, 0), "availableCapacity"), 100);
}

/* ------------------------------------------------------------------------------------ a few free among many full */

enum { FULL = 100000, FULL_STEP = 2000, FULL_PAGES_MAX = 1000 };

/* In steps that are short enough for the registry, which goes on meanwhile. */
static void do_with_full(struct world *world, const char *script)
{
    for (int from = 0; from < FULL; from += FULL_STEP) {
        (void)redis_reply(world->store, "EVAL %s 1 muster:{0}: %d %d", script, from + 1, from + FULL_STEP);
    }
}

/* Only in the sets that a search looks into: there are no workers behind them. */
static void make_full(struct world *world)
{
    static const char script[] = "for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do "
                                 "redis.call('SADD', KEYS[1] .. 'tag:full', 'full-' .. i) "
                                 "redis.call('ZADD', KEYS[1] .. 'free', 0, 'full-' .. i) end";
    do_with_full(world, script);
}

static void unmake_full(struct world *world)
{
    static const char script[] = "for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do "
                                 "redis.call('SREM', KEYS[1] .. 'tag:full', 'full-' .. i) "
                                 "redis.call('ZREM', KEYS[1] .. 'free', 'full-' .. i) end";
    do_with_full(world, script);
}

struct pages {
    size_t count;
    size_t found;
    size_t best; /* most of one page's first */
};

static struct pages page_through(struct world *world, const char *filter)
{
    struct pages pages = {0};
    char payload[512];
    char cursor[300] = "";
    do {
        (void)snprintf(payload, sizeof payload, "{%s%s%s%s}", filter, cursor[0] != '\0' ? ",\"cursor\":\"" : "", cursor,
                       cursor[0] != '\0' ? "\"" : "");
        const json_t *reply = ask(world, "find", payload);
        assert_code(reply, "ok");
        const json_t *workers = json_object_get(reply, "workers");
        size_t first =
            json_array_size(workers) > 0 ? (size_t)int_at(json_array_get(workers, 0), "availableCapacity") : 0;
        pages.best = first > pages.best ? first : pages.best;
        pages.found += json_array_size(workers);
        pages.count++;
        assert_true(pages.count < FULL_PAGES_MAX);
        (void)snprintf(cursor, sizeof cursor, "%s", string_at(reply, "cursor"));
    } while (cursor[0] != '\0');
    return pages;
}

static void search_among_many_full_ends_pages_early_until_all_who_match_are_found(void **state)
{
    struct world *world = *state;
    static const char plain[] = "\"tags\":\"full\",\"minimumFreeCapacity\":1";
    static const char sorted[] = "\"tags\":\"full\",\"namePrefix\":\"Worker room\",\"sort\":\"freeCapacity\"";
    make_full(world);
    assert_int_equal(page_through(world, plain).found, 0);
    register_doing(world, "room-1", "\"tags\":\"full\"", "{\"currentJobCount\":9}");
    register_doing(world, "room-2", "\"tags\":\"full\"", "{\"currentJobCount\":7}");
    struct pages pages = page_through(world, plain);
    assert_true(pages.found >= 2); /* one may come twice */
    assert_true(pages.count > 1);
    pages = page_through(world, sorted);
    assert_true(pages.count > 1);
    assert_true(pages.found >= 2);
    assert_int_equal(pages.best, 3);
    unmake_full(world);
}

/* ---------------------------------------------------------------------------------------------------- events */

static void events_are_found_by_worker_and_type_and_resumed(void **state)
{
    struct world *world = *state;
    char payload[256];
    register_doing(world, "ev-1", "", "{\"status\":\"BUSY\",\"currentJobCount\":1}");
    register_doing(world, "ev-2", "", "");
    assert_like(world_ask(world, "worker/ev-1/deregister", "worker/ev-1", "{\"forceDeregister\":true}"),
                "{\"code\":\"ok\"}");
    const json_t *reply = ask(world, "events", "{\"workerId\":\"ev-1\",\"limit\":2}");
    const json_t *events = json_object_get(reply, "events");
    assert_int_equal(json_array_size(events), 2);
    assert_string_equal(string_at(json_array_get(events, 0), "type"), "registered");
    assert_string_equal(string_at(json_array_get(events, 1), "type"), "status");
    assert_true(json_is_true(json_object_get(reply, "more")));
    (void)snprintf(payload, sizeof payload, "{\"workerId\":\"ev-1\",\"from\":\"%s\"}", string_at(reply, "next"));
    reply = ask(world, "events", payload);
    events = json_object_get(reply, "events");
    assert_int_equal(json_array_size(events), 1);
    assert_string_equal(string_at(json_array_get(events, 0), "type"), "deregistered");
    assert_true(json_is_false(json_object_get(reply, "more")));
    assert_null(json_object_get(reply, "truncated"));
    assert_true(strlen(string_at(reply, "oldest")) > 0);
    (void)snprintf(payload, sizeof payload, "{\"workerId\":\"ev-1\",\"from\":\"%s\"}", string_at(reply, "next"));
    assert_int_equal(json_array_size(json_object_get(ask(world, "events", payload), "events")), 0);
    reply = ask(world, "events", "{\"type\":\"deregistered\",\"workerId\":\"ev-1\"}");
    assert_int_equal(json_array_size(json_object_get(reply, "events")), 1);
}

static void events_tell_that_some_have_been_cut_off(void **state)
{
    struct world *world = *state;
    char from[64];
    char payload[128];
    register_doing(world, "cut-1", "", "");
    (void)snprintf(from, sizeof from, "%s", string_at(ask(world, "events", "{\"limit\":1}"), "next"));
    (void)snprintf(payload, sizeof payload, "{\"from\":\"%s\",\"limit\":1}", from);
    assert_null(json_object_get(ask(world, "events", payload), "truncated"));
    register_doing(world, "cut-2", "", "");
    register_doing(world, "cut-3", "", "");
    (void)redis_reply(world->store, "XTRIM muster:{0}:events MAXLEN 1");
    const json_t *reply = ask(world, "events", payload);
    assert_true(json_is_true(json_object_get(reply, "truncated")));
    assert_string_equal(string_at(json_array_get(json_object_get(reply, "events"), 0), "eventId"),
                        string_at(reply, "oldest"));
}

/* ---------------------------------------------------------------------------------------------------- health */

static void sleep_ms(long ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

static void health_of_a_good_worker_is_reported(void **state)
{
    struct world *world = *state;
    register_doing(world, "hl-1", "",
                   "{\"status\":\"BUSY\",\"currentJobCount\":4,\"cpuUsage\":45.5,\"memoryUsage\":67.8}");
    const json_t *reply = ask(world, "health", "{\"workerId\":\"hl-1\"}");
    char *text = json_dumps(reply, 0);
    assert_like(text, "{\"code\":\"ok\",\"workerId\":\"hl-1\",\"healthy\":true,\"description\":\"Worker is healthy\","
                      "\"status\":\"BUSY\",\"health\":\"HEALTHY\",\"metrics\":{\"uptimePercentage\":100.0,"
                      "\"loadPercentage\":40.0,\"cpuUsage\":45.5,\"memoryUsage\":67.8,\"errorCount\":0,"
                      "\"consecutiveFailures\":0,\"heartbeats\":1},\"checks\":{\"heartbeat\":{\"passed\":true},"
                      "\"status\":{\"passed\":true},\"capacity\":{\"passed\":true},\"jobs\":{\"passed\":true}}}");
    free(text);
    assert_true(int_at(reply, "nextStepAt") > int_at(reply, "lastHeartbeat"));
    assert_code(ask(world, "health", "{\"workerId\":\"never-seen\"}"), "not_found");
}

static void health_of_a_bad_worker_says_why_and_what_it_cost(void **state)
{
    struct world *world = *state;
    register_doing(world, "hl-2", "", "{\"status\":\"ERROR\",\"errorCount\":3,\"message\":\"disk is full\"}");
    const json_t *reply = ask(world, "health", "{\"workerId\":\"hl-2\"}");
    assert_true(json_is_false(json_object_get(reply, "healthy")));
    assert_string_equal(string_at(reply, "reason"), "status_inconsistent");
    assert_string_equal(string_at(reply, "lastError"), "disk is full");
    assert_true(int_at(reply, "lastErrorTime") >= int_at(reply, "registeredAt"));
    assert_non_null(strstr(string_at(reply, "description"), "the worker declares ERROR"));
    assert_true(json_is_false(json_object_get(json_object_get(json_object_get(reply, "checks"), "status"), "passed")));
    sleep_ms(100);
    assert_like(world_ask(world, "worker/hl-2/heartbeat", "worker/hl-2", "{\"status\":\"ACTIVE\",\"errorCount\":3}"),
                "{\"code\":\"ok\"}");
    reply = ask(world, "health", "{\"workerId\":\"hl-2\"}");
    assert_string_equal(string_at(reply, "health"), "RECOVERED");
    assert_string_equal(string_at(reply, "lastError"), "disk is full");
    double uptime = json_real_value(json_object_get(json_object_get(reply, "metrics"), "uptimePercentage"));
    assert_true(uptime >= 0 && uptime < 100);
    assert_true(strtol(world_field(world, "hl-2", "unhealthyMs"), NULL, 10) >= 100);
}

static void summary_counts_and_lists_who_is_not_well(void **state)
{
    struct world *world = *state;
    register_doing(world, "sum-1", "", "{\"status\":\"ERROR\"}");
    const json_t *reply = ask(world, "health-summary", "");
    assert_code(reply, "ok");
    const json_t *by_health = json_object_get(reply, "byHealth");
    const json_t *by_status = json_object_get(reply, "byStatus");
    json_int_t total = 0;
    const char *name = NULL;
    json_t *count = NULL;
    json_object_foreach((json_t *)by_health, name, count)
    {
        total += json_integer_value(count);
    }
    assert_int_equal(total, int_at(reply, "totalWorkers"));
    total = 0;
    json_object_foreach((json_t *)by_status, name, count)
    {
        total += json_integer_value(count);
    }
    assert_int_equal(total, int_at(reply, "totalWorkers"));
    json_int_t unwell = int_at(by_health, "UNHEALTHY") + int_at(by_health, "FAILED");
    assert_int_equal(int_at(reply, "unhealthyWorkerCount"), unwell);
    assert_int_equal(json_array_size(json_object_get(reply, "workers")), unwell);
    assert_non_null(strstr(ids_of(reply), "sum-1"));
}

/* ---------------------------------------------------------------------------------------------------- config */

static const json_t *setting_of(const json_t *reply, const char *key)
{
    size_t i = 0;
    const json_t *setting = NULL;
    json_array_foreach(json_object_get(reply, "config"), i, setting)
    {
        if (strcmp(string_at(setting, "key"), key) == 0) {
            return setting;
        }
    }
    fail_msg("no setting %s", key);
    return NULL;
}

static void config_tells_values_and_where_they_come_from(void **state)
{
    struct world *world = *state;
    const json_t *reply = ask(world, "config", "");
    assert_code(reply, "ok");
    const json_t *check = setting_of(reply, "health.check_interval_ms");
    assert_int_equal(int_at(check, "value"), 60000);
    assert_string_equal(string_at(check, "source"), "option");
    assert_string_equal(string_at(check, "seedName"), "jobscheduler.worker.health-check-interval-ms");
    const json_t *factor = setting_of(reply, "registration.max_load_factor");
    assert_string_equal(string_at(factor, "source"), "default");
    assert_true(json_real_value(json_object_get(factor, "value")) == 2.0);
    assert_true(json_is_true(json_object_get(setting_of(reply, "health.auto_recovery"), "value")));
    assert_string_equal(string_at(setting_of(reply, "mqtt.uri"), "value"), world->broker.uri);
}

static void config_names_file_and_line_and_hides_secrets(void **state)
{
    (void)state;
    static struct world world;
    char path[FOLDER_PATH_MAX + 32];
    char secret[FOLDER_PATH_MAX + 32];
    char setting[FOLDER_PATH_MAX + 64];
    world_begin(&world, NULL, NULL);
    (void)snprintf(path, sizeof path, "%s/musterd.conf", world.folder);
    (void)snprintf(secret, sizeof secret, "%s/password", world.folder);
    FILE *file = fopen(secret, "w");
    assert_non_null(file);
    (void)fputs("top-secret\n", file);
    (void)fclose(file);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(file, "[mqtt]\nuri = %s\nusername = me\npassword_file = %s\n\n[redis]\nuri = %s\n", world.broker.uri,
                  secret, world.redis.uri);
    (void)fclose(file);
    const char *argv[] = {MUSTER_BIN_DIR "/musterd", "-c", path, "-o", "http.listen=", NULL};
    struct fault fault = {0};
    (void)snprintf(setting, sizeof setting, "%s/daemon-0.log", world.folder);
    assert_int_equal(process_start(&world.daemons[0], argv, NULL, setting, &fault), ERR_OK);
    world_wait_listening(&world, 0);
    const json_t *reply = ask(&world, "config", "");
    const json_t *uri = setting_of(reply, "redis.uri");
    assert_string_equal(string_at(uri, "source"), "file");
    assert_string_equal(string_at(uri, "file"), path);
    assert_int_equal(int_at(uri, "line"), 7);
    assert_string_equal(string_at(setting_of(reply, "mqtt.password_file"), "value"), "***");
    char *text = json_dumps(reply, 0);
    assert_null(strstr(text, "top-secret"));
    assert_null(strstr(text, secret));
    free(text);
    world_close(&world);
}

/* ---------------------------------------------------------------------------------------- export and import */

/* The record of one worker out of an export, owned by the caller. */
static json_t *exported(struct world *world, const char *id)
{
    char payload[512] = "{\"limit\":2}";
    for (int round = 0; round < 2000; round++) {
        const json_t *reply = ask(world, "export", payload);
        assert_code(reply, "ok");
        size_t i = 0;
        json_t *record = NULL;
        json_array_foreach(json_object_get(reply, "workers"), i, record)
        {
            if (strcmp(string_at(record, "workerId"), id) == 0) {
                return json_incref(record);
            }
        }
        if (string_at(reply, "cursor")[0] == '\0') {
            break;
        }
        (void)snprintf(payload, sizeof payload, "{\"limit\":2,\"cursor\":\"%s\"}", string_at(reply, "cursor"));
    }
    return NULL;
}

static const json_t *import_one(struct world *world, const json_t *record, bool force)
{
    json_t *message = json_pack("{s:[O], s:b}", "workers", record, "force", force);
    char *payload = json_dumps(message, JSON_COMPACT);
    const json_t *reply = ask(world, "import", payload);
    assert_code(reply, "ok");
    free(payload);
    json_decref(message);
    return json_array_get(json_object_get(reply, "results"), 0);
}

static void export_and_import_bring_a_lost_worker_back(void **state)
{
    (void)state;
    static struct world world;
    static const char *const settings[] = {"worker.archive_seconds=600", "worker.heartbeat_timeout_ms=60000", NULL};
    world_open(&world, settings);
    register_doing(
        &world, "ex-1",
        "\"bootId\":\"b1\",\"connection\":3,\"tags\":[\"t1\"],\"capabilities\":{\"java\":true},\"zone\":\"z\","
        "\"hostName\":\"h\",\"port\":99,\"workerLoadFactor\":1.5",
        "{\"bootId\":\"b1\",\"connection\":3,\"status\":\"BUSY\",\"jobs\":[\"j1\",\"j2\"],\"seq\":7}");
    register_doing(&world, "ex-2", "", "");
    assert_code(ask(&world, "force-deregister", "{\"workerId\":\"ex-2\"}"), "ok");
    json_t *live = exported(&world, "ex-1");
    json_t *gone = exported(&world, "ex-2");
    assert_non_null(live);
    assert_string_equal(string_at(gone, "status"), "INACTIVE");
    process_stop(&world.daemons[0], SIGTERM);
    (void)redis_reply(world.store, "FLUSHALL");
    world_start_daemon(&world, 0, settings);
    world_wait_listening(&world, 0);

    recorder_mark(world.observer);
    assert_string_equal(string_at(import_one(&world, live, false), "code"), "ok");
    assert_string_equal(string_at(import_one(&world, gone, false), "code"), "ok");
    world_event(&world, "registered", "ex-1", "{\"reason\":\"operator\",\"by\":\"op\",\"message\":\"imported\"}");
    json_t *again = exported(&world, "ex-1");
    static const char *const moved[] = {"revision", "updatedAt"};
    for (size_t i = 0; i < 2; i++) {
        (void)json_object_del(again, moved[i]);
        (void)json_object_del(live, moved[i]);
    }
    char *before = json_dumps(live, JSON_SORT_KEYS);
    char *after = json_dumps(again, JSON_SORT_KEYS);
    assert_string_equal(after, before);
    free(before);
    free(after);
    assert_true(redis_integer(world.store, "PTTL muster:{0}:alive:ex-1") > 30000);
    assert_int_equal(redis_integer(world.store, "SISMEMBER muster:{0}:tag:t1 ex-1"), 1);
    assert_string_equal(redis_text(world.store, "ZSCORE muster:{0}:free ex-1"), "8");
    assert_string_equal(world_field(&world, "ex-2", "status"), "INACTIVE");
    assert_int_equal(redis_integer(world.store, "SISMEMBER muster:{0}:workers ex-2"), 0);
    assert_true(redis_integer(world.store, "TTL muster:{0}:worker:ex-2") > 0);

    char heartbeat[256];
    (void)snprintf(heartbeat, sizeof heartbeat,
                   "{\"bootId\":\"b1\",\"connection\":3,\"seq\":8,\"epoch\":%" JSON_INTEGER_FORMAT
                   ",\"jobs\":[\"j1\"]}",
                   int_at(live, "epoch"));
    assert_like(world_ask(&world, "worker/ex-1/heartbeat", "worker/ex-1", heartbeat), "{\"code\":\"ok\"}");
    assert_string_equal(world_field(&world, "ex-1", "currentJobCount"), "1");
    register_doing(&world, "ex-3", "", "");
    assert_true(strtoll(world_field(&world, "ex-3", "epoch"), NULL, 10) > int_at(live, "epoch"));
    json_decref(live);
    json_decref(gone);
    json_decref(again);
    world_close(&world);
}

static void import_replaces_a_live_worker_only_by_force(void **state)
{
    struct world *world = *state;
    register_doing(world, "im-1", "\"bootId\":\"b1\"", "{\"bootId\":\"b1\",\"jobs\":[\"j1\"],\"status\":\"BUSY\"}");
    json_t *record = exported(world, "im-1");
    json_int_t epoch = int_at(record, "epoch");
    const json_t *result = import_one(world, record, false);
    assert_string_equal(string_at(result, "code"), "ok");
    assert_non_null(strstr(string_at(result, "message"), "nothing changed"));
    world_register(world, "im-1", "\"bootId\":\"b2\",\"heartbeatTimeoutMs\":60000");
    assert_string_equal(string_at(import_one(world, record, false), "code"), "superseded");
    assert_string_equal(world_field(world, "im-1", "bootId"), "b2");
    result = import_one(world, record, true);
    assert_string_equal(string_at(result, "code"), "ok");
    assert_true(int_at(result, "epoch") > epoch);
    assert_string_equal(world_field(world, "im-1", "bootId"), "b1");
    json_decref(record);
}

static void imported_unhealthy_and_failed_workers_get_their_time_anew(void **state)
{
    struct world *world = *state;
    json_t *record = json_pack("{s:s, s:s, s:i, s:s, s:s, s:i, s:i, s:s}", "workerId", "iu-1", "name", "U",
                               "maxConcurrentJobs", 5, "health", "UNHEALTHY", "reason", "heartbeat_timeout",
                               "consecutiveFailures", 2, "heartbeatTimeoutMs", 30000, "zone", "iu");
    assert_string_equal(string_at(import_one(world, record, false), "code"), "ok");
    assert_true(redis_integer(world->store, "PTTL muster:{0}:alive:iu-1") > 20000);
    assert_true(redis_integer(world->store, "PTTL muster:{0}:recheck:iu-1") > 0);
    assert_int_equal(redis_integer(world->store, "ZSCORE muster:{0}:missing iu"), 1);
    assert_like(world_ask(world, "worker/iu-1/heartbeat", "worker/iu-1", "{\"currentJobCount\":0}"),
                "{\"code\":\"ok\"}");
    assert_string_equal(world_field(world, "iu-1", "health"), "RECOVERED");
    assert_null(redis_text(world->store, "ZSCORE muster:{0}:missing iu"));
    (void)json_object_set_new(record, "workerId", json_string("iu-2"));
    (void)json_object_set_new(record, "health", json_string("FAILED"));
    assert_string_equal(string_at(import_one(world, record, false), "code"), "ok");
    assert_string_equal(world_field(world, "iu-2", "status"), "ERROR");
    assert_true(redis_integer(world->store, "PTTL muster:{0}:cleanup:iu-2") > 0);
    json_decref(record);
}

static void import_takes_registration_documents_and_names_what_is_wrong(void **state)
{
    struct world *world = *state;
    const json_t *reply = ask(
        world, "import",
        "{\"requestId\":\"q\",\"workers\":[{\"workerId\":\"im-2\",\"name\":\"Production Worker 1\",\"hostName\":\"p1\","
        "\"hostAddress\":\"10.0.1.15\",\"port\":8080,\"maxConcurrentJobs\":10,\"capabilities\":\"{\\\"java\\\": "
        "true}\","
        "\"tags\":\"production,high-performance\",\"version\":\"2.1.0\",\"priorityThreshold\":200,"
        "\"workerLoadFactor\":1.2},"
        "{\"workerId\":\"im-3\",\"maxConcurrentJobs\":0,\"cpuUsage\":101,\"reason\":\"boredom\",\"epoch\":0},"
        "{\"workerId\":\"im-4\",\"name\":5,\"maxConcurrentJobs\":1},"
        "{\"workerId\":\"im-5\",\"name\":\"N\",\"maxConcurrentJobs\":1,\"epoch\":9000000000000000000}]}");
    assert_code(reply, "ok");
    assert_string_equal(string_at(reply, "requestId"), "q");
    assert_int_equal(int_at(reply, "imported"), 1);
    assert_int_equal(int_at(reply, "refused"), 3);
    const json_t *results = json_object_get(reply, "results");
    assert_string_equal(string_at(json_array_get(results, 0), "code"), "ok");
    assert_string_equal(string_at(json_array_get(results, 1), "code"), "validation_failed");
    assert_string_equal(
        string_at(json_array_get(results, 1), "message"),
        "cpuUsage must be between 0 and 100 (is 101); epoch must be at least 1 (is 0); reason must be one "
        "of heartbeat_timeout connection_lost status_inconsistent capacity_inconsistent "
        "jobs_inconsistent operator worker takeover (is \"boredom\"); Worker name is required; Max "
        "concurrent jobs must be positive");
    assert_string_equal(string_at(json_array_get(results, 2), "code"), "invalid_payload");
    assert_string_equal(string_at(json_array_get(results, 3), "code"), "validation_failed");
    assert_string_equal(world_field(world, "im-2", "status"), "ACTIVE");
    assert_int_equal(redis_integer(world->store, "SISMEMBER muster:{0}:capability:java im-2"), 1);
    assert_code(ask(world, "import", "{}"), "validation_failed");
    assert_code(ask(world, "import", "{\"workers\":5}"), "invalid_payload");
}

static int setup(void **state)
{
    static struct world world;
    static const char *const settings[] = {"worker.archive_seconds=600", "health.check_interval_ms=60000",
                                           "worker.heartbeat_timeout_ms=60000", NULL};
    world_open(&world, settings);
    make_fleet(&world);
    *state = &world;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list_combines_every_filter),
        cmocka_unit_test(find_leaves_out_who_may_not_be_given_work),
        cmocka_unit_test(find_sorted_answers_with_the_freest),
        cmocka_unit_test(free_capacity_follows_the_worker),
        cmocka_unit_test(small_pages_hold_what_was_asked_for_and_end),
        cmocka_unit_test(cursors_of_other_requests_are_refused),
        cmocka_unit_test(bad_parameters_are_all_named_at_once),
        cmocka_unit_test(whoever_stays_is_found_while_others_come_and_go),
        cmocka_unit_test(best_of_a_crowd_are_the_freest),
        cmocka_unit_test(search_among_many_full_ends_pages_early_until_all_who_match_are_found),
        cmocka_unit_test(health_of_a_good_worker_is_reported),
        cmocka_unit_test(health_of_a_bad_worker_says_why_and_what_it_cost),
        cmocka_unit_test(summary_counts_and_lists_who_is_not_well),
        cmocka_unit_test(config_tells_values_and_where_they_come_from),
        cmocka_unit_test(config_names_file_and_line_and_hides_secrets),
        cmocka_unit_test(export_and_import_bring_a_lost_worker_back),
        cmocka_unit_test(import_replaces_a_live_worker_only_by_force),
        cmocka_unit_test(imported_unhealthy_and_failed_workers_get_their_time_anew),
        cmocka_unit_test(import_takes_registration_documents_and_names_what_is_wrong),
        cmocka_unit_test(events_are_found_by_worker_and_type_and_resumed),
        cmocka_unit_test(events_tell_that_some_have_been_cut_off),
    };
    return cmocka_run_group_tests_name("e2e/query", tests, setup, world_teardown);
}
