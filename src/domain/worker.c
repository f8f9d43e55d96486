/* worker.c -- names of statuses and healths, and what an id may be. */
#include "domain/worker.h"

static const char *const status_names[] = {[WORKER_STATUS_NONE] = "",
#define X(name) [WORKER_##name] = #name,
                                           WORKER_STATUSES(X)
#undef X
};

static const char *const health_names[] = {[HEALTH_NONE] = "",
#define X(name) [HEALTH_##name] = #name,
                                           WORKER_HEALTHS(X)
#undef X
};

static unsigned index_of(struct text name, const char *const *names, size_t count)
{
    for (unsigned i = 1; i < count; i++) {
        if (text_is(name, names[i])) {
            return i;
        }
    }
    return 0;
}

const char *worker_status_name(enum worker_status status)
{
    return status_names[status];
}

enum worker_status worker_status_of(struct text name)
{
    return (enum worker_status)index_of(name, status_names, sizeof status_names / sizeof status_names[0]);
}

const char *worker_health_name(enum worker_health health)
{
    return health_names[health];
}

enum worker_health worker_health_of(struct text name)
{
    return (enum worker_health)index_of(name, health_names, sizeof health_names / sizeof health_names[0]);
}

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool worker_id_valid(struct text id)
{
    if (id.data == NULL || id.len == 0 || id.len > WORKER_ID_MAX || !is_alphanumeric(id.data[0])) {
        return false;
    }
    for (size_t i = 1; i < id.len; i++) {
        char c = id.data[i];
        if (!is_alphanumeric(c) && c != '.' && c != '_' && c != '-') {
            return false;
        }
    }
    return true;
}
