/* ticket.c -- lists through the tickets themselves, so that telling an event needs no memory. */
#include "broker/ticket.h"

#include <stdlib.h>

static enum err make_more(struct tickets *tickets)
{
    if (tickets->block_count == TICKET_BLOCKS_MAX) {
        return ERR_FULL;
    }
    struct ticket *block = calloc(TICKET_BLOCK, sizeof *block);
    if (block == NULL) {
        return ERR_NO_MEMORY;
    }
    tickets->blocks[tickets->block_count++] = block;
    for (size_t i = 0; i < TICKET_BLOCK; i++) {
        ticket_release(tickets, &block[i]);
    }
    return ERR_OK;
}

enum err ticket_open(struct tickets *tickets, struct inbox *inbox, uint64_t id, bool told, struct ticket **out_ticket)
{
    enum err err = tickets->spare == NULL ? make_more(tickets) : ERR_OK;
    if (err != ERR_OK) {
        return err;
    }
    struct ticket *ticket = tickets->spare;
    tickets->spare = ticket->next;
    ticket->inbox = inbox;
    ticket->state = TICKET_OPEN;
    ticket->id = id;
    ticket->told = told;
    ticket->previous = NULL;
    ticket->next = tickets->open;
    if (tickets->open != NULL) {
        tickets->open->previous = ticket;
    }
    tickets->open = ticket;
    tickets->open_count++;
    *out_ticket = ticket;
    return ERR_OK;
}

void ticket_close(struct tickets *tickets, struct ticket *ticket)
{
    if (ticket->previous != NULL) {
        ticket->previous->next = ticket->next;
    } else {
        tickets->open = ticket->next;
    }
    if (ticket->next != NULL) {
        ticket->next->previous = ticket->previous;
    }
    tickets->open_count--;
}

void ticket_release(struct tickets *tickets, struct ticket *ticket)
{
    ticket->state = TICKET_FREE;
    ticket->next = tickets->spare;
    tickets->spare = ticket;
}

void tickets_fini(struct tickets *tickets)
{
    for (size_t i = 0; i < tickets->block_count; i++) {
        free(tickets->blocks[i]);
    }
    *tickets = (struct tickets){0};
}

void ticket_queue_add(struct ticket_queue *queue, struct ticket *ticket)
{
    ticket->state = TICKET_TOLD;
    ticket->next = NULL;
    if (queue->last != NULL) {
        queue->last->next = ticket;
    } else {
        queue->first = ticket;
    }
    queue->last = ticket;
}

struct ticket *ticket_queue_take(struct ticket_queue *queue)
{
    struct ticket *ticket = queue->first;
    if (ticket != NULL) {
        queue->first = ticket->next;
        queue->last = queue->first != NULL ? queue->last : NULL;
    }
    return ticket;
}
