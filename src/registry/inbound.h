/*
 * inbound.h -- one message, its sender known: from the broker, or a request by registry_ask. On the loop thread; its
 * texts live as long as the call that it is given to.
 */
#ifndef MUSTER_REGISTRY_INBOUND_H
#define MUSTER_REGISTRY_INBOUND_H

#include "base/text.h"
#include "codec/message.h"
#include "codec/topic.h"
#include "registry/registry.h"

struct results_item;

struct inbound {
    struct text payload;
    struct topic sender;
    enum encoding encoding;
    struct text response_topic; /* data NULL: none */
    struct text correlation;    /* data NULL: none */
    void *owner;                /* of answer */
    registry_answer_fn *answer; /* NULL: the reply is published */
    struct text by;             /* who speaks for the worker; absent: it does itself */
    struct results_item *item;  /* of a batch that nobody asked about: answered only where it is refused */
};

#endif
