/* operate.c -- what operators do to workers: recover, drain, maintain, resume, forget, clean up. */
#include "registry/operate.h"

#include "codec/document.h"
#include "registry/asker.h"
#include "registry/command.h"
#include "registry/intake.h"
#include "registry/internal.h"
#include "registry/merge.h"
#include "store/deregister.h"
#include "store/operate.h"
#include "store/worker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* What is said of each verb that is one step for one worker. */
struct operation {
    const char *verb;
    const char *done;
    const char *refused; /* where the worker's state does not allow it */
};

static const struct operation recover = {"recover", "Worker recovered", "there is nothing to recover"};
static const struct operation maintain = {"maintain", "Worker is in maintenance", ""};
static const struct operation resume = {"resume", "Worker is not in maintenance", ""};
static const struct operation forget = {"forget", "Worker forgotten", "only a worker that has left can be forgotten"};
static const struct operation cleanup = {"cleanup", "Worker cleaned up", "only a FAILED worker can be cleaned up"};

struct operating {
    struct asker *asker;
    const struct operation *operation;
};

static void refuse_unreached(struct asker *asker, enum store_outcome outcome)
{
    asker_refuse_for(asker, asker_code_of_outcome(outcome), "The registry cannot reach its store");
}

static void refuse(struct asker *asker, const struct operation *operation, const struct store_operated *result)
{
    char sentence[160];
    if (result->code == CODE_NOT_FOUND) {
        asker_refuse_for(asker, result->code, "Worker not registered");
    } else if (result->code == CODE_DEREGISTERED) {
        asker_refuse_for(asker, result->code, "Worker has left");
    } else {
        (void)snprintf(sentence, sizeof sentence, "Worker is %.*s with status %.*s: %s",
                       TEXT_ARG(store_worker_field(&result->worker, "health")),
                       TEXT_ARG(store_worker_field(&result->worker, "status")), operation->refused);
        asker_refuse_for(asker, result->code, sentence);
    }
}

static void confirm(struct asker *asker, const struct operation *operation, const struct store_worker *worker)
{
    bool is_cleanup = operation == &cleanup;
    const struct extra extras[] = {
        {"worker", operation == &forget ? NULL : status_document(worker->id, worker->fields, worker->count)},
        {"cleanedUp", is_cleanup ? json_integer(1) : NULL},
    };
    const struct reply reply = {
        .code = CODE_OK, .message = text_of(operation->done), .epoch = store_worker_int(worker, "epoch")};
    asker_reply_with(asker, &reply, extras, sizeof extras / sizeof extras[0]);
}

static void on_operated(void *context, const struct store_operated *result)
{
    struct operating operating = *(struct operating *)context;
    free(context);
    intake_call_done(operating.asker->registry);
    if (result->outcome != STORE_DONE) {
        refuse_unreached(operating.asker, result->outcome);
    } else if (result->code == CODE_OK) {
        confirm(operating.asker, operating.operation, &result->worker);
    } else {
        refuse(operating.asker, operating.operation, result);
    }
}

static void operate(struct registry *registry, const struct operation *operation, const struct query *query,
                    struct asker *asker)
{
    struct operating *operating = malloc(sizeof *operating);
    if (operating == NULL) {
        intake_call_done(registry);
        asker_refuse_for(asker, CODE_UNAVAILABLE, "The registry is out of memory");
        return;
    }
    *operating = (struct operating){asker, operation};
    const struct store_operation call = {
        .verb = operation->verb, .worker_id = query->worker_id, .message = query->reason, .by = asker->by};
    merge_forget(registry, query->worker_id);
    store_operate(registry->store, &call, on_operated, operating);
}

void operate_recover(struct registry *registry, const struct query *query, struct asker *asker)
{
    operate(registry, &recover, query, asker);
}

void operate_maintain(struct registry *registry, const struct query *query, struct asker *asker)
{
    operate(registry, &maintain, query, asker);
}

void operate_resume(struct registry *registry, const struct query *query, struct asker *asker)
{
    operate(registry, &resume, query, asker);
}

void operate_forget(struct registry *registry, const struct query *query, struct asker *asker)
{
    operate(registry, &forget, query, asker);
}

/* A worker without jobs has left at once: it is told by the answer to its next heartbeat. */
static void on_drained(void *context, const struct store_deregistered *result)
{
    struct asker *asker = context;
    char sentence[96];
    intake_call_done(asker->registry);
    if (result->outcome != STORE_DONE) {
        refuse_unreached(asker, result->outcome);
    } else if (result->code != CODE_OK) {
        asker_refuse_for(asker, CODE_NOT_FOUND, "Worker not registered");
    } else if (result->active_jobs == 0) {
        asker_reply(asker, &(struct reply){.code = CODE_OK,
                                           .message = text_of("Worker deregistered successfully"),
                                           .epoch = result->epoch});
    } else {
        const struct command command = {.worker_id = asker->worker_id, .name = "drain", .by = asker->by};
        command_send(asker->registry, &command, NULL, NULL);
        (void)snprintf(sentence, sizeof sentence, "Worker is draining: %" PRId64 " active jobs", result->active_jobs);
        asker_reply(asker, &(struct reply){.code = CODE_OK, .message = text_of(sentence), .epoch = result->epoch});
    }
}

void operate_drain(struct registry *registry, const struct query *query, struct asker *asker)
{
    const struct deregistration drain = {.worker_id = query->worker_id, .drain = true, .reason = query->reason};
    const struct store_deregistration call = {.deregistration = &drain, .by_operator = true, .by = asker->by};
    merge_forget(registry, query->worker_id);
    store_deregister(registry->store, &call, on_drained, asker);
}

/* A cleanup of all FAILED workers, a call for some at a time. */
struct cleaning {
    struct asker *asker;
    struct buf reason;
    int64_t cleaned;
};

static void end_cleaning(struct cleaning *cleaning, enum reply_code code)
{
    char sentence[96];
    const struct extra extra = {"cleanedUp", json_integer(cleaning->cleaned)};
    (void)snprintf(sentence, sizeof sentence, "Cleanup %s: %" PRId64 " workers cleaned up",
                   code == CODE_OK ? "completed" : "interrupted", cleaning->cleaned);
    intake_call_done(cleaning->asker->registry);
    asker_reply_with(cleaning->asker, &(struct reply){.code = code, .message = text_of(sentence)}, &extra, 1);
    buf_fini(&cleaning->reason);
    free(cleaning);
}

static void on_cleaned(void *context, const struct store_cleaned *result)
{
    struct cleaning *cleaning = context;
    struct registry *registry = cleaning->asker->registry;
    if (result->outcome != STORE_DONE) {
        end_cleaning(cleaning, asker_code_of_outcome(result->outcome));
        return;
    }
    cleaning->cleaned += result->cleaned;
    if (result->left == 0) {
        end_cleaning(cleaning, CODE_OK);
    } else if (registry->stopping) {
        end_cleaning(cleaning, CODE_UNAVAILABLE);
    } else {
        store_cleanup(registry->store, buf_text(&cleaning->reason), cleaning->asker->by, on_cleaned, cleaning);
    }
}

static void clean_up_all(struct registry *registry, const struct query *query, struct asker *asker)
{
    struct cleaning *cleaning = calloc(1, sizeof *cleaning);
    if (cleaning == NULL) {
        intake_call_done(registry);
        asker_refuse_for(asker, CODE_UNAVAILABLE, "The registry is out of memory");
        return;
    }
    cleaning->asker = asker;
    buf_append_text(&cleaning->reason, query->reason);
    store_cleanup(registry->store, query->reason, asker->by, on_cleaned, cleaning);
}

void operate_cleanup(struct registry *registry, const struct query *query, struct asker *asker)
{
    if (query->worker_id.data != NULL) {
        operate(registry, &cleanup, query, asker);
    } else {
        clean_up_all(registry, query, asker);
    }
}
