/* items.h -- texts in MessagePack, as a function unpacks many of them from one argument. */
#ifndef MUSTER_CODEC_ITEMS_H
#define MUSTER_CODEC_ITEMS_H

#include "base/buf.h"
#include "domain/worker.h"

/* Each appends one item: a text (absent: empty), a number as text (absent: an empty one), false, nil, the head of a
 * list. */
void items_text(struct buf *items, struct text text);
void items_opt_int(struct buf *items, struct opt_int value);
void items_opt_real(struct buf *items, struct opt_real value);
void items_false(struct buf *items);
void items_nil(struct buf *items);
void items_list(struct buf *items, size_t count);

#endif
