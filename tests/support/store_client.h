/* store_client.h -- a store opened on a Redis that is there, on the caller's loop; with the lease where it is to write.
 */
#ifndef MUSTER_TESTS_SUPPORT_STORE_CLIENT_H
#define MUSTER_TESTS_SUPPORT_STORE_CLIENT_H

#include "store/store.h"

#include <event2/event.h>

/* All zero: not open. Must not move while it is open. Read only for the caller. */
struct store_client {
    struct event_base *base; /* the caller's */
    struct store *store;
    bool is_up;
    bool has_token;
};

/*
 * store_client_open waits until the store is up, store_client_lead until it has the lease. What fails here, and a store
 * that goes down later, is told on standard error and ends the program, for no test can go on after it.
 */
void store_client_open(struct store_client *client, struct event_base *base, const char *uri, const char *prefix);
void store_client_lead(struct store_client *client, const struct store_policy *policy);
void store_client_close(struct store_client *client);

/* store_client_wait runs the loop until at most rest of the calls counted in *open are open. */
void store_client_wait(struct store_client *client, const int *open, int rest);

/* store_client_pass runs the loop for a while. */
void store_client_pass(struct store_client *client, int ms);

#endif
