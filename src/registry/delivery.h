/* delivery.h -- what is told of alerts, on its way to Redis and the broker. On the loop thread; times are monotonic ms.
 */
#ifndef MUSTER_REGISTRY_DELIVERY_H
#define MUSTER_REGISTRY_DELIVERY_H

#include <stdint.h>

struct registry;

/* delivery_doubt takes neither Redis nor the broker at its word once it was away. */
void delivery_doubt(struct registry *registry);

/* delivery_send sends what each of the two does not have, where it is there: of one alert one version at a time. */
void delivery_send(struct registry *registry, int64_t now_ms);

#endif
