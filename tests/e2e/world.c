/* world.c -- starts the programs of a test and looks at what they do from outside. */
#include "e2e/world.h"

#include "codec/message.h"
#include "support/match.h"
#include "support/wait.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOPIC_MAX = 512, PAYLOAD_MAX = 8192 };

static void must(enum err err, const struct fault *fault)
{
    if (err != ERR_OK) {
        fail_msg("%s: %s", err_name(err), fault->text);
    }
}

static const char *const observed[] = {"muster/v1/status/+",
                                       "muster/v1/event/+/+",
                                       "muster/v1/reply/#",
                                       "muster/v1/command/+",
                                       "muster/v1/registry/+",
                                       "muster/v1/alert/+",
                                       NULL};

static void start_servers(struct world *world, const char *broker_extra, const char *redis_extra,
                          const char *const *redis_environment)
{
    struct fault fault = {0};
    *world = (struct world){0};
    must(folder_new(world->folder, &fault), &fault);
    must(server_start_mosquitto(&world->broker, broker_extra, &fault), &fault);
    must(server_start_redis_with(&world->redis, redis_extra, redis_environment, &fault), &fault);
}

static void begin_to_look(struct world *world, const char *username, const char *password)
{
    struct fault fault = {0};
    const struct broker_options options = {
        .uri = world->broker.uri, .client_id = "observer", .username = username, .password = password};
    must(recorder_new(&options, observed, &world->observer, &fault), &fault);
    must(redis_client_new(&world->redis, &world->store, &fault), &fault);
}

void world_begin_as(struct world *world, const char *broker_extra, const char *redis_extra, const char *username,
                    const char *password)
{
    start_servers(world, broker_extra, redis_extra, NULL);
    begin_to_look(world, username, password);
}

void world_begin_with(struct world *world, const char *broker_extra, const char *redis_extra,
                      const char *const *redis_environment)
{
    start_servers(world, broker_extra, redis_extra, redis_environment);
    begin_to_look(world, NULL, NULL);
}

void world_begin(struct world *world, const char *broker_extra, const char *redis_extra)
{
    world_begin_as(world, broker_extra, redis_extra, NULL, NULL);
}

void world_observe_for_good(struct world *world)
{
    enum { KEPT_S = 3600 };
    const struct broker_options options = {
        .uri = world->broker.uri, .client_id = "observer", .persistent_session = true, .session_expiry_s = KEPT_S};
    struct fault fault = {0};
    recorder_free(world->observer);
    world->observer = NULL;
    must(recorder_new(&options, observed, &world->observer, &fault), &fault);
}

void world_kill_redis(struct world *world)
{
    redis_client_free(world->store);
    world->store = NULL;
    server_stop(&world->redis, SIGKILL);
}

void world_start_redis(struct world *world)
{
    struct fault fault = {0};
    must(server_start_again(&world->redis, &fault), &fault);
    must(redis_client_new(&world->redis, &world->store, &fault), &fault);
}

void world_start_broker(struct world *world)
{
    struct fault fault = {0};
    must(server_start_again(&world->broker, &fault), &fault);
}

static bool is_cut_off(void *context)
{
    return !recorder_is_connected(context);
}

void world_observe_again(struct world *world)
{
    struct fault fault = {0};
    assert_true(wait_until(is_cut_off, world->observer, WORLD_PATIENCE_MS));
    must(recorder_connect(world->observer, &fault), &fault);
    must(recorder_subscribe(world->observer, observed, &fault), &fault);
}

void world_start_daemon(struct world *world, int index, const char *const *settings)
{
    enum { ARGS_MAX = 80 };
    char defaults[16][FOLDER_PATH_MAX + 96];
    const char *argv[ARGS_MAX] = {world->daemon_program != NULL ? world->daemon_program : MUSTER_BIN_DIR "/musterd"};
    size_t count = 1;
    int made = 0;
    (void)snprintf(defaults[made++], sizeof defaults[0], "mqtt.uri=%s", world->broker.uri);
    (void)snprintf(defaults[made++], sizeof defaults[0], "redis.uri=%s", world->redis.uri);
    (void)snprintf(defaults[made++], sizeof defaults[0], "daemon.instance=d%d", index);
    (void)snprintf(defaults[made++], sizeof defaults[0], "http.listen=");
    (void)snprintf(defaults[made++], sizeof defaults[0], "worker.min_heartbeat_timeout_ms=100");
    (void)snprintf(defaults[made++], sizeof defaults[0], "worker.heartbeat_timeout_ms=%d", WORLD_TIMEOUT_MS);
    (void)snprintf(defaults[made++], sizeof defaults[0], "health.check_interval_ms=%d", WORLD_CHECK_MS);
    (void)snprintf(defaults[made++], sizeof defaults[0], "health.cleanup_threshold_ms=%d", WORLD_CLEANUP_MS);
    (void)snprintf(defaults[made++], sizeof defaults[0], "worker.archive_seconds=1");
    for (int i = 0; i < made; i++) {
        argv[count++] = "-o";
        argv[count++] = defaults[i];
    }
    for (; settings != NULL && *settings != NULL && count < ARGS_MAX - 3; settings++) {
        argv[count++] = "-o";
        argv[count++] = *settings;
    }
    argv[count] = NULL;
    char log[FOLDER_PATH_MAX + 32];
    struct fault fault = {0};
    (void)snprintf(log, sizeof log, "%s/daemon-%d.log", world->folder, index);
    must(process_start(&world->daemons[index], argv, world->environment, log, &fault), &fault);
}

static bool has_written(const struct process *process, const char *fragment)
{
    char *log = process_log(process);
    bool has = log != NULL && strstr(log, fragment) != NULL;
    free(log);
    return has;
}

void world_wait_written(const struct process *process, const char *fragment)
{
    int64_t deadline_ms = clock_monotonic_ms() + WORLD_PATIENCE_MS;
    while (!has_written(process, fragment)) {
        if (clock_monotonic_ms() >= deadline_ms) {
            char *log = process_log(process);
            (void)fprintf(stderr, "%s:\n%s\n", process->log_path, log != NULL ? log : "");
            free(log);
            fail_msg("\"%s\" was not logged", fragment);
        }
        wait_a_step();
    }
}

bool world_log_has(struct world *world, int index, const char *fragment)
{
    return has_written(&world->daemons[index], fragment);
}

void world_wait_log(struct world *world, int index, const char *fragment)
{
    world_wait_written(&world->daemons[index], fragment);
}

void world_wait_listening(struct world *world, int index)
{
    world_wait_log(world, index, "listening to");
}

void world_open(struct world *world, const char *const *settings)
{
    world_begin(world, NULL, NULL);
    world_start_daemon(world, 0, settings);
    world_wait_listening(world, 0);
}

/* A sanitizer that has found something in a daemon ends it with another status than 0. */
static bool ends_well(struct process *daemon)
{
    if (!process_is_running(daemon)) {
        return true;
    }
    process_stop(daemon, SIGTERM);
    if (process_exit_status(daemon) == 0) {
        return true;
    }
    char *log = process_log(daemon);
    (void)fprintf(stderr, "%s:\n%s\nexit status %d\n", daemon->log_path, log != NULL ? log : "",
                  process_exit_status(daemon));
    free(log);
    return false;
}

void world_close(struct world *world)
{
    bool well = true;
    for (int i = 0; i < WORLD_DAEMONS_MAX; i++) {
        well = ends_well(&world->daemons[i]) && well;
    }
    recorder_free(world->observer);
    redis_client_free(world->store);
    server_free(&world->broker);
    server_free(&world->redis);
    folder_remove(world->folder);
    if (!well) {
        fail_msg("a daemon did not end well");
    }
}

int world_setup(void **state)
{
    static struct world world;
    world_open(&world, NULL);
    *state = &world;
    return 0;
}

int world_teardown(void **state)
{
    world_close(*state);
    return 0;
}

void world_start_agent(struct world *world, struct process *agent, const char *id, const char *const *flags)
{
    enum { ARGS_MAX = 48 };
    const char *argv[ARGS_MAX] = {MUSTER_BIN_DIR "/muster-agent",
                                  "--uri",
                                  world->broker.uri,
                                  "--id",
                                  id,
                                  "--heartbeat-interval-ms",
                                  WORLD_AGENT_INTERVAL_MS,
                                  "--heartbeat-timeout-ms",
                                  WORLD_AGENT_TIMEOUT_MS};
    size_t count = 9;
    for (; flags != NULL && *flags != NULL && count < ARGS_MAX - 1; flags++) {
        argv[count++] = *flags;
    }
    argv[count] = NULL;
    char log[FOLDER_PATH_MAX + 64];
    struct fault fault = {0};
    (void)snprintf(log, sizeof log, "%s/agent-%.40s-%d.log", world->folder, id, world->agents_started++);
    must(process_start(agent, argv, NULL, log, &fault), &fault);
}

void world_tell(struct world *world, const char *topic, const char *payload)
{
    char full[TOPIC_MAX];
    struct fault fault = {0};
    (void)snprintf(full, sizeof full, "muster/v1/%s", topic);
    must(recorder_tell(world->observer, full, payload, &fault), &fault);
}

/* What was answered in MessagePack is shown as JSON; it lives until the next such reply. */
static const char *as_json(const struct record *reply)
{
    static char *shown = NULL;
    struct text payload = {reply->payload, reply->payload_len};
    if (encoding_of(payload) == ENCODING_JSON) {
        return reply->payload;
    }
    struct violations violations = {0};
    struct decoder *decoder = decoder_new(MESSAGE_BYTES_MAX);
    json_t *document = decode_document(decoder, payload, &violations);
    free(shown);
    shown = document != NULL ? json_dumps(document, JSON_COMPACT) : NULL;
    json_decref(document);
    decoder_free(decoder);
    assert_non_null(shown);
    return shown;
}

/* For a test that fails. */
static void print_logs(const struct world *world)
{
    for (int i = 0; i < WORLD_DAEMONS_MAX; i++) {
        char *log = process_log(&world->daemons[i]);
        if (log != NULL) {
            (void)fprintf(stderr, "%s:\n%s\n", world->daemons[i].log_path, log);
        }
        free(log);
    }
}

const char *world_ask_bytes(struct world *world, const char *topic, const char *reply_of, struct text payload)
{
    char full[TOPIC_MAX];
    char response[TOPIC_MAX];
    struct fault fault = {0};
    (void)snprintf(full, sizeof full, "muster/v1/%s", topic);
    (void)snprintf(response, sizeof response, "muster/v1/reply/%s/here", reply_of);
    struct broker_publication publication = {.topic = full, .payload = payload, .qos = 1, .response_topic = response};
    const struct record *reply = recorder_request(world->observer, &publication, WORLD_PATIENCE_MS, &fault);
    if (reply == NULL) {
        print_logs(world);
        fail_msg("no reply to %s: %s", topic, fault.text);
        return "";
    }
    return as_json(reply);
}

const char *world_ask(struct world *world, const char *topic, const char *reply_of, const char *payload)
{
    return world_ask_bytes(world, topic, reply_of, text_of(payload));
}

void world_register(struct world *world, const char *id, const char *more)
{
    char topic[TOPIC_MAX];
    char reply_of[TOPIC_MAX];
    char payload[PAYLOAD_MAX];
    (void)snprintf(topic, sizeof topic, "worker/%s/register", id);
    (void)snprintf(reply_of, sizeof reply_of, "worker/%s", id);
    (void)snprintf(payload, sizeof payload, "{\"name\":\"Worker %s\",\"maxConcurrentJobs\":10%s%s}", id,
                   more[0] != '\0' ? "," : "", more);
    assert_like(world_ask(world, topic, reply_of, payload), "{\"success\":true,\"code\":\"ok\"}");
}

void world_heartbeat(struct world *world, const char *id, const char *payload)
{
    char topic[TOPIC_MAX];
    (void)snprintf(topic, sizeof topic, "worker/%s/heartbeat", id);
    world_tell(world, topic, payload);
}

static const struct record *wait_for(struct world *world, const char *topic, const char *like)
{
    const struct record *record = recorder_wait(world->observer, topic, like, WORLD_PATIENCE_MS);
    if (record == NULL) {
        recorder_print(world->observer);
        fail_msg("nothing like %s on %s", like != NULL ? like : "anything", topic);
    }
    return record;
}

const struct record *world_event(struct world *world, const char *type, const char *id, const char *like)
{
    char topic[TOPIC_MAX];
    (void)snprintf(topic, sizeof topic, "muster/v1/event/%s/%s", type, id);
    return wait_for(world, topic, like);
}

const struct record *world_status(struct world *world, const char *id, const char *like)
{
    char topic[TOPIC_MAX];
    (void)snprintf(topic, sizeof topic, "muster/v1/status/%s", id);
    return wait_for(world, topic, like);
}

int64_t world_number(const struct record *record, const char *path)
{
    json_t *document = json_loads(record->payload, 0, NULL);
    json_t *at = document;
    char step[64];
    const char *rest = path;
    while (at != NULL && *rest != '\0') {
        size_t len = strcspn(rest, ".");
        (void)snprintf(step, sizeof step, "%.*s", (int)len, rest);
        at = json_object_get(at, step);
        rest += len + (rest[len] == '.');
    }
    bool is_number = json_is_integer(at);
    int64_t number = json_integer_value(at);
    json_decref(document);
    if (!is_number) {
        fail_msg("no number at %s in %s", path, record->payload);
    }
    return number;
}

void assert_like(const char *payload, const char *expected)
{
    if (!match_json(expected, payload, strlen(payload))) {
        fail_msg("%s is not like %s", payload, expected);
    }
}

const char *world_field(struct world *world, const char *id, const char *field)
{
    const char *value = redis_text(world->store, "HGET muster:{0}:worker:%s %s", id, field);
    return value != NULL ? value : "";
}

void world_wait_field(struct world *world, const char *id, const char *field, const char *value)
{
    int64_t deadline_ms = clock_monotonic_ms() + WORLD_PATIENCE_MS;
    while (strcmp(world_field(world, id, field), value) != 0) {
        if (clock_monotonic_ms() >= deadline_ms) {
            fail_msg("%s of %s is \"%s\", not \"%s\"", field, id, world_field(world, id, field), value);
        }
        wait_a_step();
    }
}

/* The holders of a job are lines, some of them after a +. */
static bool is_holder(const char *lines, const char *id)
{
    size_t len = strlen(id);
    for (const char *line = lines; line != NULL; line = strchr(line, '\n')) {
        line += strspn(line, "\n+");
        if (strncmp(line, id, len) == 0 && (line[len] == '\n' || line[len] == '\0')) {
            return true;
        }
    }
    return false;
}

static void assert_no_member(struct world *world, const char *key, const char *type, const char *id)
{
    if (strcmp(type, "set") == 0) {
        assert_int_equal(redis_integer(world->store, "SISMEMBER %s %s", key, id), 0);
    } else if (strcmp(type, "zset") == 0) {
        const redisReply *members = redis_reply(world->store, "ZRANGE %s 0 -1", key);
        for (size_t i = 0; i < members->elements; i++) {
            const char *colon = strchr(members->element[i]->str, ':');
            assert_true(colon == NULL || strcmp(colon + 1, id) != 0);
        }
    } else if (strcmp(type, "hash") == 0 && strcmp(strrchr(key, ':'), ":jobs") == 0) {
        const redisReply *holders = redis_reply(world->store, "HVALS %s", key);
        for (size_t i = 0; i < holders->elements; i++) {
            assert_false(is_holder(holders->element[i]->str, id));
        }
    }
}

void assert_nothing_left(struct world *world, const char *id)
{
    enum { KEYS_MAX = 512 };
    static char keys[KEYS_MAX][300];
    const redisReply *reply = redis_reply(world->store, "KEYS muster:*");
    size_t count = reply->elements;
    assert_true(count <= KEYS_MAX);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(keys[i], sizeof keys[i], "%s", reply->element[i]->str);
    }
    for (size_t i = 0; i < count; i++) {
        const char *last = strrchr(keys[i], ':');
        if (strcmp(last + 1, id) == 0) {
            fail_msg("%s is still there", keys[i]);
        }
        char type[32];
        (void)snprintf(type, sizeof type, "%s", redis_text(world->store, "TYPE %s", keys[i]));
        assert_no_member(world, keys[i], type, id);
    }
}
