/* question.h -- a query that takes several calls to the store, kept until it is answered. */
#ifndef MUSTER_REGISTRY_QUESTION_H
#define MUSTER_REGISTRY_QUESTION_H

#include "registry/asker.h"
#include "registry/internal.h"
#include "store/worker.h"

/*
 * No question takes more calls than this; what has been found by then is the answer. Where few match of many, whoever
 * asked for a page need not wait for longer: the page has what there was by then, and where to go on.
 */
enum { QUESTION_ROUNDS_MAX = 50, QUESTION_PAGE_MS_MAX = 30 };

struct question {
    struct asker *asker;
    struct query query; /* its texts are its own */
    size_t limit;
    int rounds;
    int64_t asked_ms; /* monotonic */
    char *bytes;
    struct text labels[WORKER_TAGS_MAX + WORKER_CAPABILITIES_MAX];
};

/* question_init copies the query; false without memory: the asker has been answered then. */
bool question_init(struct question *question, const struct query *query, struct asker *asker) MUST_USE;
void question_fini(struct question *question);

/* question_may_go_on counts one more round; false where it is time to answer, after most_ms at the latest. */
bool question_may_go_on(struct question *question, int64_t most_ms);

/* question_answered says whether the store did; if not, the asker is told and must not be used again. */
bool question_answered(struct question *question, enum store_outcome outcome);

/* question_place finds where the query's cursor goes on, in a request of that number; absent without a cursor. */
struct text question_place(const struct query *query, uint32_t request);

/* question_cursor returns the cursor for a place in the answer to such a request; NULL where there is none. */
json_t *question_cursor(uint32_t request, struct text place);

/* question_end tells that the last call is done, before the answer. */
void question_end(struct question *question);

/* question_bytes_of returns about how long a worker's document is. */
size_t question_bytes_of(const struct store_worker *worker);

#endif
