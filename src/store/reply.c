/* reply.c -- reading what Redis answers into the store's plain results. */
#include "store/internal.h"
#include "store/stream.h"
#include "store/worker.h"

#include <stdlib.h>

struct text reply_text(const redisReply *reply)
{
    if (reply == NULL ||
        (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_STATUS && reply->type != REDIS_REPLY_ERROR)) {
        return (struct text){0};
    }
    return (struct text){reply->str, reply->len};
}

int64_t reply_int(const redisReply *reply)
{
    return reply_opt_int(reply).value;
}

struct opt_int text_opt_int(struct text text)
{
    struct opt_int number = {0};
    if (text.len > 0) {
        char *end = NULL;
        number.value = strtoll(text.data, &end, 10);
        number.set = *end == '\0';
    }
    return number;
}

struct opt_int reply_opt_int(const redisReply *reply)
{
    if (reply != NULL && reply->type == REDIS_REPLY_INTEGER) {
        return (struct opt_int){.set = true, .value = reply->integer};
    }
    return text_opt_int(reply_text(reply));
}

const redisReply *reply_at(const redisReply *array, size_t index)
{
    return index < reply_count(array) ? array->element[index] : NULL;
}

size_t reply_count(const redisReply *array)
{
    return array != NULL && array->type == REDIS_REPLY_ARRAY ? array->elements : 0;
}

enum reply_code reply_code_of(const redisReply *reply)
{
    enum reply_code code = code_of(reply_text(reply));
    return code == CODE_COUNT ? CODE_UNAVAILABLE : code;
}

void scratch_reset(struct scratch *scratch)
{
    scratch->field_count = 0;
}

static void *grow(void **list, size_t *bytes, size_t count, size_t size)
{
    size_t wanted = (count > 0 ? count : 1) * size;
    if (wanted > *bytes) {
        void *grown = realloc(*list, wanted);
        if (grown == NULL) {
            return NULL;
        }
        *list = grown;
        *bytes = wanted;
    }
    return *list;
}

void *scratch_items(struct scratch *scratch, size_t count, size_t size)
{
    return grow(&scratch->items, &scratch->items_bytes, count, size);
}

void *scratch_more_items(struct scratch *scratch, size_t count, size_t size)
{
    return grow(&scratch->more_items, &scratch->more_items_bytes, count, size);
}

struct field *scratch_room(struct scratch *scratch, size_t count)
{
    size_t wanted = scratch->field_count + (count > 0 ? count : 1);
    if (wanted > scratch->field_cap) {
        size_t cap = 2 * wanted;
        struct field *fields = realloc(scratch->fields, cap * sizeof *fields);
        if (fields == NULL) {
            return NULL;
        }
        scratch->fields = fields;
        scratch->field_cap = cap;
    }
    return scratch->fields + scratch->field_count;
}

size_t scratch_fields(struct scratch *scratch, const redisReply *flat)
{
    size_t begin = scratch->field_count;
    size_t pairs = reply_count(flat) / 2;
    if (scratch_room(scratch, pairs) == NULL) {
        return begin;
    }
    for (size_t i = 0; i < pairs; i++) {
        scratch->fields[scratch->field_count++] =
            (struct field){reply_text(flat->element[2 * i]), reply_text(flat->element[2 * i + 1])};
    }
    return begin;
}

void scratch_fini(struct scratch *scratch)
{
    free(scratch->fields);
    free(scratch->items);
    free(scratch->more_items);
    *scratch = (struct scratch){0};
}

struct store_worker scratch_worker(struct scratch *scratch, const redisReply *document)
{
    size_t begin = scratch_fields(scratch, reply_at(document, 1));
    (void)scratch_fields(scratch, reply_at(document, 2));
    return (struct store_worker){.id = reply_text(reply_at(document, 0)),
                                 .fields = scratch->fields + begin,
                                 .count = scratch->field_count - begin};
}

/* While the list of fields may still move, a worker or event keeps only how many fields are its own. */
const struct store_worker *scratch_workers(struct scratch *scratch, const redisReply *list)
{
    size_t count = reply_count(list);
    struct store_worker *workers = scratch_items(scratch, count, sizeof *workers);
    if (workers == NULL) {
        return NULL;
    }
    size_t at = scratch->field_count;
    for (size_t i = 0; i < count; i++) {
        const redisReply *item = list->element[i];
        size_t begin = scratch_fields(scratch, reply_at(item, 1));
        (void)scratch_fields(scratch, reply_at(item, 2));
        workers[i] = (struct store_worker){.id = reply_text(reply_at(item, 0)), .count = scratch->field_count - begin};
    }
    for (size_t i = 0; i < count; i++) {
        workers[i].fields = scratch->fields + at;
        at += workers[i].count;
    }
    return workers;
}

struct store_event *scratch_entries(struct scratch *scratch, const redisReply *list)
{
    size_t count = reply_count(list);
    struct store_event *events = scratch_more_items(scratch, count, sizeof *events);
    if (events == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        const redisReply *item = list->element[i];
        size_t begin = scratch_fields(scratch, reply_at(item, 1));
        events[i] = (struct store_event){.id = reply_text(reply_at(item, 0)), .count = scratch->field_count - begin};
    }
    return events;
}
