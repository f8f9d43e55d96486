/* brake.c -- raised by a share, lifted by the share, by time, or by hand. */
#include "domain/brake.h"

enum brake_change brake_release(struct brake *brake, int64_t missing)
{
    bool was_raised = brake->raised;
    brake->raised = false;
    brake->normal = missing;
    return was_raised ? BRAKE_LIFTED : BRAKE_UNCHANGED;
}

static bool too_many(const struct brake *brake, const struct brake_limits *limits, int64_t workers, int64_t missing)
{
    int64_t beyond = missing - brake->normal;
    int64_t rest = workers - brake->normal;
    return workers >= limits->min_workers && beyond * 100 > limits->percent * rest;
}

enum brake_change brake_judge(struct brake *brake, const struct brake_limits *limits, int64_t workers, int64_t missing,
                              int64_t now_ms)
{
    brake->normal = brake->normal < missing ? brake->normal : missing;
    if (!too_many(brake, limits, workers, missing)) {
        bool was_raised = brake->raised;
        brake->raised = false;
        return was_raised ? BRAKE_LIFTED : BRAKE_UNCHANGED;
    }
    if (!brake->raised) {
        brake->raised = true;
        brake->raised_ms = now_ms;
        return BRAKE_RAISED;
    }
    return now_ms - brake->raised_ms >= limits->max_ms ? brake_release(brake, missing) : BRAKE_UNCHANGED;
}
