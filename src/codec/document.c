/* document.c -- reply, status and event, each field of its kind and in the contract's order. */
#include "codec/document.h"

#include "codec/utf8.h"
#include "codec/writer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum { DIGITS_MAX = 64 };

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

/* The fields of one kind of document. */
struct document_fields {
    const struct document_field *wanted;
    size_t count;
};
static const struct document_fields of_status = {status_fields, sizeof status_fields / sizeof status_fields[0]};
static const struct document_fields of_record = {record_fields, sizeof record_fields / sizeof record_fields[0]};
static const struct document_fields of_event = {event_fields, sizeof event_fields / sizeof event_fields[0]};

/* A sentence may have been cut within a character: what follows the last whole one is left out. */
static struct text whole(struct text text)
{
    return (struct text){text.data, utf8_valid_bytes(text)};
}

static void write_text(struct writer *writer, const char *name, struct text text)
{
    if (text.len > 0) {
        writer_name(writer, text_of(name));
        writer_text(writer, whole(text));
    }
}

/* Copies a number's text, so that it is terminated; false where it is too long to be one. */
static bool terminate(struct text text, char out[DIGITS_MAX])
{
    if (text.len == 0 || text.len >= DIGITS_MAX) {
        return false;
    }
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return true;
}

static void write_int(struct writer *writer, const char *name, struct text text)
{
    char digits[DIGITS_MAX];
    char *end = digits;
    if (!terminate(text, digits)) {
        return;
    }
    errno = 0;
    long long number = strtoll(digits, &end, 10);
    if (errno == 0 && end == digits + text.len) {
        writer_name(writer, text_of(name));
        writer_int(writer, number);
    }
}

static void write_real(struct writer *writer, const char *name, struct text text)
{
    char digits[DIGITS_MAX];
    char *end = digits;
    if (!terminate(text, digits)) {
        return;
    }
    double number = strtod(digits, &end);
    if (end == digits + text.len && isfinite(number)) {
        writer_name(writer, text_of(name));
        writer_real(writer, number);
    }
}

/* A list that is kept as lines. */
static void write_lines(struct writer *writer, const char *name, struct text text)
{
    size_t begin = 0;
    if (text.len == 0) {
        return;
    }
    writer_name(writer, text_of(name));
    writer_open_list(writer);
    for (size_t i = 0; i <= text.len; i++) {
        if (i == text.len || text.data[i] == '\n') {
            writer_text(writer, whole((struct text){text.data + begin, i - begin}));
            begin = i + 1;
        }
    }
    writer_close(writer);
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

static void write_state(struct writer *writer, const char *side, const struct field *fields, size_t count)
{
    struct text status = find(fields, count, side, "Status");
    struct text health = find(fields, count, side, "Health");
    if (status.len > 0 || health.len > 0) {
        writer_name(writer, text_of(side));
        writer_open_map(writer);
        write_text(writer, "status", status);
        write_text(writer, "health", health);
        writer_close(writer);
    }
}

static void write_field(struct writer *writer, const struct document_field *wanted, const struct field *fields,
                        size_t count)
{
    struct text value = find(fields, count, wanted->name, "");
    switch (wanted->kind) {
    case FIELD_TEXT:
        write_text(writer, wanted->name, value);
        break;
    case FIELD_INT:
        write_int(writer, wanted->name, value);
        break;
    case FIELD_REAL:
        write_real(writer, wanted->name, value);
        break;
    case FIELD_LIST:
    case FIELD_OBJECT:
    case FIELD_DECLARED:
        writer_json(writer, text_of(wanted->name), value, wanted->kind != FIELD_LIST, wanted->kind != FIELD_OBJECT);
        break;
    case FIELD_STATE:
        write_state(writer, wanted->name, fields, count);
        break;
    case FIELD_LINES:
        write_lines(writer, wanted->name, value);
        break;
    }
}

static void write_fields(struct writer *writer, const struct document_fields *kind, const struct field *fields,
                         size_t count)
{
    for (size_t i = 0; i < kind->count; i++) {
        write_field(writer, &kind->wanted[i], fields, count);
    }
}

static void write_status(struct writer *writer, struct text worker_id, const struct field *fields, size_t count)
{
    write_text(writer, "workerId", worker_id);
    write_fields(writer, &of_status, fields, count);
}

static enum err end(const struct writer *writer)
{
    return writer->out->failed ? ERR_NO_MEMORY : ERR_OK;
}

enum err encode_status(struct text worker_id, const struct field *fields, size_t count, enum encoding encoding,
                       struct buf *out)
{
    struct writer writer;
    writer_begin(&writer, encoding, out);
    writer_open_map(&writer);
    write_status(&writer, worker_id, fields, count);
    writer_close(&writer);
    return end(&writer);
}

enum err encode_event(struct text event_id, const struct field *fields, size_t count, enum encoding encoding,
                      struct buf *out)
{
    struct writer writer;
    writer_begin(&writer, encoding, out);
    writer_open_map(&writer);
    write_text(&writer, "eventId", event_id);
    write_fields(&writer, &of_event, fields, count);
    writer_close(&writer);
    return end(&writer);
}

static void write_opt_int(struct writer *writer, const char *name, struct opt_int value)
{
    if (value.set) {
        writer_name(writer, text_of(name));
        writer_int(writer, value.value);
    }
}

static void write_joined(struct writer *writer, const char *name, const struct violations *violations)
{
    struct buf joined = {0};
    size_t kept = violations != NULL ? violations_kept(violations) : 0;
    for (size_t i = 0; i < kept; i++) {
        buf_append_string(&joined, i > 0 ? "; " : "");
        buf_append_text(&joined, whole(text_of(violations->texts[i])));
    }
    if (kept > 0 && violations->count > kept) {
        buf_printf(&joined, "; and %zu more", violations->count - kept);
    }
    writer->out->failed = writer->out->failed || joined.failed;
    write_text(writer, name, buf_text(&joined));
    buf_fini(&joined);
}

static void write_errors(struct writer *writer, const char *name, const struct violations *violations)
{
    size_t kept = violations != NULL ? violations_kept(violations) : 0;
    if (kept == 0) {
        return;
    }
    writer_name(writer, text_of(name));
    writer_open_list(writer);
    for (size_t i = 0; i < kept; i++) {
        writer_text(writer, whole(text_of(violations->texts[i])));
    }
    writer_close(writer);
}

static void write_worker(struct writer *writer, const struct reply *reply)
{
    if (reply->worker_fields != NULL) {
        writer_name(writer, text_of("worker"));
        writer_open_map(writer);
        write_status(writer, reply->worker_id, reply->worker_fields, reply->worker_field_count);
        writer_close(writer);
    }
}

enum err encode_reply(const struct reply *reply, enum encoding encoding, struct buf *out)
{
    struct writer writer;
    writer_begin(&writer, encoding, out);
    writer_open_map(&writer);
    writer_name(&writer, text_of("success"));
    writer_flag(&writer, reply->code == CODE_OK);
    write_text(&writer, "code", text_of(code_name(reply->code)));
    if (reply->message.len > 0) {
        write_text(&writer, "message", reply->message);
    } else {
        write_joined(&writer, "message", reply->violations);
    }
    write_errors(&writer, "errors", reply->violations);
    write_text(&writer, "workerId", reply->worker_id);
    write_opt_int(&writer, "epoch", reply->epoch);
    write_opt_int(&writer, "heartbeatIntervalMs", reply->heartbeat_interval_ms);
    write_opt_int(&writer, "heartbeatTimeoutMs", reply->heartbeat_timeout_ms);
    write_opt_int(&writer, "retryAfterMs", reply->retry_after_ms);
    writer_json(&writer, text_of("revokedJobs"), reply->revoked_jobs_json, false, true);
    write_text(&writer, "requestId", reply->request_id);
    write_worker(&writer, reply);
    writer_close(&writer);
    return end(&writer);
}

/* Makes a tree of what was written, and frees that. */
static json_t *tree_of(struct buf *written, enum err err)
{
    json_t *tree = err == ERR_OK ? json_loadb(written->data, written->len, JSON_ALLOW_NUL, NULL) : NULL;
    buf_fini(written);
    return tree;
}

json_t *status_document(struct text worker_id, const struct field *fields, size_t count)
{
    struct buf written = {0};
    enum err err = encode_status(worker_id, fields, count, ENCODING_JSON, &written);
    return tree_of(&written, err);
}

json_t *record_document(struct text worker_id, const struct field *fields, size_t count)
{
    struct buf written = {0};
    struct writer writer;
    writer_begin(&writer, ENCODING_JSON, &written);
    writer_open_map(&writer);
    write_status(&writer, worker_id, fields, count);
    write_fields(&writer, &of_record, fields, count);
    writer_close(&writer);
    return tree_of(&written, end(&writer));
}

json_t *event_document(struct text event_id, const struct field *fields, size_t count)
{
    struct buf written = {0};
    enum err err = encode_event(event_id, fields, count, ENCODING_JSON, &written);
    return tree_of(&written, err);
}

json_t *reply_document(const struct reply *reply)
{
    struct buf written = {0};
    enum err err = encode_reply(reply, ENCODING_JSON, &written);
    return tree_of(&written, err);
}
