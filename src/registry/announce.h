/* announce.h -- documents told on a topic outside the event stream. On the loop thread. */
#ifndef MUSTER_REGISTRY_ANNOUNCE_H
#define MUSTER_REGISTRY_ANNOUNCE_H

#include "base/err.h"
#include "base/text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct registry;
struct waiting_announcement;

/* Those that are not acknowledged yet. */
enum { ANNOUNCEMENTS_MAX = 2048 };
struct announcements {
    struct waiting_announcement *waiting; /* room for ANNOUNCEMENTS_MAX */
    size_t count;
    uint64_t sent;
};

struct announcement {
    const char *below; /* the topic below the root, without what the id adds */
    struct text id;
    const json_t *document; /* NULL: an empty payload */
    bool retained;
    uint32_t expiry_s;
};

/* done is called once, maybe before announce returns; told: the broker has it. */
typedef void announce_done_fn(void *context, bool told);
enum err announce_new(struct registry *registry, struct fault *out_fault) MUST_USE;
void announce_fini(struct registry *registry);
void announce(struct registry *registry, const struct announcement *announcement, announce_done_fn *done,
              void *context);

/* announce_settled takes an acknowledgement or refusal; false where it is not one of these. */
bool announce_settled(struct registry *registry, uint64_t id, bool told);
void announce_lost(struct registry *registry); /* with the connection: none of them is known to be told */

#endif
