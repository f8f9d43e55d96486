/* state.h -- what can be relied on since this daemon became active, or Redis came back. Told by registry_state. */
#ifndef MUSTER_REGISTRY_STATE_H
#define MUSTER_REGISTRY_STATE_H

#include <stdbool.h>

struct reconciled {
    bool swept; /* every step that was due has been looked at */
    bool told;  /* the outbox has been empty */
};

#endif
