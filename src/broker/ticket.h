/*
 * ticket.h -- the promises of an inbox, each of one event about something that was sent. They are made in blocks and
 * used again. No lock of its own: the inbox's is held.
 */
#ifndef MUSTER_BROKER_TICKET_H
#define MUSTER_BROKER_TICKET_H

#include "broker/inbox.h"

/* FREE, then OPEN while it is not known what became of it, then TOLD until the loop has taken it, then FREE. */
enum ticket_state { TICKET_FREE, TICKET_OPEN, TICKET_TOLD };

struct ticket {
    struct inbox *inbox;
    struct ticket *next;
    struct ticket *previous; /* of open ones */
    size_t after;            /* told: how many messages of its side came before it */
    uint64_t id;
    enum ticket_state state;
    bool told; /* its settling is an event */
    bool session_present;
    enum broker_event_kind kind;
    int reason_code;
    char reason[INBOX_REASON_BYTES];
};

enum { TICKET_BLOCK = 256, TICKET_BLOCKS_MAX = INBOX_TICKETS_MAX / TICKET_BLOCK };

/* All zero: there are none yet. */
struct tickets {
    struct ticket *open; /* the newest first */
    size_t open_count;
    struct ticket *spare;
    struct ticket *blocks[TICKET_BLOCKS_MAX];
    size_t block_count;
};

/* ticket_open makes one that is open; ERR_FULL with INBOX_TICKETS_MAX in use, ERR_NO_MEMORY. */
enum err ticket_open(struct tickets *tickets, struct inbox *inbox, uint64_t id, bool told,
                     struct ticket **out_ticket) MUST_USE;

/* ticket_close takes an open one out of the open ones; it is told or released next. */
void ticket_close(struct tickets *tickets, struct ticket *ticket);

/* ticket_release gives one back that is in no list. */
void ticket_release(struct tickets *tickets, struct ticket *ticket);

/* tickets_fini frees all, whatever their state. */
void tickets_fini(struct tickets *tickets);

/* Those that are told, in their order. */
struct ticket_queue {
    struct ticket *first;
    struct ticket *last;
};
void ticket_queue_add(struct ticket_queue *queue, struct ticket *ticket);

/* ticket_queue_take returns the first, which is in no list then; NULL: there is none. */
struct ticket *ticket_queue_take(struct ticket_queue *queue);

#endif
