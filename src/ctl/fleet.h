/* fleet.h -- the workers as last told: by the pages of a list, and by statuses that arrive meanwhile. No I/O. */
#ifndef MUSTER_CTL_FLEET_H
#define MUSTER_CTL_FLEET_H

#include "base/text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct fleet;

/* fleet_new returns an empty fleet, NULL without memory. fleet_free(NULL) is safe. */
struct fleet *fleet_new(void);
void fleet_free(struct fleet *fleet);

/* fleet_take takes a worker's status document over, unless what is known of it is newer. It keeps a reference. */
void fleet_take(struct fleet *fleet, json_t *document);

/* fleet_remove forgets a worker. */
void fleet_remove(struct fleet *fleet, struct text id);

/*
 * Between fleet_list_begin and fleet_list_end, fleet_list_take takes the documents of a list, which may come twice. At
 * the end whoever was neither listed nor told meanwhile is gone. A list that was begun and not ended changes nothing.
 */
void fleet_list_begin(struct fleet *fleet);
void fleet_list_take(struct fleet *fleet, json_t *document);
void fleet_list_end(struct fleet *fleet);

/* fleet_listed returns how many workers the list that is under way has so far. */
size_t fleet_listed(const struct fleet *fleet);

enum fleet_order { FLEET_BY_ID, FLEET_TROUBLE_FIRST, FLEET_FREEST_FIRST };

/*
 * fleet_sorted returns the documents in order, as a list that the caller frees; NULL without memory or without workers.
 * The documents live until the fleet changes.
 */
json_t **fleet_sorted(const struct fleet *fleet, enum fleet_order order, size_t *out_count);

#endif
