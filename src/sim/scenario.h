/* scenario.h -- who speaks when: what the simulated fleet goes through, as a function of time. Pure. */
#ifndef MUSTER_SIM_SCENARIO_H
#define MUSTER_SIM_SCENARIO_H

#include "base/text.h"

#include <stdint.h>

/* In the order of the table of names. */
enum scenario_kind {
    SCENARIO_STEADY,
    SCENARIO_RAMP,
    SCENARIO_BURST,
    SCENARIO_MASS_DEATH,
    SCENARIO_MASS_RETURN,
    SCENARIO_FLAPPING,
    SCENARIO_GATEWAY,
    SCENARIO_STORM,
    SCENARIO_CLONES,
    SCENARIO_COUNT
};

struct scenario_row {
    const char *name;
    const char *help;
};
const struct scenario_row *scenario_row(enum scenario_kind kind);

/* scenario_find returns the kind of that name, SCENARIO_COUNT for none. */
enum scenario_kind scenario_find(struct text name);

/* Times count from the beginning of the run. */
struct scenario {
    enum scenario_kind kind;
    size_t speakers; /* workers, or gateways' batches of them; not the clones */
    size_t affected; /* of them: those that die, flap or are cloned */
    bool together;   /* all heartbeat at the same instant */
    int64_t at_us;   /* when it happens */
    int64_t pause_us;
    int64_t duration_us;
};

#define SCENARIO_NEVER INT64_MAX

/* scenario_joins_late: whoever joins does so in the run, and is not registered before it. */
bool scenario_joins_late(const struct scenario *scenario);

/* scenario_joins_us returns when a speaker registers, where they join late. */
int64_t scenario_joins_us(const struct scenario *scenario, size_t index);

/* scenario_phase_us returns where in its interval a speaker heartbeats: they are spread evenly, or together. */
int64_t scenario_phase_us(const struct scenario *scenario, size_t index, int64_t interval_us);

/* Those affected are spread evenly over the fleet; scenario_affected_at returns the nth of them. */
bool scenario_affects(const struct scenario *scenario, size_t index);
size_t scenario_affected_at(const struct scenario *scenario, size_t nth);

/* scenario_speaks_us returns at_us where the speaker speaks then, else when it does again: perhaps SCENARIO_NEVER. */
int64_t scenario_speaks_us(const struct scenario *scenario, size_t index, int64_t at_us);

#endif
