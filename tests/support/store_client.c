/* store_client.c -- runs the caller's loop until the store is up, and until it leads. */
#include "support/store_client.h"
#include "store/lease.h"

#include <stdio.h>
#include <stdlib.h>

enum { PATIENCE_MS = 5000, STEP_MS = 3, LEASE_MS = 3600000 };

static void die(const char *why)
{
    (void)fprintf(stderr, "the store: %s\n", why);
    exit(EXIT_FAILURE);
}

static void on_up(void *owner)
{
    ((struct store_client *)owner)->is_up = true;
}

static void on_down(void *owner, const char *reason)
{
    (void)owner;
    die(reason);
}

static void on_expired(void *owner, struct text member)
{
    (void)owner;
    (void)member;
}

static void on_nothing(void *owner)
{
    (void)owner;
}

static void on_acquired(void *context, const struct store_lease *lease)
{
    struct store_client *client = context;
    store_set_token(client->store, lease->token);
    client->has_token = lease->outcome == STORE_DONE && lease->token.len > 0;
}

static void wait_for(struct store_client *client, const bool *come, const char *why)
{
    for (int waited_ms = 0; !*come && waited_ms < PATIENCE_MS; waited_ms += STEP_MS) {
        store_client_pass(client, STEP_MS);
    }
    if (!*come) {
        die(why);
    }
}

void store_client_open(struct store_client *client, struct event_base *base, const char *uri, const char *prefix)
{
    struct store_options options = {.base = base, .uri = uri, .prefix = prefix};
    struct store_listener listener = {.owner = client,
                                      .up = on_up,
                                      .down = on_down,
                                      .expired = on_expired,
                                      .clock_jumped = on_nothing,
                                      .changed = on_nothing};
    struct fault fault = {0};
    *client = (struct store_client){.base = base};
    if (base == NULL || store_new(&options, &listener, &client->store, &fault) != ERR_OK) {
        die(base == NULL ? "has no loop" : fault.text);
    }
    store_start(client->store);
    wait_for(client, &client->is_up, "does not come up");
}

void store_client_lead(struct store_client *client, const struct store_policy *policy)
{
    store_set_policy(client->store, policy);
    store_acquire(client->store, "test", LEASE_MS, on_acquired, client);
    wait_for(client, &client->has_token, "no lease");
}

void store_client_close(struct store_client *client)
{
    store_free(client->store);
    *client = (struct store_client){0};
}

void store_client_wait(struct store_client *client, const int *open, int rest)
{
    while (*open > rest) {
        (void)event_base_loop(client->base, EVLOOP_ONCE);
    }
}

void store_client_pass(struct store_client *client, int ms)
{
    struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000L};
    (void)event_base_loopexit(client->base, &wait);
    (void)event_base_dispatch(client->base);
}
