/* enroll.c -- registrations: as many unanswered as the window lets, repeated where no answer comes. */
#include "sim/internal.h"

#include <stdio.h>

enum { AGAIN_MS = 20, UNAVAILABLE_MS = 500, LABELS_MAX = 64, DOUBLED_MAX = 3 };

static void push(struct queue *queue, uint32_t speaker)
{
    queue->items[(queue->first + queue->count++) % queue->size] = speaker;
}

static uint32_t pop(struct queue *queue)
{
    uint32_t speaker = queue->items[queue->first];
    queue->first = (queue->first + 1) % queue->size;
    queue->count--;
    return speaker;
}

static void put_back(struct queue *queue, uint32_t speaker)
{
    queue->first = (queue->first + queue->size - 1) % queue->size;
    queue->items[queue->first] = speaker;
    queue->count++;
}

static void wait_in_queue(struct sim *sim, uint32_t index)
{
    sim->speakers[index].state = SPEAKER_WAITING;
    push(&sim->queue, index);
}

void enroll_begin(struct sim *sim, uint32_t first, uint32_t last)
{
    for (uint32_t index = first; index < last; index++) {
        if (scenario_joins_late(&sim->scenario)) {
            schedule_put(sim->schedule, index, sim->run_at_us + scenario_joins_us(&sim->scenario, index));
        } else {
            wait_in_queue(sim, index);
        }
    }
}

/* Heartbeats are as long as those of registered workers, to the byte: whoever only counts has as much to read. */
void enroll_skip(struct sim *sim)
{
    int64_t epoch = sim->options->epoch > 0 ? sim->options->epoch : sim->wall_ms * US_A_MS;
    for (size_t worker = 0; worker < sim->worker_count; worker++) {
        sim->epochs[worker] = epoch;
    }
    for (uint32_t index = 0; index < sim->speaker_count; index++) {
        sim->speakers[index].state = SPEAKER_IN;
        sim->speakers[index].settled = true;
        speak_start(sim, index, 0);
    }
    sim->settled = sim->speaker_count;
}

void enroll_release(struct sim *sim)
{
    for (uint32_t index = 0; index < sim->speaker_count; index++) {
        if (sim->speakers[index].state == SPEAKER_IN) {
            speak_start(sim, index, sim->speakers[index].interval_ms);
        }
    }
}

/* Splits at commas; the pieces point into list. */
static struct texts split(const char *list, struct text items[LABELS_MAX])
{
    size_t count = 0;
    for (const char *at = list; at != NULL && *at != '\0' && count < LABELS_MAX; at += *at == ',') {
        size_t len = strcspn(at, ",");
        if (len > 0) {
            items[count++] = (struct text){at, len};
        }
        at += len;
    }
    return (struct texts){items, count};
}

static enum err append_registration(struct sim *sim, size_t worker, bool named)
{
    const struct options *options = sim->options;
    struct text tags[LABELS_MAX];
    struct text capabilities[LABELS_MAX];
    const char *id = name_of(&sim->id_name, sim_number(sim, worker));
    struct registration registration = {
        .name = text_of(id),
        .max_concurrent_jobs = {.set = true, .value = options->capacity},
        .tags = split(options->tags, tags),
        .capability_names = split(options->capabilities, capabilities),
        .zone = text_of(options->zone),
        .heartbeat_interval_ms = {.set = true, .value = options->heartbeat_interval_ms},
        .heartbeat_timeout_ms = {.set = options->heartbeat_timeout_ms > 0, .value = options->heartbeat_timeout_ms},
        .boot_id = text_of(sim_boot_id(sim, sim_is_clone(sim, worker))),
        .connection = {.set = true, .value = 1},
        .sent_at_ms = {.set = true, .value = sim->wall_ms},
    };
    if (named) {
        registration.worker_id = text_of(id);
    }
    return encode_registration(&registration, (enum encoding)options->encoding, &sim->payload);
}

/* A batch is the same in both encodings but for what is around its items and between them. */
static enum err append_batch(struct sim *sim, uint32_t index)
{
    size_t first = sim_first_worker(sim, index);
    size_t count = sim_workers_of(sim, index);
    bool json = sim->options->encoding == ENCODING_JSON;
    enum err err = ERR_OK;
    const char head[] = {(char)0xdc, (char)(count >> 8), (char)(count & 0xff)};
    buf_append(&sim->payload, json ? "[" : head, json ? 1 : sizeof head);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        buf_append_string(&sim->payload, json && i > 0 ? "," : "");
        err = append_registration(sim, first + i, true);
    }
    buf_append_string(&sim->payload, json ? "]" : "");
    return err;
}

static enum err send(struct sim *sim, uint32_t index)
{
    struct speaker *speaker = &sim->speakers[index];
    size_t first = sim_first_worker(sim, index);
    struct question question = {.what = QUESTION_REGISTRATION, .speaker = index, .intended_us = speaker->intended_us};
    if (!line_is_ready(sim_line(sim, index))) {
        return ERR_CLOSED;
    }
    buf_clear(&sim->payload);
    enum err err =
        sim->options->scenario == SCENARIO_GATEWAY ? append_batch(sim, index) : append_registration(sim, first, false);
    if (err != ERR_OK) {
        return err;
    }
    struct broker_publication publication = {
        .topic = name_of(&sim->register_name, sim_number(sim, first)),
        .payload = buf_text(&sim->payload),
        .qos = 1,
    };
    return sim_publish(sim, index, &publication, &question);
}

static void settle(struct sim *sim, struct speaker *speaker)
{
    sim->settled += speaker->settled ? 0 : 1;
    speaker->settled = true;
    sim->tally.registering_us = sim->now_us;
}

static void come_back(struct sim *sim, uint32_t index, int64_t after_ms)
{
    sim->speakers[index].state = SPEAKER_OUT;
    schedule_put(sim->schedule, index, sim->now_us + after_ms * US_A_MS);
}

/* As an agent does: twice as long each time, and not all at once. A crowd that repeats itself gets no quicker answer.
 */
static int64_t patience_us(const struct sim *sim, uint32_t index)
{
    int64_t patience_ms = sim->options->timeout_ms << sim->speakers[index].tries;
    int64_t spread_ms = patience_ms / 10 + 1;
    return (patience_ms + (int64_t)(jitter_mix(index) % (uint64_t)spread_ms)) * US_A_MS;
}

void enroll_pump(struct sim *sim)
{
    size_t window = sim->scenario.kind == SCENARIO_STORM ? SIZE_MAX : (size_t)sim->options->window;
    while (sim->queue.count > 0 && sim->asked < window) {
        uint32_t index = pop(&sim->queue);
        struct speaker *speaker = &sim->speakers[index];
        /* Of a storm the intended time is when it broke out; behind a window it is when the window opened. */
        if (!scenario_joins_late(&sim->scenario)) {
            speaker->intended_us = sim->now_us;
        }
        enum err err = send(sim, index);
        if (err == ERR_FULL) {
            put_back(&sim->queue, index);
            return;
        }
        if (err != ERR_OK) {
            come_back(sim, index, AGAIN_MS);
            return;
        }
        speaker->state = SPEAKER_ASKED;
        sim->asked++;
        sim->tally.registrations_sent += sim_workers_of(sim, index);
        schedule_put(sim->schedule, index, sim->now_us + patience_us(sim, index));
    }
}

void enroll_due(struct sim *sim, uint32_t index)
{
    struct speaker *speaker = &sim->speakers[index];
    if (speaker->state == SPEAKER_ASKED) {
        sim->asked--;
        sim->tally.registrations_repeated += sim_workers_of(sim, index);
        if (speaker->tries < DOUBLED_MAX) {
            speaker->tries++;
        }
    } else if (speaker->intended_us == 0) {
        speaker->intended_us = scenario_joins_late(&sim->scenario)
                                   ? sim->run_at_us + scenario_joins_us(&sim->scenario, index)
                                   : sim->now_us;
    }
    wait_in_queue(sim, index);
}

void enroll_again(struct sim *sim, uint32_t index)
{
    struct speaker *speaker = &sim->speakers[index];
    if (speaker->state == SPEAKER_IN) {
        schedule_drop(sim->schedule, index);
        speaker->intended_us = sim->now_us;
        sim->tally.registrations_again += sim_workers_of(sim, index);
        wait_in_queue(sim, index);
    }
}

/* When a refused speaker asks again; 0: never. */
static int64_t retry_ms(const struct answer *answer)
{
    switch (answer->code) {
    case CODE_RATE_LIMITED:
        return answer->retry_after_ms > 0 ? answer->retry_after_ms : UNAVAILABLE_MS;
    case CODE_UNAVAILABLE:
    case CODE_REGISTRY_FULL:
    case CODE_UNKNOWN_WORKER:
        return UNAVAILABLE_MS;
    default:
        return 0;
    }
}

/* The interval is the longest that any of the speaker's workers was assigned: they speak together. */
static int64_t take_each(struct sim *sim, uint32_t index, const struct answer *answers, size_t count,
                         size_t *out_accepted)
{
    size_t first = sim_first_worker(sim, index);
    int64_t interval_ms = 0;
    *out_accepted = 0;
    for (size_t i = 0; i < count; i++) {
        if (answers[i].code == CODE_OK) {
            (*out_accepted)++;
            sim->epochs[first + i] = answers[i].epoch;
            interval_ms = answers[i].interval_ms > interval_ms ? answers[i].interval_ms : interval_ms;
        }
    }
    return interval_ms;
}

static bool is_worth_waiting(const struct sim *sim, int64_t after_ms)
{
    int64_t limit_us = sim->run_at_us != SCENARIO_NEVER ? sim->run_at_us + sim->scenario.duration_us
                                                        : sim->options->register_max_s * US_A_S;
    return sim->now_us + after_ms * US_A_MS < limit_us;
}

void enroll_take(struct sim *sim, const struct question *question, const struct answer *answers, size_t count)
{
    uint32_t index = question->speaker;
    struct speaker *speaker = &sim->speakers[index];
    struct tally *tally = &sim->tally;
    size_t workers = sim_workers_of(sim, index);
    size_t accepted = 0;
    if (speaker->state != SPEAKER_ASKED) {
        return; /* it has asked twice, and this is the second answer */
    }
    sim->asked--;
    speaker->tries = 0;
    latency_add(&tally->registering, sim->now_us - question->intended_us);
    int64_t interval_ms = take_each(sim, index, answers, count < workers ? count : workers, &accepted);
    int64_t after_ms = count > 0 && accepted == 0 ? retry_ms(&answers[0]) : 0;
    if (accepted == 0 && after_ms > 0 && is_worth_waiting(sim, after_ms)) {
        int64_t spread_ms = after_ms / 10 + 1;
        come_back(sim, index, after_ms + (int64_t)(jitter_mix(index) % (uint64_t)spread_ms));
        return;
    }
    if (!speaker->settled) {
        tally->registered += accepted;
        tally->refused += workers - accepted;
    }
    settle(sim, speaker);
    if (accepted == 0) {
        speaker->state = SPEAKER_GONE;
        schedule_drop(sim->schedule, index);
        return;
    }
    speaker->state = SPEAKER_IN;
    if (sim->options->wait && sim->run_at_us == SCENARIO_NEVER) {
        speaker->interval_ms = (uint32_t)interval_ms;
        schedule_drop(sim->schedule, index);
        return;
    }
    speak_start(sim, index, interval_ms);
}
