/*
 * probe.c -- where nothing comes from the broker any more: a connection that asks whether it takes anyone in. If it
 * does, the old ones are dead, though nobody has closed them. If not, it is the broker that stands still, to save what
 * it retains, say; the old ones go on where they were, and nothing of what is to come on them is given up.
 */
#include "registry/probe.h"

#include "base/clock.h"
#include "broker/broker.h"
#include "registry/connection.h"
#include "registry/internal.h"

#include <stdio.h>

/* What waits for the broker as well as the probe comes within this time of the probe's being taken in. */
enum { GRACE_MS = 300 };

enum err probe_new(struct registry *registry, struct fault *out_fault)
{
    char client_id[CONFIG_STRING_MAX + INSTANCE_MAX + 16];
    (void)snprintf(client_id, sizeof client_id, "%s-probe-%s", registry->config.mqtt.client_id, registry->instance);
    struct broker_options options = connection_options(registry, client_id);
    return connection_new(&registry->probe, registry, "probe", &options, out_fault);
}

void probe_connected(struct registry *registry)
{
    registry->probe_answered_ms = clock_monotonic_ms();
}

void probe_tick(struct registry *registry, int64_t now_ms)
{
    struct connection *probe = &registry->probe;
    bool is_silent = registry->control.silent || registry->pulse.silent;
    if (is_silent && !probe->wanted) {
        note(registry, LOG_WARN, "nothing comes from the broker, not even what was sent by itself: it is being asked");
    }
    if (is_silent && probe->connected && now_ms - registry->probe_answered_ms > GRACE_MS) {
        connection_give_up_silent(registry, now_ms);
        is_silent = false;
    }
    connection_want(probe, is_silent);
    connection_tick(probe, now_ms);
}
