/* line.c -- connect, subscribe, and after a loss the same again. */
#include "sim/line.h"

#include <stdio.h>

enum { RETRY_FIRST_MS = 200, RETRY_MAX_MS = 5000, US_A_MS = 1000 };

static enum err name_topics(struct line *line, const struct line_plan *plan)
{
    const struct options *options = plan->options;
    bool gateway = options->scenario == SCENARIO_GATEWAY;
    const char *who = gateway ? options->gateway : "+";
    char before[NAMES_BYTES];
    char after[NAMES_BYTES];
    (void)snprintf(before, sizeof before, "%s/reply/%s/", options->access.topic_root, gateway ? "gateway" : "worker");
    (void)snprintf(after, sizeof after, "/%s-%zu", plan->mark, plan->number);
    line->filter_count = plan->number == 0 ? 2 : 1;
    if (name_fix(&line->filters[0], before, who, after) != ERR_OK ||
        name_fix(&line->filters[1], before, who, "") != ERR_OK) {
        return ERR_RANGE;
    }
    return gateway ? name_fix(&line->reply_name, before, who, after)
                   : name_init(&line->reply_name, before, options->prefix, after);
}

enum err line_init(struct line *line, const struct line_plan *plan, struct fault *out_fault)
{
    enum { INBOX_MESSAGES = 200000, INBOX_BYTES = 256 * 1024 * 1024 };
    const struct options *options = plan->options;
    char client_id[64];
    char pulse_id[64];
    *line = (struct line){.state = LINE_DOWN};
    backoff_init(&line->backoff, RETRY_FIRST_MS, RETRY_MAX_MS, plan->number + 1);
    if (name_topics(line, plan) != ERR_OK) {
        return fault_set(out_fault, ERR_INVALID, "the topics would be longer than %d bytes", NAMES_BYTES);
    }
    (void)snprintf(client_id, sizeof client_id, "muster-sim-%s-%zu", plan->mark, plan->number);
    (void)snprintf(pulse_id, sizeof pulse_id, "muster-sim-%s-%zu-pulse", plan->mark, plan->number);
    struct broker_options broker_options = access_options(&options->access, options->password);
    broker_options.client_id = client_id;
    broker_options.connect_timeout_s = (int)((options->timeout_ms + 999) / 1000);
    broker_options.inbox_messages_max = INBOX_MESSAGES;
    broker_options.inbox_bytes_max = INBOX_BYTES;
    const struct pulse_options pulse_options = {.uri = broker_options.uri,
                                                .client_id = pulse_id,
                                                .username = broker_options.username,
                                                .password = broker_options.password};
    enum err err = broker_new(&broker_options, &line->broker, out_fault);
    if (err == ERR_OK && pulse_can(options->access.uri)) {
        err = pulse_new(&pulse_options, &line->pulse, out_fault);
    }
    return err;
}

void line_fini(struct line *line, int timeout_ms)
{
    if (line->broker != NULL && line->state != LINE_DOWN) {
        broker_disconnect(line->broker, line->state == LINE_READY ? timeout_ms : 0);
    }
    pulse_free(line->pulse, timeout_ms);
    broker_free(line->broker);
    *line = (struct line){.state = LINE_DOWN};
}

bool line_is_ready(const struct line *line)
{
    return line->state == LINE_READY && (line->pulse == NULL || pulse_is_ready(line->pulse));
}

const char *line_problem(const struct line *line)
{
    bool by_pulse = line->state == LINE_READY && line->pulse != NULL;
    return by_pulse ? pulse_problem(line->pulse) : line->problem.text;
}

uint64_t line_losses(const struct line *line)
{
    return line->losses + (line->pulse != NULL ? pulse_losses(line->pulse) : 0);
}

uint64_t line_refusals(const struct line *line)
{
    return line->refusals + (line->pulse != NULL ? pulse_refusals(line->pulse) : 0);
}

enum err line_publish(struct line *line, const struct broker_publication *publication)
{
    return line->pulse != NULL ? pulse_publish(line->pulse, publication) : broker_publish(line->broker, publication);
}

void line_flush(struct line *line)
{
    if (line->pulse != NULL) {
        pulse_flush(line->pulse);
    }
}

size_t line_fill_fds(const struct line *line, struct pollfd fds[LINE_FDS])
{
    fds[0] = (struct pollfd){.fd = broker_fd(line->broker), .events = POLLIN};
    if (line->pulse == NULL) {
        return 1;
    }
    fds[1] = (struct pollfd){.fd = pulse_fd(line->pulse), .events = pulse_events(line->pulse)};
    return 2;
}

size_t line_take_fds(struct line *line, const struct pollfd fds[LINE_FDS])
{
    if (line->pulse == NULL) {
        return 1;
    }
    if (fds[1].revents != 0 || pulse_is_owed(line->pulse)) {
        pulse_receive(line->pulse);
    }
    return 2;
}

static void go_down(struct line *line, int64_t now_us)
{
    line->losses += line->state == LINE_READY ? 1 : 0;
    line->state = LINE_DOWN;
    line->retry_at_us = now_us + backoff_next_ms(&line->backoff) * US_A_MS;
}

void line_tend(struct line *line, int64_t now_us)
{
    if (line->pulse != NULL) {
        pulse_tend(line->pulse);
    }
    if (line->state != LINE_DOWN || now_us < line->retry_at_us) {
        return;
    }
    line->state = LINE_CONNECTING;
    if (broker_connect(line->broker, &line->problem) != ERR_OK) {
        go_down(line, now_us);
    }
}

static void subscribe(struct line *line, int64_t now_us)
{
    struct broker_subscription subscriptions[2];
    for (size_t i = 0; i < line->filter_count; i++) {
        subscriptions[i] = (struct broker_subscription){.filter = line->filters[i].text, .qos = 1};
    }
    line->state = LINE_SUBSCRIBING;
    if (broker_subscribe(line->broker, subscriptions, line->filter_count, &line->problem) != ERR_OK) {
        broker_disconnect(line->broker, 0);
        go_down(line, now_us);
    }
}

bool line_next(struct line *line, int64_t now_us, struct broker_message *out_message)
{
    struct broker_event event;
    while (broker_next(line->broker, &event)) {
        switch (event.kind) {
        case BROKER_CONNECTED:
            subscribe(line, now_us);
            break;
        case BROKER_SUBSCRIBED:
            line->state = LINE_READY;
            backoff_reset(&line->backoff);
            break;
        case BROKER_DISCONNECTED:
            (void)fault_set(&line->problem, ERR_CLOSED, "%.*s", TEXT_ARG(event.reason));
            go_down(line, now_us);
            break;
        case BROKER_REFUSED:
            (void)fault_set(&line->problem, ERR_REFUSED, "the broker refused: %.*s", TEXT_ARG(event.reason));
            line->refusals++;
            if (event.id == 0) {
                broker_disconnect(line->broker, 0);
                go_down(line, now_us);
            }
            break;
        case BROKER_MESSAGE:
            *out_message = event.message;
            return true;
        case BROKER_ACKED:
            break;
        }
    }
    return false;
}
