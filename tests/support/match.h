/* match.h -- whether a message is the one that a test looks for. Pure. */
#ifndef MUSTER_TESTS_SUPPORT_MATCH_H
#define MUSTER_TESTS_SUPPORT_MATCH_H

#include <stdbool.h>
#include <stddef.h>

/* match_topic says whether an MQTT filter with + and # covers a topic. */
bool match_topic(const char *filter, const char *topic);

/*
 * match_json says whether a JSON payload has every member of like with the same value, objects within it likewise;
 * lists and everything else must be equal. like "" is an empty payload. A like that is no JSON ends the program.
 */
bool match_json(const char *like, const char *payload, size_t payload_len);

#endif
