/* restate.h -- retained statuses that may not be true any more. On the loop thread. */
#ifndef MUSTER_REGISTRY_RESTATE_H
#define MUSTER_REGISTRY_RESTATE_H

#include "broker/broker.h"
#include "domain/worker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct registry;

enum { GHOSTS_A_CALL = 200 };
enum restate_ghosts { GHOSTS_NONE, GHOSTS_WANTED, GHOSTS_ASKED, GHOSTS_COMING };
struct restate {
    bool statuses; /* are to be told again, from place on */
    bool recent;   /* only those that have changed lately */
    bool anew;     /* from the first one on */
    bool busy;
    bool failed;   /* the page under way is to be told again */
    size_t untold; /* of the page under way */
    char place[512];
    size_t place_len;
    char page_place[512]; /* where the page under way began */
    size_t page_place_len;
    enum restate_ghosts ghosts; /* how far it is with looking for them among what the broker keeps */
    size_t open;                /* of what was found: look-ups and withdrawals without an answer yet */
    size_t look_ups;            /* without an answer yet */
    bool doubt;                 /* all of this because of Redis, which has to be told when it is done */
    bool trusting;
    int64_t trusted_ms; /* monotonic: when Redis was told last; 0: never */
    struct restate_seen {
        char id[WORKER_ID_MAX];
        size_t len;
    } seen[GHOSTS_A_CALL]; /* retained, and not looked up yet */
    size_t seen_count;
    int64_t seen_ms; /* monotonic: when the last one came */
    bool missed;     /* some that came found no room */
};

/*
 * The broker came with a session that may be a little old, or without its session, or Redis maybe without some of its
 * memory. What is retained comes on the presence connection: restate_subscribed says that it begins to, restate_take
 * takes it, but not while restate_may_take is false, restate_missed says that there was no room for some,
 * restate_cut_off that the connection is lost.
 */
void restate_begin(struct registry *registry); /* with a Redis of which nothing is known yet */
void restate_session_kept(struct registry *registry);
void restate_session_lost(struct registry *registry);
void restate_memory_lost(struct registry *registry);
void restate_subscribed(struct registry *registry);
bool restate_may_take(const struct registry *registry);
void restate_take(struct registry *registry, const struct broker_message *message);
void restate_missed(struct registry *registry);
void restate_cut_off(struct registry *registry);
void restate_tick(struct registry *registry);

#endif
