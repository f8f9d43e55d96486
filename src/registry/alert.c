/*
 * alert.c -- alerts raised and cleared: judged, kept in Redis, told on their topics. What an earlier daemon raised is
 * taken over from Redis and from what the broker retains, so nothing is raised twice and nothing stays raised.
 */
#include "registry/alert.h"

#include "base/clock.h"
#include "codec/document.h"
#include "registry/announce.h"
#include "registry/asker.h"
#include "registry/intake.h"
#include "registry/internal.h"
#include "registry/metric.h"
#include "registry/system.h"
#include "store/alert.h"
#include "store/statistics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALERTS_MAX = 256, RETRY_MS = 500 };

/* Redis or the broker: the version of the document that is there, and the one on its way. */
struct destination {
    uint64_t version;
    uint64_t sending; /* 0: none */
};

/* version 0: nothing was ever raised. document NULL under a later version: the alert is to be forgotten. */
struct alert {
    char name[WORKER_ID_MAX + 1];
    struct alert_state state;
    json_t *document;
    uint64_t version;
    struct destination redis;
    struct destination broker;
    int64_t retry_at_ms;
};

struct alerts {
    struct alert list[ALERTS_MAX];
    size_t count;
    uint64_t versions; /* given out so far */
    bool loading;
    bool loaded;
    bool told_full;
};

enum err alert_new(struct registry *registry, struct fault *out_fault)
{
    registry->alerts = calloc(1, sizeof *registry->alerts);
    return registry->alerts != NULL ? ERR_OK : fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
}

static void forget_all(struct alerts *alerts)
{
    for (size_t i = 0; i < alerts->count; i++) {
        json_decref(alerts->list[i].document);
    }
    *alerts = (struct alerts){.versions = alerts->versions, .loading = alerts->loading};
}

void alert_fini(struct registry *registry)
{
    if (registry->alerts != NULL) {
        forget_all(registry->alerts);
        free(registry->alerts);
    }
}

static struct alert *find(struct alerts *alerts, struct text name)
{
    for (size_t i = 0; i < alerts->count; i++) {
        if (text_is(name, alerts->list[i].name)) {
            return &alerts->list[i];
        }
    }
    return NULL;
}

static struct alert *find_or_add(struct registry *registry, struct text name)
{
    struct alerts *alerts = registry->alerts;
    struct alert *alert = find(alerts, name);
    if (alert != NULL) {
        return alert;
    }
    if (alerts->count == ALERTS_MAX || !worker_id_valid(name)) {
        if (!alerts->told_full) {
            note(registry, LOG_WARN, "alert %.*s is not kept: there are %zu already, or it cannot be a topic's level",
                 TEXT_ARG(name), alerts->count);
            alerts->told_full = true;
        }
        return NULL;
    }
    alert = &alerts->list[alerts->count++];
    *alert = (struct alert){0};
    (void)snprintf(alert->name, sizeof alert->name, "%.*s", TEXT_ARG(name));
    return alert;
}

static const struct alert_rule *rule_of(const struct registry *registry, const char *name)
{
    for (size_t i = 0; i < registry->config.alerts.count; i++) {
        const struct alert_rule *rule = &registry->config.alerts.rules[i];
        if (strcmp(rule->name, name) == 0 && rule->severity != ALERT_OFF) {
            return rule;
        }
    }
    return NULL;
}

/* ------------------------------------------------------------------------------------------------ documents */

static bool is_raised(const json_t *document)
{
    const char *state = json_string_value(json_object_get(document, "state"));
    return state != NULL && strcmp(state, "raised") == 0;
}

static bool is_by_rule(const json_t *document)
{
    return json_object_get(document, "metric") != NULL;
}

static int64_t moment_of(const json_t *document, const char *name)
{
    return json_integer_value(json_object_get(document, name));
}

static void put(struct registry *registry, struct alert *alert, json_t *document)
{
    json_decref(alert->document);
    alert->document = document;
    alert->version = ++registry->alerts->versions;
    alert->retry_at_ms = 0;
    if (document != NULL) {
        alert->state.raised = is_raised(document);
    }
}

static json_t *number_json(double number)
{
    static const double exact_max = 9007199254740992.0;
    bool is_whole = number > -exact_max && number < exact_max && (double)(json_int_t)number == number;
    return is_whole ? json_integer((json_int_t)number) : json_real(number);
}

static json_t *begin_document(const struct alert *alert, bool raised, enum alert_severity severity)
{
    return json_pack("{s:s, s:s, s:s}", "rule", alert->name, "state", raised ? "raised" : "cleared", "severity",
                     alert_severity_name(severity));
}

/* A cleared alert says since when it had been raised. */
static json_t *end_document(const struct alert *alert, json_t *document, int64_t began_ms, int64_t now_ms,
                            struct text message)
{
    bool raised = is_raised(document);
    int64_t since_ms = raised || !is_raised(alert->document) ? began_ms : moment_of(alert->document, "since");
    (void)json_object_set_new(document, "since", json_integer(since_ms));
    (void)json_object_set_new(document, "at", json_integer(now_ms));
    (void)json_object_set_new(document, "message", json_stringn(message.data, message.len));
    return document;
}

static void tell_log(const struct registry *registry, const struct alert *alert)
{
    const char *message = json_string_value(json_object_get(alert->document, "message"));
    bool raised = alert->state.raised;
    note(registry, raised ? LOG_WARN : LOG_INFO, "alert %s %s: %s", alert->name, raised ? "raised" : "cleared",
         message != NULL ? message : "");
}

static void change(struct registry *registry, struct alert *alert, const struct alert_rule *rule, double observed,
                   int64_t held_ms)
{
    bool raised = alert->state.raised;
    int64_t now_ms = system_now_ms(registry);
    struct buf message = {0};
    alert_describe(&message, rule, raised, observed);
    json_t *document = begin_document(alert, raised, (enum alert_severity)rule->severity);
    (void)json_object_set_new(document, "metric", json_string(alert_metric_name((enum alert_metric)rule->metric)));
    (void)json_object_set_new(document, "op", json_string(alert_op_name((enum alert_op)rule->op)));
    (void)json_object_set_new(document, "value", number_json(rule->value));
    (void)json_object_set_new(document, "forMs", json_integer(rule->for_ms));
    (void)json_object_set_new(document, "observed", number_json(observed));
    put(registry, alert, end_document(alert, document, now_ms - held_ms, now_ms, buf_text(&message)));
    buf_fini(&message);
    tell_log(registry, alert);
}

/* Its rule is gone or switched off: what it had raised is cleared; once that is told, the alert is forgotten. */
static void retire(struct registry *registry, struct alert *alert)
{
    if (!alert->state.raised) {
        if (alert->broker.version == alert->version) {
            put(registry, alert, NULL);
        }
        return;
    }
    int64_t now_ms = system_now_ms(registry);
    json_t *document = json_deep_copy(alert->document);
    (void)json_object_set_new(document, "state", json_string("cleared"));
    put(registry, alert,
        end_document(alert, document, now_ms, now_ms, text_of("the rule is no longer in the configuration")));
    tell_log(registry, alert);
}

/* Still raised, but for something else as well or no more: since when does not change. */
static void reword(struct registry *registry, struct alert *alert, const char *message)
{
    json_t *document = json_deep_copy(alert->document);
    (void)json_object_set_new(document, "at", json_integer(system_now_ms(registry)));
    (void)json_object_set_new(document, "message", json_string(message));
    put(registry, alert, document);
}

static bool says(const struct alert *alert, const char *message)
{
    const char *said = json_string_value(json_object_get(alert->document, "message"));
    return said != NULL && strcmp(said, message) == 0;
}

void alert_set(struct registry *registry, const char *rule, bool raised, enum alert_severity severity,
               const char *message)
{
    struct alerts *alerts = registry->alerts;
    struct alert *alert = find(alerts, text_of(rule));
    if (!alerts->loaded) {
        return;
    }
    if (raised == (alert != NULL && alert->state.raised)) {
        if (raised && !says(alert, message)) {
            reword(registry, alert, message);
        }
        return;
    }
    alert = find_or_add(registry, text_of(rule));
    if (alert != NULL) {
        int64_t now_ms = system_now_ms(registry);
        json_t *document = begin_document(alert, raised, severity);
        put(registry, alert, end_document(alert, document, now_ms, now_ms, text_of(message)));
        tell_log(registry, alert);
    }
}

/* -------------------------------------------------------------------------------------- what earlier ones left */

/* Notes that Redis or the broker has this document, and takes it where it is later than what is known. */
static void take_over(struct registry *registry, struct text name, json_t *document, bool from_broker)
{
    struct alert *alert = find_or_add(registry, name);
    if (alert == NULL) {
        return;
    }
    struct destination *from = from_broker ? &alert->broker : &alert->redis;
    bool is_known = alert->document != NULL && json_equal(alert->document, document);
    bool is_later = alert->document == NULL || moment_of(document, "at") > moment_of(alert->document, "at");
    if (!is_known && is_later) {
        put(registry, alert, json_incref(document));
    }
    if (is_known || is_later) {
        from->version = alert->version;
    }
}

void alert_read_back(struct registry *registry, struct text rule, json_t *document)
{
    if (registry->active && document != NULL) {
        take_over(registry, rule, document, true);
    }
}

static void on_loaded(void *context, const struct store_alerts *result)
{
    struct registry *registry = context;
    struct alerts *alerts = registry->alerts;
    alerts->loading = false;
    if (!registry->active || result->outcome != STORE_DONE) {
        return;
    }
    for (size_t i = 0; i < result->count; i++) {
        struct text text = result->alerts[i].value;
        json_t *document = json_loadb(text.data, text.len, 0, NULL);
        if (json_is_object(document)) {
            take_over(registry, result->alerts[i].name, document, false);
        }
        json_decref(document);
    }
    alerts->loaded = true;
}

/* ------------------------------------------------------------------------------------------- Redis and broker */

/* One version on its way. */
struct delivery {
    struct registry *registry;
    char name[WORKER_ID_MAX + 1];
    uint64_t version;
    bool to_broker;
};

static void arrived(struct delivery *delivery, bool good)
{
    struct alert *alert = find(delivery->registry->alerts, text_of(delivery->name));
    struct destination *destination = NULL;
    if (alert != NULL) {
        destination = delivery->to_broker ? &alert->broker : &alert->redis;
    }
    if (destination != NULL && destination->sending == delivery->version) {
        destination->sending = 0;
        destination->version = good ? delivery->version : destination->version;
        alert->retry_at_ms = good ? alert->retry_at_ms : clock_monotonic_ms() + RETRY_MS;
    }
    free(delivery);
}

static void on_told(void *context, bool told)
{
    arrived(context, told);
}

static void on_saved(void *context, enum store_outcome outcome)
{
    arrived(context, outcome == STORE_DONE);
}

static struct delivery *new_delivery(struct registry *registry, struct alert *alert, bool to_broker)
{
    struct delivery *delivery = calloc(1, sizeof *delivery);
    if (delivery != NULL) {
        *delivery = (struct delivery){.registry = registry, .version = alert->version, .to_broker = to_broker};
        memcpy(delivery->name, alert->name, sizeof delivery->name);
        (to_broker ? &alert->broker : &alert->redis)->sending = alert->version;
    }
    return delivery;
}

static void tell(struct registry *registry, struct alert *alert)
{
    struct delivery *delivery = new_delivery(registry, alert, true);
    struct announcement announcement = {
        .below = "alert/", .id = text_of(alert->name), .document = alert->document, .retained = true};
    if (delivery != NULL) {
        announce(registry, &announcement, on_told, delivery);
    }
}

static void save(struct registry *registry, struct alert *alert)
{
    char *text = alert->document != NULL ? json_dumps(alert->document, JSON_COMPACT) : NULL;
    struct delivery *delivery = new_delivery(registry, alert, false);
    if (delivery != NULL) {
        store_save_alert(registry->store, text_of(alert->name), text_of(text), on_saved, delivery);
    }
    free(text);
}

static bool is_wanting(const struct alert *alert, const struct destination *destination)
{
    return destination->version != alert->version && destination->sending == 0;
}

static void deliver(struct registry *registry, int64_t now_ms)
{
    struct alerts *alerts = registry->alerts;
    for (size_t i = 0; i < alerts->count; i++) {
        struct alert *alert = &alerts->list[i];
        if (now_ms < alert->retry_at_ms) {
            continue;
        }
        if (is_wanting(alert, &alert->redis) && store_is_up(registry->store)) {
            save(registry, alert);
        }
        if (is_wanting(alert, &alert->broker) && registry->retained.known) {
            tell(registry, alert);
        }
    }
}

/* Neither Redis nor the broker is taken at its word once it was away. */
static void doubt_who_is_away(struct registry *registry)
{
    for (size_t i = 0; i < registry->alerts->count; i++) {
        struct alert *alert = &registry->alerts->list[i];
        if (!store_is_up(registry->store)) {
            alert->redis.version = 0;
        }
        if (!registry->control.subscribed) {
            alert->broker.version = 0;
        }
    }
}

/* ---------------------------------------------------------------------------------------------------- judging */

static void judge_rules(struct registry *registry, const double observed[ALERT_METRIC_COUNT])
{
    int64_t now_ms = clock_monotonic_ms();
    for (size_t i = 0; i < registry->config.alerts.count; i++) {
        const struct alert_rule *rule = &registry->config.alerts.rules[i];
        struct alert *alert = rule->severity != ALERT_OFF ? find_or_add(registry, text_of(rule->name)) : NULL;
        int64_t held_ms = 0;
        if (alert != NULL &&
            alert_judge(rule, &alert->state, observed[rule->metric], now_ms, &held_ms) != ALERT_UNCHANGED) {
            change(registry, alert, rule, observed[rule->metric], held_ms);
        }
    }
}

/* An alert that the registry raises by itself needs no rule; a cleared one is kept as long as there is room. */
static bool is_wanted(const struct registry *registry, const struct alert *alert)
{
    bool is_by_hand = alert->document != NULL && !is_by_rule(alert->document);
    bool is_crowded = registry->alerts->count > ALERTS_MAX / 2;
    return is_by_hand ? alert->state.raised || !is_crowded : rule_of(registry, alert->name) != NULL;
}

static void retire_unwanted(struct registry *registry)
{
    struct alerts *alerts = registry->alerts;
    size_t kept = 0;
    for (size_t i = 0; i < alerts->count; i++) {
        struct alert *alert = &alerts->list[i];
        bool wanted = is_wanted(registry, alert);
        if (!wanted && alert->document != NULL) {
            retire(registry, alert);
        }
        bool is_forgotten = alert->document == NULL && alert->redis.version == alert->version &&
                            alert->broker.version == alert->version;
        if (wanted || !is_forgotten) {
            alerts->list[kept++] = *alert;
        }
    }
    alerts->count = kept;
}

void alert_judge_all(struct registry *registry, const struct store_statistics *statistics)
{
    double observed[ALERT_METRIC_COUNT];
    if (registry->alerts->loaded) {
        metric_observe(registry, statistics, observed);
        judge_rules(registry, observed);
    }
}

void alert_tick(struct registry *registry, int64_t now_ms)
{
    struct alerts *alerts = registry->alerts;
    if (!registry->active) {
        forget_all(alerts);
        return;
    }
    doubt_who_is_away(registry);
    if (alerts->loaded) {
        retire_unwanted(registry);
        deliver(registry, now_ms);
    } else if (!alerts->loading && store_is_up(registry->store)) {
        alerts->loading = true;
        store_alerts(registry->store, on_loaded, registry);
    }
}

/* -------------------------------------------------------------------------------------------------- the verb */

/* Those that are raised come first, then by name. */
static int compare_documents(const void *a, const void *b)
{
    const json_t *one = *(json_t *const *)a;
    const json_t *other = *(json_t *const *)b;
    if (is_raised(one) != is_raised(other)) {
        return is_raised(one) ? -1 : 1;
    }
    const char *name = json_string_value(json_object_get(one, "rule"));
    const char *other_name = json_string_value(json_object_get(other, "rule"));
    return strcmp(name != NULL ? name : "", other_name != NULL ? other_name : "");
}

static void reply_with(struct asker *asker, json_t **documents, size_t count)
{
    json_t *list = json_array();
    qsort(documents, count, sizeof(json_t *), compare_documents);
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, documents[i]);
    }
    const struct extra extra = {"alerts", list};
    asker_reply_with(asker, &(struct reply){.code = CODE_OK}, &extra, 1);
}

static void on_asked(void *context, const struct store_alerts *result)
{
    struct asker *asker = context;
    json_t *documents[ALERTS_MAX];
    size_t count = 0;
    intake_call_done(asker->registry);
    if (result->outcome != STORE_DONE) {
        asker_refuse_for(asker, asker_code_of_outcome(result->outcome), "The registry cannot reach its store");
        return;
    }
    for (size_t i = 0; i < result->count && count < ALERTS_MAX; i++) {
        struct text text = result->alerts[i].value;
        json_t *document = json_loadb(text.data, text.len, 0, NULL);
        if (document != NULL) {
            documents[count++] = document;
        }
    }
    reply_with(asker, documents, count);
}

/* The active daemon knows by itself, also while Redis is away; a standby looks. */
void alert_ask(struct registry *registry, const struct query *query, struct asker *asker)
{
    (void)query;
    struct alerts *alerts = registry->alerts;
    json_t *documents[ALERTS_MAX];
    size_t count = 0;
    if (!alerts->loaded) {
        store_alerts(registry->store, on_asked, asker);
        return;
    }
    intake_call_done(registry);
    for (size_t i = 0; i < alerts->count; i++) {
        if (alerts->list[i].document != NULL) {
            documents[count++] = json_incref(alerts->list[i].document);
        }
    }
    reply_with(asker, documents, count);
}
