/* bulletin.h -- the document that tells of an alert. No I/O, no clock; times are ms since 1970. */
#ifndef MUSTER_REGISTRY_BULLETIN_H
#define MUSTER_REGISTRY_BULLETIN_H

#include "domain/alert.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is returned is the caller's; NULL without memory. before is what was told of the alert until now, NULL: nothing;
 * from it a cleared alert has since when it had been raised, where it was.
 *
 * bulletin_by_rule tells what a rule has observed since began_ms, bulletin_by_hand of an alert without a rule.
 * bulletin_clear tells that what was raised is so no more; bulletin_reword that it still is, but for something else as
 * well or no more: since when does not change.
 */
json_t *bulletin_by_rule(const json_t *before, const struct alert_rule *rule, bool raised, double observed,
                         int64_t began_ms, int64_t now_ms);
json_t *bulletin_by_hand(const json_t *before, const char *name, bool raised, enum alert_severity severity,
                         const char *message, int64_t now_ms);
json_t *bulletin_clear(const json_t *before, const char *message, int64_t now_ms);
json_t *bulletin_reword(const json_t *before, const char *message, int64_t now_ms);

/* These take NULL too. bulletin_message lives as long as the document; NULL: it has none. */
bool bulletin_is_raised(const json_t *document);
bool bulletin_is_by_rule(const json_t *document);
int64_t bulletin_at_ms(const json_t *document);
const char *bulletin_message(const json_t *document);

/* bulletin_list makes a list of documents, which it takes over: those that are raised come first, then by name. */
json_t *bulletin_list(json_t **documents, size_t count);

#endif
