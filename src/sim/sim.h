/* sim.h -- one simulation, from connecting to the last reply. Knows no command line's syntax, prints nothing. */
#ifndef MUSTER_SIM_SIM_H
#define MUSTER_SIM_SIM_H

#include "base/err.h"
#include "sim/options.h"
#include "sim/tally.h"

struct sim;

/* What it is doing, for those who watch. */
enum sim_phase { SIM_CONNECTING, SIM_REGISTERING, SIM_RUNNING, SIM_WAITING };

struct sim_view {
    enum sim_phase phase;
    int64_t run_us; /* how much of the run is over */
    const struct tally *tally;
};

/* Called a few times a second, in the thread of sim_run. */
typedef void sim_watch_fn(void *context, const struct sim_view *view);

enum err sim_new(const struct options *options, struct sim **out_sim, struct fault *out_fault) MUST_USE;

/*
 * sim_run runs it to its end, or until stop_fd (-1: none) is readable. ERR_TIMEOUT or ERR_CLOSED: nobody answered, and
 * there is nothing to tell but the reason.
 */
enum err sim_run(struct sim *sim, int stop_fd, sim_watch_fn *watch, void *context, struct fault *out_fault) MUST_USE;

/* sim_tally is what has been counted; it lives as long as the sim. */
const struct tally *sim_tally(const struct sim *sim);

/* sim_free(NULL) is safe. */
void sim_free(struct sim *sim);

#endif
