/* flap.h -- the alert that names who is held back for flapping: raised, worded, lifted. On the loop thread. */
#ifndef MUSTER_REGISTRY_FLAP_H
#define MUSTER_REGISTRY_FLAP_H

struct registry;
struct store_statistics;

void flap_judge(struct registry *registry, const struct store_statistics *statistics);

#endif
