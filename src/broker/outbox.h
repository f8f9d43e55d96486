/*
 * outbox.h -- publications that wait for their turn with the MQTT library, which has few at a time. Knows no library.
 *
 * There are two queues: of what is to go ahead, and of the rest. Each is sent in the order in which it was filled, by
 * whichever thread finds room: the loop that fills it, or the library's thread that hears of an earlier one's end. What
 * goes ahead is sent first, but every OUTBOX_SHARE-th that is sent is of the rest, which thus goes on. The lock is
 * never held while something is sent, since the library takes its own then.
 */
#ifndef MUSTER_BROKER_OUTBOX_H
#define MUSTER_BROKER_OUTBOX_H

#include "broker/broker.h"
#include "broker/inbox.h"

#include <pthread.h>

enum { OUTBOX_SHARE = 8 };

/* outbox_send_fn gives one to the library: outbox_settled follows for it. False: it does not, and the ticket is told.
 */
typedef bool outbox_send_fn(void *context, const struct broker_publication *publication, struct ticket *ticket);

struct outbox {
    outbox_send_fn *send;
    void *context;
    pthread_mutex_t lock;
    struct outbox_queue {
        struct waiting *first;
        struct waiting *last;
    } ahead, rest;
    unsigned overtaken; /* how often in a row something went ahead of the rest */
    unsigned window;    /* how many may be with the library; 0 while closed */
    unsigned sent;      /* how many are */
    bool filling;       /* until the window is full, and again when half of it is free */
    bool feeding;       /* some thread is at it */
};

void outbox_init(struct outbox *outbox, outbox_send_fn *send, void *context);
void outbox_fini(struct outbox *outbox);

/* outbox_open begins a connection, on which the broker takes receive_maximum unacknowledged ones. Nothing waits yet. */
void outbox_open(struct outbox *outbox, unsigned receive_maximum);

/* outbox_close forgets what waits; nothing is sent any more, once a send that is under way has returned. */
void outbox_close(struct outbox *outbox);

/* outbox_put copies. The loop's; it only counts how many wait by their tickets, so those are the cap. */
enum err outbox_put(struct outbox *outbox, const struct broker_publication *publication,
                    struct ticket *ticket) MUST_USE;

/* outbox_settled: one that was sent is acknowledged or refused. Any thread. */
void outbox_settled(struct outbox *outbox);

#endif
