/* prepare.c -- what has to be true of a Redis before the registry uses it: checked, and set where it may be. */
#include "store/internal.h"

#include "store/functions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Layout 1 kept all that is long in the detail hash: such a record is read as it is, and changes as it is written. */
enum { LAYOUT_VERSION = 2, OLDEST_LAYOUT = 1, OLDEST_REDIS_MAJOR = 7 };

/* All commands go out at once; the first bad answer fails the connection, the last good one ends the preparation. */

static bool is_error(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_ERROR;
}

static void fail_with(struct store *store, const char *what, const char *advice)
{
    char reason[320];
    (void)snprintf(reason, sizeof reason, "%s%s%s", what, advice[0] != '\0' ? ": " : "", advice);
    store_fail(store, reason);
}

static void on_must(redisAsyncContext *context, void *data, void *arg)
{
    (void)context;
    struct store *store = arg;
    const redisReply *reply = data;
    if (reply != NULL && is_error(reply)) {
        store_fail(store, reply->str);
    }
}

static bool info_value(const redisReply *info, const char *name, char *out, size_t size)
{
    const char *at = strstr(info->str, name);
    if (at == NULL) {
        return false;
    }
    at += strlen(name);
    size_t len = strcspn(at, "\r\n");
    if (len >= size) {
        return false;
    }
    memcpy(out, at, len);
    out[len] = '\0';
    return true;
}

static void on_info(redisAsyncContext *context, void *data, void *arg)
{
    (void)context;
    struct store *store = arg;
    const redisReply *reply = data;
    char value[64] = "";
    if (reply == NULL) {
        return;
    }
    if (is_error(reply)) {
        store_fail(store, reply->str);
    } else if (info_value(reply, "redis_version:", value, sizeof value) && atoi(value) < OLDEST_REDIS_MAJOR) {
        fail_with(store, "Redis is too old (7.0 is needed for functions)", value);
    } else if (info_value(reply, "cluster_enabled:", value, sizeof value) && strcmp(value, "0") != 0) {
        store_fail(store, "this is a Redis Cluster: Muster needs a single Redis (cluster-enabled no)");
    } else if (info_value(reply, "role:", value, sizeof value) && strcmp(value, "master") != 0) {
        store_fail(store, "this Redis is a replica: it takes no writes");
    } else if (info_value(reply, "loading:", value, sizeof value) && strcmp(value, "0") != 0) {
        store_fail(store, "Redis is still loading its data set");
    } else if (info_value(reply, "maxmemory_policy:", value, sizeof value) && strcmp(value, "noeviction") != 0) {
        fail_with(store, "maxmemory-policy must be noeviction in redis.conf, or workers vanish unseen; it is", value);
    }
}

static bool notifies_expiry(const char *flags)
{
    return strchr(flags, 'E') != NULL && (strchr(flags, 'x') != NULL || strchr(flags, 'A') != NULL);
}

static void on_config_set(redisAsyncContext *context, void *data, void *arg)
{
    (void)context;
    const redisReply *reply = data;
    if (reply != NULL && is_error(reply)) {
        fail_with(arg, PREPARE_EXPIRY_ADVICE, reply->str);
    }
}

static void on_config_get(redisAsyncContext *context, void *data, void *arg)
{
    struct store *store = arg;
    const redisReply *reply = data;
    if (reply == NULL) {
        return;
    }
    if (is_error(reply)) {
        store->probing = true;
        return;
    }
    struct text flags = reply_text(reply_at(reply, 1));
    char wanted[64];
    if (flags.data != NULL && notifies_expiry(flags.data)) {
        return;
    }
    /* Flags that somebody else has set stay set. */
    (void)snprintf(wanted, sizeof wanted, "%.*sEx", TEXT_ARG(flags));
    (void)redisAsyncCommand(context, on_config_set, store, "CONFIG SET notify-keyspace-events %s", wanted);
}

static void on_load(redisAsyncContext *context, void *data, void *arg)
{
    (void)context;
    const redisReply *reply = data;
    if (reply != NULL && is_error(reply) && strstr(reply->str, "already exists") == NULL) {
        fail_with(arg, "the function library could not be loaded", reply->str);
    }
}

static void on_layout(redisAsyncContext *context, void *data, void *arg)
{
    struct store *store = arg;
    const redisReply *reply = data;
    if (reply == NULL) {
        return;
    }
    struct text layout = reply_text(reply_at(reply, 0));
    struct opt_int version = reply_opt_int(reply_at(reply, 0));
    struct text partitions = reply_text(reply_at(reply, 1));
    if (version.value < OLDEST_LAYOUT || version.value > LAYOUT_VERSION || !text_is(partitions, "1")) {
        fail_with(store, "the layout in muster:meta is not one that this version knows",
                  layout.data != NULL ? layout.data : "none");
    } else if (version.value < LAYOUT_VERSION) {
        (void)redisAsyncCommand(context, on_must, store, "HSET %s:meta layout %d", store->prefix, LAYOUT_VERSION);
    }
}

/* CONFIG SET may have been queued behind the rest: the last answer is asked for only when it is done. */
static void on_ready(redisAsyncContext *context, void *data, void *arg)
{
    (void)context;
    const redisReply *reply = data;
    if (reply != NULL) {
        store_prepared(arg);
    }
}

static void on_loaded(redisAsyncContext *context, void *data, void *arg)
{
    struct store *store = arg;
    if (data != NULL) {
        (void)redisAsyncCommand(context, on_ready, store, "PING");
    }
}

void prepare_calls(struct store *store)
{
    redisAsyncContext *context = store->calls.context;
    if (store->password != NULL && store->address.user[0] != '\0') {
        (void)redisAsyncCommand(context, on_must, store, "AUTH %s %s", store->address.user, store->password);
    } else if (store->password != NULL) {
        (void)redisAsyncCommand(context, on_must, store, "AUTH %s", store->password);
    }
    (void)redisAsyncCommand(context, on_must, store, "SELECT %d", store->address.database);
    (void)redisAsyncCommand(context, on_info, store, "INFO");
    (void)redisAsyncCommand(context, on_config_get, store, "CONFIG GET notify-keyspace-events");
    (void)redisAsyncCommand(context, on_load, store, "FUNCTION LOAD %b", functions_text, functions_text_len);
    (void)redisAsyncCommand(context, on_must, store, "HSETNX %s:meta layout %d", store->prefix, LAYOUT_VERSION);
    (void)redisAsyncCommand(context, on_must, store, "HSETNX %s:meta partitions 1", store->prefix);
    library_note(store);
    (void)redisAsyncCommand(context, on_layout, store, "HMGET %s:meta layout partitions", store->prefix);
    (void)redisAsyncCommand(context, on_loaded, store, "PING");
}
