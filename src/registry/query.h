/* query.h -- one worker, and events, as they are asked for. On the loop thread; the asker is answered exactly once. */
#ifndef MUSTER_REGISTRY_QUERY_H
#define MUSTER_REGISTRY_QUERY_H

#include "codec/document.h"

struct asker;
struct query;
struct registry;

/* A page has that many workers or events, where the query does not say. */
enum { PAGE_DEFAULT = 100, PAGE_MAX = 1000 };
void query_status(struct registry *registry, const struct query *query, struct asker *asker);
void query_events(struct registry *registry, const struct query *query, struct asker *asker);

/* query_reply_with_worker adds the worker that the asker asked about, as it is by then; the message has to be constant.
 */
void query_reply_with_worker(struct asker *asker, const struct reply *reply);

#endif
