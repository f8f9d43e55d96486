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
    void (*changed)(void *owner); /* this daemon has added to the event stream; NULL where nobody looks on */
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

/*
 * registry_set_sources tells where the configuration's values come from, for whoever asks for them; file may be NULL.
 * Both are copied.
 */
void registry_set_sources(struct registry *registry, const char *file, const struct config_sources *sources);

/* What can be relied on. instance lives as long as the registry. */
struct registry_state {
    const char *instance;
    bool active;     /* holds the lease: only so anything can be written */
    bool hearing;    /* has proof of it from the last seconds */
    bool redis;      /* answers */
    bool reconciled; /* what was due and what was to be told when this daemon became active has been dealt with */
    bool stopping;
};
struct registry_state registry_state(const struct registry *registry);

/* registry_is_ready: all of it, and not stopping. */
bool registry_is_ready(const struct registry_state *state);

/*
 * registry_figures hands over what the registry counts and measures in the text format of Prometheus, without the
 * fleet's figures where Redis is away. figures lives until the callback returns; its data is NULL without memory. The
 * callback comes once, maybe before registry_figures returns.
 */
typedef void registry_figures_fn(void *owner, struct text figures);
void registry_figures(struct registry *registry, registry_figures_fn *done, void *owner);

/* A page of the event stream. */
struct registry_page {
    bool answered;        /* false: Redis could not be asked; the rest means nothing */
    struct text next;     /* the last event that was looked at: go on after it */
    bool more;            /* there is more after that */
    bool truncated;       /* what came after the id that was asked for may be gone */
    const json_t *events; /* a list of event documents */
};

/*
 * registry_follow reads a page of the event stream after an event (empty: from its end, so only next is told), of one
 * worker and of one type (empty: all). The callback comes once, maybe before registry_follow returns; what the page
 * holds lives until it returns.
 */
typedef void registry_followed_fn(void *owner, const struct registry_page *page);
void registry_follow(struct registry *registry, struct text after, struct text worker_id, struct text type,
                     registry_followed_fn *followed, void *owner);

/* registry_knows_event_type: there can be events of this type. */
bool registry_knows_event_type(struct text type);

/* registry_configure takes over what may change while running (config_reload has made the selection). */
void registry_configure(struct registry *registry, const struct config *config);

#endif
