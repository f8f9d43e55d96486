/*
 * sentinel.h -- which Redis is the master, as Redis Sentinels say. Asks all of them, again and again; connects to no
 * master itself.
 */
#ifndef MUSTER_STORE_SENTINEL_H
#define MUSTER_STORE_SENTINEL_H

#include "store/redis.h"

#include <stdint.h>

enum { SENTINELS_MAX = 16, SENTINEL_NAME_BYTES = 128 };

/* Whom to ask, and for the master of what name. */
struct sentinels {
    char master[SENTINEL_NAME_BYTES];
    struct redis_address at[SENTINELS_MAX];
    size_t count;
};

/* sentinels_parse reads name@host[:port],host[:port]…; ERR_INVALID names the text. */
enum err sentinels_parse(const char *text, struct sentinels *out_sentinels, struct fault *out_fault) MUST_USE;

/* What one Sentinel says: config_epoch grows with every failover. */
struct sentinel_answer {
    int64_t config_epoch;
    int port;
    bool given;
    char host[256];
};

/*
 * sentinel_judge picks the answer to be believed, the one with the highest config_epoch: a Sentinel that was cut off
 * still names the master of before. NULL where it is to be waited for more: fewer than half have answered, and patience
 * is left or the answer is older than the one believed now (NULL: none yet). Pure.
 */
const struct sentinel_answer *sentinel_judge(const struct sentinel_answer *answers, size_t count,
                                             const struct sentinel_answer *believed, bool patience_left);

struct sentinel;

struct sentinel_options {
    struct event_base *base;
    const struct sentinels *sentinels; /* copied */
    const char *password;              /* of the Sentinels; NULL: none */
    void *owner;
    void (*named)(void *owner, const char *host, int port); /* another master than before */
};

/* sentinel_new asks nobody before sentinel_start. sentinel_free(NULL) is safe. */
enum err sentinel_new(const struct sentinel_options *options, struct sentinel **out_sentinel,
                      struct fault *out_fault) MUST_USE;
void sentinel_free(struct sentinel *sentinel);
void sentinel_start(struct sentinel *sentinel);

/* sentinel_has_named: named has been called. sentinel_trouble tells what went wrong last; it lives until the next call.
 */
bool sentinel_has_named(const struct sentinel *sentinel);
const char *sentinel_trouble(const struct sentinel *sentinel);

#endif
