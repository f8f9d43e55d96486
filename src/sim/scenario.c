/* scenario.c -- the table of scenarios, and what each means for one speaker. */
#include "sim/scenario.h"

static const struct scenario_row rows[SCENARIO_COUNT] = {
    [SCENARIO_STEADY] = {"steady", "all heartbeat, spread evenly over their interval"},
    [SCENARIO_RAMP] = {"ramp", "workers register and begin one after the other, evenly over the run"},
    [SCENARIO_BURST] = {"burst", "all heartbeat at the same instant, once in each interval"},
    [SCENARIO_MASS_DEATH] = {"mass-death", "a share of the workers falls silent at the same instant, for good"},
    [SCENARIO_MASS_RETURN] = {"mass-return", "a share falls silent and comes back, all at the same instant"},
    [SCENARIO_FLAPPING] = {"flapping", "a share falls silent and comes back, again and again"},
    [SCENARIO_GATEWAY] = {"gateway", "gateways register and heartbeat in batches for their workers"},
    [SCENARIO_STORM] = {"storm", "all register at the same instant, as the run begins"},
    [SCENARIO_CLONES] = {"clones", "a share of the ids is used by a second process as well"},
};

const struct scenario_row *scenario_row(enum scenario_kind kind)
{
    return &rows[kind];
}

enum scenario_kind scenario_find(struct text name)
{
    int kind = 0;
    while (kind < SCENARIO_COUNT && !text_is(name, rows[kind].name)) {
        kind++;
    }
    return (enum scenario_kind)kind;
}

bool scenario_joins_late(const struct scenario *scenario)
{
    return scenario->kind == SCENARIO_RAMP || scenario->kind == SCENARIO_STORM;
}

int64_t scenario_joins_us(const struct scenario *scenario, size_t index)
{
    return scenario->kind == SCENARIO_RAMP ? (int64_t)index * scenario->duration_us / (int64_t)scenario->speakers : 0;
}

int64_t scenario_phase_us(const struct scenario *scenario, size_t index, int64_t interval_us)
{
    bool together = scenario->together || scenario->kind == SCENARIO_BURST;
    return together ? 0 : (int64_t)(index % scenario->speakers) * interval_us / (int64_t)scenario->speakers;
}

bool scenario_affects(const struct scenario *scenario, size_t index)
{
    return index < scenario->speakers && index * scenario->affected % scenario->speakers < scenario->affected;
}

size_t scenario_affected_at(const struct scenario *scenario, size_t nth)
{
    return (nth * scenario->speakers + scenario->affected - 1) / scenario->affected;
}

/* Silent for a pause, speaking for a pause, and so on. */
static int64_t flap_us(const struct scenario *scenario, int64_t at_us)
{
    int64_t turn = (at_us - scenario->at_us) / scenario->pause_us;
    return turn % 2 == 0 ? scenario->at_us + (turn + 1) * scenario->pause_us : at_us;
}

int64_t scenario_speaks_us(const struct scenario *scenario, size_t index, int64_t at_us)
{
    if (at_us < scenario->at_us || !scenario_affects(scenario, index)) {
        return at_us;
    }
    switch (scenario->kind) {
    case SCENARIO_MASS_DEATH:
        return SCENARIO_NEVER;
    case SCENARIO_MASS_RETURN: {
        int64_t back_us = scenario->at_us + scenario->pause_us;
        return at_us < back_us ? back_us : at_us;
    }
    case SCENARIO_FLAPPING:
        return flap_us(scenario, at_us);
    default:
        return at_us;
    }
}
