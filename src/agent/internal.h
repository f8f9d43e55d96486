/* internal.h -- an agent, as the functions of its owner (agent.c) and its thread (boot.c) share it. */
#ifndef MUSTER_AGENT_INTERNAL_H
#define MUSTER_AGENT_INTERNAL_H

#include "agent/profile.h"

#include <pthread.h>

enum { BOOT_ID_LEN = 32 };

/* What the owner has asked for since the thread looked last. */
struct wishes {
    bool stop;
    enum muster_stop how;
    int timeout_ms;
    bool drain;
    bool beat;
};

struct boot;

struct muster_agent {
    struct profile profile;
    int wake_fd; /* an eventfd: readable when there are wishes */

    /* Of whoever starts and stops. */
    bool running;
    pthread_t thread;
    struct boot *boot; /* of the thread, while it runs */
    char boot_id[BOOT_ID_LEN + 1];
    uint64_t seed;

    /* Under the lock. */
    pthread_mutex_t lock;
    struct wishes wishes;
    enum muster_state state;
    enum muster_result result;
    int64_t epoch;
};

/* agent_take_wishes returns what was asked for, and forgets it. Of the agent's thread, as the next. */
struct wishes agent_take_wishes(struct muster_agent *agent);
void agent_publish(struct muster_agent *agent, enum muster_state state, enum muster_result result, int64_t epoch);

/* boot_new prepares a boot, NULL without memory; boot_run lives it until it has ended: the body of the thread. */
struct boot *boot_new(struct muster_agent *agent);
void boot_run(struct boot *boot);
void boot_free(struct boot *boot);

#endif
