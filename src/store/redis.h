/* redis.h -- one asynchronous connection to Redis on the loop: open, close, told when it ends. Knows no commands. */
#ifndef MUSTER_STORE_REDIS_H
#define MUSTER_STORE_REDIS_H

#include "base/err.h"

#include <event2/event.h>
#include <hiredis/async.h>
#include <stdbool.h>

/* Where Redis is. */
struct redis_address {
    char host[256]; /* empty: path is a unix socket */
    char path[256];
    char user[128];
    int port;
    int database;
};

/* redis_address_parse reads redis://[user@]host[:port][/db] or unix:///path[?db=n]; ERR_INVALID names the uri. */
enum err redis_address_parse(const char *uri, struct redis_address *out_address, struct fault *out_fault) MUST_USE;

/* redis_address_read reads host[:port] up to end; false where it is none. Leaves everything else as it is. */
bool redis_address_read(const char *host, const char *end, int default_port, struct redis_address *out_address);

/* One connection; all zero is closed. context is NULL while closed. */
struct redis_link {
    redisAsyncContext *context;
    bool connected;
    void *owner;
    void (*opened)(void *owner);
    void (*closed)(void *owner, const char *reason); /* by the other side or by an error, not by redis_close */
};

/* redis_open starts to connect; opened or closed follows. ERR_IO where it could not even start. */
enum err redis_open(struct redis_link *link, const struct redis_address *address, struct event_base *base,
                    struct fault *out_fault) MUST_USE;

/* redis_close ends the connection now; open commands are called back with a NULL reply. */
void redis_close(struct redis_link *link);

#endif
