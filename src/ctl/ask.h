/* ask.h -- one request to the registry, and what its reply means for the command. */
#ifndef MUSTER_CTL_ASK_H
#define MUSTER_CTL_ASK_H

#include "ctl/command.h"

/*
 * ask sends the request, of which it takes the reference, and returns COMMAND_DONE with the reply, which the caller
 * owns. Else it adds to call->wrong what is wrong, a line each, and out_reply stays untouched: COMMAND_REFUSED, where
 * the reply has also been written for programs; COMMAND_NO_ANSWER.
 */
enum command_status ask(struct call *call, const char *verb, json_t *request, json_t **out_reply) MUST_USE;

/* ask_append_refusal appends what a refusing reply says: its code, and each error in a line. */
void ask_append_refusal(struct buf *out, const json_t *reply);

#endif
