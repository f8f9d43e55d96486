/* tally.h -- what a simulation has counted. Plain values. */
#ifndef MUSTER_SIM_TALLY_H
#define MUSTER_SIM_TALLY_H

#include "domain/code.h"
#include "sim/latency.h"

#include <stdbool.h>

/* Counts are of workers and heartbeats, not of messages: a batch of a hundred heartbeats counts a hundred. */
struct tally {
    uint64_t workers; /* clones are more of them */
    uint64_t registered;
    uint64_t refused;    /* for good */
    uint64_t unanswered; /* never registered */
    uint64_t registrations_sent;
    uint64_t registrations_repeated; /* of them: for want of an answer */
    uint64_t registrations_again;    /* of workers that the registry did not know any more */
    int64_t registering_us;          /* until the last one was settled */
    struct latency registering;      /* from the intended time to the reply */

    uint64_t warmed_up; /* heartbeats before the run */
    uint64_t sent;      /* heartbeats in the run */
    uint64_t missed;    /* could not be sent: no connection */
    uint64_t unsent;    /* were due, and had to wait until the run was over */
    uint64_t silenced;  /* times that a worker fell silent */
    struct latency lag; /* from the intended time to the hand-over to the connection */

    uint64_t asked; /* messages that want a reply */
    uint64_t answered;
    struct latency answering;       /* from the intended time to the reply */
    uint64_t codes[CODE_COUNT + 1]; /* of all replies by worker; the last: not understood */

    uint64_t losses;     /* of connections */
    uint64_t refusals;   /* of what was published, by the broker */
    uint64_t lines_down; /* at the end */
    int64_t began_at_ms; /* the run; since 1970 */
    int64_t run_us;
    int64_t loop_cpu_us; /* of the simulator's own thread */
    int64_t cpu_us;      /* of the process */
    bool interrupted;    /* ended before its time */
};

#endif
