/* match.c -- walks over topic levels and JSON members. */
#include "support/match.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool match_topic(const char *filter, const char *topic)
{
    for (;;) {
        size_t filter_len = strcspn(filter, "/");
        size_t topic_len = strcspn(topic, "/");
        bool any = filter_len == 1 && filter[0] == '+';
        if (filter_len == 1 && filter[0] == '#') {
            return true;
        }
        if (!any && (filter_len != topic_len || memcmp(filter, topic, topic_len) != 0)) {
            return false;
        }
        filter += filter_len;
        topic += topic_len;
        if (*filter == '\0' || *topic == '\0') {
            return *filter == *topic || strcmp(filter, "/#") == 0;
        }
        filter++;
        topic++;
    }
}

static bool contains(json_t *whole, json_t *part)
{
    const char *name = NULL;
    json_t *value = NULL;
    if (!json_is_object(part)) {
        return json_is_number(part) && json_is_number(whole) ? json_number_value(part) == json_number_value(whole)
                                                             : json_equal(whole, part) == 1;
    }
    json_object_foreach(part, name, value)
    {
        json_t *found = json_object_get(whole, name);
        if (found == NULL || !contains(found, value)) {
            return false;
        }
    }
    return json_is_object(whole);
}

bool match_json(const char *like, const char *payload, size_t payload_len)
{
    if (like[0] == '\0') {
        return payload_len == 0;
    }
    json_t *part = json_loads(like, JSON_DECODE_ANY, NULL);
    if (part == NULL) {
        (void)fprintf(stderr, "not JSON: %s\n", like);
        abort();
    }
    json_t *whole = json_loadb(payload, payload_len, JSON_DECODE_ANY, NULL);
    bool same = whole != NULL && contains(whole, part);
    json_decref(whole);
    json_decref(part);
    return same;
}
