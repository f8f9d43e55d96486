/* will.h -- wills, which wait for a canary. On the loop thread. */
#ifndef MUSTER_REGISTRY_WILL_H
#define MUSTER_REGISTRY_WILL_H

#include <stddef.h>
#include <stdint.h>

struct inbound;
struct registry;
struct waiting_will;
struct will;

/* Those that wait, oldest first. */
struct wills {
    struct waiting_will *waiting;
    size_t count;
    size_t cap;
};

void will_take(struct registry *registry, const struct will *will);
void handle_will(struct registry *registry, const struct inbound *inbound);
void will_fini(struct registry *registry);

/* will_heard: the canary of this number has come back, and all before it. */
void will_heard(struct registry *registry, uint64_t canary);

/* will_interrupt: those that wait are late. */
void will_interrupt(struct registry *registry);

#endif
