/* command.c -- what the registry tells one worker to do: sent on its command topic, and the verbs that ask for it. */
#include "registry/command.h"

#include "base/clock.h"
#include "codec/document.h"
#include "registry/announce.h"
#include "registry/asker.h"
#include "registry/intake.h"
#include "registry/internal.h"
#include "registry/system.h"
#include "store/query.h"
#include "store/worker.h"

#include <stdlib.h>

/* What a worker that is not there within this time would do later is no longer what was meant. */
enum { COMMAND_EXPIRY_S = 60 };

static void add_text(json_t *document, const char *name, struct text text)
{
    if (text.len > 0) {
        (void)json_object_set_new(document, name, json_stringn(text.data, text.len));
    }
}

static json_t *command_document(const struct registry *registry, const struct command *command)
{
    json_t *document = json_object();
    add_text(document, "command", text_of(command->name));
    add_text(document, "by", command->by);
    add_text(document, "reason", command->reason);
    add_text(document, "requestId", command->request_id);
    (void)json_object_set_new(document, "at", json_integer(system_now_ms(registry)));
    return document;
}

static void nobody_waits(void *context, bool sent)
{
    (void)context;
    (void)sent;
}

void command_send(struct registry *registry, const struct command *command, command_done_fn *done, void *context)
{
    json_t *document = command_document(registry, command);
    struct announcement announcement = {
        .below = "command/", .id = command->worker_id, .document = document, .expiry_s = COMMAND_EXPIRY_S};
    announce(registry, &announcement, done != NULL ? done : nobody_waits, context);
    json_decref(document);
}

static void on_sent(void *context, bool sent)
{
    struct asker *asker = context;
    intake_call_done(asker->registry);
    if (sent) {
        asker_reply(asker, &(struct reply){.code = CODE_OK, .message = text_of("Command sent")});
    } else {
        asker_refuse_for(asker, CODE_UNAVAILABLE, "The registry cannot reach its broker");
    }
}

static void send_to_known(struct asker *asker, const char *name, const struct store_page *page)
{
    bool is_known = page->count > 0 && page->workers[0].count > 0 &&
                    !text_is(store_worker_field(&page->workers[0], "status"), "INACTIVE");
    if (page->outcome == STORE_DONE && is_known) {
        struct command command = {
            .worker_id = asker->worker_id, .name = name, .by = asker->by, .request_id = asker->request_id};
        command_send(asker->registry, &command, on_sent, asker);
        return;
    }
    intake_call_done(asker->registry);
    if (page->outcome != STORE_DONE) {
        asker_refuse_for(asker, asker_code_of_outcome(page->outcome), "The registry cannot reach its store");
    } else {
        asker_refuse_for(asker, CODE_NOT_FOUND, "Worker not registered");
    }
}

static void on_ping(void *context, const struct store_page *page)
{
    send_to_known(context, "ping", page);
}

static void on_reregister(void *context, const struct store_page *page)
{
    send_to_known(context, "reregister", page);
}

void command_ping(struct registry *registry, const struct query *query, struct asker *asker)
{
    store_read(registry->store, query->worker_id, on_ping, asker);
}

void command_reregister(struct registry *registry, const struct query *query, struct asker *asker)
{
    store_read(registry->store, query->worker_id, on_reregister, asker);
}
