/* hear.c -- replies: whose they are, and what they say. */
#include "sim/internal.h"

static int64_t number_of(const json_t *document, const char *name)
{
    return json_integer_value(json_object_get(document, name));
}

static struct answer read_answer(const json_t *document)
{
    const char *code = json_string_value(json_object_get(document, "code"));
    return (struct answer){
        .code = code_of(text_of(code != NULL ? code : "")),
        .epoch = number_of(document, "epoch"),
        .interval_ms = number_of(document, "heartbeatIntervalMs"),
        .retry_after_ms = number_of(document, "retryAfterMs"),
    };
}

/* A gateway is told of each of its workers, any other of itself. Returns how many answers there are. */
static size_t read_answers(const json_t *document, struct answer answers[BATCH_ITEMS_MAX])
{
    const json_t *results = json_object_get(document, "results");
    size_t count = json_array_size(results);
    if (!json_is_array(results)) {
        answers[0] = read_answer(document);
        return 1;
    }
    count = count < BATCH_ITEMS_MAX ? count : BATCH_ITEMS_MAX;
    for (size_t i = 0; i < count; i++) {
        answers[i] = read_answer(json_array_get(results, i));
    }
    return count;
}

static bool read_question(const struct sim *sim, struct text correlation, struct question *out)
{
    if (correlation.len != QUESTION_BYTES) {
        return false;
    }
    out->what = correlation.data[0];
    memcpy(&out->speaker, correlation.data + 1, sizeof out->speaker);
    memcpy(&out->intended_us, correlation.data + 1 + sizeof out->speaker, sizeof out->intended_us);
    return out->speaker < sim->speaker_count;
}

/* Whose own reply topic it came on, where that is one of these workers; a clone is not told apart by it. */
static bool read_speaker(const struct sim *sim, struct text topic, uint32_t *out_index)
{
    const char *slash = memrchr(topic.data, '/', topic.len);
    if (slash == NULL || sim->options->scenario == SCENARIO_GATEWAY) {
        return false;
    }
    struct text id = {slash + 1, topic.len - (size_t)(slash + 1 - topic.data)};
    return name_number(sim->options->prefix, id, out_index) && *out_index < sim->scenario.speakers;
}

/* What nobody asked for may be meant for another start of the worker, but to register again harms nothing. */
static void heed_unasked(struct sim *sim, uint32_t index, const struct answer *answer)
{
    if (answer->code == CODE_UNKNOWN_WORKER) {
        enroll_again(sim, index);
    }
}

static void heed(struct sim *sim, uint32_t index, const struct answer *answer)
{
    struct speaker *speaker = &sim->speakers[index];
    bool ends =
        answer->code == CODE_DEREGISTERED || (answer->code == CODE_SUPERSEDED && sim->scenario.kind != SCENARIO_CLONES);
    if (speaker->state != SPEAKER_IN) {
        return;
    }
    if (ends) {
        schedule_drop(sim->schedule, index);
        speaker->state = SPEAKER_GONE;
    } else if (answer->code == CODE_OK && answer->interval_ms > 0) {
        speaker->interval_ms = (uint32_t)answer->interval_ms;
    } else {
        heed_unasked(sim, index, answer);
    }
}

static void take(struct sim *sim, const struct broker_message *message, const struct answer *answers, size_t count)
{
    struct question question;
    uint32_t index = 0;
    if (!read_question(sim, message->correlation, &question)) {
        if (count == 1 && read_speaker(sim, message->topic, &index)) {
            heed_unasked(sim, index, &answers[0]);
        }
        return;
    }
    if (question.what == QUESTION_REGISTRATION) {
        enroll_take(sim, &question, answers, count);
        return;
    }
    sim->tally.answered++;
    latency_add(&sim->tally.answering, sim->now_us - question.intended_us);
    if (count == 1) {
        heed(sim, question.speaker, &answers[0]);
    }
}

void hear_message(struct sim *sim, const struct broker_message *message)
{
    struct answer answers[BATCH_ITEMS_MAX];
    violations_clear(&sim->violations);
    json_t *document = decode_document(sim->decoder, message->payload, &sim->violations);
    size_t count = read_answers(document, answers);
    json_decref(document);
    for (size_t i = 0; i < count; i++) {
        sim->tally.codes[answers[i].code]++;
    }
    take(sim, message, answers, count);
}
