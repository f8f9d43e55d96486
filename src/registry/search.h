/*
 * search.h -- workers listed, found and exported, page by page. On the loop thread; the asker is answered exactly once.
 */
#ifndef MUSTER_REGISTRY_SEARCH_H
#define MUSTER_REGISTRY_SEARCH_H

struct asker;
struct query;
struct registry;

void search_list(struct registry *registry, const struct query *query, struct asker *asker);
void search_find(struct registry *registry, const struct query *query, struct asker *asker);
void search_export(struct registry *registry, const struct query *query, struct asker *asker);

#endif
