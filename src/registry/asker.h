/* asker.h -- somebody who waits for a reply, on the loop thread; freed with the reply, which is given exactly once. */
#ifndef MUSTER_REGISTRY_ASKER_H
#define MUSTER_REGISTRY_ASKER_H

#include "base/text.h"
#include "codec/document.h"
#include "codec/topic.h"
#include "registry/inbound.h"
#include "registry/registry.h"
#include "store/store.h"

struct registry;

struct asker {
    struct registry *registry;
    void *owner;
    registry_answer_fn *answer;
    enum topic_kind kind;
    enum encoding encoding;
    bool has_correlation;
    bool uncounted; /* what it answers is counted piece by piece */
    struct text topic;
    struct text correlation;
    struct text by;   /* the id of who asks */
    int64_t asked_us; /* monotonic */
    struct text worker_id;
    struct text request_id;
    struct violations *violations; /* kept for the reply; owned */
    char bytes[];
};

/* asker_new copies what the reply needs; NULL without memory. asker_free(NULL) is safe. */
struct asker *asker_new(struct registry *registry, const struct inbound *inbound, struct text worker_id,
                        struct text request_id);
void asker_free(struct asker *asker);

/* asker_reply answers, counts the code by the kind of message, and frees the asker. */
void asker_reply(struct asker *asker, const struct reply *reply);

/* asker_reply_with is the same with more in the document: each name with its value, which it takes over. */
struct extra {
    const char *name;
    json_t *value;
};
void asker_reply_with(struct asker *asker, const struct reply *reply, const struct extra *extras, size_t count);

/* asker_refuse answers with the registry's violations, or a sentence of its own. */
void asker_refuse(struct asker *asker, const struct violations *violations);
void asker_refuse_for(struct asker *asker, enum reply_code code, const char *sentence);

/* asker_code_of_outcome: the code for a call that did not happen. */
enum reply_code asker_code_of_outcome(enum store_outcome outcome);

#endif
