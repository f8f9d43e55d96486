/* flap.c -- the alert that names workers that turn unhealthy and back again and again. */
#include "registry/flap.h"

#include "registry/alert.h"
#include "registry/internal.h"
#include "store/statistics.h"

#include <inttypes.h>

static void name_held(struct buf *words, const struct store_statistics *statistics)
{
    buf_printf(words, "held in RECOVERED after turning unhealthy and back too often: ");
    for (size_t i = 0; i < statistics->held_listed; i++) {
        buf_printf(words, "%s%.*s", i == 0 ? "" : ", ", TEXT_ARG(statistics->held[i]));
    }
    int64_t more = statistics->held_count - (int64_t)statistics->held_listed;
    if (more > 0) {
        buf_printf(words, " and %" PRId64 " more", more);
    }
}

void flap_judge(struct registry *registry, const struct store_statistics *statistics)
{
    if (statistics->outcome != STORE_DONE) {
        return;
    }
    struct buf words = {0};
    bool raised = statistics->held_count > 0;
    if (raised) {
        name_held(&words, statistics);
    } else {
        buf_append_string(&words, "nobody is held for flapping");
    }
    const char *message = buf_terminated(&words);
    if (message != NULL) {
        alert_set(registry, "flapping", raised, ALERT_WARNING, message);
    }
    buf_fini(&words);
}
