/* event.c -- names of the types. */
#include "domain/event.h"

static const char *const names[] = {
#define X(type, name) [EVENT_##type] = #name,
    EVENT_TYPES(X)
#undef X
};

const char *event_type_name(enum event_type type)
{
    return names[type];
}

enum event_type event_type_of(struct text name)
{
    unsigned type = 0;
    while (type < EVENT_TYPE_COUNT && !text_is(name, names[type])) {
        type++;
    }
    return (enum event_type)type;
}
