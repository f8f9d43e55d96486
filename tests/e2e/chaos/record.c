/* record.c -- reads Redis, the broker and the observer, and writes down what they have; judges nothing. */
#include "e2e/chaos/record.h"

#include "codec/document.h"
#include "e2e/chaos/diary.h"

#include <stdio.h>
#include <string.h>

enum { FIELDS_MAX = 256, INSPECTION_MS = 10000 };

#define PARTITION "muster:{0}:"

/* A reply of alternating names and values as the codec takes them. */
static size_t read_fields(const redisReply *reply, struct field *fields)
{
    size_t count = 0;
    for (size_t i = 0; i + 1 < reply->elements && count < FIELDS_MAX; i += 2) {
        fields[count].name = (struct text){reply->element[i]->str, reply->element[i]->len};
        fields[count++].value = (struct text){reply->element[i + 1]->str, reply->element[i + 1]->len};
    }
    return count;
}

/* Entries for the audit trail alone have no revision: nobody is told of them. */
void record_changes(json_t *diary, const redisReply *entries)
{
    for (size_t i = 0; i < entries->elements; i++) {
        struct field fields[FIELDS_MAX];
        const redisReply *id = entries->element[i]->element[0];
        size_t count = read_fields(entries->element[i]->element[1], fields);
        json_t *document = event_document((struct text){id->str, id->len}, fields, count);
        if (json_object_get(document, "revision") != NULL) {
            diary_add(diary, "change", document);
        } else {
            json_decref(document);
        }
    }
}

static void record_heard(struct world *world, json_t *diary)
{
    static const char events[] = "muster/v1/event/";
    for (size_t i = 0; recorder_all(world->observer, i) != NULL; i++) {
        const struct record *record = recorder_all(world->observer, i);
        if (strncmp(record->topic, events, sizeof events - 1) == 0) {
            diary_add(diary, "heard",
                      json_pack("{s:I, s:o}", "at", (json_int_t)record->wall_ms, "event",
                                json_loads(record->payload, 0, NULL)));
        }
    }
}

/* A newcomer gets what is retained; what it says itself comes after that. */
static struct recorder *inspect(struct world *world)
{
    static const char *const filters[] = {"muster/v1/status/+", "inspector/end", NULL};
    struct recorder *inspector = NULL;
    struct fault fault = {0};
    if (recorder_open(world->broker.uri, "inspector", filters, &inspector, &fault) != ERR_OK ||
        recorder_tell(inspector, "inspector/end", "end", &fault) != ERR_OK) {
        fail_msg("%s", fault.text);
    }
    assert_non_null(recorder_wait(inspector, "inspector/end", NULL, INSPECTION_MS));
    return inspector;
}

static json_t *retained_of(struct recorder *inspector, const char *id)
{
    char topic[128];
    (void)snprintf(topic, sizeof topic, "muster/v1/status/%s", id);
    const struct record *record = recorder_last(inspector, topic, NULL);
    return record != NULL && record->payload_len > 0 ? json_loads(record->payload, 0, NULL) : json_null();
}

static json_t *document_of(struct world *world, const char *id)
{
    struct field fields[2 * FIELDS_MAX];
    const redisReply *record = redis_reply(world->store, "HGETALL " PARTITION "worker:%s", id);
    size_t count = read_fields(record, fields);
    return count > 0 ? status_document(text_of(id), fields, count) : json_null();
}

static void record_finals(struct world *world, json_t *diary)
{
    struct recorder *inspector = inspect(world);
    size_t lines = json_array_size(diary);
    for (size_t i = 0; i < lines; i++) {
        const json_t *line = json_array_get(diary, i);
        if (strcmp(json_string_value(json_object_get(line, "what")), "worker") == 0) {
            const char *id = json_string_value(json_object_get(line, "id"));
            diary_add(diary, "final",
                      json_pack("{s:s, s:o, s:o}", "id", id, "document", document_of(world, id), "retained",
                                retained_of(inspector, id)));
        }
    }
    recorder_free(inspector);
}

static json_t *list_of(const redisReply *reply)
{
    json_t *list = json_array();
    for (size_t i = 0; i < reply->elements; i++) {
        (void)json_array_append_new(list, json_string(reply->element[i]->str));
    }
    return list;
}

static json_t *object_of(const redisReply *reply)
{
    json_t *object = json_object();
    for (size_t i = 0; i + 1 < reply->elements; i += 2) {
        (void)json_object_set_new(object, reply->element[i]->str, json_string(reply->element[i + 1]->str));
    }
    return object;
}

/* Sets as lists, sorted sets and hashes as objects, texts as they are; a stream is null. */
static json_t *value_of(struct world *world, const char *key)
{
    char type[16];
    (void)snprintf(type, sizeof type, "%s", redis_text(world->store, "TYPE %s", key));
    if (strcmp(type, "set") == 0) {
        return list_of(redis_reply(world->store, "SMEMBERS %s", key));
    }
    if (strcmp(type, "zset") == 0) {
        return object_of(redis_reply(world->store, "ZRANGE %s 0 -1 WITHSCORES", key));
    }
    if (strcmp(type, "hash") == 0) {
        return object_of(redis_reply(world->store, "HGETALL %s", key));
    }
    const char *text = strcmp(type, "string") == 0 ? redis_text(world->store, "GET %s", key) : NULL;
    return text != NULL ? json_string(text) : json_null();
}

static void record_store(struct world *world, json_t *diary)
{
    json_t *keys = list_of(redis_reply(world->store, "KEYS " PARTITION "*"));
    json_t *store = json_object();
    size_t index = 0;
    const json_t *key = NULL;
    json_array_foreach(keys, index, key)
    {
        const char *name = json_string_value(key);
        (void)json_object_set_new(store, name + sizeof PARTITION - 1, value_of(world, name));
    }
    json_decref(keys);
    diary_add(diary, "store", json_pack("{s:o}", "keys", store));
}

void record_end(struct world *world, json_t *diary)
{
    record_finals(world, diary);
    record_store(world, diary);
    record_changes(diary, redis_reply(world->store, "XRANGE " PARTITION "events - +"));
    record_heard(world, diary);
}
