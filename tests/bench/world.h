/* world.h -- the world of bench_store and bench_steps: a Redis with the store on top, and a bare one of the same
 * configuration. */
#ifndef MUSTER_TESTS_BENCH_WORLD_H
#define MUSTER_TESTS_BENCH_WORLD_H

#include "support/redis_client.h"
#include "support/server.h"
#include "support/store_client.h"

struct world {
    struct event_base *base;
    struct server redis;
    struct server bare;
    struct redis_client *client; /* looks at redis; none for bare */
    redisContext *bare_context;
    int bare_open; /* commands without an answer */
    struct store_client writer;
};

/* The configuration of both: that of docker/redis.conf, as scripts/run starts it. */
extern const char world_persistence[];

/* What the store goes by at first. */
extern const struct store_policy world_policy;

/* world_init starts everything and takes the lease; it ends the program where it cannot. */
void world_init(struct world *world);
void world_fini(struct world *world);

/* The same of the store alone, on a Redis that is there already. */
void world_init_store(struct world *world, const char *uri);
void world_fini_store(struct world *world);

/* CPU so far, in microseconds: of Redis's main thread, of its functions by its own count, of this process. */
struct usage {
    double redis_us;
    double call_us;
    double client_us;
};
struct usage world_usage(struct world *world);
struct usage world_bare_usage(struct world *world);

/* world_usage_each is what was used between the two, by each of count. */
struct usage world_usage_each(const struct usage *before, const struct usage *after, int count);

/* world_keep_file ends the rewriting of both append-only files, which costs whoever writes meanwhile and for a while
 * after. */
void world_keep_file(struct world *world);

/* world_memory is Redis's used_memory without what clients and the append-only file's buffers hold. */
int64_t world_memory(struct world *world);
int64_t world_bare_memory(struct world *world);

/* world_bare_command pipelines a command to the bare Redis, as hiredis formats one; world_bare_set one SET PX.
 * world_bare_settle waits for all answers, and ends the program where one is an error. */
void world_bare_command(struct world *world, const char *format, ...);
void world_bare_set(struct world *world, int key);
void world_bare_settle(struct world *world);

#endif
