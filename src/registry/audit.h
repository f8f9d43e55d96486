/* audit.h -- refused registrations that the store has not seen, written down. On the loop thread. */
#ifndef MUSTER_REGISTRY_AUDIT_H
#define MUSTER_REGISTRY_AUDIT_H

#include "base/text.h"
#include "domain/code.h"

struct registry;
struct store_refusal;

/* audit_words joins what is wrong; it lives until the next reply. */
struct text audit_words(struct registry *registry, const struct violations *violations);

/* audit_refusal: once a minute for each worker. An invalid worker id counts as none. */
void audit_refusal(struct registry *registry, const struct store_refusal *refusal);

#endif
