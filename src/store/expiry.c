/* expiry.c -- what time does: expiry events, the sweep over the due index, and claiming the steps that are due. */
#include "store/expiry.h"

#include "store/internal.h"

#include <stdio.h>
#include <string.h>

static void on_event(redisAsyncContext *context, void *data, void *arg)
{
    (void)context;
    struct store *store = arg;
    const redisReply *reply = data;
    if (reply == NULL) {
        return;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        store_fail(store, reply->str);
        return;
    }
    struct text kind = reply_text(reply_at(reply, 0));
    if (text_is(kind, "subscribe")) {
        store_subscribed(store);
        return;
    }
    struct text key = reply_text(reply_at(reply, 2));
    size_t prefix_len = strlen(store->key_prefix);
    if (!text_is(kind, "message") || key.len <= prefix_len || memcmp(key.data, store->key_prefix, prefix_len) != 0) {
        return;
    }
    struct text member = {key.data + prefix_len, key.len - prefix_len};
    if (store->probing && text_is(member, "probe")) {
        store_probed(store);
        return;
    }
    static const char *const kinds[] = {"alive:", "recheck:", "cleanup:"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (member.len > strlen(kinds[i]) && memcmp(member.data, kinds[i], strlen(kinds[i])) == 0) {
            store->listener.expired(store->listener.owner, member);
        }
    }
}

static void on_auth(redisAsyncContext *context, void *data, void *arg)
{
    (void)context;
    const redisReply *reply = data;
    if (reply != NULL && reply->type == REDIS_REPLY_ERROR) {
        store_fail(arg, reply->str);
    }
}

void expiry_subscribe(struct store *store)
{
    redisAsyncContext *context = store->events.context;
    if (store->password != NULL && store->address.user[0] != '\0') {
        (void)redisAsyncCommand(context, on_auth, store, "AUTH %s %s", store->address.user, store->password);
    } else if (store->password != NULL) {
        (void)redisAsyncCommand(context, on_auth, store, "AUTH %s", store->password);
    }
    (void)redisAsyncCommand(context, on_event, store, "SUBSCRIBE __keyevent@%d__:expired", store->address.database);
}

/* Called every tick until the event comes: touches the key of the last tick, which has expired, and sets it anew. */
void expiry_probe(struct store *store)
{
    redisAsyncContext *context = store->calls.context;
    (void)redisAsyncCommand(context, NULL, NULL, "EXISTS %sprobe", store->key_prefix);
    (void)redisAsyncCommand(context, NULL, NULL, "SET %sprobe 1 PX 1", store->key_prefix);
}

static struct store_steps read_steps(const redisReply *list, enum store_outcome outcome, void *room)
{
    struct store_step *items = room;
    size_t count = items != NULL ? reply_count(list) / 2 : 0;
    for (size_t i = 0; i < count; i++) {
        items[i] = (struct store_step){.outcome = reply_text(list->element[2 * i]),
                                       .late_ms = reply_int(list->element[2 * i + 1])};
    }
    return (struct store_steps){.outcome = outcome, .steps = items, .count = count};
}

/* What the function calls list_due returns: who is due, and which steps have been taken. */
static void read_dues(struct call *call, const redisReply *found, struct store_dues *dues)
{
    enum { DUE_ELEMENTS = 4 };
    struct scratch *scratch = &call->store->scratch;
    const redisReply *list = reply_at(found, 0);
    const redisReply *taken = reply_at(found, 1);
    size_t count = reply_count(list) / DUE_ELEMENTS;
    struct store_due *items = scratch_items(scratch, count, sizeof *items);
    for (size_t i = 0; items != NULL && i < count; i++) {
        redisReply *const *element = list->element + i * DUE_ELEMENTS;
        items[i] = (struct store_due){.member = reply_text(element[0]),
                                      .deadline_ms = reply_int(element[1]),
                                      .duration_ms = reply_int(element[2]),
                                      .zone = reply_text(element[3])};
        dues->count++;
    }
    dues->dues = items;
    dues->taken = read_steps(taken, dues->outcome,
                             scratch_more_items(scratch, reply_count(taken) / 2, sizeof(struct store_step)));
}

static void parse_sweep(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct store_dues dues = {.outcome = outcome};
    dues.seen = (size_t)reply_int(reply_at(result, 0));
    dues.staying = (size_t)reply_int(reply_at(result, 1));
    dues.more = reply_int(reply_at(result, 2)) == 1;
    read_dues(call, reply_at(result, 3), &dues);
    call->callback.dues(call->context, &dues);
}

static void add_hearing(struct args *args, const struct hearing *hearing)
{
    args_int(args, hearing->since_ms);
    args_int(args, hearing->until_ms);
}

void store_sweep(struct store *store, const struct hearing *hearing, size_t skip, size_t most, int64_t grace_ms,
                 store_dues_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "sweep", STORE_DECIDES);
    add_hearing(args, hearing);
    args_int(args, (int64_t)skip);
    args_int(args, (int64_t)most);
    args_int(args, grace_ms);
    store_send(store, args, parse_sweep, (union store_callback){.dues = done}, context);
}

static void parse_look(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct store_dues dues = {.outcome = outcome};
    read_dues(call, result, &dues);
    call->callback.dues(call->context, &dues);
}

void store_look(struct store *store, const struct hearing *hearing, const struct text *members, size_t count,
                store_dues_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "look", STORE_DECIDES);
    add_hearing(args, hearing);
    for (size_t i = 0; i < count; i++) {
        args_text(args, members[i]);
    }
    store_send(store, args, parse_look, (union store_callback){.dues = done}, context);
}

static void parse_steps(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct store_steps steps = read_steps(
        result, outcome, scratch_items(&call->store->scratch, reply_count(result) / 2, sizeof(struct store_step)));
    call->callback.steps(call->context, &steps);
}

void store_claim(struct store *store, const char *found_by, const struct store_claim *claims, size_t count,
                 store_steps_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "claim", STORE_DECIDES);
    args_string(args, found_by);
    for (size_t i = 0; i < count; i++) {
        args_text(args, claims[i].due.member);
        args_int(args, claims[i].due.deadline_ms);
        args_string(args, claims[i].take ? "take" : "rearm");
        args_int(args, claims[i].rest_ms);
    }
    store_send(store, args, parse_steps, (union store_callback){.steps = done}, context);
}
