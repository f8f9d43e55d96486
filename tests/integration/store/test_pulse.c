/*
 * test_pulse.c -- the short ways of a steady worker's heartbeat and of the steps of time write what the long way would.
 * Two registries in one Redis hear the same, and the same fall silent; in one of them the field that opens the short
 * ways is closed before each batch, and after each batch everything that both have stored must be the same.
 */
#include "store/expiry.h"
#include "store/heartbeat.h"
#include "store/operate.h"
#include "store/register.h"
#include "store/will.h"
#include "support/store_client.h"
#include "support/store_stand.h"

#include <hiredis/hiredis.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    WORKERS = 12,
    BATCHES = 600,
    BATCH_MAX = 20,
    STEP_MS = 3,
    SILENT_MAX = 4,
    MERGE_MS = 2000, /* that a worker may have been heard after Redis was told of it last */
    STEPS_LEAST = 50,
    RECOVERIES_LEAST = 25,
};

struct side {
    const char *prefix;
    struct store_client client;
    int open;
    size_t answers;
    int codes; /* of all answers and steps, in their order */
    struct store_claim claims[SILENT_MAX];
    char members[SILENT_MAX][32];
    size_t claim_count;
    size_t steps;         /* that were taken */
    size_t steps_at_once; /* of those, when their time was looked at */
};

/* What kind of time is up, whether all of the silence was heard, and how long it gets again; 0: the step is taken. */
struct silence {
    const char *kind;
    bool heard;
    int64_t rearm_ms;
};

struct rig {
    struct store_stand stand;
    struct side quick;
    struct side slow; /* never goes the short way */
    unsigned state;   /* of the random numbers: the same in each run */
};

static unsigned roll(struct rig *rig, unsigned sides)
{
    rig->state = rig->state * 1103515245U + 12345U;
    return rig->state / 65536U % sides;
}

static void start_side(struct rig *rig, struct side *side, const char *prefix)
{
    static const struct store_policy policy = {.check_interval_ms = 120000,
                                               .max_consecutive_failures = 3,
                                               .auto_recovery = true,
                                               .cleanup_threshold_ms = 900000,
                                               .archive_seconds = 86400,
                                               .merge_ms = MERGE_MS,
                                               .max_attempts = 3,
                                               .retry_delay_ms = 3600000,
                                               .events_max_length = 1000000,
                                               .flap_count = 4,
                                               .flap_window_ms = 86400000,
                                               .flap_hold_ms = 3600000,
                                               .flap_hold_max_ms = 86400000};
    side->prefix = prefix;
    store_client_open(&side->client, rig->stand.base, rig->stand.redis.socket_uri, prefix);
    store_client_lead(&side->client, &policy);
}

static int start_rig(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    *state = rig;
    rig->state = 1;
    store_stand_open(&rig->stand);
    start_side(rig, &rig->quick, "quick");
    start_side(rig, &rig->slow, "slow");
    return 0;
}

static int end_rig(void **state)
{
    struct rig *rig = *state;
    store_client_close(&rig->quick.client);
    store_client_close(&rig->slow.client);
    store_stand_close(&rig->stand);
    free(rig);
    return 0;
}

/* ---------------------------------------------------------------------------------------- what both hear */

/* The same text in both worlds stands for the worker's epoch; it is filled in for each. */
struct words {
    struct heartbeat heartbeat;
    char id[16];
    struct text jobs[3];
    bool asked;
    bool tells_epoch;
};

static struct opt_int maybe(struct rig *rig, unsigned of, int64_t value)
{
    return (struct opt_int){.set = roll(rig, of) != 0, .value = value};
}

static void add_jobs(struct rig *rig, struct words *words)
{
    static const char *const names[] = {"job-a", "job-b", "job-c"};
    unsigned count = roll(rig, 3);
    for (unsigned i = 0; i < count; i++) {
        words->jobs[i] = text_of(names[i]);
    }
    words->heartbeat.jobs_given = true;
    words->heartbeat.jobs = (struct texts){words->jobs, count};
    words->heartbeat.current_job_count = maybe(rig, 2, (int64_t)count);
    words->heartbeat.available_capacity.set = false;
}

/* There is no room for the long one in steady. */
static struct text boot_of(unsigned worker)
{
    return text_of(worker % 2 == 0 ? "boot 7 |x" : "boot 7 |x of the fourteenth of November, at noon");
}

/* Mostly what a steady worker says, and now and then anything else. */
static void draw_words(struct rig *rig, struct words *words, int64_t seq)
{
    static const enum worker_status statuses[] = {WORKER_STATUS_NONE, WORKER_ACTIVE,      WORKER_IDLE,
                                                  WORKER_BUSY,        WORKER_MAINTENANCE, WORKER_ERROR};
    unsigned worker = roll(rig, WORKERS + 1); /* the last is unknown */
    int64_t jobs = 1 + roll(rig, 2) + (roll(rig, 20) == 0 ? roll(rig, 5) : 0);
    bool is_odd = roll(rig, 16) == 0;
    struct text boot = roll(rig, 40) == 0 ? text_of("boot 0 1") : boot_of(worker);
    *words = (struct words){0};
    (void)snprintf(words->id, sizeof words->id, "w%u", worker);
    words->heartbeat = (struct heartbeat){
        .worker_id = text_of(words->id),
        .status = is_odd ? statuses[roll(rig, 6)] : WORKER_BUSY,
        .current_job_count = maybe(rig, 6, jobs),
        .available_capacity = {.set = is_odd && roll(rig, 2) == 0, .value = roll(rig, 5)},
        .cpu_usage = {.set = roll(rig, 4) != 0, .value = roll(rig, 1000) / 10.0},
        .memory_usage = {.set = roll(rig, 4) != 0, .value = roll(rig, 10000) / 100.0},
        .error_count = {.set = roll(rig, 2) == 0, .value = is_odd ? roll(rig, 3) : 0},
        .message = roll(rig, 30) == 0 ? text_of("all is well") : (struct text){0},
        .seq = {.set = roll(rig, 5) != 0, .value = is_odd ? seq - roll(rig, 4) : seq},
        .sent_at_ms = {.set = roll(rig, 3) != 0, .value = 1000 + seq - (is_odd ? roll(rig, 4) : 0)},
        .boot_id = roll(rig, 3) != 0 ? boot : (struct text){0},
        .connection = {.set = roll(rig, 3) != 0, .value = 2 + seq / 3000 - (is_odd ? 1 : 0)},
    };
    if (worker % 4 == 0 && roll(rig, 2) == 0) {
        add_jobs(rig, words);
        words->heartbeat.jobs_contradict = is_odd && roll(rig, 3) == 0;
    }
    words->asked = roll(rig, 25) == 0;
    words->tells_epoch = roll(rig, 3) == 0;
}

static void on_heartbeats(void *context, const struct store_heartbeats *result)
{
    struct side *side = context;
    side->open--;
    assert_int_equal(result->outcome, STORE_DONE);
    side->answers += result->count;
    for (size_t i = 0; i < result->count; i++) {
        side->codes = (side->codes * 31 + (int)result->answers[i].code) & 0xffffff;
    }
}

static void hear(struct rig *rig, struct side *side, struct words *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct heartbeat heartbeat = words[i].heartbeat;
        heartbeat.jobs.items = words[i].jobs;
        if (words[i].tells_epoch) {
            int64_t epoch = redis_integer(rig->stand.client, "HGET %s:{0}:worker:%s epoch", side->prefix, words[i].id);
            heartbeat.epoch = (struct opt_int){.set = epoch > 0, .value = epoch};
        }
        store_heartbeat_add(side->client.store, &heartbeat, words[i].asked);
    }
    side->open++;
    store_heartbeat_send(side->client.store, on_heartbeats, side);
    store_client_wait(&side->client, &side->open, 0);
}

static void on_registered(void *context, const struct store_registered *result)
{
    struct side *side = context;
    side->open--;
    assert_int_equal(result->outcome, STORE_DONE);
    assert_int_equal(result->code, CODE_OK);
}

static void register_in(struct side *side, unsigned worker)
{
    char id[16];
    (void)snprintf(id, sizeof id, "w%u", worker);
    struct registration registration = {
        .worker_id = text_of(id),
        .name = text_of("Worker"),
        .max_concurrent_jobs = {.set = true, .value = 3 + worker % 3},
        .zone = worker % 2 == 0 ? text_of("north") : (struct text){0},
        .tags_json = text_of("[\"linux\"]"),
        .boot_id = worker % 3 != 0 ? boot_of(worker) : (struct text){0},
        .connection = {.set = worker % 3 == 1, .value = 2},
    };
    struct store_registration call = {.registration = &registration,
                                      .valid = true,
                                      .heartbeat_timeout_ms = 100000 + worker % 2,
                                      .heartbeat_interval_ms = 30000};
    side->open++;
    store_register(side->client.store, &call, on_registered, side);
    store_client_wait(&side->client, &side->open, 0);
}

static void on_operated(void *context, const struct store_operated *result)
{
    ((struct side *)context)->open--;
    assert_int_equal(result->outcome, STORE_DONE);
}

static void operate_in(struct side *side, const char *verb, const char *id)
{
    struct store_operation operation = {.verb = verb, .worker_id = text_of(id), .by = text_of("test")};
    side->open++;
    store_operate(side->client.store, &operation, on_operated, side);
    store_client_wait(&side->client, &side->open, 0);
}

/* ---------------------------------------------------------------------------------------- whose time is up in both */

/* Closes the short way in the slow world: what steady was can still be told. */
static const char close_script[] = "for _, key in ipairs(redis.call('KEYS', 'slow:{0}:worker:*')) do\n"
                                   "  local steady = redis.call('HGET', key, 'steady')\n"
                                   "  if string.find(steady, '\\n') then\n"
                                   "    redis.call('HSET', key, 'steady', '!' .. string.gsub(steady, '\\n', '~'))\n"
                                   "  end\n"
                                   "end";

static void count_steps(struct side *side, const struct store_steps *result)
{
    for (size_t i = 0; i < result->count; i++) {
        struct text outcome = result->steps[i].outcome;
        side->steps += text_is(outcome, "unhealthy") || text_is(outcome, "failed") || text_is(outcome, "cleaned_up");
        side->codes = (side->codes * 31 + outcome.data[0]) & 0xffffff;
    }
}

static void on_dues(void *context, const struct store_dues *result)
{
    struct side *side = context;
    side->open--;
    assert_int_equal(result->outcome, STORE_DONE);
    side->steps_at_once += result->taken.count;
    count_steps(side, &result->taken);
    for (side->claim_count = 0; side->claim_count < result->count; side->claim_count++) {
        size_t i = side->claim_count;
        (void)snprintf(side->members[i], sizeof side->members[i], "%.*s", TEXT_ARG(result->dues[i].member));
        side->claims[i] = (struct store_claim){.due = result->dues[i], .take = true};
        side->claims[i].due.member = text_of(side->members[i]);
        side->claims[i].due.zone = (struct text){0};
    }
}

static void on_steps(void *context, const struct store_steps *result)
{
    struct side *side = context;
    side->open--;
    assert_int_equal(result->outcome, STORE_DONE);
    assert_int_equal(result->count, side->claim_count);
    count_steps(side, result);
}

/* The keys of some workers are gone, as if their time were up, and the steps that follow are taken. */
static void expire_in(struct rig *rig, struct side *side, const struct silence *silence, unsigned first, unsigned count)
{
    static const struct hearing always = {.since_ms = 0, .until_ms = INT64_MAX};
    static const struct hearing never = {.since_ms = INT64_MAX, .until_ms = 0};
    struct text members[SILENT_MAX];
    char names[SILENT_MAX][32];
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(names[i], sizeof names[i], "%s:w%u", silence->kind, (first + i) % WORKERS);
        members[i] = text_of(names[i]);
        (void)redis_integer(rig->stand.client, "DEL %s:{0}:%s", side->prefix, names[i]);
    }
    side->open++;
    store_look(side->client.store, silence->heard ? &always : &never, members, count, on_dues, side);
    store_client_wait(&side->client, &side->open, 0);
    for (size_t i = 0; i < side->claim_count; i++) {
        side->claims[i].take = silence->rearm_ms == 0;
        side->claims[i].rest_ms = silence->rearm_ms;
    }
    side->open++;
    store_claim(side->client.store, "event", side->claims, side->claim_count, on_steps, side);
    store_client_wait(&side->client, &side->open, 0);
}

/* One after the other where what was heard is told, for then some of the steps are taken before the others. */
static void fall_silent_in(struct rig *rig, struct side *side, const struct silence *silence, unsigned first)
{
    unsigned together = silence->heard ? 1 : SILENT_MAX;
    for (unsigned i = 0; i < SILENT_MAX; i += together) {
        expire_in(rig, side, silence, first + i, together);
        if (side == &rig->slow) {
            (void)redis_reply(rig->stand.client, "EVAL %s 0", close_script);
        }
    }
}

static void on_wills(void *context, enum store_outcome outcome)
{
    ((struct side *)context)->open--;
    assert_int_equal(outcome, STORE_DONE);
}

static void lose_in(struct rig *rig, struct side *side, const char *id, bool late)
{
    char boot[32];
    const char *known = redis_text(rig->stand.client, "HGET %s:{0}:worker:%s bootId", side->prefix, id);
    (void)snprintf(boot, sizeof boot, "%s", known != NULL ? known : "");
    int64_t connection = redis_integer(rig->stand.client, "HGET %s:{0}:worker:%s connection", side->prefix, id);
    struct will will = {
        .worker_id = text_of(id), .boot_id = text_of(boot), .connection = {.set = connection > 0, .value = connection}};
    side->open++;
    store_wills(side->client.store, &will, 1, late, on_wills, side);
    store_client_wait(&side->client, &side->open, 0);
}

/* ---------------------------------------------------------------------------------------- what both have stored */

/* Everything below the prefix, in order; of moments only whether they are from before the batch. */
static const char dump_script[] =
    "local prefix, began, merge = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])\n"
    "local function moment(digits)\n"
    "  if #digits == 16 then return '<epoch>' end\n"
    "  return tonumber(digits) >= began and '<now>' or '<before>'\n"
    "end\n"
    "local function masked(text)\n"
    "  text = string.gsub(text, '\"lateMs\":%-?%d+', 'late')\n"
    "  return (string.gsub(text, '%d%d%d%d%d%d%d%d%d%d%d%d%d+', moment))\n"
    "end\n"
    "local function pairs_of(flat, omits_zero)\n"
    "  local lines = {}\n"
    "  for i = 1, #flat, 2 do\n"
    "    local value = flat[i] == 'unhealthyMs' and '<time>' or masked((string.gsub(flat[i + 1], '^!(.-)~', "
    "'%1\\n')))\n"
    "    if not (omits_zero and value == '0') then lines[#lines + 1] = '  ' .. flat[i] .. '=' .. value end\n"
    "  end\n"
    "  table.sort(lines)\n"
    "  return table.concat(lines, '\\n')\n"
    "end\n"
    "local keys, text = redis.call('KEYS', prefix .. ':{0}:*'), {}\n"
    "table.sort(keys)\n"
    "for _, key in ipairs(keys) do\n"
    "  local kind, name = redis.call('TYPE', key).ok, string.sub(key, #prefix + 2)\n"
    "  local content = ''\n"
    "  if kind == 'hash' then content = pairs_of(redis.call('HGETALL', key), name == '{0}:totals')\n"
    "  elseif kind == 'zset' then content = pairs_of(redis.call('ZRANGE', key, 0, -1, 'WITHSCORES'))\n"
    "  elseif kind == 'set' then\n"
    "    local members = redis.call('SMEMBERS', key)\n"
    "    table.sort(members)\n"
    "    content = table.concat(members, ' ')\n"
    "  elseif kind == 'stream' then\n"
    "    for _, entry in ipairs(redis.call('XRANGE', key, '-', '+')) do\n"
    "      content = content .. pairs_of(entry[2]) .. '\\n'\n"
    "    end\n"
    "    redis.call('XTRIM', key, 'MAXLEN', 0)\n"
    "  elseif name ~= '{0}:lease' then content = masked(redis.call('GET', key)) end\n"
    "  local id, life = string.match(name, ':alive:(.*)$'), ''\n"
    "  if id then\n"
    "    local timeout = redis.call('HGET', prefix .. ':{0}:worker:' .. id, 'heartbeatTimeoutMs')\n"
    "    life = redis.call('PEXPIRETIME', key) - timeout - merge >= began and ' for <now>' or ' for <before>'\n"
    "    if redis.call('GET', key) ~= redis.call('HGET', prefix .. ':{0}:worker:' .. id, 'epoch') then\n"
    "      life = life .. ' of another epoch'\n"
    "    end\n"
    "  end\n"
    "  text[#text + 1] = name .. life .. '\\n' .. content\n"
    "end\n"
    "return table.concat(text, '\\n')";

static int64_t redis_now_ms(struct rig *rig)
{
    const redisReply *reply = redis_reply(rig->stand.client, "TIME");
    return strtoll(reply->element[0]->str, NULL, 10) * 1000 + strtoll(reply->element[1]->str, NULL, 10) / 1000;
}

static int64_t short_ways(struct rig *rig)
{
    const char *found = strstr(redis_text(rig->stand.client, "INFO commandstats"), "cmdstat_pexpireat:calls=");
    return found != NULL ? strtoll(strchr(found, '=') + 1, NULL, 10) : 0;
}

/* Follows every command from now on, those of the functions too. */
static redisContext *follow(const struct rig *rig)
{
    redisContext *context = redisConnectUnix(rig->stand.redis.socket_path);
    assert_non_null(context);
    redisReply *reply = redisCommand(context, "MONITOR");
    assert_non_null(reply);
    freeReplyObject(reply);
    return context;
}

/* How many heartbeats were left to the long way, which begins by reading what a heartbeat may change. Ends following.
 */
static int64_t long_ways(struct rig *rig, redisContext *context)
{
    int64_t count = 0;
    bool is_end = false;
    (void)redis_reply(rig->stand.client, "ECHO the-end");
    while (!is_end) {
        void *reply = NULL;
        assert_int_equal(redisGetReply(context, &reply), REDIS_OK);
        const char *line = ((redisReply *)reply)->str;
        is_end = strstr(line, "\"the-end\"") != NULL;
        count += strstr(line, "\"HMGET\" \"quick:{0}:worker:") != NULL && strstr(line, "\"currentJobCount\"") != NULL;
        freeReplyObject(reply);
    }
    redisFree(context);
    return count;
}

static char *dump(struct rig *rig, const struct side *side, int64_t began_ms)
{
    char *copy = strdup(redis_text(rig->stand.client, "EVAL %s 0 %s %lld %d", dump_script, side->prefix,
                                   (long long)began_ms, MERGE_MS));
    assert_non_null(copy);
    return copy;
}

/* Now and then something else happens to a worker. */
static void happen(struct rig *rig)
{
    static const char *const verbs[] = {"maintain", "resume", "recover"};
    static const char *const kinds[] = {"alive", "recheck", "cleanup"};
    char id[16];
    unsigned worker = roll(rig, WORKERS);
    unsigned what = roll(rig, 12);
    (void)snprintf(id, sizeof id, "w%u", worker);
    if (what < 3) {
        operate_in(&rig->quick, verbs[what], id);
        operate_in(&rig->slow, verbs[what], id);
    } else if (what == 3) {
        register_in(&rig->quick, worker);
        register_in(&rig->slow, worker);
    } else if (what == 4) {
        (void)redis_integer(rig->stand.client, "DEL quick:{0}:alive:%s slow:{0}:alive:%s", id, id);
    } else if (what == 5) {
        bool late = roll(rig, 2) == 0;
        lose_in(rig, &rig->quick, id, late);
        (void)redis_reply(rig->stand.client, "EVAL %s 0", close_script);
        lose_in(rig, &rig->slow, id, late);
    } else if (what < 9) {
        struct silence silence = {.kind = kinds[what - 6], .heard = roll(rig, 2) == 0};
        silence.rearm_ms = !silence.heard && roll(rig, 2) == 0 ? 500000 : 0;
        fall_silent_in(rig, &rig->quick, &silence, worker);
        (void)redis_reply(rig->stand.client, "EVAL %s 0", close_script);
        fall_silent_in(rig, &rig->slow, &silence, worker);
    }
}

/* By which ways the heartbeats of the quick world went; a recovery is any that is neither a pulse nor left to the long.
 */
struct ways {
    int64_t pulses;
    int64_t recoveries;
    int64_t left;
};

static void one_batch(struct rig *rig, int64_t batch, struct ways *ways)
{
    struct words words[BATCH_MAX];
    size_t count = 1 + roll(rig, BATCH_MAX);
    for (size_t i = 0; i < count; i++) {
        draw_words(rig, &words[i], batch * BATCH_MAX + (int64_t)i);
    }
    store_client_pass(&rig->quick.client, STEP_MS);
    int64_t began_ms = redis_now_ms(rig);
    happen(rig);
    int64_t before = short_ways(rig);
    redisContext *followed = follow(rig);
    hear(rig, &rig->quick, words, count);
    int64_t left = long_ways(rig, followed);
    int64_t after = short_ways(rig);
    (void)redis_reply(rig->stand.client, "EVAL %s 0", close_script);
    for (size_t i = 0; i < count; i++) {
        hear(rig, &rig->slow, &words[i], 1);
        (void)redis_reply(rig->stand.client, "EVAL %s 0", close_script);
    }
    assert_int_equal(short_ways(rig), after);
    ways->pulses += after - before;
    ways->left += left;
    ways->recoveries += (int64_t)count - (after - before) - left;
    char *quick = dump(rig, &rig->quick, began_ms);
    char *slow = dump(rig, &rig->slow, began_ms);
    if (strcmp(quick, slow) != 0) {
        (void)fprintf(stderr, "batch %d:\n---- the short way\n%s\n---- the long way\n%s\n", (int)batch, quick, slow);
        fail_msg("the two ways differ");
    }
    assert_int_equal(rig->quick.answers, rig->slow.answers);
    assert_int_equal(rig->quick.codes, rig->slow.codes);
    free(quick);
    free(slow);
}

static void random_heartbeats_leave_the_same_by_the_short_and_the_long_way(void **state)
{
    struct rig *rig = *state;
    struct ways ways = {0};
    for (unsigned worker = 0; worker < WORKERS; worker++) {
        register_in(&rig->quick, worker);
        register_in(&rig->slow, worker);
    }
    for (int64_t batch = 1; batch <= BATCHES; batch++) {
        one_batch(rig, batch, &ways);
    }
    print_message(
        "%d pulses and %d recoveries by the short way, %d heartbeats left to the long, %zu steps, %zu at once\n",
        (int)ways.pulses, (int)ways.recoveries, (int)ways.left, rig->quick.steps, rig->quick.steps_at_once);
    assert_true(ways.pulses > BATCHES && ways.recoveries > RECOVERIES_LEAST && rig->quick.steps > STEPS_LEAST);
    assert_true(rig->quick.steps_at_once > 0);
    assert_int_equal(rig->slow.steps_at_once, 0);
}

static void terms_that_the_registry_has_not_written_are_replaced_by_its_own(void **state)
{
    static const char *const strange[] = {"2 0 boot\n", "\nBUSY", "  \n1 2 3", "", "\n\n"};
    struct rig *rig = *state;
    register_in(&rig->quick, 0);
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        struct words words = {.id = "w0"};
        words.heartbeat.worker_id = text_of(words.id);
        words.heartbeat.current_job_count = (struct opt_int){.set = i % 2 == 0, .value = 1};
        (void)redis_reply(rig->stand.client, "HSET quick:{0}:worker:w0 steady %s", strange[i]);
        hear(rig, &rig->quick, &words, 1);
        assert_int_equal(redis_integer(rig->stand.client, "HGET quick:{0}:worker:w0 heartbeats"), (int64_t)i + 1);
        assert_string_not_equal(redis_text(rig->stand.client, "HGET quick:{0}:worker:w0 steady"), strange[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(random_heartbeats_leave_the_same_by_the_short_and_the_long_way, start_rig,
                                        end_rig),
        cmocka_unit_test_setup_teardown(terms_that_the_registry_has_not_written_are_replaced_by_its_own, start_rig,
                                        end_rig),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
