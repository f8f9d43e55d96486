/* identity.h -- which worker a message is about. On the loop thread. */
#ifndef MUSTER_REGISTRY_IDENTITY_H
#define MUSTER_REGISTRY_IDENTITY_H

#include "base/text.h"
#include "domain/code.h"
#include "registry/inbound.h"

/*
 * identity_take makes *worker_id the id in the topic where that is a worker's own, whatever the message names, which is
 * a violation if it is another one; false where the message itself has to name its worker. identity_require and
 * identity_check look at such an id: the first wants one, the second only that it is well-formed where there is one.
 */
bool identity_take(const struct inbound *inbound, struct text *worker_id, struct violations *violations);
void identity_require(struct text worker_id, struct violations *violations);
void identity_check(struct text worker_id, struct violations *violations);

#endif
