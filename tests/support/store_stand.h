/* store_stand.h -- what a test of the store stands on: a loop, a Redis of its own, and a plain client of that. */
#ifndef MUSTER_TESTS_SUPPORT_STORE_STAND_H
#define MUSTER_TESTS_SUPPORT_STORE_STAND_H

#include "support/redis_client.h"
#include "support/server.h"

#include <event2/event.h>

struct store_stand {
    struct event_base *base;
    struct server redis;
    struct redis_client *client;
};

/* store_stand_open fails the cmocka test that is under way where Redis cannot be had. */
void store_stand_open(struct store_stand *stand);

/* store_stand_close comes after all that was opened on it is closed. */
void store_stand_close(struct store_stand *stand);

#endif
