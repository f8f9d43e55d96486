/* alert.c -- judges rules over numbers; the defaults; what a rule says in words. */
#include "domain/alert.h"

#include <math.h>
#include <string.h>

static const struct alert_rule defaults[] = {
    {.name = "worker_failed", .metric = ALERT_FAILED_WORKERS, .op = ALERT_ABOVE, .value = 0, .severity = ALERT_WARNING},
    {.name = "system_health",
     .metric = ALERT_SYSTEM_HEALTH_PERCENTAGE,
     .op = ALERT_BELOW,
     .value = 80,
     .for_ms = 30000,
     .severity = ALERT_CRITICAL},
    {.name = "capacity_used",
     .metric = ALERT_USED_CAPACITY_PERCENTAGE,
     .op = ALERT_ABOVE,
     .value = 90,
     .for_ms = 60000,
     .severity = ALERT_WARNING},
    {.name = "messages_dropped",
     .metric = ALERT_DROPPED_MESSAGES,
     .op = ALERT_ABOVE,
     .value = 0,
     .severity = ALERT_CRITICAL},
    {.name = "deaf", .metric = ALERT_DEAF_MS, .op = ALERT_ABOVE, .value = 10000, .severity = ALERT_CRITICAL},
    {.name = "outbox_behind",
     .metric = ALERT_OUTBOX_BEHIND_MS,
     .op = ALERT_ABOVE,
     .value = 10000,
     .severity = ALERT_WARNING},
};

struct metric {
    const char *name;
    enum alert_unit unit;
    const char *words;
};

static const struct metric metrics[ALERT_METRIC_COUNT] = {
#define X(metric, name, unit, words) [ALERT_##metric] = {#name, ALERT_##unit, words},
    ALERT_METRICS(X)
#undef X
};

static const struct {
    const char *name;
    const char *words;
} ops[] = {
    [ALERT_ABOVE] = {">", "above"},     [ALERT_AT_LEAST] = {">=", "at least"},
    [ALERT_BELOW] = {"<", "below"},     [ALERT_AT_MOST] = {"<=", "at most"},
    [ALERT_EQUAL] = {"==", "equal to"}, [ALERT_DIFFERENT] = {"!=", "other than"},
};

const struct alert_rule *alert_defaults(size_t *out_count)
{
    *out_count = sizeof defaults / sizeof defaults[0];
    return defaults;
}

bool alert_rule_name_valid(struct text name)
{
    if (name.len == 0 || name.len > ALERT_RULE_NAME_MAX || name.data[0] < 'a' || name.data[0] > 'z') {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_') {
            return false;
        }
    }
    return true;
}

bool alert_name_reserved(struct text name)
{
    return text_is(name, "brake") || text_is(name, "flapping");
}

const char *alert_metric_name(enum alert_metric metric)
{
    return metrics[metric].name;
}

enum alert_unit alert_metric_unit(enum alert_metric metric)
{
    return metrics[metric].unit;
}

const char *alert_op_name(enum alert_op op)
{
    return ops[op].name;
}

const char *alert_severity_name(enum alert_severity severity)
{
    static const char *const names[] = {"off", "info", "warning", "critical"};
    return names[severity];
}

static bool holds(const struct alert_rule *rule, double observed)
{
    switch ((enum alert_op)rule->op) {
    case ALERT_ABOVE:
        return observed > rule->value;
    case ALERT_AT_LEAST:
        return observed >= rule->value;
    case ALERT_BELOW:
        return observed < rule->value;
    case ALERT_AT_MOST:
        return observed <= rule->value;
    case ALERT_EQUAL:
        return observed == rule->value;
    case ALERT_DIFFERENT:
        break;
    }
    return observed != rule->value;
}

enum alert_change alert_judge(const struct alert_rule *rule, struct alert_state *state, double observed, int64_t now_ms,
                              int64_t *out_held_ms)
{
    if (isnan(observed) || holds(rule, observed) == state->raised) {
        state->turning = false;
        return ALERT_UNCHANGED;
    }
    if (!state->turning) {
        state->turning = true;
        state->turning_since_ms = now_ms;
    }
    int64_t held_ms = now_ms - state->turning_since_ms;
    if (held_ms < rule->for_ms) {
        return ALERT_UNCHANGED;
    }
    *out_held_ms = held_ms;
    state->turning = false;
    state->raised = !state->raised;
    return state->raised ? ALERT_RAISED : ALERT_CLEARED;
}

/* Durations in seconds where they are whole ones. */
static void append_amount(struct buf *out, double amount, enum alert_unit unit)
{
    bool in_seconds = unit == ALERT_MS && amount >= 1000 && (int64_t)amount % 1000 == 0;
    static const char *const suffixes[] = {[ALERT_COUNT] = "", [ALERT_PERCENT] = " %", [ALERT_MS] = " ms"};
    if (in_seconds) {
        buf_printf(out, "%.10g s", amount / 1000);
    } else {
        buf_printf(out, unit == ALERT_PERCENT ? "%.4g%s" : "%.15g%s", amount, suffixes[unit]);
    }
}

void alert_describe(struct buf *out, const struct alert_rule *rule, bool raised, double observed)
{
    const struct metric *metric = &metrics[rule->metric];
    buf_printf(out, "%s: ", metric->words);
    append_amount(out, observed, metric->unit);
    buf_printf(out, ", %s%s ", raised ? "" : "no longer ", ops[rule->op].words);
    append_amount(out, rule->value, metric->unit);
    if (rule->for_ms > 0) {
        buf_append_string(out, ", for ");
        append_amount(out, (double)rule->for_ms, ALERT_MS);
    }
}

static void move_to(struct alert_window *window, int64_t slot)
{
    int64_t steps = slot - window->slot;
    for (int64_t i = 0; i < steps && i < ALERT_WINDOW_SLOTS; i++) {
        window->growth[(slot - i) % ALERT_WINDOW_SLOTS] = 0;
    }
    window->slot = slot > window->slot ? slot : window->slot;
}

uint64_t alert_window_take(struct alert_window *window, uint64_t total, int64_t now_ms)
{
    int64_t slot = now_ms / ALERT_WINDOW_SLOT_MS;
    if (!window->begun) {
        *window = (struct alert_window){.begun = true, .total = total, .slot = slot};
    }
    move_to(window, slot);
    window->growth[window->slot % ALERT_WINDOW_SLOTS] += total > window->total ? total - window->total : 0;
    window->total = total;
    uint64_t sum = 0;
    for (int i = 0; i < ALERT_WINDOW_SLOTS; i++) {
        sum += window->growth[i];
    }
    return sum;
}
