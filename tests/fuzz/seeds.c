/* seeds.c -- topics/vectors as inputs for the targets that they concern. */
#include "seeds.h"

#include "vectors.h"

static const char *const messages[] = {"registration", "heartbeat", "deregistration", "will", "query"};

static bool is_for_batches(const struct vector *vector)
{
    return vector_is_for(vector, "registrations") || vector_is_for(vector, "heartbeats") ||
           vector_is_for(vector, "deregistrations") || vector_is_for(vector, "wills");
}

static void each_payload(seed_fn *take, void *context)
{
    struct vectors vectors;
    struct buf payload = {0};
    vectors_load(&vectors);
    for (size_t i = 0; i < 2 * vectors.count; i++) {
        const struct vector *vector = &vectors.items[i / 2];
        if (!vector_payload(vector, i % 2 == 0 ? ENCODING_JSON : ENCODING_MSGPACK, &payload)) {
            continue;
        }
        for (size_t k = 0; k < sizeof messages / sizeof messages[0]; k++) {
            if (vector_is_for(vector, messages[k])) {
                take(context, messages[k], buf_text(&payload));
            }
        }
        if (is_for_batches(vector)) {
            take(context, "batch", buf_text(&payload));
            take(context, "state", buf_text(&payload));
        }
        take(context, "document", buf_text(&payload));
    }
    buf_fini(&payload);
    vectors_free(&vectors);
}

/* Every field that a record has. */
static const char records[] =
    "{\"workers\":[{\"workerId\":\"w1\",\"name\":\"One\",\"status\":\"DRAINING\",\"health\":\"UNHEALTHY\","
    "\"reason\":\"connection_lost\",\"epoch\":1795537597736740,\"revision\":3,\"registeredAt\":1795537597736,"
    "\"lastHeartbeatAt\":1795537597776,\"updatedAt\":1795537597796,\"currentJobCount\":1,\"availableCapacity\":3,"
    "\"maxConcurrentJobs\":4,\"cpuUsage\":1.5,\"memoryUsage\":20,\"errorCount\":1,\"consecutiveFailures\":2,"
    "\"bootId\":\"b3\",\"connection\":3,\"heartbeatIntervalMs\":1000,\"heartbeatTimeoutMs\":3000,"
    "\"declared\":\"BUSY\",\"draining\":\"operator\",\"maintained\":\"1\",\"contradiction\":\"jobs_inconsistent\","
    "\"jobs\":[\"j1\",\"j2\"],\"seq\":7,\"sentAt\":1795537597775,\"heartbeats\":7,\"unhealthySince\":1795537597777,"
    "\"unhealthyMs\":40,\"message\":\"disk full\",\"lastError\":\"disk full\",\"lastErrorAt\":1795537597776,"
    "\"revokedJobs\":[\"j0\"],\"boots\":[\"b1\",\"b2\"]},"
    "{\"workerId\":\"w2\",\"status\":\"INACTIVE\",\"health\":\"FAILED\",\"left\":\"cleaned_up\",\"jobs\":[]},{}]}";

static void each_record(seed_fn *take, void *context)
{
    struct buf payload = {0};
    json_t *document = json_loads(records, 0, NULL);
    if (encode_document(document, ENCODING_MSGPACK, &payload) == ERR_OK) {
        take(context, "state", buf_text(&payload));
    }
    take(context, "state", text_of(records));
    json_decref(document);
    buf_fini(&payload);
}

static void append_member(struct buf *out, const json_t *object, const char *name)
{
    const json_t *text = json_object_get(object, name);
    buf_append(out, json_string_value(text), json_string_length(text));
}

static void each_topic(seed_fn *take, void *context)
{
    json_t *document = vectors_topics();
    const json_t *topics = json_object_get(document, "topics");
    const json_t *responses = json_object_get(document, "responseTopics");
    struct buf input = {0};
    for (size_t i = 0; i < json_array_size(topics); i++) {
        buf_clear(&input);
        append_member(&input, json_array_get(topics, i), "topic");
        take(context, "topic", buf_text(&input));
    }
    for (size_t i = 0; i < json_array_size(responses); i++) {
        buf_clear(&input);
        append_member(&input, json_array_get(responses, i), "sender");
        buf_append_string(&input, "\n");
        append_member(&input, json_array_get(responses, i), "responseTopic");
        take(context, "topic", buf_text(&input));
    }
    buf_fini(&input);
    json_decref(document);
}

void seeds_each(seed_fn *take, void *context)
{
    each_payload(take, context);
    each_record(take, context);
    each_topic(take, context);
}
