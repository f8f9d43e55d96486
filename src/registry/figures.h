/* figures.h -- what is counted and measured for Prometheus only. On the loop thread. */
#ifndef MUSTER_REGISTRY_FIGURES_H
#define MUSTER_REGISTRY_FIGURES_H

#include "base/histogram.h"
#include "domain/event.h"
#include "domain/worker.h"

#include <stdint.h>

struct store_event;
struct store_steps;

enum figure_source { FIGURE_BY_EVENT, FIGURE_BY_SWEEP, FIGURE_AT_START, FIGURE_SOURCES };
enum {
    FIGURE_STATES = HEALTH_FAILED + 1,
    FIGURE_REASONS = 10,
    FIGURE_TYPES = EVENT_TYPE_COUNT + 1, /* the last is any other */
    FIGURE_OUTCOMES = 8,
    FIGURE_LAST_CHANGE = 2, /* of the outcomes */
};
struct figures {
    struct histogram handling; /* us */
    struct histogram batches;
    struct histogram lateness; /* ms */
    uint64_t transitions[FIGURE_STATES][FIGURE_STATES][FIGURE_REASONS];
    uint64_t events[FIGURE_TYPES];
    uint64_t steps[FIGURE_SOURCES][FIGURE_OUTCOMES];
    uint64_t wills[2];   /* heard, late */
    char counted_to[48]; /* the last event that is in transitions and events */
};

void figures_init(struct figures *figures);
void figures_count_event(struct figures *figures, const struct store_event *event);
void figures_count_steps(struct figures *figures, enum figure_source source, const struct store_steps *result);

#endif
