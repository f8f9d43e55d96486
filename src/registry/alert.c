/*
 * alert.c -- raises and clears alerts: those with a rule by what the registry's numbers are, others as they are set;
 * those whose rule is gone are retired. What is told of them is the bulletin's, how it gets there the delivery's.
 */
#include "registry/alert.h"

#include "base/clock.h"
#include "codec/document.h"
#include "registry/asker.h"
#include "registry/bulletin.h"
#include "registry/delivery.h"
#include "registry/intake.h"
#include "registry/internal.h"
#include "registry/ledger.h"
#include "registry/metric.h"
#include "registry/system.h"
#include "store/alert.h"
#include "store/statistics.h"

#include <string.h>

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

static void tell_log(const struct registry *registry, const struct alert *alert)
{
    const char *message = bulletin_message(alert->document);
    bool raised = alert->state.raised;
    note(registry, raised ? LOG_WARN : LOG_INFO, "alert %s %s: %s", alert->name, raised ? "raised" : "cleared",
         message != NULL ? message : "");
}

static bool says(const struct alert *alert, const char *message)
{
    const char *said = bulletin_message(alert->document);
    return said != NULL && strcmp(said, message) == 0;
}

void alert_set(struct registry *registry, const char *rule, bool raised, enum alert_severity severity,
               const char *message)
{
    struct alert *alert = ledger_find(registry, text_of(rule));
    if (!registry->ledger->loaded) {
        return;
    }
    if (raised == (alert != NULL && alert->state.raised)) {
        if (raised && !says(alert, message)) {
            ledger_put(registry, alert, bulletin_reword(alert->document, message, system_now_ms(registry)));
        }
        return;
    }
    alert = ledger_enter(registry, text_of(rule));
    if (alert != NULL) {
        int64_t now_ms = system_now_ms(registry);
        ledger_put(registry, alert, bulletin_by_hand(alert->document, rule, raised, severity, message, now_ms));
        tell_log(registry, alert);
    }
}

/* ---------------------------------------------------------------------------------------------------- judging */

static void judge_rules(struct registry *registry, const double observed[ALERT_METRIC_COUNT])
{
    int64_t now_ms = clock_monotonic_ms();
    for (size_t i = 0; i < registry->config.alerts.count; i++) {
        const struct alert_rule *rule = &registry->config.alerts.rules[i];
        struct alert *alert = rule->severity != ALERT_OFF ? ledger_enter(registry, text_of(rule->name)) : NULL;
        double number = observed[rule->metric];
        int64_t held_ms = 0;
        if (alert != NULL && alert_judge(rule, &alert->state, number, now_ms, &held_ms) != ALERT_UNCHANGED) {
            int64_t at_ms = system_now_ms(registry);
            ledger_put(registry, alert,
                       bulletin_by_rule(alert->document, rule, alert->state.raised, number, at_ms - held_ms, at_ms));
            tell_log(registry, alert);
        }
    }
}

void alert_judge_all(struct registry *registry, const struct store_statistics *statistics)
{
    double observed[ALERT_METRIC_COUNT];
    if (registry->ledger->loaded) {
        metric_observe(registry, statistics, observed);
        judge_rules(registry, observed);
    }
}

/* --------------------------------------------------------------------------------------------------- retiring */

/* An alert that the registry raises by itself needs no rule; a cleared one is kept as long as there is room. */
static bool is_wanted(const struct registry *registry, const struct alert *alert)
{
    bool is_by_hand = alert->document != NULL && !bulletin_is_by_rule(alert->document);
    bool is_crowded = registry->ledger->count > ALERTS_MAX / 2;
    return is_by_hand ? alert->state.raised || !is_crowded : rule_of(registry, alert->name) != NULL;
}

/* Its rule is gone or switched off: what it had raised is cleared; once that is told, the alert is forgotten. */
static void retire(struct registry *registry, struct alert *alert)
{
    if (alert->state.raised) {
        const char *message = "the rule is no longer in the configuration";
        ledger_put(registry, alert, bulletin_clear(alert->document, message, system_now_ms(registry)));
        tell_log(registry, alert);
    } else if (alert->broker.version == alert->version) {
        ledger_put(registry, alert, NULL);
    }
}

static void retire_unwanted(struct registry *registry)
{
    struct ledger *ledger = registry->ledger;
    for (size_t i = 0; i < ledger->count; i++) {
        struct alert *alert = &ledger->list[i];
        if (alert->document != NULL && !is_wanted(registry, alert)) {
            retire(registry, alert);
        }
    }
    ledger_keep(registry, is_wanted);
}

void alert_tick(struct registry *registry, int64_t now_ms)
{
    if (!registry->active) {
        ledger_forget(registry);
        return;
    }
    delivery_doubt(registry);
    if (registry->ledger->loaded) {
        retire_unwanted(registry);
        delivery_send(registry, now_ms);
    } else {
        ledger_load(registry);
    }
}

/* -------------------------------------------------------------------------------------------------- the verb */

static void reply_with(struct asker *asker, json_t **documents, size_t count)
{
    const struct extra extra = {"alerts", bulletin_list(documents, count)};
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
    struct ledger *ledger = registry->ledger;
    json_t *documents[ALERTS_MAX];
    size_t count = 0;
    if (!ledger->loaded) {
        store_alerts(registry->store, on_asked, asker);
        return;
    }
    intake_call_done(registry);
    for (size_t i = 0; i < ledger->count; i++) {
        if (ledger->list[i].document != NULL) {
            documents[count++] = json_incref(ledger->list[i].document);
        }
    }
    reply_with(asker, documents, count);
}
