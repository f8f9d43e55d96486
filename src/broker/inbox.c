/* inbox.c -- two buffers that change sides, the tickets told between their messages, and the lock around it all. */
#include "broker/inbox.h"

#include "base/buf.h"
#include "broker/record.h"
#include "broker/ticket.h"
#include "broker/waker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
    KEEP_BYTES = 4 * 1024 * 1024, /* a buffer that a burst has made larger is given back when the burst is over */
    BURST_SHARE = 4,              /* as long as it is filled to so many parts of it, the burst is not */
    ACKS_A_WAKE = 32,             /* while others are still due */
};

struct side {
    struct buf bytes;
    size_t messages;
    struct ticket_queue tickets;
};

/* An attempt is WAITING until it is CONNECTED; both end OVER, which is IDLE once the loop has been told. */
enum phase { PHASE_IDLE, PHASE_WAITING, PHASE_CONNECTED, PHASE_OVER };

struct inbox {
    void *owner;
    struct inbox_limits limits;
    int fd;

    pthread_mutex_t lock;
    pthread_cond_t settled;
    enum phase phase;
    struct side in;
    struct tickets tickets;
    uint64_t received;
    uint64_t dropped;
    bool rung;
    unsigned acks; /* that the loop has not been woken for */
    bool holding;  /* the waker */
    struct ticket up;
    struct ticket down;
    char down_reason[sizeof((struct fault *)0)->text];

    /* The loop's own; the two counts are also read by the other side, for the caps. */
    struct side out;
    size_t out_messages_read;
    size_t out_bytes_read;
    atomic_size_t out_messages_left;
    atomic_size_t out_bytes_left;
    char reason[sizeof((struct fault *)0)->text];
};

enum err inbox_new(const struct inbox_limits *limits, void *owner, struct inbox **out_inbox, struct fault *out_fault)
{
    struct inbox *inbox = calloc(1, sizeof *inbox);
    if (inbox == NULL) {
        return fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    }
    inbox->owner = owner;
    inbox->limits = *limits;
    inbox->up.inbox = inbox;
    inbox->down.inbox = inbox;
    inbox->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (inbox->fd < 0) {
        free(inbox);
        return fault_set(out_fault, ERR_IO, "no file descriptor for the inbox is left");
    }
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&inbox->settled, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    (void)pthread_mutex_init(&inbox->lock, NULL);
    *out_inbox = inbox;
    return ERR_OK;
}

void inbox_free(struct inbox *inbox)
{
    if (inbox == NULL) {
        return;
    }
    inbox_shut(inbox);
    tickets_fini(&inbox->tickets);
    buf_fini(&inbox->in.bytes);
    buf_fini(&inbox->out.bytes);
    (void)pthread_cond_destroy(&inbox->settled);
    (void)pthread_mutex_destroy(&inbox->lock);
    (void)close(inbox->fd);
    free(inbox);
}

int inbox_fd(const struct inbox *inbox)
{
    return inbox->fd;
}

static void lock(struct inbox *inbox)
{
    (void)pthread_mutex_lock(&inbox->lock);
}

/* The library must not doze while an answer is due. */
static void unlock(struct inbox *inbox)
{
    bool waiting = inbox->phase == PHASE_WAITING || inbox->tickets.open_count > 0;
    if (waiting != inbox->holding) {
        inbox->holding = waiting;
        if (waiting) {
            waker_hold();
        } else {
            waker_release();
        }
    }
    (void)pthread_mutex_unlock(&inbox->lock);
}

static void ring(struct inbox *inbox)
{
    if (!inbox->rung) {
        inbox->rung = true;
        (void)eventfd_write(inbox->fd, 1);
    }
}

static void queue(struct inbox *inbox, struct ticket *ticket)
{
    ticket->after = inbox->in.messages;
    ticket_queue_add(&inbox->in.tickets, ticket);
}

/* The two of the connection itself are always there. */
static void release(struct inbox *inbox, struct ticket *ticket)
{
    if (ticket == &inbox->up || ticket == &inbox->down) {
        ticket->state = TICKET_FREE;
    } else {
        ticket_release(&inbox->tickets, ticket);
    }
}

static void detach(struct inbox *inbox, struct ticket *ticket)
{
    ticket_close(&inbox->tickets, ticket);
    if (inbox->tickets.open_count == 0) {
        (void)pthread_cond_signal(&inbox->settled);
    }
}

void *inbox_owner(const struct ticket *ticket)
{
    return ticket->inbox->owner;
}

bool inbox_is_idle(struct inbox *inbox)
{
    lock(inbox);
    bool idle = inbox->phase == PHASE_IDLE;
    unlock(inbox);
    return idle;
}

void inbox_begin(struct inbox *inbox)
{
    lock(inbox);
    inbox->phase = PHASE_WAITING;
    unlock(inbox);
}

enum err inbox_promise(struct inbox *inbox, uint64_t id, bool told, struct ticket **out_ticket)
{
    lock(inbox);
    enum err err =
        inbox->phase == PHASE_CONNECTED ? ticket_open(&inbox->tickets, inbox, id, told, out_ticket) : ERR_CLOSED;
    unlock(inbox);
    return err;
}

bool inbox_withdraw(struct ticket *ticket)
{
    struct inbox *inbox = ticket->inbox;
    lock(inbox);
    bool told = ticket->state == TICKET_TOLD;
    if (ticket->state == TICKET_OPEN) {
        detach(inbox, ticket);
        release(inbox, ticket);
    }
    unlock(inbox);
    return !told;
}

bool inbox_drained(struct inbox *inbox, int timeout_ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += timeout_ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    lock(inbox);
    int timed_out = 0;
    while (inbox->tickets.open_count > 0 && timed_out == 0) {
        timed_out = pthread_cond_timedwait(&inbox->settled, &inbox->lock, &until);
    }
    bool drained = inbox->tickets.open_count == 0;
    unlock(inbox);
    return drained;
}

static void forget_told(struct inbox *inbox, struct side *side)
{
    for (struct ticket *ticket = NULL; (ticket = ticket_queue_take(&side->tickets)) != NULL;) {
        release(inbox, ticket);
    }
}

void inbox_shut(struct inbox *inbox)
{
    lock(inbox);
    inbox->phase = PHASE_IDLE;
    while (inbox->tickets.open != NULL) {
        struct ticket *ticket = inbox->tickets.open;
        detach(inbox, ticket);
        release(inbox, ticket);
    }
    forget_told(inbox, &inbox->in);
    forget_told(inbox, &inbox->out);
    unlock(inbox);
}

void inbox_put_message(struct inbox *inbox, const struct broker_message *message)
{
    size_t payload_len = message->payload.len;
    if (inbox->limits.payload_max > 0 && payload_len > inbox->limits.payload_max) {
        payload_len = inbox->limits.payload_max;
    }
    size_t size = record_bytes(message, payload_len);
    lock(inbox);
    inbox->received++;
    size_t messages = inbox->in.messages + atomic_load_explicit(&inbox->out_messages_left, memory_order_relaxed);
    size_t bytes = inbox->in.bytes.len + atomic_load_explicit(&inbox->out_bytes_left, memory_order_relaxed);
    if (messages >= inbox->limits.messages_max || bytes + size > inbox->limits.bytes_max || size > RECORD_BYTES_MAX ||
        !buf_reserve(&inbox->in.bytes, size)) {
        inbox->dropped++;
        inbox->in.bytes.failed = false;
    } else {
        record_append(&inbox->in.bytes, message, payload_len);
        inbox->in.messages++;
    }
    ring(inbox);
    unlock(inbox);
}

void inbox_connected(struct inbox *inbox, bool session_present)
{
    lock(inbox);
    if (inbox->phase == PHASE_WAITING) {
        inbox->phase = PHASE_CONNECTED;
        inbox->up.kind = BROKER_CONNECTED;
        inbox->up.session_present = session_present;
        queue(inbox, &inbox->up);
        ring(inbox);
    }
    unlock(inbox);
}

static void tell(struct inbox *inbox, struct ticket *ticket, enum broker_event_kind kind, int reason_code,
                 const char *reason)
{
    detach(inbox, ticket);
    if (!ticket->told) {
        release(inbox, ticket);
        return;
    }
    ticket->kind = kind;
    ticket->reason_code = reason_code;
    (void)snprintf(ticket->reason, sizeof ticket->reason, "%s", reason != NULL ? reason : "");
    queue(inbox, ticket);
}

void inbox_disconnected(struct inbox *inbox, int reason_code, const char *reason)
{
    lock(inbox);
    if (inbox->phase == PHASE_WAITING || inbox->phase == PHASE_CONNECTED) {
        inbox->phase = PHASE_OVER;
        while (inbox->tickets.open != NULL) {
            struct ticket *ticket = inbox->tickets.open;
            ticket->told = ticket->told && ticket->id != 0;
            tell(inbox, ticket, BROKER_REFUSED, reason_code, "the connection ended before the broker acknowledged it");
        }
        inbox->down.kind = BROKER_DISCONNECTED;
        inbox->down.reason_code = reason_code;
        (void)snprintf(inbox->down_reason, sizeof inbox->down_reason, "%s", reason);
        queue(inbox, &inbox->down);
        ring(inbox);
        (void)pthread_cond_signal(&inbox->settled);
    }
    unlock(inbox);
}

static void wake_for_tickets(struct inbox *inbox)
{
    inbox->acks = 0;
    if (inbox->in.tickets.first != NULL) {
        ring(inbox);
    }
}

void inbox_settle(struct ticket *ticket, enum broker_event_kind kind, int reason_code, const char *reason)
{
    struct inbox *inbox = ticket->inbox;
    lock(inbox);
    if (ticket->state == TICKET_OPEN) {
        tell(inbox, ticket, kind, reason_code, reason);
        inbox->acks++;
        if (kind != BROKER_ACKED || inbox->tickets.open_count == 0 || inbox->acks >= ACKS_A_WAKE) {
            wake_for_tickets(inbox);
        }
    }
    unlock(inbox);
}

/* The side that was read is empty: the other one is read from now on, and this one filled. */
static bool change_sides(struct inbox *inbox)
{
    if (inbox->out.bytes.cap > KEEP_BYTES && inbox->out.bytes.len < inbox->out.bytes.cap / BURST_SHARE) {
        buf_fini(&inbox->out.bytes);
    }
    buf_clear(&inbox->out.bytes);
    lock(inbox);
    bool any = inbox->in.messages > 0 || inbox->in.tickets.first != NULL;
    if (any) {
        struct side empty = {.bytes = inbox->out.bytes};
        inbox->out = inbox->in;
        inbox->in = empty;
        inbox->out_messages_read = 0;
        inbox->out_bytes_read = 0;
        atomic_store_explicit(&inbox->out_messages_left, inbox->out.messages, memory_order_relaxed);
        atomic_store_explicit(&inbox->out_bytes_left, inbox->out.bytes.len, memory_order_relaxed);
    } else if (inbox->rung) {
        eventfd_t ignored = 0;
        (void)eventfd_read(inbox->fd, &ignored);
        inbox->rung = false;
    }
    unlock(inbox);
    return any;
}

static void take_message(struct inbox *inbox, struct broker_event *out_event)
{
    out_event->kind = BROKER_MESSAGE;
    inbox->out_bytes_read += record_read(inbox->out.bytes.data + inbox->out_bytes_read, &out_event->message);
    inbox->out_messages_read++;
    atomic_store_explicit(&inbox->out_messages_left, inbox->out.messages - inbox->out_messages_read,
                          memory_order_relaxed);
    atomic_store_explicit(&inbox->out_bytes_left, inbox->out.bytes.len - inbox->out_bytes_read, memory_order_relaxed);
}

static void take_ticket(struct inbox *inbox, struct broker_event *out_event)
{
    struct ticket *ticket = ticket_queue_take(&inbox->out.tickets);
    (void)snprintf(inbox->reason, sizeof inbox->reason, "%s",
                   ticket == &inbox->down ? inbox->down_reason : ticket->reason);
    out_event->kind = ticket->kind;
    out_event->id = ticket->id;
    out_event->reason_code = ticket->reason_code;
    out_event->session_present = ticket->session_present;
    out_event->reason = text_of(inbox->reason);
    lock(inbox);
    if (ticket == &inbox->down) {
        inbox->phase = PHASE_IDLE;
    }
    release(inbox, ticket);
    unlock(inbox);
}

bool inbox_next(struct inbox *inbox, struct broker_event *out_event)
{
    struct broker_event event = {0};
    if (inbox->out.tickets.first == NULL && inbox->out_messages_read == inbox->out.messages && !change_sides(inbox)) {
        return false;
    }
    if (inbox->out.tickets.first != NULL && inbox->out.tickets.first->after <= inbox->out_messages_read) {
        take_ticket(inbox, &event);
    } else {
        take_message(inbox, &event);
    }
    *out_event = event;
    return true;
}

void inbox_read_counters(struct inbox *inbox, struct broker_counters *out_counters)
{
    lock(inbox);
    *out_counters = (struct broker_counters){
        .received = inbox->received,
        .dropped = inbox->dropped,
        .inbox_messages = inbox->in.messages + atomic_load_explicit(&inbox->out_messages_left, memory_order_relaxed),
        .inbox_bytes = inbox->in.bytes.len + atomic_load_explicit(&inbox->out_bytes_left, memory_order_relaxed),
        .unacknowledged = inbox->tickets.open_count};
    unlock(inbox);
}
