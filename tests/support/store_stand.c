/* store_stand.c -- Redis tells of what expires, as the store wants it. */
#include "support/store_stand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

void store_stand_open(struct store_stand *stand)
{
    struct fault fault = {0};
    stand->base = event_base_new();
    if (server_start_redis(&stand->redis, "notify-keyspace-events Ex\n", &fault) != ERR_OK ||
        redis_client_new(&stand->redis, &stand->client, &fault) != ERR_OK) {
        fail_msg("%s", fault.text);
    }
}

void store_stand_close(struct store_stand *stand)
{
    redis_client_free(stand->client);
    server_free(&stand->redis);
    event_base_free(stand->base);
}
