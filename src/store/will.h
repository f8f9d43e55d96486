/* will.h -- what the broker says of workers whose connection is gone. Called and answered as store.h says. */
#ifndef MUSTER_STORE_WILL_H
#define MUSTER_STORE_WILL_H

#include "domain/worker.h"
#include "store/store.h"

/* store_wills takes wills; late ones were sent some time ago: their workers have an interval to show themselves. */
void store_wills(struct store *store, const struct will *wills, size_t count, bool late, store_done_fn *done,
                 void *context);

#endif
