/* figures.c -- what the registry counts and measures, as text for Prometheus. Never a worker's id among it. */
#include "registry/figures.h"

#include "base/clock.h"
#include "base/exposition.h"
#include "base/histogram.h"
#include "broker/broker.h"
#include "codec/topic.h"
#include "domain/event.h"
#include "domain/hearing.h"
#include "registry/connection.h"
#include "registry/counters.h"
#include "registry/internal.h"
#include "store/expiry.h"
#include "store/statistics.h"
#include "store/stream.h"
#include "store/worker.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const kinds[TOPIC_CANARY] = {
    [TOPIC_UNKNOWN] = "unknown",
    [TOPIC_WORKER_REGISTER] = "register",
    [TOPIC_WORKER_HEARTBEAT] = "heartbeat",
    [TOPIC_WORKER_DEREGISTER] = "deregister",
    [TOPIC_WORKER_WILL] = "will",
    [TOPIC_GATEWAY_REGISTER] = "gateway_register",
    [TOPIC_GATEWAY_HEARTBEAT] = "gateway_heartbeat",
    [TOPIC_GATEWAY_DEREGISTER] = "gateway_deregister",
    [TOPIC_GATEWAY_WILL] = "gateway_will",
    [TOPIC_REQUEST] = "request",
};

/* The last of each list is any other. */
static const char *const reasons[FIGURE_REASONS] = {"none",
                                                    "heartbeat_timeout",
                                                    "connection_lost",
                                                    "status_inconsistent",
                                                    "capacity_inconsistent",
                                                    "jobs_inconsistent",
                                                    "operator",
                                                    "worker",
                                                    "takeover",
                                                    "other"};
static const char *const outcomes[FIGURE_OUTCOMES] = {"unhealthy", "failed",  "cleaned_up", "rechecked",
                                                      "rearmed",   "nothing", "changed",    "other"};
static const char *const sources[FIGURE_SOURCES] = {
    [FIGURE_BY_EVENT] = "event", [FIGURE_BY_SWEEP] = "sweep", [FIGURE_AT_START] = "start"};
static const char *const will_times[] = {"heard", "late"};

static size_t place_of(const char *const *names, size_t count, struct text name)
{
    size_t place = 0;
    while (place + 1 < count && !text_is(name, names[place])) {
        place++;
    }
    return place;
}

void figures_init(struct figures *figures)
{
    figures->handling.scale = &histogram_of_us;
    figures->batches.scale = &histogram_of_sizes;
    figures->lateness.scale = &histogram_of_ms;
}

static struct text field_of(const struct store_event *event, const char *name)
{
    return store_worker_field(&(struct store_worker){.fields = event->fields, .count = event->count}, name);
}

/* A worker that has left, or was not there, has no health to speak of. */
static size_t state_of(struct text status, struct text health)
{
    return status.len == 0 || text_is(status, "INACTIVE") ? HEALTH_NONE : worker_health_of(health);
}

static bool is_counted(const struct figures *figures, struct text id)
{
    char text[sizeof figures->counted_to];
    unsigned long long ms = 0;
    unsigned long long sequence = 0;
    unsigned long long last_ms = 0;
    unsigned long long last_sequence = 0;
    (void)snprintf(text, sizeof text, "%.*s", TEXT_ARG(id));
    (void)sscanf(text, "%llu-%llu", &ms, &sequence);
    (void)sscanf(figures->counted_to, "%llu-%llu", &last_ms, &last_sequence);
    return ms < last_ms || (ms == last_ms && sequence <= last_sequence);
}

/* An event may be published again; it happened once. */
void figures_count_event(struct figures *figures, const struct store_event *event)
{
    if (is_counted(figures, event->id)) {
        return;
    }
    (void)snprintf(figures->counted_to, sizeof figures->counted_to, "%.*s", TEXT_ARG(event->id));
    size_t from = state_of(field_of(event, "fromStatus"), field_of(event, "fromHealth"));
    size_t to = state_of(field_of(event, "toStatus"), field_of(event, "toHealth"));
    struct text reason = field_of(event, "reason");
    figures->events[event_type_of(field_of(event, "type"))]++;
    if (from != to) {
        figures->transitions[from][to][reason.len == 0 ? 0 : place_of(reasons, FIGURE_REASONS, reason)]++;
    }
}

void figures_count_steps(struct figures *figures, enum figure_source source, const struct store_steps *result)
{
    for (size_t i = 0; i < result->count; i++) {
        const struct store_step *step = &result->steps[i];
        size_t outcome = place_of(outcomes, FIGURE_OUTCOMES, step->outcome);
        figures->steps[source][outcome]++;
        if (outcome <= FIGURE_LAST_CHANGE && source != FIGURE_AT_START) {
            histogram_add(&figures->lateness, step->late_ms, 1);
        }
    }
}

static const char *label(struct buf *labels, const char *name, const char *value)
{
    exposition_label(labels, name, text_of(value));
    return buf_terminated(labels);
}

static void append_messages(const struct registry *registry, struct buf *out, struct buf *labels)
{
    exposition_family(out, "muster_messages_total", "counter",
                      "Messages taken in, by kind and by what became of them.");
    for (unsigned kind = 0; kind < TOPIC_CANARY; kind++) {
        for (unsigned result = 0; result < MESSAGE_RESULT_COUNT; result++) {
            uint64_t count = registry->counters.messages[kind][result];
            if (count > 0 || result == CODE_OK) {
                buf_clear(labels);
                (void)label(labels, "kind", kinds[kind]);
                const char *name = result == MESSAGE_RETAINED ? "retained" : code_name((enum reply_code)result);
                exposition_count(out, "muster_messages_total", label(labels, "result", name), count);
            }
        }
    }
}

static void append_connection(const struct connection *connection, struct buf *drops, struct buf *depths,
                              struct buf *bytes)
{
    struct broker_counters counters = {0};
    struct buf labels = {0};
    broker_read_counters(connection->broker, &counters);
    const char *name = label(&labels, "connection", connection->name);
    exposition_count(drops, "muster_messages_dropped_total", name, counters.dropped);
    exposition_gauge(depths, "muster_inbox_messages", name, (double)counters.inbox_messages);
    exposition_gauge(bytes, "muster_inbox_bytes", name, (double)counters.inbox_bytes);
    buf_fini(&labels);
}

static void append_intake(const struct registry *registry, struct buf *out)
{
    struct buf depths = {0};
    struct buf bytes = {0};
    exposition_family(
        out, "muster_messages_dropped_total", "counter",
        "Messages dropped because an inbox was full, or (store) because Redis was away and they could not be kept.");
    append_connection(&registry->control, out, &depths, &bytes);
    append_connection(&registry->pulse, out, &depths, &bytes);
    exposition_count(out, "muster_messages_dropped_total", "connection=\"store\"",
                     registry->counters.heartbeats_dropped);
    exposition_family(out, "muster_inbox_messages", "gauge", "Messages that wait in an inbox.");
    buf_append_text(out, buf_text(&depths));
    exposition_family(out, "muster_inbox_bytes", "gauge", "Bytes that wait in an inbox.");
    buf_append_text(out, buf_text(&bytes));
    buf_fini(&depths);
    buf_fini(&bytes);
}

static const char *state_name(size_t state)
{
    return state == HEALTH_NONE ? "none" : worker_health_name((enum worker_health)state);
}

static void append_transitions(const struct figures *figures, struct buf *out, struct buf *labels)
{
    exposition_family(out, "muster_transitions_total", "counter",
                      "Changes of a worker's health, by from, to (none: not registered) and reason.");
    for (size_t from = 0; from < FIGURE_STATES; from++) {
        for (size_t to = 0; to < FIGURE_STATES; to++) {
            for (size_t reason = 0; reason < FIGURE_REASONS; reason++) {
                uint64_t count = figures->transitions[from][to][reason];
                if (count > 0) {
                    buf_clear(labels);
                    (void)label(labels, "from", state_name(from));
                    (void)label(labels, "to", state_name(to));
                    exposition_count(out, "muster_transitions_total", label(labels, "reason", reasons[reason]), count);
                }
            }
        }
    }
    exposition_family(out, "muster_events_total", "counter", "Events seen by the publisher, by type.");
    for (int type = 0; type < FIGURE_TYPES; type++) {
        const char *name = type < EVENT_TYPE_COUNT ? event_type_name((enum event_type)type) : "other";
        buf_clear(labels);
        exposition_count(out, "muster_events_total", label(labels, "type", name), figures->events[type]);
    }
}

static void append_steps(const struct figures *figures, struct buf *out, struct buf *labels)
{
    exposition_family(
        out, "muster_expiry_steps_total", "counter",
        "Steps of time claimed, by what found them (event, sweep, or the first sweep at the start) and outcome.");
    for (size_t source = 0; source < FIGURE_SOURCES; source++) {
        for (size_t outcome = 0; outcome < FIGURE_OUTCOMES; outcome++) {
            buf_clear(labels);
            (void)label(labels, "source", sources[source]);
            exposition_count(out, "muster_expiry_steps_total", label(labels, "outcome", outcomes[outcome]),
                             figures->steps[source][outcome]);
        }
    }
    exposition_family(out, "muster_wills_total", "counter",
                      "Wills taken, by whether the registry heard when they were sent or they were late.");
    for (size_t late = 0; late < 2; late++) {
        buf_clear(labels);
        exposition_count(out, "muster_wills_total", label(labels, "sent", will_times[late]), figures->wills[late]);
    }
}

static void append_histograms(const struct registry *registry, struct buf *out)
{
    const struct figures *figures = &registry->figures;
    exposition_family(out, "muster_handling_seconds", "histogram",
                      "From a message taken out of the inbox to its answer, or to Redis having it.");
    exposition_histogram(out, "muster_handling_seconds", NULL, &figures->handling);
    exposition_family(out, "muster_heartbeat_batch_size", "histogram", "Heartbeats handed to Redis in one call.");
    exposition_histogram(out, "muster_heartbeat_batch_size", NULL, &figures->batches);
    exposition_family(out, "muster_redis_call_seconds", "histogram", "From a call to Redis to its answer.");
    exposition_histogram(out, "muster_redis_call_seconds", NULL, store_call_times(registry->store));
    exposition_family(out, "muster_noticing_lateness_seconds", "histogram",
                      "From the moment a step of time was due to its being taken.");
    exposition_histogram(out, "muster_noticing_lateness_seconds", NULL, &figures->lateness);
}

static void append_one(struct buf *out, const char *name, const char *type, const char *help, double value)
{
    exposition_family(out, name, type, help);
    exposition_gauge(out, name, NULL, value);
}

static void append_state(struct registry *registry, struct buf *out)
{
    struct registry_state state = registry_state(registry);
    int64_t now_ms = timebase_remote_ms(store_clock(registry->store), clock_monotonic_ms());
    int64_t lag_ms = now_ms - registry->hearing.until_ms;
    append_one(out, "muster_active", "gauge", "Whether this daemon is the active one.", state.active);
    append_one(out, "muster_ready", "gauge", "Whether this daemon is active, hears, has Redis, and has caught up.",
               registry_is_ready(&state));
    append_one(out, "muster_redis_up", "gauge", "Whether Redis answers.", state.redis);
    append_one(out, "muster_hearing", "gauge", "Whether the registry hears what is sent to it.", state.hearing);
    append_one(out, "muster_hearing_lag_seconds", "gauge",
               "How far back the latest proof of hearing lies; not a number while deaf.",
               hearing_is_deaf(&registry->hearing) ? NAN : (double)(lag_ms > 0 ? lag_ms : 0) / 1000);
    append_one(out, "muster_hearing_interruptions_total", "counter", "Interruptions of hearing.",
               (double)registry->counters.interruptions);
    append_one(out, "muster_events_published_total", "counter", "Events handed to the broker.",
               (double)registry->counters.events_published);
    append_one(out, "muster_heartbeats_merged_total", "counter",
               "Heartbeats that said what the last one said, and of which Redis was not told.",
               (double)registry->counters.heartbeats_merged);
}

static void append_fleet(const struct store_statistics *fleet, struct buf *out, struct buf *labels)
{
    exposition_family(out, "muster_workers", "gauge", "Registered workers, by status.");
    for (unsigned status = WORKER_ACTIVE; status < WORKER_INACTIVE; status++) {
        buf_clear(labels);
        exposition_gauge(out, "muster_workers", label(labels, "status", worker_status_name((enum worker_status)status)),
                         (double)fleet->by_status[status]);
    }
    exposition_family(out, "muster_workers_by_health", "gauge", "Registered workers, by health.");
    for (unsigned health = HEALTH_HEALTHY; health <= HEALTH_FAILED; health++) {
        buf_clear(labels);
        exposition_gauge(out, "muster_workers_by_health",
                         label(labels, "health", worker_health_name((enum worker_health)health)),
                         (double)fleet->by_health[health]);
    }
    append_one(out, "muster_capacity_jobs", "gauge", "Jobs that all workers together can hold.",
               (double)fleet->total_capacity);
    append_one(out, "muster_capacity_used_jobs", "gauge", "Jobs that they hold.", (double)fleet->used_capacity);
    append_one(out, "muster_capacity_available_jobs", "gauge", "Jobs that they could take.",
               (double)fleet->available_capacity);
    append_one(out, "muster_heartbeats_asked_per_second", "gauge", "Heartbeats a second that the workers asked for.",
               (double)fleet->pace.asked_uhz / 1e6);
    append_one(out, "muster_heartbeats_least_per_second", "gauge", "Heartbeats a second that their timeouts need.",
               (double)fleet->pace.least_uhz / 1e6);
    append_one(out, "muster_outbox_behind_seconds", "gauge", "How long the oldest event not published yet has waited.",
               (double)fleet->outbox_behind_ms / 1000);
}

struct figures_call {
    struct registry *registry;
    registry_figures_fn *done;
    void *owner;
};

static void on_statistics(void *context, const struct store_statistics *fleet)
{
    struct figures_call *call = context;
    struct registry *registry = call->registry;
    struct buf out = {0};
    struct buf labels = {0};
    append_state(registry, &out);
    if (fleet != NULL && fleet->outcome == STORE_DONE) {
        append_fleet(fleet, &out, &labels);
    }
    append_messages(registry, &out, &labels);
    append_intake(registry, &out);
    append_transitions(&registry->figures, &out, &labels);
    append_steps(&registry->figures, &out, &labels);
    append_histograms(registry, &out);
    call->done(call->owner, out.failed || labels.failed ? (struct text){0} : buf_text(&out));
    buf_fini(&out);
    buf_fini(&labels);
    free(call);
}

void registry_figures(struct registry *registry, registry_figures_fn *done, void *owner)
{
    struct figures_call *call = malloc(sizeof *call);
    if (call == NULL) {
        done(owner, (struct text){0});
        return;
    }
    *call = (struct figures_call){registry, done, owner};
    store_statistics(registry->store, on_statistics, call);
}
