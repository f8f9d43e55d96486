/* alert.h -- alerts as saved. Called and answered as store.h says. */
#ifndef MUSTER_STORE_ALERT_H
#define MUSTER_STORE_ALERT_H

#include "base/text.h"
#include "codec/document.h"
#include "store/store.h"

/* Rule and JSON document in pairs. */
struct store_alerts {
    enum store_outcome outcome;
    const struct field *alerts;
    size_t count;
};

typedef void store_alerts_fn(void *context, const struct store_alerts *result);
void store_alerts(struct store *store, store_alerts_fn *done, void *context);

/* store_save_alert forgets one where the document is empty. */
void store_save_alert(struct store *store, struct text rule, struct text document, store_done_fn *done, void *context);

#endif
