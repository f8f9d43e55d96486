/* sentinel.c -- asks every Sentinel for the master four times a second and tells when they name another one. */
#include "store/sentinel.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_PORT = 26379,
    ASK_EVERY_MS = 250,
    SILENT_MS = 2000, /* without an answer the connection is given up */
    RETRY_MS = 1000,
    FRESH_MS = 5000, /* an older answer is none */
    PATIENCE_MS = 500,
};

/* One Sentinel. */
struct peer {
    struct sentinel *sentinel;
    struct redis_link link;
    struct redis_address address;
    struct sentinel_answer answer;
    char host[256]; /* of the answer that is coming */
    int port;
    bool asking;
    int64_t asked_ms;
    int64_t answered_ms;
    int64_t retry_at_ms;
};

struct sentinel {
    struct event_base *base;
    struct event *tick;
    char *password;
    char master[SENTINEL_NAME_BYTES];
    struct peer peers[SENTINELS_MAX];
    size_t count;
    void *owner;
    void (*named)(void *owner, const char *host, int port);
    struct sentinel_answer believed;
    int64_t started_ms;
    char trouble[512];
};

enum err sentinels_parse(const char *text, struct sentinels *out_sentinels, struct fault *out_fault)
{
    struct sentinels sentinels = {0};
    const char *at = strrchr(text, '@');
    size_t name_len = at != NULL ? (size_t)(at - text) : 0;
    bool good = name_len > 0 && name_len < sizeof sentinels.master;
    if (good) {
        memcpy(sentinels.master, text, name_len);
    }
    const char *next = good ? at + 1 : NULL;
    while (good && next != NULL) {
        size_t len = strcspn(next, ",");
        good = sentinels.count < SENTINELS_MAX &&
               redis_address_read(next, next + len, DEFAULT_PORT, &sentinels.at[sentinels.count]);
        sentinels.count++;
        next = next[len] == ',' ? next + len + 1 : NULL;
    }
    if (!good) {
        return fault_set(out_fault, ERR_INVALID,
                         "redis.sentinel = %s: must be name@host[:port],host[:port]…, at most %d", text, SENTINELS_MAX);
    }
    *out_sentinels = sentinels;
    return ERR_OK;
}

const struct sentinel_answer *sentinel_judge(const struct sentinel_answer *answers, size_t count,
                                             const struct sentinel_answer *believed, bool patience_left)
{
    const struct sentinel_answer *best = NULL;
    size_t given = 0;
    for (size_t i = 0; i < count; i++) {
        if (answers[i].given) {
            given++;
            best = best == NULL || answers[i].config_epoch > best->config_epoch ? &answers[i] : best;
        }
    }
    bool is_older = best != NULL && believed != NULL && best->config_epoch < believed->config_epoch;
    bool by_most = 2 * given > count;
    return by_most || (!patience_left && !is_older) ? best : NULL;
}

static void trouble(struct peer *peer, const char *what)
{
    (void)snprintf(peer->sentinel->trouble, sizeof peer->sentinel->trouble, "Sentinel %s:%d: %s", peer->address.host,
                   peer->address.port, what);
}

static void give_up(struct peer *peer, const char *why)
{
    trouble(peer, why);
    peer->asking = false;
    peer->retry_at_ms = clock_monotonic_ms() + RETRY_MS;
    redis_close(&peer->link);
}

static void judge(struct sentinel *sentinel)
{
    struct sentinel_answer answers[SENTINELS_MAX] = {0};
    int64_t now_ms = clock_monotonic_ms();
    bool knows_one = sentinel->believed.given;
    for (size_t i = 0; i < sentinel->count; i++) {
        const struct peer *peer = &sentinel->peers[i];
        if (peer->answer.given && now_ms - peer->answered_ms < FRESH_MS) {
            answers[i] = peer->answer;
        }
    }
    const struct sentinel_answer *best = sentinel_judge(
        answers, sentinel->count, knows_one ? &sentinel->believed : NULL, now_ms - sentinel->started_ms < PATIENCE_MS);
    if (best == NULL) {
        return;
    }
    bool is_new =
        !knows_one || strcmp(best->host, sentinel->believed.host) != 0 || best->port != sentinel->believed.port;
    sentinel->believed = *best;
    if (is_new) {
        sentinel->named(sentinel->owner, sentinel->believed.host, sentinel->believed.port);
    }
}

static const redisReply *element(const redisReply *reply, size_t index)
{
    return reply->type == REDIS_REPLY_ARRAY && index < reply->elements &&
                   reply->element[index]->type == REDIS_REPLY_STRING
               ? reply->element[index]
               : NULL;
}

static void on_auth(redisAsyncContext *context, void *data, void *arg)
{
    (void)context;
    const redisReply *reply = data;
    if (reply != NULL && reply->type == REDIS_REPLY_ERROR) {
        trouble(arg, reply->str);
    }
}

static void on_address(redisAsyncContext *context, void *data, void *arg)
{
    (void)context;
    struct peer *peer = arg;
    const redisReply *reply = data;
    peer->port = 0;
    if (reply == NULL) {
        return;
    }
    const redisReply *host = element(reply, 0);
    const redisReply *port = element(reply, 1);
    if (reply->type == REDIS_REPLY_ERROR) {
        trouble(peer, reply->str);
    } else if (host == NULL || port == NULL || host->len >= sizeof peer->host) {
        trouble(peer, "knows no master of that name");
    } else {
        memcpy(peer->host, host->str, host->len + 1);
        peer->port = atoi(port->str);
    }
}

static int64_t config_epoch_of(const redisReply *reply)
{
    for (size_t i = 0; element(reply, i + 1) != NULL; i += 2) {
        if (strcmp(reply->element[i]->str, "config-epoch") == 0) {
            return strtoll(reply->element[i + 1]->str, NULL, 10);
        }
    }
    return -1;
}

static void on_master(redisAsyncContext *context, void *data, void *arg)
{
    (void)context;
    struct peer *peer = arg;
    const redisReply *reply = data;
    if (reply == NULL) {
        return;
    }
    peer->asking = false;
    peer->answer.given = false;
    if (peer->port > 0) {
        peer->answer =
            (struct sentinel_answer){.given = true, .config_epoch = config_epoch_of(reply), .port = peer->port};
        memcpy(peer->answer.host, peer->host, sizeof peer->host);
        peer->answered_ms = clock_monotonic_ms();
    }
    judge(peer->sentinel);
}

static void ask(struct peer *peer, int64_t now_ms)
{
    redisAsyncContext *context = peer->link.context;
    const char *master = peer->sentinel->master;
    peer->asking = true;
    peer->asked_ms = now_ms;
    (void)redisAsyncCommand(context, on_address, peer, "SENTINEL get-master-addr-by-name %s", master);
    (void)redisAsyncCommand(context, on_master, peer, "SENTINEL master %s", master);
}

static void on_opened(void *owner)
{
    struct peer *peer = owner;
    if (peer->sentinel->password != NULL) {
        (void)redisAsyncCommand(peer->link.context, on_auth, peer, "AUTH %s", peer->sentinel->password);
    }
    ask(peer, clock_monotonic_ms());
}

static void on_closed(void *owner, const char *reason)
{
    give_up(owner, reason);
}

static void open_peer(struct peer *peer, int64_t now_ms)
{
    struct fault fault = {0};
    peer->asking = true;
    peer->asked_ms = now_ms;
    if (redis_open(&peer->link, &peer->address, peer->sentinel->base, &fault) != ERR_OK) {
        give_up(peer, fault.text);
    }
}

static void tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct sentinel *sentinel = arg;
    int64_t now_ms = clock_monotonic_ms();
    for (size_t i = 0; i < sentinel->count; i++) {
        struct peer *peer = &sentinel->peers[i];
        if (peer->link.context == NULL && now_ms >= peer->retry_at_ms) {
            open_peer(peer, now_ms);
        } else if (peer->asking && now_ms - peer->asked_ms > SILENT_MS) {
            give_up(peer, "no answer within 2000 ms");
        } else if (peer->link.connected && !peer->asking) {
            ask(peer, now_ms);
        }
    }
    judge(sentinel);
}

enum err sentinel_new(const struct sentinel_options *options, struct sentinel **out_sentinel, struct fault *out_fault)
{
    struct sentinel *sentinel = calloc(1, sizeof *sentinel);
    if (sentinel == NULL) {
        return fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    }
    sentinel->base = options->base;
    sentinel->owner = options->owner;
    sentinel->named = options->named;
    sentinel->count = options->sentinels->count;
    memcpy(sentinel->master, options->sentinels->master, sizeof sentinel->master);
    for (size_t i = 0; i < sentinel->count; i++) {
        struct peer *peer = &sentinel->peers[i];
        peer->sentinel = sentinel;
        peer->address = options->sentinels->at[i];
        peer->link = (struct redis_link){.owner = peer, .opened = on_opened, .closed = on_closed};
    }
    (void)snprintf(sentinel->trouble, sizeof sentinel->trouble, "no Sentinel has answered yet");
    sentinel->tick = event_new(options->base, -1, EV_PERSIST, tick, sentinel);
    sentinel->password = options->password != NULL ? strdup(options->password) : NULL;
    if (sentinel->tick == NULL || (options->password != NULL && sentinel->password == NULL)) {
        sentinel_free(sentinel);
        return fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    }
    *out_sentinel = sentinel;
    return ERR_OK;
}

void sentinel_free(struct sentinel *sentinel)
{
    if (sentinel == NULL) {
        return;
    }
    for (size_t i = 0; i < sentinel->count; i++) {
        redis_close(&sentinel->peers[i].link);
    }
    if (sentinel->tick != NULL) {
        event_free(sentinel->tick);
    }
    free(sentinel->password);
    free(sentinel);
}

void sentinel_start(struct sentinel *sentinel)
{
    const struct timeval every = {.tv_usec = ASK_EVERY_MS * 1000L};
    sentinel->started_ms = clock_monotonic_ms();
    (void)event_add(sentinel->tick, &every);
    tick(-1, 0, sentinel);
}

bool sentinel_has_named(const struct sentinel *sentinel)
{
    return sentinel->believed.given;
}

const char *sentinel_trouble(const struct sentinel *sentinel)
{
    return sentinel->trouble;
}
