/* document.c -- reply, status and event as trees, each field of its kind and in the contract's order. */
#include "codec/document.h"

#include "base/buf.h"
#include "codec/utf8.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum { NUMBER_TEXT_MAX = 64 };

/* What a field of a document is, whatever text Redis keeps it as. */
enum field_kind {
    FIELD_TEXT,
    FIELD_INT,
    FIELD_REAL,
    FIELD_LIST,
    FIELD_OBJECT,
    FIELD_DECLARED,
    FIELD_STATE,
    FIELD_LINES
};

struct document_field {
    const char *name;
    enum field_kind kind;
};

static const struct document_field status_fields[] = {
    {"name", FIELD_TEXT},
    {"status", FIELD_TEXT},
    {"health", FIELD_TEXT},
    {"reason", FIELD_TEXT},
    {"epoch", FIELD_INT},
    {"revision", FIELD_INT},
    {"registeredAt", FIELD_INT},
    {"lastHeartbeatAt", FIELD_INT},
    {"updatedAt", FIELD_INT},
    {"currentJobCount", FIELD_INT},
    {"availableCapacity", FIELD_INT},
    {"maxConcurrentJobs", FIELD_INT},
    {"cpuUsage", FIELD_REAL},
    {"memoryUsage", FIELD_REAL},
    {"errorCount", FIELD_INT},
    {"consecutiveFailures", FIELD_INT},
    {"tags", FIELD_LIST},
    {"capabilities", FIELD_DECLARED},
    {"hostName", FIELD_TEXT},
    {"hostAddress", FIELD_TEXT},
    {"port", FIELD_INT},
    {"zone", FIELD_TEXT},
    {"version", FIELD_TEXT},
    {"priorityThreshold", FIELD_INT},
    {"workerLoadFactor", FIELD_REAL},
};

/* What a record has besides the status document's fields. */
static const struct document_field record_fields[] = {
    {"bootId", FIELD_TEXT},
    {"connection", FIELD_INT},
    {"heartbeatIntervalMs", FIELD_INT},
    {"heartbeatTimeoutMs", FIELD_INT},
    {"declared", FIELD_TEXT},
    {"draining", FIELD_TEXT},
    {"maintained", FIELD_TEXT},
    {"left", FIELD_TEXT},
    {"contradiction", FIELD_TEXT},
    {"jobs", FIELD_LIST},
    {"seq", FIELD_INT},
    {"sentAt", FIELD_INT},
    {"heartbeats", FIELD_INT},
    {"unhealthySince", FIELD_INT},
    {"unhealthyMs", FIELD_INT},
    {"message", FIELD_TEXT},
    {"lastError", FIELD_TEXT},
    {"lastErrorAt", FIELD_INT},
    {"revokedJobs", FIELD_LIST},
    {"boots", FIELD_LINES},
};

static const struct document_field event_fields[] = {
    {"type", FIELD_TEXT},    {"workerId", FIELD_TEXT},   {"epoch", FIELD_INT},         {"revision", FIELD_INT},
    {"at", FIELD_INT},       {"from", FIELD_STATE},      {"to", FIELD_STATE},          {"reason", FIELD_TEXT},
    {"code", FIELD_TEXT},    {"evidence", FIELD_OBJECT}, {"orphanedJobs", FIELD_LIST}, {"orphanedJobCount", FIELD_INT},
    {"message", FIELD_TEXT}, {"by", FIELD_TEXT},
};

/* A sentence may have been cut within a character: what follows the last whole one is left out. */
static json_t *text_node(struct text text)
{
    return text.len > 0 ? json_stringn(text.data, utf8_valid_bytes(text)) : NULL;
}

/* Copies a number's text, so that it is terminated; false where it is too long to be one. */
static bool terminate(struct text text, char out[NUMBER_TEXT_MAX])
{
    if (text.len == 0 || text.len >= NUMBER_TEXT_MAX) {
        return false;
    }
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return true;
}

static json_t *int_node(struct text text)
{
    char digits[NUMBER_TEXT_MAX];
    char *end = digits;
    if (!terminate(text, digits)) {
        return NULL;
    }
    errno = 0;
    long long number = strtoll(digits, &end, 10);
    return errno == 0 && end == digits + text.len ? json_integer(number) : NULL;
}

static json_t *real_node(struct text text)
{
    char digits[NUMBER_TEXT_MAX];
    char *end = digits;
    if (!terminate(text, digits)) {
        return NULL;
    }
    double number = strtod(digits, &end);
    return end == digits + text.len && isfinite(number) ? json_real(number) : NULL;
}

static json_t *json_node(struct text text, bool object_allowed, bool list_allowed)
{
    json_t *node = text.len > 0 ? json_loadb(text.data, text.len, 0, NULL) : NULL;
    if ((json_is_object(node) && object_allowed) || (json_is_array(node) && list_allowed)) {
        return node;
    }
    json_decref(node);
    return NULL;
}

/* A list that is kept as lines. */
static json_t *lines_node(struct text text)
{
    json_t *list = text.len > 0 ? json_array() : NULL;
    size_t begin = 0;
    for (size_t i = 0; list != NULL && i <= text.len; i++) {
        if (i == text.len || text.data[i] == '\n') {
            struct text line = {text.data + begin, i - begin};
            (void)json_array_append_new(list, json_stringn(line.data, utf8_valid_bytes(line)));
            begin = i + 1;
        }
    }
    return list;
}

static struct text find(const struct field *fields, size_t count, const char *name, const char *rest)
{
    size_t name_len = strlen(name);
    size_t rest_len = strlen(rest);
    for (size_t i = 0; i < count; i++) {
        struct text candidate = fields[i].name;
        if (candidate.len == name_len + rest_len && memcmp(candidate.data, name, name_len) == 0 &&
            memcmp(candidate.data + name_len, rest, rest_len) == 0) {
            return fields[i].value;
        }
    }
    return (struct text){0};
}

/* Adds the value, which it takes over, where there is one; false without memory. */
static bool add(json_t *document, const char *name, json_t *value)
{
    return value == NULL || json_object_set_new(document, name, value) == 0;
}

static json_t *state_node(const struct field *fields, size_t count, const char *side)
{
    struct text status = find(fields, count, side, "Status");
    struct text health = find(fields, count, side, "Health");
    json_t *state = status.len > 0 || health.len > 0 ? json_object() : NULL;
    if (state != NULL && (!add(state, "status", text_node(status)) || !add(state, "health", text_node(health)))) {
        json_decref(state);
        state = NULL;
    }
    return state;
}

static json_t *field_node(const struct document_field *wanted, const struct field *fields, size_t count)
{
    if (wanted->kind == FIELD_STATE) {
        return state_node(fields, count, wanted->name);
    }
    struct text value = find(fields, count, wanted->name, "");
    switch (wanted->kind) {
    case FIELD_TEXT:
        return text_node(value);
    case FIELD_INT:
        return int_node(value);
    case FIELD_REAL:
        return real_node(value);
    case FIELD_LIST:
        return json_node(value, false, true);
    case FIELD_OBJECT:
        return json_node(value, true, false);
    case FIELD_LINES:
        return lines_node(value);
    default:
        return json_node(value, true, true);
    }
}

static json_t *document_of(const char *id_name, struct text id, const struct document_field *wanted,
                           size_t wanted_count, const struct field *fields, size_t count)
{
    json_t *document = json_object();
    bool complete = document != NULL && add(document, id_name, text_node(id));
    for (size_t i = 0; i < wanted_count && complete; i++) {
        complete = add(document, wanted[i].name, field_node(&wanted[i], fields, count));
    }
    if (!complete) {
        json_decref(document);
        document = NULL;
    }
    return document;
}

json_t *status_document(struct text worker_id, const struct field *fields, size_t count)
{
    return document_of("workerId", worker_id, status_fields, sizeof status_fields / sizeof status_fields[0], fields,
                       count);
}

json_t *record_document(struct text worker_id, const struct field *fields, size_t count)
{
    json_t *document = status_document(worker_id, fields, count);
    bool complete = document != NULL;
    for (size_t i = 0; i < sizeof record_fields / sizeof record_fields[0] && complete; i++) {
        complete = add(document, record_fields[i].name, field_node(&record_fields[i], fields, count));
    }
    if (!complete) {
        json_decref(document);
        document = NULL;
    }
    return document;
}

json_t *event_document(struct text event_id, const struct field *fields, size_t count)
{
    return document_of("eventId", event_id, event_fields, sizeof event_fields / sizeof event_fields[0], fields, count);
}

static json_t *opt_int_node(struct opt_int value)
{
    return value.set ? json_integer(value.value) : NULL;
}

static json_t *joined_node(const struct violations *violations)
{
    struct buf joined = {0};
    size_t kept = violations != NULL ? violations_kept(violations) : 0;
    for (size_t i = 0; i < kept; i++) {
        struct text sentence = text_of(violations->texts[i]);
        buf_append_string(&joined, i > 0 ? "; " : "");
        buf_append(&joined, sentence.data, utf8_valid_bytes(sentence));
    }
    if (kept > 0 && violations->count > kept) {
        buf_printf(&joined, "; and %zu more", violations->count - kept);
    }
    json_t *node = text_node(buf_text(&joined));
    buf_fini(&joined);
    return node;
}

static json_t *errors_node(const struct violations *violations)
{
    size_t kept = violations != NULL ? violations_kept(violations) : 0;
    json_t *errors = kept > 0 ? json_array() : NULL;
    for (size_t i = 0; i < kept && errors != NULL; i++) {
        if (json_array_append_new(errors, text_node(text_of(violations->texts[i]))) != 0) {
            json_decref(errors);
            errors = NULL;
        }
    }
    return errors;
}

json_t *reply_document(const struct reply *reply)
{
    json_t *document = json_object();
    bool has_message = reply->message.len > 0;
    if (document != NULL && add(document, "success", json_boolean(reply->code == CODE_OK)) &&
        add(document, "code", json_string(code_name(reply->code))) &&
        add(document, "message", has_message ? text_node(reply->message) : joined_node(reply->violations)) &&
        add(document, "errors", errors_node(reply->violations)) &&
        add(document, "workerId", text_node(reply->worker_id)) && add(document, "epoch", opt_int_node(reply->epoch)) &&
        add(document, "heartbeatIntervalMs", opt_int_node(reply->heartbeat_interval_ms)) &&
        add(document, "heartbeatTimeoutMs", opt_int_node(reply->heartbeat_timeout_ms)) &&
        add(document, "retryAfterMs", opt_int_node(reply->retry_after_ms)) &&
        add(document, "revokedJobs", json_node(reply->revoked_jobs_json, false, true)) &&
        add(document, "requestId", text_node(reply->request_id))) {
        return document;
    }
    json_decref(document);
    return NULL;
}
