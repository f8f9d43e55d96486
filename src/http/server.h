/*
 * server.h -- HTTP on the daemon's loop: the registry's requests, its event stream, its state and its metrics. Knows
 * neither broker nor Redis; everything is asked of the registry.
 */
#ifndef MUSTER_HTTP_SERVER_H
#define MUSTER_HTTP_SERVER_H

#include "base/err.h"
#include "config/config.h"
#include "registry/registry.h"

#include <event2/event.h>

struct server;

/*
 * server_new listens on http.listen, which must not be empty, and copies what it needs of the configuration. ERR_IO
 * names an address that cannot be listened on.
 */
enum err server_new(struct event_base *base, const struct config *config, struct registry *registry,
                    struct server **out_server, struct fault *out_fault) MUST_USE;

/* server_stop takes no more connections and ends the event streams; what was asked is still answered. */
void server_stop(struct server *server);

/* server_free is for after registry_free, which answers what is open. server_free(NULL) is safe. */
void server_free(struct server *server);

/* server_events_added is for registry_listener.changed. server may be NULL. */
void server_events_added(struct server *server);

#endif
