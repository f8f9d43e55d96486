/*
 * registry.h -- the registry itself: what is heard from the broker becomes state in the store, and what changes there
 * is told to the world. Everything happens on the loop thread.
 */
#ifndef MUSTER_REGISTRY_REGISTRY_H
#define MUSTER_REGISTRY_REGISTRY_H

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "domain/code.h"

#include <event2/event.h>
#include <jansson.h>
#include <stdbool.h>

struct registry;

/* What the registry tells the program that runs it. */
struct registry_listener {
    void *owner;
    void (*note)(void *owner, enum log_level level, const char *sentence); /* worth a line in the log */
    void (*stopped)(void *owner);                                          /* after registry_stop */
};

/*
 * registry_new makes a registry from a checked configuration, which it copies; nothing is connected yet. ERR_INVALID
 * for a bad uri, ERR_IO for a password file. registry_free(NULL) is safe.
 */
enum err registry_new(struct event_base *base, const struct config *config, const struct registry_listener *listener,
                      struct registry **out_registry, struct fault *out_fault) MUST_USE;
void registry_free(struct registry *registry);

/* registry_start connects to Redis, and to the broker as soon as the lease is held; it keeps trying for ever. */
void registry_start(struct registry *registry);

/* registry_stop finishes what was taken in, publishes it, gives the lease back and says goodbye; then stopped. */
void registry_stop(struct registry *registry);

/*
 * Whoever asks without the broker: answered once, maybe before registry_ask returns. document is the reply, as it would
 * be published; it lives until the callback returns, and is NULL where there was no memory for it.
 */
typedef void registry_answer_fn(void *owner, enum reply_code code, const json_t *document);

/* registry_ask is a request of contract section 8: verb, JSON payload, and who asks. The texts are copied. */
void registry_ask(struct registry *registry, struct text client, struct text verb, struct text payload,
                  registry_answer_fn *answer, void *owner);

/* registry_configure takes over what may change while running (config_reload has made the selection). */
void registry_configure(struct registry *registry, const struct config *config);

#endif
