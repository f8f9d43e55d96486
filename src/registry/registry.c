/* registry.c -- the registry's life: made of its parts, started, ticking, stopped in good order. */
#include "registry/internal.h"

#include "base/admission.h"
#include "base/clock.h"
#include "base/secret.h"
#include "codec/message.h"
#include "domain/hearing.h"
#include "domain/validate.h"
#include "registry/alert.h"
#include "registry/announce.h"
#include "registry/brake.h"
#include "registry/canary.h"
#include "registry/clock.h"
#include "registry/connection.h"
#include "registry/counters.h"
#include "registry/duty.h"
#include "registry/expire.h"
#include "registry/figures.h"
#include "registry/heartbeat.h"
#include "registry/intake.h"
#include "registry/kept.h"
#include "registry/ledger.h"
#include "registry/merge.h"
#include "registry/metric.h"
#include "registry/presence.h"
#include "registry/probe.h"
#include "registry/publish.h"
#include "registry/restate.h"
#include "registry/retained.h"
#include "registry/state.h"
#include "registry/system.h"
#include "registry/will.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STOP_MS = 3000, RELEASE_MS = 500 };

void note(const struct registry *registry, enum log_level level, const char *format, ...)
{
    char sentence[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    registry->listener.note(registry->listener.owner, level, sentence);
}

static void on_store_up(void *owner)
{
    struct registry *registry = owner;
    note(registry, LOG_INFO, "Redis is up at %s", store_place(registry->store));
    registry->lease_asked_ms = 0;
    registry->reconciled = (struct reconciled){0};
    clock_check(registry);
    restate_begin(registry);
    kept_send(registry);
    canary_interrupt(registry, "Redis is back");
    publish_kick(registry);
}

static void on_store_down(void *owner, const char *reason)
{
    struct registry *registry = owner;
    note(registry, LOG_WARN, "Redis is away: %s", reason);
    canary_interrupt(registry, "Redis is away");
    publish_failed(registry, "Redis is away");
}

static void on_expired(void *owner, struct text member)
{
    expire_look(owner, member);
}

static void on_clock_jumped(void *owner)
{
    struct registry *registry = owner;
    note(registry, LOG_WARN, "Redis's clock, or this machine's, has been set");
    canary_interrupt(registry, "a clock has jumped");
    clock_check(registry);
    brake_rebase(registry);
}

static void on_changed(void *owner)
{
    struct registry *registry = owner;
    publish_kick(registry);
    if (registry->listener.changed != NULL) {
        registry->listener.changed(registry->listener.owner);
    }
}

static void finish_stop(struct registry *registry)
{
    connection_want(&registry->control, false);
    connection_want(&registry->pulse, false);
    presence_leave(registry);
    counters_tell(registry);
    registry->stopped = true;
    registry->listener.stopped(registry->listener.owner);
}

/* What was taken in is finished and told; then the lease goes back, so that a standby need not wait for its end. */
static void stop_tick(struct registry *registry, int64_t now_ms)
{
    bool is_done = registry->calls_open == 0 && registry->batches_open == 0 && publish_is_idle(registry);
    bool is_late = now_ms >= registry->stop_deadline_ms;
    if (!registry->active || !store_is_up(registry->store) || now_ms >= registry->stop_deadline_ms + RELEASE_MS) {
        finish_stop(registry);
    } else if (!registry->releasing && (is_done || is_late)) {
        duty_release(registry);
    }
}

static void tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct registry *registry = arg;
    int64_t now_ms = clock_monotonic_ms();
    if (registry->stopped) {
        return;
    }
    store_tick(registry->store);
    duty_tick(registry, now_ms);
    canary_tick(registry, now_ms);
    clock_tick(registry);
    intake_tick(registry);
    kept_tick(registry, now_ms);
    brake_tick(registry);
    expire_tick(registry);
    publish_tick(registry, now_ms);
    retained_tick(registry, now_ms);
    restate_tick(registry);
    metric_tick(registry, now_ms);
    system_tick(registry, now_ms);
    alert_tick(registry, now_ms);
    connection_tick(&registry->control, now_ms);
    connection_tick(&registry->pulse, now_ms);
    presence_tick(registry, now_ms);
    probe_tick(registry, now_ms);
    counters_tick(registry, now_ms);
    if (registry->stopping) {
        stop_tick(registry, now_ms);
    }
}

static struct store_policy policy_of(const struct config *config)
{
    return (struct store_policy){
        .check_interval_ms = config->health.check_interval_ms,
        .max_consecutive_failures = config->health.max_consecutive_failures,
        .auto_recovery = config->health.auto_recovery,
        .cleanup_threshold_ms = config->health.cleanup_threshold_ms,
        .archive_seconds = config->worker.archive_seconds,
        .merge_ms = config->worker.merge_heartbeats_ms,
        .max_attempts = config->registration.max_attempts,
        .retry_delay_ms = config->registration.retry_delay_ms,
        .max_workers = config->registration.max_workers,
        .events_max_length = config->events.max_length,
        .flap_count = config->health.flap_count,
        .flap_window_ms = config->health.flap_window_ms,
        .flap_hold_ms = config->health.flap_hold_ms,
        .flap_hold_max_ms = config->health.flap_hold_max_ms,
    };
}

static struct validate_limits limits_of(const struct config *config)
{
    return (struct validate_limits){
        .max_concurrent_jobs = config->registration.max_concurrent_jobs,
        .min_load_factor = config->registration.min_load_factor,
        .max_load_factor = config->registration.max_load_factor,
        .default_heartbeat_timeout_ms = config->worker.heartbeat_timeout_ms,
        .min_heartbeat_timeout_ms = config->worker.min_heartbeat_timeout_ms,
        .max_heartbeat_timeout_ms = config->worker.max_heartbeat_timeout_ms,
    };
}

void registry_configure(struct registry *registry, const struct config *config)
{
    struct store_policy policy = policy_of(config);
    registry->config = *config;
    registry->root = text_of(registry->config.mqtt.topic_root);
    registry->limits = limits_of(config);
    store_set_policy(registry->store, &policy);
    merge_configure(registry);
}

/* host-pid where none is configured; what a topic level or client id may not hold becomes a dash. */
static void name_instance(struct registry *registry)
{
    char host[100] = "";
    (void)gethostname(host, sizeof host - 1);
    if (registry->config.daemon.instance[0] != '\0') {
        (void)snprintf(registry->instance, sizeof registry->instance, "%.*s", WORKER_ID_MAX,
                       registry->config.daemon.instance);
    } else {
        (void)snprintf(registry->instance, sizeof registry->instance, "%s-%ld", host, (long)getpid());
    }
    for (char *c = registry->instance; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && *c != '.' && *c != '_' && *c != '-') {
            *c = '-';
        }
    }
    if (!worker_id_valid(text_of(registry->instance))) {
        registry->instance[0] = 'm';
    }
}

/* An empty password where no file is named. */
static enum err read_password(const char *file, char out[CONFIG_STRING_MAX], struct fault *out_fault)
{
    out[0] = '\0';
    return file[0] != '\0' ? secret_read(file, out, CONFIG_STRING_MAX, out_fault) : ERR_OK;
}

static enum err new_store(struct registry *registry, struct fault *out_fault)
{
    const struct config *config = &registry->config;
    char password[CONFIG_STRING_MAX];
    char sentinel_password[CONFIG_STRING_MAX];
    enum err err = read_password(config->redis.password_file, password, out_fault);
    if (err == ERR_OK) {
        err = read_password(config->redis.sentinel_password_file, sentinel_password, out_fault);
    }
    if (err != ERR_OK) {
        return err;
    }
    struct store_options options = {.base = registry->base,
                                    .uri = config->redis.uri,
                                    .password = password[0] != '\0' ? password : NULL,
                                    .prefix = config->redis.prefix,
                                    .sentinel = config->redis.sentinel,
                                    .sentinel_password = sentinel_password[0] != '\0' ? sentinel_password : NULL};
    struct store_listener listener = {registry, on_store_up, on_store_down, on_expired, on_clock_jumped, on_changed};
    return store_new(&options, &listener, &registry->store, out_fault);
}

static enum err new_connections(struct registry *registry, struct fault *out_fault)
{
    enum err err = read_password(registry->config.mqtt.password_file, registry->password, out_fault);
    if (err == ERR_OK) {
        err = intake_new(registry, out_fault);
    }
    if (err == ERR_OK) {
        err = presence_new(registry, out_fault);
    }
    return err == ERR_OK ? probe_new(registry, out_fault) : err;
}

static enum err new_loop_parts(struct registry *registry, struct fault *out_fault)
{
    registry->decoder = decoder_new(MESSAGE_GATEWAY_BYTES_MAX);
    registry->tick = event_new(registry->base, -1, EV_PERSIST, tick, registry);
    if (registry->decoder == NULL || registry->tick == NULL) {
        return fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    }
    enum err err = announce_new(registry, out_fault);
    if (err == ERR_OK) {
        err = ledger_new(registry, out_fault);
    }
    if (err == ERR_OK) {
        err = kept_new(registry, out_fault);
    }
    return err == ERR_OK ? expire_new(registry, out_fault) : err;
}

enum err registry_new(struct event_base *base, const struct config *config, const struct registry_listener *listener,
                      struct registry **out_registry, struct fault *out_fault)
{
    struct registry *registry = calloc(1, sizeof *registry);
    if (registry == NULL) {
        return fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    }
    registry->base = base;
    registry->listener = *listener;
    registry->config = *config;
    registry->hearing = (struct hearing){.since_ms = INT64_MAX, .until_ms = 0};
    publish_init(registry);
    figures_init(&registry->figures);
    admission_init(&registry->admission, (uint64_t)clock_wall_ms() ^ (uint64_t)getpid());
    name_instance(registry);
    enum err err = new_store(registry, out_fault);
    if (err == ERR_OK) {
        registry_configure(registry, config);
        err = new_connections(registry, out_fault);
    }
    if (err == ERR_OK) {
        err = new_loop_parts(registry, out_fault);
    }
    if (err != ERR_OK) {
        registry_free(registry);
        return err;
    }
    *out_registry = registry;
    return ERR_OK;
}

void registry_free(struct registry *registry)
{
    if (registry == NULL) {
        return;
    }
    registry->stopped = true;
    store_free(registry->store);
    announce_fini(registry);
    connection_fini(&registry->control);
    connection_fini(&registry->pulse);
    connection_fini(&registry->presence);
    connection_fini(&registry->probe);
    if (registry->tick != NULL) {
        event_free(registry->tick);
    }
    expire_fini(registry);
    will_fini(registry);
    brake_fini(registry);
    kept_fini(registry);
    merge_fini(registry);
    publish_fini(registry);
    system_fini(registry);
    ledger_fini(registry);
    decoder_free(registry->decoder);
    buf_fini(&registry->topic);
    buf_fini(&registry->payload);
    free(registry);
}

void registry_start(struct registry *registry)
{
    const struct timeval every = {.tv_usec = TICK_MS * 1000L};
    (void)event_add(registry->tick, &every);
    registry->last_tick_ms = clock_monotonic_ms();
    registry->counters_told_ms = registry->last_tick_ms;
    connection_want(&registry->presence, true);
    store_start(registry->store);
}

void registry_stop(struct registry *registry)
{
    if (registry->stopping) {
        return;
    }
    registry->stopping = true;
    registry->stop_deadline_ms = clock_monotonic_ms() + STOP_MS;
    heartbeat_flush(registry);
    connection_want(&registry->pulse, false);
    canary_interrupt(registry, "stopping");
}
