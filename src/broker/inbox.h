/*
 * inbox.h -- what the MQTT library's threads leave for the loop: messages up to a cap, and events that are never lost.
 *
 * Events need no room when they happen: each was promised a ticket before. Messages go into one of two buffers that
 * change sides, so that the loop reads without the lock. One lock; the library's is taken before it, never within it.
 */
#ifndef MUSTER_BROKER_INBOX_H
#define MUSTER_BROKER_INBOX_H

#include "broker/broker.h"

struct inbox;

enum { INBOX_TICKETS_MAX = 16384, INBOX_REASON_BYTES = 64 };

/* The promise of one event about one publication or subscription; kept by the inbox, which outlives it. */
struct ticket;

struct inbox_limits {
    size_t messages_max; /* unread messages */
    size_t bytes_max;    /* of unread messages */
    size_t payload_max;  /* longer payloads are cut off; 0: none is */
};

enum err inbox_new(const struct inbox_limits *limits, void *owner, struct inbox **out_inbox,
                   struct fault *out_fault) MUST_USE;
void inbox_free(struct inbox *inbox);

/* inbox_fd is readable while something may be in the inbox; inbox_next rearms it. */
int inbox_fd(const struct inbox *inbox);

/* The loop's side. */

/* inbox_is_idle is false from inbox_begin until inbox_next has told the end of the connection, or inbox_shut. */
bool inbox_is_idle(struct inbox *inbox);

/* inbox_begin starts an attempt to connect; what is heard without one, such as of an older one, is nothing. */
void inbox_begin(struct inbox *inbox);

/*
 * inbox_promise makes a ticket for something that is about to be sent: ERR_CLOSED unless connected, ERR_FULL with
 * INBOX_TICKETS_MAX of them open, ERR_NO_MEMORY. id 0 with told false: nothing is told of it, and it only counts as
 * open.
 */
enum err inbox_promise(struct inbox *inbox, uint64_t id, bool told, struct ticket **out_ticket) MUST_USE;

/* inbox_withdraw takes a promise back; false when its event has happened already and will be told. */
bool inbox_withdraw(struct ticket *ticket) MUST_USE;

/* inbox_owner is who made the inbox of the ticket. Any thread. */
void *inbox_owner(const struct ticket *ticket);

/* inbox_drained waits until no ticket is open or the connection has ended; false after timeout_ms. */
bool inbox_drained(struct inbox *inbox, int timeout_ms);

/* inbox_shut forgets the connection: no event of it is told any more, only the messages that came. */
void inbox_shut(struct inbox *inbox);

/* inbox_next takes the oldest occurrence; its texts live until the next call. */
bool inbox_next(struct inbox *inbox, struct broker_event *out_event) MUST_USE;

void inbox_read_counters(struct inbox *inbox, struct broker_counters *out_counters);

/* The side of the library's threads. */

void inbox_put_message(struct inbox *inbox, const struct broker_message *message);
void inbox_connected(struct inbox *inbox, bool session_present);

/* inbox_disconnected refuses every open publication and tells the end, once for each inbox_begin: the first word
 * counts. */
void inbox_disconnected(struct inbox *inbox, int reason_code, const char *reason);

/* inbox_settle tells what became of a ticket (reason NULL: nothing to say), once: after that it does nothing. */
void inbox_settle(struct ticket *ticket, enum broker_event_kind kind, int reason_code, const char *reason);

#endif
