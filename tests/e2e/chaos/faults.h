/* faults.h -- what a run does to its servers: one fault after another, in an order that the seed chooses. */
#ifndef MUSTER_TESTS_E2E_CHAOS_FAULTS_H
#define MUSTER_TESTS_E2E_CHAOS_FAULTS_H

#include "e2e/chaos/probe.h"
#include "e2e/world.h"
#include "support/proxy.h"

#include <jansson.h>
#include <stdint.h>

enum { FAULTS_MAX = 40 };

/* How many messages the broker queues for a client, where no fault limits that. */
#define FAULTS_BROKER_QUEUE "100000"

struct faults;

/* One way to fail. Ends of more than four seconds are longer than every timeout of the run. */
struct fault_kind {
    const char *name;
    void (*begin)(struct faults *faults);
    void (*end)(struct faults *faults); /* NULL: nothing is to be done */
    int least_ms;
    int most_ms;
    int refuses_after_ms; /* from then on registrations are answered as unavailable; 0: that is not asked of it */
};

/* The tables: faults_broker.c, faults_redis.c, faults_daemon.c. A nameless entry is the end. */
extern const struct fault_kind faults_of_broker[];
extern const struct fault_kind faults_of_redis[];
extern const struct fault_kind faults_of_daemon[];

struct faults {
    struct world *world;
    struct proxy *proxy; /* between daemons and broker */
    struct probe *probe;
    json_t *diary;
    bool forgets;     /* Redis keeps snapshots only: what was written since the last one is lost with it */
    int64_t merge_ms; /* how long daemons may keep heartbeats that change nothing to themselves; 0: not at all */
    unsigned random;
    const struct fault_kind *deck[FAULTS_MAX];
    size_t deck_size;
    size_t dealt;
    const struct fault_kind *current; /* NULL between two of them */
    const struct fault_kind *last;
    bool finishing;  /* no other begins */
    int64_t next_ms; /* monotonic: when it begins or ends */
    int64_t began_wall_ms;
    int64_t ended_ms;       /* monotonic: of the last one; 0: service has been seen to be back */
    int daemon;             /* the daemon that it is done to */
    int64_t saved_wall_ms;  /* when Redis was last told to save */
    struct recorder *thief; /* holds the daemon's client id */
};

void faults_init(struct faults *faults, struct world *world, struct proxy *proxy, struct probe *probe, unsigned seed,
                 bool forgets, int64_t merge_ms, json_t *diary);

/*
 * faults_step begins or ends a fault when it is time to, and watches for the return of service. After faults_finish the
 * one that is going on is the last, for as long as it was to last; faults_are_over is true once service is back after
 * it.
 */
void faults_step(struct faults *faults);
void faults_finish(struct faults *faults);
bool faults_are_over(const struct faults *faults);

/* What the kinds share: chance; ending the program where an injection itself fails; the index of the active daemon. */
unsigned faults_draw(struct faults *faults, unsigned below);
void faults_must(enum err err, const struct fault *fault);
int faults_active_daemon(struct faults *faults);

/* faults_start_daemon starts daemon d<index> behind the proxy, with the settings of the run. */
void faults_start_daemon(struct faults *faults, int index);

/* Into the diary: what was told since then may not have been heard; what Redis was told since then may be lost, or,
 * now, everything. */
void faults_note_gap(struct faults *faults, int64_t from_wall_ms);
void faults_note_loss(struct faults *faults, int64_t from_wall_ms);
void faults_note_flush(struct faults *faults);

/* faults_save makes Redis write a snapshot now. */
void faults_save(struct faults *faults);

#endif
