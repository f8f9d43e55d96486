/* registry.h -- a registry by hand: hears what workers say on a private broker and answers what the test tells it to.
 */
#ifndef MUSTER_TESTS_INTEGRATION_AGENT_REGISTRY_H
#define MUSTER_TESTS_INTEGRATION_AGENT_REGISTRY_H

#include "codec/message.h"
#include "support/recorder.h"
#include "support/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { PATIENCE_MS = 10000 };

struct registry {
    struct server server;
    struct recorder *recorder;
    struct decoder *decoder;
};

/* registry_open starts the broker and listens to everything; both end the test where they cannot. */
void registry_open(struct registry *registry);
void registry_close(struct registry *registry);

/* registry_hear waits for the next message on muster/v1/worker/<id>/<verb>, and sets all up to it aside. */
const struct record *registry_hear(struct registry *registry, const char *id, const char *verb);

/* registry_answer publishes a reply where the record asks for it, with its correlation; registry_tell on any topic. */
void registry_answer(struct registry *registry, const struct record *record, const char *json);
void registry_tell(struct registry *registry, const char *topic, const char *json);

/* registry_accept hears a registration and answers ok with an epoch and a heartbeat interval. */
const struct record *registry_accept(struct registry *registry, const char *id, int epoch, int interval_ms);

#endif
