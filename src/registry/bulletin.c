/* bulletin.c -- writes the document that tells of an alert, and reads those that were written. */
#include "registry/bulletin.h"

#include "base/buf.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

bool bulletin_is_raised(const json_t *document)
{
    const char *state = json_string_value(json_object_get(document, "state"));
    return state != NULL && strcmp(state, "raised") == 0;
}

bool bulletin_is_by_rule(const json_t *document)
{
    return json_object_get(document, "metric") != NULL;
}

static int64_t moment_of(const json_t *document, const char *name)
{
    return json_integer_value(json_object_get(document, name));
}

int64_t bulletin_at_ms(const json_t *document)
{
    return moment_of(document, "at");
}

const char *bulletin_message(const json_t *document)
{
    return json_string_value(json_object_get(document, "message"));
}

static json_t *number_json(double number)
{
    static const double exact_max = 9007199254740992.0;
    bool is_whole = number > -exact_max && number < exact_max && (double)(json_int_t)number == number;
    return is_whole ? json_integer((json_int_t)number) : json_real(number);
}

static json_t *begin(const char *name, bool raised, enum alert_severity severity)
{
    return json_pack("{s:s, s:s, s:s}", "rule", name, "state", raised ? "raised" : "cleared", "severity",
                     alert_severity_name(severity));
}

/* A cleared alert says since when it had been raised. */
static json_t *end(json_t *document, const json_t *before, struct text message, int64_t began_ms, int64_t now_ms)
{
    bool raised = bulletin_is_raised(document);
    int64_t since_ms = raised || !bulletin_is_raised(before) ? began_ms : moment_of(before, "since");
    (void)json_object_set_new(document, "since", json_integer(since_ms));
    (void)json_object_set_new(document, "at", json_integer(now_ms));
    (void)json_object_set_new(document, "message", json_stringn(message.data, message.len));
    return document;
}

json_t *bulletin_by_rule(const json_t *before, const struct alert_rule *rule, bool raised, double observed,
                         int64_t began_ms, int64_t now_ms)
{
    struct buf message = {0};
    alert_describe(&message, rule, raised, observed);
    json_t *document = begin(rule->name, raised, (enum alert_severity)rule->severity);
    (void)json_object_set_new(document, "metric", json_string(alert_metric_name((enum alert_metric)rule->metric)));
    (void)json_object_set_new(document, "op", json_string(alert_op_name((enum alert_op)rule->op)));
    (void)json_object_set_new(document, "value", number_json(rule->value));
    (void)json_object_set_new(document, "forMs", json_integer(rule->for_ms));
    (void)json_object_set_new(document, "observed", number_json(observed));
    (void)end(document, before, buf_text(&message), began_ms, now_ms);
    buf_fini(&message);
    return document;
}

json_t *bulletin_by_hand(const json_t *before, const char *name, bool raised, enum alert_severity severity,
                         const char *message, int64_t now_ms)
{
    return end(begin(name, raised, severity), before, text_of(message), now_ms, now_ms);
}

json_t *bulletin_clear(const json_t *before, const char *message, int64_t now_ms)
{
    json_t *document = json_deep_copy(before);
    (void)json_object_set_new(document, "state", json_string("cleared"));
    return end(document, before, text_of(message), now_ms, now_ms);
}

json_t *bulletin_reword(const json_t *before, const char *message, int64_t now_ms)
{
    json_t *document = json_deep_copy(before);
    (void)json_object_set_new(document, "at", json_integer(now_ms));
    (void)json_object_set_new(document, "message", json_string(message));
    return document;
}

static int compare(const void *a, const void *b)
{
    const json_t *one = *(json_t *const *)a;
    const json_t *other = *(json_t *const *)b;
    if (bulletin_is_raised(one) != bulletin_is_raised(other)) {
        return bulletin_is_raised(one) ? -1 : 1;
    }
    const char *name = json_string_value(json_object_get(one, "rule"));
    const char *other_name = json_string_value(json_object_get(other, "rule"));
    return strcmp(name != NULL ? name : "", other_name != NULL ? other_name : "");
}

json_t *bulletin_list(json_t **documents, size_t count)
{
    json_t *list = json_array();
    qsort(documents, count, sizeof(json_t *), compare);
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, documents[i]);
    }
    return list;
}
