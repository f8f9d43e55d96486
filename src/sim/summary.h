/* summary.h -- what a simulation has counted, for people and for programs; and how it is getting on. No I/O. */
#ifndef MUSTER_SIM_SUMMARY_H
#define MUSTER_SIM_SUMMARY_H

#include "sim/sim.h"

/* summary_append_text appends a few lines for people, summary_append_json one JSON document and a line's end. */
void summary_append_text(struct buf *out, const struct options *options, const struct tally *tally);
enum err summary_append_json(struct buf *out, const struct options *options, const struct tally *tally) MUST_USE;

/* summary_append_progress appends one line without its end. */
void summary_append_progress(struct buf *out, const struct options *options, const struct sim_view *view);

/* summary_is_good: every registration was accepted, and no connection was lost for good. */
bool summary_is_good(const struct tally *tally);

#endif
