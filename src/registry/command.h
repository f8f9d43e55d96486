/* command.h -- a worker is told to do something. On the loop thread. */
#ifndef MUSTER_REGISTRY_COMMAND_H
#define MUSTER_REGISTRY_COMMAND_H

#include "base/text.h"
#include "registry/announce.h"

struct asker;
struct query;
struct registry;

/* name is "drain", "ping" or "reregister". */
struct command {
    struct text worker_id;
    const char *name;
    struct text by; /* who asked for it; absent: nobody did */
    struct text reason;
    struct text request_id;
};

/* command_send copies what it is given; done as announce's, or NULL. */
typedef announce_done_fn command_done_fn;
void command_send(struct registry *registry, const struct command *command, command_done_fn *done, void *context);
void command_ping(struct registry *registry, const struct query *query, struct asker *asker);
void command_reregister(struct registry *registry, const struct query *query, struct asker *asker);

#endif
