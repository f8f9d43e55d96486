/*
 * internal.h -- the registry itself: one struct, each part of it owned by the file beside the header that it comes
 * from. On the loop thread, all of it.
 */
#ifndef MUSTER_REGISTRY_INTERNAL_H
#define MUSTER_REGISTRY_INTERNAL_H

#include "base/admission.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/text.h"
#include "base/throttle.h"
#include "config/config.h"
#include "domain/code.h"
#include "domain/hearing.h"
#include "domain/validate.h"
#include "registry/announce.h"
#include "registry/brake.h"
#include "registry/canary.h"
#include "registry/clock.h"
#include "registry/connection.h"
#include "registry/counters.h"
#include "registry/expire.h"
#include "registry/figures.h"
#include "registry/kept.h"
#include "registry/ledger.h"
#include "registry/merge.h"
#include "registry/metric.h"
#include "registry/publish.h"
#include "registry/registry.h"
#include "registry/restate.h"
#include "registry/retained.h"
#include "registry/state.h"
#include "registry/system.h"
#include "registry/will.h"
#include "store/store.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TICK_MS = 20, INSTANCE_MAX = 160 };

struct check;

struct registry {
    struct event_base *base;
    struct registry_listener listener;
    struct config config;
    struct config_sources config_sources; /* configuration.c */
    char config_file[CONFIG_STRING_MAX];
    struct validate_limits limits;
    struct text root;
    char instance[INSTANCE_MAX];
    char password[CONFIG_STRING_MAX];
    struct store *store;
    struct event *tick;
    struct decoder *decoder;
    struct violations violations;

    bool active; /* holds the lease. duty.c */
    bool renewing;
    bool libraries_forgotten; /* those of other versions, since it became active */
    int64_t active_since_ms;  /* monotonic */
    int64_t lease_asked_ms;   /* monotonic: when the lease was last asked for or renewed */
    int64_t lease_renewed_ms; /* monotonic: when the renewal that succeeded last was asked for */
    bool stopping;
    bool releasing; /* the lease is being given back */
    bool stopped;
    int64_t stop_deadline_ms;

    struct connection control;
    struct connection pulse;
    struct connection presence;
    int64_t presence_told_ms;
    struct connection probe;
    int64_t probe_answered_ms; /* monotonic: when the broker has taken the probe in */
    size_t calls_open;         /* of the control connection's messages */
    size_t registrations_open; /* calls for them, whoever asked */
    size_t feeds; /* batches of the control connection that have not all been handed to the store. batch.c */

    int64_t last_tick_ms;
    bool replies_wait; /* too many are on their way to the broker: control takes nothing in. intake.c */
    bool listening;    /* both connections subscribed, lease held, Redis there */
    struct hearing hearing;
    struct canary canary;
    struct expiry expiry;
    struct clock_watch clock;
    struct wills wills;
    struct brakes brakes;
    struct check *check; /* under way; NULL: none. check.c */
    struct announcements announcements;
    struct restate restate;
    struct retained retained;
    struct system system;
    struct metrics metrics;
    struct ledger *ledger;
    struct figures figures;
    struct reconciled reconciled;
    struct kept kept;
    struct merge merge;
    struct heartbeat_batch *batch; /* being gathered */
    size_t batches_open;
    struct throttle throttle;
    struct admission admission; /* of registrations */
    struct publisher publisher;
    struct counters counters;
    struct counters counters_told;
    int64_t counters_told_ms;
    struct buf topic;
    struct buf payload;
};

/* registry.c */
void note(const struct registry *registry, enum log_level level, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
