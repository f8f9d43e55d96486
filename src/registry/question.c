/* question.c -- keeping a query, and an end to how long it is worked on. */
#include "registry/question.h"

#include "base/clock.h"
#include "domain/cursor.h"
#include "registry/asker.h"
#include "registry/intake.h"
#include "registry/query.h"
#include "store/worker.h"

#include <stdlib.h>
#include <string.h>

enum { FIELD_MARKS = 6 }; /* quotes, colon and comma around a field in JSON */

static size_t bytes_in(struct texts texts)
{
    size_t bytes = 0;
    for (size_t i = 0; i < texts.count; i++) {
        bytes += texts.items[i].len;
    }
    return bytes;
}

static void keep(struct text *text, char **at)
{
    if (text->data != NULL) {
        memcpy(*at, text->data, text->len);
        text->data = *at;
        *at += text->len;
    }
}

static void keep_all(struct texts *texts, struct text *room, char **at)
{
    for (size_t i = 0; i < texts->count; i++) {
        room[i] = texts->items[i];
        keep(&room[i], at);
    }
    texts->items = room;
}

bool question_init(struct question *question, const struct query *query, struct asker *asker)
{
    struct query *kept = &question->query;
    size_t bytes = 1 + query->worker_id.len + query->zone.len + query->name_prefix.len + query->type.len +
                   bytes_in(query->tags) + bytes_in(query->capabilities);
    *question = (struct question){.asker = asker,
                                  .query = *query,
                                  .limit = query->limit.set ? (size_t)query->limit.value : PAGE_DEFAULT,
                                  .asked_ms = clock_monotonic_ms(),
                                  .bytes = malloc(bytes)};
    if (question->bytes == NULL) {
        intake_call_done(asker->registry);
        asker_refuse_for(asker, CODE_UNAVAILABLE, "The registry is out of memory");
        return false;
    }
    char *at = question->bytes;
    keep(&kept->worker_id, &at);
    keep(&kept->zone, &at);
    keep(&kept->name_prefix, &at);
    keep(&kept->type, &at);
    keep_all(&kept->tags, question->labels, &at);
    keep_all(&kept->capabilities, question->labels + WORKER_TAGS_MAX, &at);
    kept->reason = kept->sort = kept->from = kept->cursor = kept->request_id = (struct text){0};
    return true;
}

void question_fini(struct question *question)
{
    free(question->bytes);
}

bool question_may_go_on(struct question *question, int64_t most_ms)
{
    question->rounds++;
    return question->rounds < QUESTION_ROUNDS_MAX && clock_monotonic_ms() - question->asked_ms < most_ms;
}

bool question_answered(struct question *question, enum store_outcome outcome)
{
    if (outcome != STORE_DONE) {
        question_end(question);
        asker_refuse_for(question->asker, asker_code_of_outcome(outcome), "The registry cannot reach its store");
    }
    return outcome == STORE_DONE;
}

struct text question_place(const struct query *query, uint32_t request)
{
    struct text place = {0};
    return query->cursor.len > 0 && cursor_read(query->cursor, request, &place) ? place : (struct text){0};
}

json_t *question_cursor(uint32_t request, struct text place)
{
    char cursor[CURSOR_TEXT_MAX];
    size_t len = place.len > 0 ? cursor_write(request, place, cursor) : 0;
    return len > 0 ? json_stringn(cursor, len) : NULL;
}

void question_end(struct question *question)
{
    intake_call_done(question->asker->registry);
}

size_t question_bytes_of(const struct store_worker *worker)
{
    size_t bytes = worker->id.len;
    for (size_t i = 0; i < worker->count; i++) {
        bytes += worker->fields[i].name.len + worker->fields[i].value.len + FIELD_MARKS;
    }
    return bytes;
}
