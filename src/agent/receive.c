/* receive.c -- what the registry says to a worker: replies and commands. */
#include "agent/boot.h"

#include "base/clock.h"

static struct text member_text(const json_t *document, const char *name)
{
    const json_t *member = json_object_get(document, name);
    return json_is_string(member) ? (struct text){json_string_value(member), json_string_length(member)}
                                  : (struct text){0};
}

static struct opt_int member_int(const json_t *document, const char *name)
{
    const json_t *member = json_object_get(document, name);
    return (struct opt_int){.set = json_is_integer(member), .value = json_integer_value(member)};
}

/* A code that only a later registry knows counts as success or as something to try again. */
static enum reply_code code_in(const json_t *document)
{
    enum reply_code code = code_of(member_text(document, "code"));
    if (code != CODE_COUNT) {
        return code;
    }
    return json_is_true(json_object_get(document, "success")) ? CODE_OK : CODE_UNAVAILABLE;
}

static void tell_revoked(struct boot *boot, const json_t *jobs)
{
    const struct muster_agent_options *options = &boot->profile->options;
    const char *ids[WORKER_JOBS_MAX];
    size_t count = 0;
    size_t index = 0;
    const json_t *job = NULL;
    json_array_foreach(jobs, index, job)
    {
        if (json_is_string(job) && count < WORKER_JOBS_MAX) {
            ids[count++] = json_string_value(job);
        }
    }
    if (count > 0 && options->on_revoked != NULL) {
        options->on_revoked(options->context, ids, count, boot->session.epoch);
    }
}

static void note_refusal(struct boot *boot, enum session_question question, const struct session_reply *reply,
                         struct text message)
{
    static const char *const what[] = {
        [SESSION_REGISTRATION] = "registration", [SESSION_BEAT] = "heartbeat", [SESSION_GOODBYE] = "deregistration"};
    (void)fault_set(&boot->why, ERR_REFUSED, "%s refused (%s)%s%.*s", what[question], code_name(reply->code),
                    message.len > 0 ? ": " : "", TEXT_ARG(message));
}

static void take_reply(struct boot *boot, struct text correlation, const json_t *document)
{
    struct session_reply reply = {
        .code = code_in(document),
        .epoch = member_int(document, "epoch"),
        .heartbeat_interval_ms = member_int(document, "heartbeatIntervalMs"),
        .heartbeat_timeout_ms = member_int(document, "heartbeatTimeoutMs"),
        .retry_after_ms = member_int(document, "retryAfterMs"),
    };
    if (!send_question_of(boot, correlation, &reply.question)) {
        return;
    }
    bool refused = reply.code != CODE_OK && reply.question != SESSION_UNASKED;
    if (refused) {
        note_refusal(boot, reply.question, &reply, member_text(document, "message"));
    }
    bool advanced = session_take_reply(&boot->session, &reply, clock_monotonic_ms());
    boot_tell_state(boot);
    if (advanced) {
        tell_revoked(boot, json_object_get(document, "revokedJobs"));
    }
    if (refused && !boot->session.ended) {
        boot_tell_problem(boot, "%s", boot->why.text);
    }
}

static void take_command(struct boot *boot, const json_t *document)
{
    const struct muster_agent_options *options = &boot->profile->options;
    struct text name = member_text(document, "command");
    enum muster_command command = MUSTER_COMMAND_OTHER;
    int64_t now_ms = clock_monotonic_ms();
    if (name.data == NULL) {
        boot_tell_problem(boot, "a command without a name came");
        return;
    }
    if (text_is(name, "reregister")) {
        command = MUSTER_COMMAND_REREGISTER;
        session_reregister(&boot->session, now_ms);
    } else if (text_is(name, "drain")) {
        command = MUSTER_COMMAND_DRAIN;
        session_drain(&boot->session, now_ms);
    } else if (text_is(name, "ping")) {
        command = MUSTER_COMMAND_PING;
        session_beat(&boot->session, true, now_ms);
    }
    if (options->on_command != NULL) {
        options->on_command(options->context, command, name.data);
    }
}

void receive_message(struct boot *boot, const struct broker_message *message)
{
    violations_clear(&boot->violations);
    if (message->retained) {
        return;
    }
    json_t *document = decode_document(boot->decoder, message->payload, &boot->violations);
    if (document == NULL) {
        boot_tell_problem(boot, "a message on %.*s cannot be read: %s", TEXT_ARG(message->topic),
                          violations_kept(&boot->violations) > 0 ? boot->violations.texts[0] : "out of memory");
    } else if (text_is(message->topic, boot->profile->command_topic)) {
        take_command(boot, document);
    } else {
        take_reply(boot, message->correlation, document);
    }
    json_decref(document);
}
