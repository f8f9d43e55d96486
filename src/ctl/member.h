/* member.h -- members of JSON objects, with what stands for one that is absent or of another type. */
#ifndef MUSTER_CTL_MEMBER_H
#define MUSTER_CTL_MEMBER_H

#include "base/text.h"

#include <jansson.h>
#include <stdint.h>

static inline const char *member_string(const json_t *object, const char *name, const char *otherwise)
{
    const char *string = json_string_value(json_object_get(object, name));
    return string != NULL ? string : otherwise;
}

static inline struct text member_text(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_string(value) ? (struct text){json_string_value(value), json_string_length(value)} : text_of("");
}

static inline int64_t member_integer(const json_t *object, const char *name, int64_t otherwise)
{
    const json_t *value = json_object_get(object, name);
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : otherwise;
}

#endif
