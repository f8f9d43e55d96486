/* alert.h -- alerts raised and cleared. On the loop thread. */
#ifndef MUSTER_REGISTRY_ALERT_H
#define MUSTER_REGISTRY_ALERT_H

#include "domain/alert.h"

#include <stdbool.h>
#include <stdint.h>

struct asker;
struct query;
struct registry;
struct store_statistics;

/*
 * alert_set raises or lifts an alert that has no rule, or says in other words why it is raised; nothing happens where
 * it is so already, or until it is known what earlier daemons raised, so set it again and again. rule is like a
 * worker's id.
 */
void alert_set(struct registry *registry, const char *rule, bool raised, enum alert_severity severity,
               const char *message);
void alert_judge_all(struct registry *registry, const struct store_statistics *statistics); /* NULL: not known */
void alert_tick(struct registry *registry, int64_t now_ms);
void alert_ask(struct registry *registry, const struct query *query, struct asker *asker);

#endif
