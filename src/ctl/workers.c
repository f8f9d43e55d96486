/* workers.c -- what of a status document people want to see side by side. */
#include "ctl/workers.h"

#include "ctl/figure.h"
#include "domain/worker.h"

#include <inttypes.h>
#include <stdio.h>

/* In the order in which add_worker fills them. */
static const struct table_column columns[] = {
    {"ID", false, 8},     {"NAME", false, 8}, {"STATUS", false, 0}, {"HEALTH", false, 0},   {"JOBS", true, 0},
    {"FREE", true, 0},    {"CPU", true, 0},   {"MEM", true, 0},     {"HEARTBEAT", true, 0}, {"EPOCH", true, 0},
    {"REASON", false, 8}, {"ZONE", false, 4}, {"TAGS", false, 8},
};

static struct text string_in(const json_t *document, const char *field)
{
    const json_t *value = json_object_get(document, field);
    return json_is_string(value) ? (struct text){json_string_value(value), json_string_length(value)} : text_of("");
}

static enum table_ink ink_of_status(struct text status)
{
    switch (worker_status_of(status)) {
    case WORKER_ERROR:
        return INK_BAD;
    case WORKER_MAINTENANCE:
    case WORKER_DRAINING:
        return INK_WARNING;
    case WORKER_INACTIVE:
        return INK_FAINT;
    default:
        return INK_PLAIN;
    }
}

static enum table_ink ink_of_health(struct text health)
{
    switch (worker_health_of(health)) {
    case HEALTH_HEALTHY:
    case HEALTH_RECOVERED:
        return INK_GOOD;
    case HEALTH_UNHEALTHY:
        return INK_WARNING;
    case HEALTH_FAILED:
        return INK_BAD;
    default:
        return INK_PLAIN;
    }
}

static void add_string(struct table *table, const json_t *document, const char *field)
{
    table_add(table, string_in(document, field), INK_PLAIN);
}

static void add_integer(struct table *table, const json_t *document, const char *field)
{
    char text[FIGURE_MAX] = "";
    const json_t *value = json_object_get(document, field);
    if (json_is_integer(value)) {
        (void)snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    }
    table_add(table, text_of(text), INK_PLAIN);
}

static void add_jobs(struct table *table, const json_t *document)
{
    char text[FIGURE_MAX] = "";
    const json_t *max = json_object_get(document, "maxConcurrentJobs");
    if (json_is_integer(max)) {
        (void)snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT,
                       json_integer_value(json_object_get(document, "currentJobCount")), json_integer_value(max));
    }
    table_add(table, text_of(text), INK_PLAIN);
}

static void add_percent(struct table *table, const json_t *document, const char *field)
{
    char text[FIGURE_MAX] = "";
    const json_t *value = json_object_get(document, field);
    if (json_is_number(value)) {
        figure_percent(json_number_value(value), text);
    }
    table_add(table, text_of(text), INK_PLAIN);
}

static void add_age(struct table *table, const json_t *document, const char *field, int64_t now_ms)
{
    char text[FIGURE_MAX] = "";
    const json_t *at = json_object_get(document, field);
    if (json_is_integer(at)) {
        figure_age(now_ms - json_integer_value(at), text);
    }
    table_add(table, text_of(text), INK_PLAIN);
}

static void add_tags(struct table *table, const json_t *document)
{
    struct buf joined = {0};
    size_t i = 0;
    const json_t *tag = NULL;
    json_array_foreach(json_object_get(document, "tags"), i, tag)
    {
        buf_append_string(&joined, i > 0 ? " " : "");
        buf_append(&joined, json_string_value(tag), json_string_length(tag));
    }
    table_add(table, buf_text(&joined), INK_PLAIN);
    buf_fini(&joined);
}

static void add_worker(struct table *table, const json_t *document, int64_t now_ms)
{
    struct text status = string_in(document, "status");
    struct text health = string_in(document, "health");
    add_string(table, document, "workerId");
    add_string(table, document, "name");
    table_add(table, status, ink_of_status(status));
    table_add(table, health, ink_of_health(health));
    add_jobs(table, document);
    add_integer(table, document, "availableCapacity");
    add_percent(table, document, "cpuUsage");
    add_percent(table, document, "memoryUsage");
    add_age(table, document, "lastHeartbeatAt", now_ms);
    add_integer(table, document, "epoch");
    add_string(table, document, "reason");
    add_string(table, document, "zone");
    add_tags(table, document);
}

struct table *workers_table(json_t *const *documents, size_t count, int64_t now_ms)
{
    struct table *table = table_new(columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; table != NULL && i < count; i++) {
        add_worker(table, documents[i], now_ms);
    }
    return table;
}
