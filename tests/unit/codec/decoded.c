/* decoded.c -- shows decoded messages as trees, field by field. */
#include "decoded.h"

static void set(json_t *tree, const char *name, json_t *value)
{
    (void)json_object_set_new(tree, name, value);
}

static void set_text(json_t *tree, const char *name, struct text text)
{
    if (text.data != NULL) {
        set(tree, name, json_stringn(text.data, text.len));
    }
}

static void set_int(json_t *tree, const char *name, struct opt_int value)
{
    if (value.set) {
        set(tree, name, json_integer(value.value));
    }
}

static void set_real(json_t *tree, const char *name, struct opt_real value)
{
    if (value.set) {
        set(tree, name, json_real(value.value));
    }
}

static void set_flag(json_t *tree, const char *name, bool flag)
{
    if (flag) {
        set(tree, name, json_true());
    }
}

static void set_word(json_t *tree, const char *name, const char *word)
{
    if (word[0] != '\0') {
        set(tree, name, json_string(word));
    }
}

static void set_list(json_t *tree, const char *name, struct texts texts)
{
    if (texts.items == NULL) {
        return;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < texts.count; i++) {
        (void)json_array_append_new(list, json_stringn(texts.items[i].data, texts.items[i].len));
    }
    set(tree, name, list);
}

static json_t *show_registration(const struct registration *message)
{
    json_t *tree = json_object();
    set_text(tree, "workerId", message->worker_id);
    set_text(tree, "name", message->name);
    set_text(tree, "hostName", message->host_name);
    set_text(tree, "hostAddress", message->host_address);
    set_int(tree, "port", message->port);
    set_int(tree, "maxConcurrentJobs", message->max_concurrent_jobs);
    set_text(tree, "capabilities", message->capabilities_json);
    set_list(tree, "capabilityNames", message->capability_names);
    set_text(tree, "tags", message->tags_json);
    set_list(tree, "tagList", message->tags);
    set_text(tree, "version", message->version);
    set_int(tree, "priorityThreshold", message->priority_threshold);
    set_real(tree, "workerLoadFactor", message->worker_load_factor);
    set_text(tree, "zone", message->zone);
    set_int(tree, "heartbeatIntervalMs", message->heartbeat_interval_ms);
    set_int(tree, "heartbeatTimeoutMs", message->heartbeat_timeout_ms);
    set_text(tree, "bootId", message->boot_id);
    set_int(tree, "connection", message->connection);
    set_int(tree, "sentAt", message->sent_at_ms);
    set_text(tree, "requestId", message->request_id);
    return tree;
}

static json_t *show_heartbeat(const struct heartbeat *message)
{
    json_t *tree = json_object();
    set_text(tree, "workerId", message->worker_id);
    set_word(tree, "status", worker_status_name(message->status));
    set_int(tree, "currentJobCount", message->current_job_count);
    set_int(tree, "availableCapacity", message->available_capacity);
    set_real(tree, "cpuUsage", message->cpu_usage);
    set_real(tree, "memoryUsage", message->memory_usage);
    set_int(tree, "errorCount", message->error_count);
    set_text(tree, "message", message->message);
    if (message->jobs_given) {
        set_list(tree, "jobs", message->jobs);
        set(tree, "jobsContradict", json_boolean(message->jobs_contradict));
    }
    set_int(tree, "seq", message->seq);
    set_int(tree, "sentAt", message->sent_at_ms);
    set_int(tree, "epoch", message->epoch);
    set_text(tree, "bootId", message->boot_id);
    set_int(tree, "connection", message->connection);
    set_text(tree, "requestId", message->request_id);
    return tree;
}

static json_t *show_deregistration(const struct deregistration *message)
{
    json_t *tree = json_object();
    set_text(tree, "workerId", message->worker_id);
    set_flag(tree, "forceDeregister", message->force);
    set_flag(tree, "drain", message->drain);
    set_text(tree, "reason", message->reason);
    set_text(tree, "bootId", message->boot_id);
    set_int(tree, "sentAt", message->sent_at_ms);
    set_text(tree, "requestId", message->request_id);
    return tree;
}

static json_t *show_will(const struct will *message)
{
    json_t *tree = json_object();
    set_text(tree, "workerId", message->worker_id);
    set_text(tree, "bootId", message->boot_id);
    set_int(tree, "connection", message->connection);
    return tree;
}

static json_t *show_query(const struct query *message)
{
    json_t *tree = json_object();
    set_text(tree, "workerId", message->worker_id);
    set_text(tree, "reason", message->reason);
    set_word(tree, "status", worker_status_name(message->status));
    set_word(tree, "health", worker_health_name(message->health));
    set_list(tree, "tagList", message->tags);
    set_list(tree, "capabilityNames", message->capabilities);
    set_text(tree, "zone", message->zone);
    set_text(tree, "namePrefix", message->name_prefix);
    set_int(tree, "minimumFreeCapacity", message->minimum_free_capacity);
    set_text(tree, "sort", message->sort);
    set_text(tree, "type", message->type);
    set_text(tree, "from", message->from);
    set_text(tree, "cursor", message->cursor);
    set_int(tree, "limit", message->limit);
    set_text(tree, "requestId", message->request_id);
    return tree;
}

#define X(message)                                                                                                     \
    static json_t *read_##message(struct decoder *decoder, struct text payload, bool *out_accepted,                    \
                                  struct violations *violations)                                                       \
    {                                                                                                                  \
        struct message decoded;                                                                                        \
        *out_accepted = decode_##message(decoder, payload, &decoded, violations);                                      \
        return show_##message(&decoded);                                                                               \
    }
DECODED_MESSAGES(X)
#undef X

static json_t *show_batch(const struct batch *batch)
{
    json_t *tree = json_object();
    set_text(tree, "requestId", batch->request_id);
    set_text(tree, "bootId", batch->boot_id);
    set_int(tree, "connection", batch->connection);
    if (batch->items.items != NULL) {
        set(tree, "items", json_array());
    }
    return tree;
}

/* What was decoded, or what is wrong. */
static json_t *show_item(bool accepted, json_t *decoded, const struct violations *violations)
{
    json_t *tree = json_object();
    set(tree, "code", json_string(code_name(violations->code)));
    if (accepted) {
        set(tree, "decoded", decoded);
        return tree;
    }
    json_t *errors = json_array();
    for (size_t i = 0; i < violations_kept(violations); i++) {
        (void)json_array_append_new(errors, json_string(violations->texts[i]));
    }
    set(tree, "errors", errors);
    json_decref(decoded);
    return tree;
}

#define X(message)                                                                                                     \
    static json_t *read_##message##s(struct decoder *decoder, struct text payload, bool *out_accepted,                 \
                                     struct violations *violations)                                                    \
    {                                                                                                                  \
        struct batch batch;                                                                                            \
        *out_accepted = decode_batch(decoder, payload, &batch, violations);                                            \
        json_t *tree = show_batch(&batch);                                                                             \
        for (size_t i = 0; i < batch.items.count; i++) {                                                               \
            struct message decoded;                                                                                    \
            struct violations wrong = {0};                                                                             \
            bool accepted = decode_batch_##message(decoder, &batch, i, &decoded, &wrong);                              \
            json_t *item = show_item(accepted, show_##message(&decoded), &wrong);                                      \
            (void)json_array_append_new(json_object_get(tree, "items"), item);                                         \
        }                                                                                                              \
        return tree;                                                                                                   \
    }
DECODED_BATCHES(X)
#undef X

const struct decoded_message decoded_messages[DECODED_MESSAGE_COUNT] = {
#define X(message) {#message, read_##message},
    DECODED_MESSAGES(X)
#undef X
#define X(message) {#message "s", read_##message##s},
        DECODED_BATCHES(X)
#undef X
};
