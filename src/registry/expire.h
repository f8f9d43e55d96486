/* expire.h -- steps of time being taken. On the loop thread; deadlines and durations are in ms of Redis's time. */
#ifndef MUSTER_REGISTRY_EXPIRE_H
#define MUSTER_REGISTRY_EXPIRE_H

#include "base/err.h"
#include "base/text.h"
#include "domain/worker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event;
struct registry;

enum { STEPS_A_CALL = 100, STEP_CALLS_MAX = 2, EXPIRED_MAX = 4096, WAITING_MAX = 4096, SWEEP_GRACE_MS = 50 };
enum { MEMBER_MAX = WORKER_ID_MAX + 16 };

struct member {
    char bytes[MEMBER_MAX];
    size_t len;
};

struct waiting_step {
    struct member member;
    int64_t deadline_ms;
    int64_t duration_ms;
    char zone[WORKER_LABEL_MAX];
    size_t zone_len;
    bool by_event;
};

struct expiry {
    int calls;              /* with Redis, of whatever kind: STEP_CALLS_MAX at most begin */
    struct event *advance;  /* at the end of a turn of the loop */
    struct member *expired; /* their events have come; a ring with room for EXPIRED_MAX */
    size_t expired_at;
    size_t expired_count;
    int sweeps;                   /* with Redis: one, or where very many are due one behind the other */
    bool round;                   /* the due index is being gone through, in parts */
    size_t round_at;              /* where in it the next part begins */
    size_t round_taken;           /* steps, since it began */
    int64_t round_ms;             /* monotonic: when that began */
    struct waiting_step *waiting; /* for hearing; room for WAITING_MAX */
    size_t waiting_count;
    struct waiting_step *heard; /* are to be judged again; the same room */
    size_t heard_at;
    size_t heard_count;
    bool heard_more; /* and then those that are waiting */
};

enum err expire_new(struct registry *registry, struct fault *out_fault) MUST_USE;
void expire_fini(struct registry *registry);
void expire_look(struct registry *registry, struct text member);
void expire_tick(struct registry *registry);
void expire_heard(struct registry *registry);            /* hearing reaches further now */
bool expire_is_crowded(const struct registry *registry); /* very many steps are due, and being taken */
void expire_forget(struct registry *registry);

#endif
