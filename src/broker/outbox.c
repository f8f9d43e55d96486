/* outbox.c -- two lists of copies, and the window through which they go to the library. */
#include "broker/outbox.h"

#include <stdlib.h>
#include <string.h>

/*
 * The library walks lists of what it has: for the number of a new publication, and for each acknowledgement. A
 * publisher that does nothing else (1.3.12, QoS 1, 400 bytes, two cores) takes 36 to 45 us of CPU for each with 50 to
 * 200 in the window, 71 with 500, 86 with 900 and 117 with 2000. Filled up again only when half of it is free, the
 * library's threads change places less often: 20,800 publications a second instead of 15,300.
 */
enum { WINDOW_MAX = 128 };

struct waiting {
    struct waiting *next;
    struct ticket *ticket;
    struct broker_publication publication; /* its texts are in bytes */
    char bytes[];
};

void outbox_init(struct outbox *outbox, outbox_send_fn *send, void *context)
{
    *outbox = (struct outbox){.send = send, .context = context};
    (void)pthread_mutex_init(&outbox->lock, NULL);
}

void outbox_fini(struct outbox *outbox)
{
    outbox_close(outbox);
    (void)pthread_mutex_destroy(&outbox->lock);
}

static void lock(struct outbox *outbox)
{
    (void)pthread_mutex_lock(&outbox->lock);
}

static void unlock(struct outbox *outbox)
{
    (void)pthread_mutex_unlock(&outbox->lock);
}

void outbox_open(struct outbox *outbox, unsigned receive_maximum)
{
    lock(outbox);
    outbox->window = receive_maximum < WINDOW_MAX ? receive_maximum : WINDOW_MAX;
    outbox->sent = 0;
    outbox->filling = true;
    unlock(outbox);
}

static void push(struct outbox_queue *queue, struct waiting *waiting)
{
    if (queue->last != NULL) {
        queue->last->next = waiting;
    } else {
        queue->first = waiting;
    }
    queue->last = waiting;
}

static struct waiting *pop(struct outbox_queue *queue)
{
    struct waiting *waiting = queue->first;
    if (waiting != NULL) {
        queue->first = waiting->next;
        queue->last = queue->first != NULL ? queue->last : NULL;
    }
    return waiting;
}

static void empty(struct outbox_queue *queue)
{
    for (struct waiting *waiting = pop(queue); waiting != NULL; waiting = pop(queue)) {
        free(waiting);
    }
}

void outbox_close(struct outbox *outbox)
{
    lock(outbox);
    outbox->window = 0;
    outbox->overtaken = 0;
    empty(&outbox->ahead);
    empty(&outbox->rest);
    unlock(outbox);
}

static struct outbox_queue *choose(struct outbox *outbox)
{
    bool is_turn_of_rest = outbox->overtaken == OUTBOX_SHARE - 1 || outbox->ahead.first == NULL;
    if (outbox->rest.first == NULL || is_turn_of_rest) {
        outbox->overtaken = 0;
    } else {
        outbox->overtaken++;
    }
    return outbox->rest.first != NULL && is_turn_of_rest ? &outbox->rest : &outbox->ahead;
}

static struct waiting *take(struct outbox *outbox)
{
    if (outbox->sent >= outbox->window) {
        outbox->filling = false;
    }
    if (!outbox->filling || outbox->window == 0) {
        return NULL;
    }
    struct waiting *waiting = pop(choose(outbox));
    outbox->sent += waiting != NULL ? 1 : 0;
    return waiting;
}

static void settle_one(struct outbox *outbox)
{
    if (outbox->sent > 0 && --outbox->sent <= outbox->window / 2) {
        outbox->filling = true;
    }
}

/* Called and left with the lock held. One thread at a time, or a later one could overtake an earlier one. */
static void feed(struct outbox *outbox)
{
    if (outbox->feeding) {
        return;
    }
    outbox->feeding = true;
    for (struct waiting *waiting = take(outbox); waiting != NULL; waiting = take(outbox)) {
        unlock(outbox);
        bool sent = outbox->send(outbox->context, &waiting->publication, waiting->ticket);
        free(waiting);
        lock(outbox);
        if (!sent) {
            settle_one(outbox);
        }
    }
    outbox->feeding = false;
}

static char *copy_bytes(char **at, const char *data, size_t len)
{
    char *copy = *at;
    if (len > 0) {
        memcpy(copy, data, len);
    }
    *at += len;
    return data != NULL ? copy : NULL;
}

static size_t bytes_of(const char *string)
{
    return string != NULL ? strlen(string) + 1 : 0;
}

static struct waiting *copy_of(const struct broker_publication *from, struct ticket *ticket)
{
    size_t topic = bytes_of(from->topic);
    size_t content_type = bytes_of(from->content_type);
    size_t response_topic = bytes_of(from->response_topic);
    struct waiting *waiting =
        malloc(sizeof *waiting + topic + content_type + response_topic + from->payload.len + from->correlation.len);
    if (waiting == NULL) {
        return NULL;
    }
    char *at = waiting->bytes;
    *waiting = (struct waiting){.ticket = ticket, .publication = *from};
    waiting->publication.topic = copy_bytes(&at, from->topic, topic);
    waiting->publication.content_type = copy_bytes(&at, from->content_type, content_type);
    waiting->publication.response_topic = copy_bytes(&at, from->response_topic, response_topic);
    waiting->publication.payload.data = copy_bytes(&at, from->payload.data, from->payload.len);
    waiting->publication.correlation.data = copy_bytes(&at, from->correlation.data, from->correlation.len);
    return waiting;
}

enum err outbox_put(struct outbox *outbox, const struct broker_publication *publication, struct ticket *ticket)
{
    struct waiting *waiting = copy_of(publication, ticket);
    if (waiting == NULL) {
        return ERR_NO_MEMORY;
    }
    lock(outbox);
    bool open = outbox->window > 0;
    if (open) {
        push(publication->ahead ? &outbox->ahead : &outbox->rest, waiting);
        feed(outbox);
    }
    unlock(outbox);
    if (!open) {
        free(waiting);
        return ERR_CLOSED;
    }
    return ERR_OK;
}

void outbox_settled(struct outbox *outbox)
{
    lock(outbox);
    settle_one(outbox);
    feed(outbox);
    unlock(outbox);
}
