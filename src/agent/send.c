/* send.c -- what a worker says: registration, heartbeat, goodbye and will, in MessagePack. */
#include "agent/boot.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>

/* A registration that lies unread this long has been said again since. Wider than the widest wait between two. */
enum { REGISTER_EXPIRY_S = 60, CORRELATION_MAX = BOOT_ID_LEN + 3 };

static const char question_letters[] = {
    [SESSION_UNASKED] = '-', [SESSION_REGISTRATION] = 'r', [SESSION_BEAT] = 'h', [SESSION_GOODBYE] = 'd'};

static struct text correlate(const struct boot *boot, enum session_question question, char out[CORRELATION_MAX])
{
    int len = snprintf(out, CORRELATION_MAX, "%c:%s", question_letters[question], boot->agent->boot_id);
    return (struct text){out, (size_t)len};
}

bool send_question_of(const struct boot *boot, struct text correlation, enum session_question *out_question)
{
    if (correlation.data == NULL) {
        *out_question = SESSION_UNASKED;
        return true;
    }
    for (int question = SESSION_REGISTRATION; question <= SESSION_GOODBYE; question++) {
        char ours[CORRELATION_MAX];
        if (text_equal(correlation, correlate(boot, (enum session_question)question, ours))) {
            *out_question = (enum session_question)question;
            return true;
        }
    }
    return false;
}

bool send_subscribe(struct boot *boot)
{
    struct fault fault = {0};
    const struct broker_subscription subscriptions[] = {
        {.filter = boot->profile->reply_topic, .qos = 1},
        {.filter = boot->reply_topic, .qos = 1},
        {.filter = boot->profile->command_topic, .qos = 1},
    };
    if (broker_subscribe(boot->broker, subscriptions, sizeof subscriptions / sizeof subscriptions[0], &fault) !=
        ERR_OK) {
        boot_tell_problem(boot, "%s", fault.text);
        return false;
    }
    return true;
}

/* Sends the payload; asking where there is a question. */
static void publish(struct boot *boot, const char *what, const char *topic, int qos, uint32_t expiry_s,
                    enum session_question question)
{
    char correlation[CORRELATION_MAX];
    struct broker_publication publication = {
        .topic = topic,
        .payload = buf_text(&boot->payload),
        .qos = qos,
        .content_type = encoding_content_type(ENCODING_MSGPACK),
        .expiry_s = expiry_s,
        .id = qos > 0 ? (uint64_t)question : 0,
    };
    if (question != SESSION_UNASKED) {
        publication.response_topic = boot->reply_topic;
        publication.correlation = correlate(boot, question, correlation);
    }
    enum err err = broker_publish(boot->broker, &publication);
    if (err != ERR_OK) {
        boot_tell_problem(boot, "%s not sent: %s", what, err_name(err));
    }
}

static bool was_encoded(struct boot *boot, const char *what, enum err err)
{
    if (err != ERR_OK) {
        boot_tell_problem(boot, "%s not sent: it cannot be encoded (%s)", what, err_name(err));
    }
    return err == ERR_OK;
}

void send_register(struct boot *boot)
{
    struct registration registration = boot->profile->registration;
    registration.boot_id = text_of(boot->agent->boot_id);
    registration.connection = (struct opt_int){.set = true, .value = boot->session.connection};
    registration.sent_at_ms = (struct opt_int){.set = true, .value = clock_wall_ms()};
    buf_clear(&boot->payload);
    if (was_encoded(boot, "registration", encode_registration(&registration, ENCODING_MSGPACK, &boot->payload))) {
        publish(boot, "registration", boot->profile->register_topic, 1, REGISTER_EXPIRY_S, SESSION_REGISTRATION);
    }
}

static struct opt_int opt_count(int64_t value)
{
    return (struct opt_int){.set = value >= 0, .value = value};
}

static struct opt_real opt_percent(double value)
{
    return (struct opt_real){.set = isfinite(value) && value >= 0, .value = value};
}

static enum worker_status status_of(enum muster_status status)
{
    static const enum worker_status statuses[] = {
        [MUSTER_STATUS_UNSAID] = WORKER_STATUS_NONE,
        [MUSTER_STATUS_ACTIVE] = WORKER_ACTIVE,
        [MUSTER_STATUS_IDLE] = WORKER_IDLE,
        [MUSTER_STATUS_BUSY] = WORKER_BUSY,
        [MUSTER_STATUS_MAINTENANCE] = WORKER_MAINTENANCE,
        [MUSTER_STATUS_ERROR] = WORKER_ERROR,
    };
    return (unsigned)status < sizeof statuses / sizeof statuses[0] ? statuses[status] : WORKER_STATUS_NONE;
}

static void fill_jobs(struct boot *boot, const struct muster_report *report, struct heartbeat *heartbeat)
{
    heartbeat->current_job_count = opt_count(report->job_count);
    if (report->jobs == NULL) {
        return;
    }
    if (!heartbeat->current_job_count.set) {
        heartbeat->current_job_count = opt_count((int64_t)report->jobs_length);
    }
    if (report->jobs_length <= WORKER_JOBS_MAX) {
        for (size_t i = 0; i < report->jobs_length; i++) {
            boot->jobs[i] = text_of(report->jobs[i]);
        }
        heartbeat->jobs_given = true;
        heartbeat->jobs = (struct texts){.items = boot->jobs, .count = report->jobs_length};
    }
}

static void fill_report(struct boot *boot, struct heartbeat *heartbeat)
{
    const struct muster_agent_options *options = &boot->profile->options;
    struct muster_report report = {
        .job_count = -1, .available_capacity = -1, .cpu_usage = -1, .memory_usage = -1, .error_count = -1};
    if (options->on_report == NULL) {
        return;
    }
    options->on_report(options->context, &report);
    fill_jobs(boot, &report, heartbeat);
    heartbeat->status = status_of(report.status);
    heartbeat->available_capacity = opt_count(report.available_capacity);
    heartbeat->cpu_usage = opt_percent(report.cpu_usage);
    heartbeat->memory_usage = opt_percent(report.memory_usage);
    heartbeat->error_count = opt_count(report.error_count);
    heartbeat->message = text_of(report.message);
}

/* A heartbeat that is older than the timeout says nothing any more. */
static uint32_t heartbeat_expiry_s(const struct session *session)
{
    int64_t timeout_ms = session->timeout_ms > 0 ? session->timeout_ms : 3 * session->interval_ms;
    return (uint32_t)((timeout_ms + 999) / 1000);
}

void send_heartbeat(struct boot *boot, bool asks)
{
    const struct session *session = &boot->session;
    struct heartbeat heartbeat = {
        .seq = {.set = true, .value = session->seq},
        .epoch = {.set = session->epoch > 0, .value = session->epoch},
        .boot_id = text_of(boot->agent->boot_id),
        .connection = {.set = true, .value = session->connection},
    };
    fill_report(boot, &heartbeat);
    heartbeat.sent_at_ms = (struct opt_int){.set = true, .value = clock_wall_ms()};
    buf_clear(&boot->payload);
    if (was_encoded(boot, "heartbeat", encode_heartbeat(&heartbeat, ENCODING_MSGPACK, &boot->payload))) {
        publish(boot, "heartbeat", boot->profile->heartbeat_topic, 0, heartbeat_expiry_s(session),
                asks ? SESSION_BEAT : SESSION_UNASKED);
    }
}

void send_deregister(struct boot *boot, bool drain, bool force)
{
    struct deregistration deregistration = {
        .force = force,
        .drain = drain,
        .boot_id = text_of(boot->agent->boot_id),
        .sent_at_ms = {.set = true, .value = clock_wall_ms()},
    };
    buf_clear(&boot->payload);
    if (was_encoded(boot, "deregistration", encode_deregistration(&deregistration, ENCODING_MSGPACK, &boot->payload))) {
        publish(boot, "deregistration", boot->profile->deregister_topic, 1, 0, SESSION_GOODBYE);
    }
}

enum err send_append_will(struct boot *boot, struct buf *out)
{
    struct will will = {
        .boot_id = text_of(boot->agent->boot_id),
        .connection = {.set = true, .value = boot->session.connection},
    };
    return encode_will(&will, ENCODING_MSGPACK, out);
}
