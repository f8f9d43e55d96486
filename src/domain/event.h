/* event.h -- the types of what the audit trail tells: the contract's events, and what was refused or done by hand. */
#ifndef MUSTER_DOMAIN_EVENT_H
#define MUSTER_DOMAIN_EVENT_H

#include "base/text.h"

#define EVENT_TYPES(X)                                                                                                 \
    X(REGISTERED, registered)                                                                                          \
    X(UPDATED, updated)                                                                                                \
    X(STATUS, status)                                                                                                  \
    X(UNHEALTHY, unhealthy)                                                                                            \
    X(RECOVERED, recovered)                                                                                            \
    X(HEALTHY, healthy)                                                                                                \
    X(FAILED, failed)                                                                                                  \
    X(DRAINING, draining)                                                                                              \
    X(CONFLICT, conflict)                                                                                              \
    X(DEREGISTERED, deregistered)                                                                                      \
    X(CLEANED_UP, cleaned_up)                                                                                          \
    X(REFUSED, refused)                                                                                                \
    X(FORGOTTEN, forgotten)                                                                                            \
    X(CHECKED, checked)                                                                                                \
    X(BRAKE_RELEASED, brake_released)
enum event_type {
#define X(type, name) EVENT_##type,
    EVENT_TYPES(X)
#undef X
        EVENT_TYPE_COUNT
};

/* event_type_name returns the wire name; event_type_of the reverse, EVENT_TYPE_COUNT for an unknown name. */
const char *event_type_name(enum event_type type);
enum event_type event_type_of(struct text name);

#endif
