/* newest.h -- the newest value of each key, within a cap. Knows nothing of what they mean; not shared between threads.
 */
#ifndef MUSTER_BASE_NEWEST_H
#define MUSTER_BASE_NEWEST_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

struct newest;

/* newest_new returns NULL without memory. bytes_max is of keys, values and what is needed to keep them. */
struct newest *newest_new(size_t keys_max, size_t bytes_max);
void newest_free(struct newest *newest); /* NULL is safe */

/*
 * newest_put copies key and value, in place of the key's older value. False where there is no room or no memory for
 * it; what was there stays.
 */
bool newest_put(struct newest *newest, struct text key, struct text value);

/* newest_has returns true where the key has a value. */
bool newest_has(const struct newest *newest, struct text key);

/* newest_drop forgets the key, if it is there; newest_clear forgets all. */
void newest_drop(struct newest *newest, struct text key);
void newest_clear(struct newest *newest);

/* newest_take hands over the key that has been there longest; the texts live until the next call. False: it is empty.
 */
bool newest_take(struct newest *newest, struct text *out_key, struct text *out_value);

size_t newest_count(const struct newest *newest);

#endif
