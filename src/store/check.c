/* check.c -- the steps of a check of everything that is stored, as function calls. */
#include "store/check.h"

#include "store/internal.h"

static void read_findings(struct scratch *scratch, const redisReply *list, struct store_check *check)
{
    enum { FINDING_ELEMENTS = 4 };
    size_t count = reply_count(list) / FINDING_ELEMENTS;
    struct store_finding *findings = scratch_items(scratch, count, sizeof *findings);
    for (size_t i = 0; findings != NULL && i < count; i++) {
        redisReply *const *element = list->element + i * FINDING_ELEMENTS;
        findings[i] = (struct store_finding){.check = reply_text(element[0]),
                                             .worker_id = reply_text(element[1]),
                                             .repaired = reply_int(element[2]) == 1,
                                             .sentence = reply_text(element[3])};
        check->finding_count++;
    }
    check->findings = findings;
}

static void read_keys(struct scratch *scratch, const redisReply *list, struct store_check *check)
{
    size_t count = reply_count(list);
    struct text *keys = scratch_more_items(scratch, count, sizeof *keys);
    for (size_t i = 0; keys != NULL && i < count; i++) {
        keys[i] = reply_text(list->element[i]);
        check->key_count++;
    }
    check->keys = keys;
}

static void parse_step(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    static const enum worker_health order[] = {HEALTH_HEALTHY, HEALTH_RECOVERED, HEALTH_UNHEALTHY, HEALTH_FAILED};
    struct store_check check = {.outcome = outcome};
    struct scratch *scratch = &call->store->scratch;
    if (outcome == STORE_DONE) {
        struct text cursor = reply_text(reply_at(result, 1));
        check.gone = !text_is(reply_text(reply_at(result, 0)), "ok");
        check.cursor = text_is(cursor, "0") ? (struct text){0} : cursor;
        for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
            check.results[order[i]] = reply_int(reply_at(reply_at(result, 2), i));
        }
        read_findings(scratch, reply_at(result, 3), &check);
        read_keys(scratch, reply_at(result, 4), &check);
    }
    call->callback.check(call->context, &check);
}

static void parse_begin(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct store_check check = {.outcome = outcome, .run = reply_text(result)};
    call->callback.check(call->context, &check);
}

void store_check_begin(struct store *store, store_check_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "check_begin", STORE_WRITES);
    store_send(store, args, parse_begin, (union store_callback){.check = done}, context);
}

void store_check_keys(struct store *store, struct text run, struct text cursor, store_check_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "check_keys", STORE_WRITES);
    args_text(args, run);
    args_text(args, cursor);
    store_send(store, args, parse_step, (union store_callback){.check = done}, context);
}

void store_check_members(struct store *store, struct text run, struct text key, struct text cursor,
                         store_check_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "check_members", STORE_WRITES);
    args_text(args, run);
    args_text(args, key);
    args_text(args, cursor);
    store_send(store, args, parse_step, (union store_callback){.check = done}, context);
}

void store_check_end(struct store *store, struct text run, const struct store_check_summary *summary,
                     store_check_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "check_end", STORE_WRITES);
    args_text(args, run);
    args_text(args, summary->message);
    args_text(args, summary->by);
    args_int(args, summary->checked);
    args_int(args, summary->findings);
    args_int(args, summary->repaired);
    store_send(store, args, parse_step, (union store_callback){.check = done}, context);
}
