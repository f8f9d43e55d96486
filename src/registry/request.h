/* request.h -- the verbs: which there are, and who answers them. On the loop thread. */
#ifndef MUSTER_REGISTRY_REQUEST_H
#define MUSTER_REGISTRY_REQUEST_H

#include "base/text.h"

#include <stddef.h>

struct inbound;
struct registry;

void handle_request(struct registry *registry, const struct inbound *inbound);
size_t request_bytes_max(struct text verb); /* how long its message may be */

#endif
