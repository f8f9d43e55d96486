/* fleet.c -- a worker's newest document by its id; epoch and revision say which is newer. */
#include "ctl/fleet.h"

#include "domain/worker.h"

#include <stdlib.h>
#include <string.h>

struct fleet {
    json_t *workers; /* by id */
    json_t *listed;  /* by id; NULL: no list is under way */
};

struct fleet *fleet_new(void)
{
    struct fleet *fleet = calloc(1, sizeof *fleet);
    if (fleet != NULL) {
        fleet->workers = json_object();
    }
    if (fleet != NULL && fleet->workers == NULL) {
        free(fleet);
        fleet = NULL;
    }
    return fleet;
}

void fleet_free(struct fleet *fleet)
{
    if (fleet != NULL) {
        json_decref(fleet->workers);
        json_decref(fleet->listed);
        free(fleet);
    }
}

static const char *string_in(const json_t *document, const char *field)
{
    const char *string = json_string_value(json_object_get(document, field));
    return string != NULL ? string : "";
}

static bool is_older(const json_t *a, const json_t *b)
{
    static const char *const fields[] = {"epoch", "revision", "lastHeartbeatAt"};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        json_int_t in_a = json_integer_value(json_object_get(a, fields[i]));
        json_int_t in_b = json_integer_value(json_object_get(b, fields[i]));
        if (in_a != in_b) {
            return in_a < in_b;
        }
    }
    return false;
}

static void take(json_t *workers, json_t *document)
{
    const char *id = string_in(document, "workerId");
    const json_t *known = json_object_get(workers, id);
    if (worker_id_valid(text_of(id)) && (known == NULL || !is_older(document, known))) {
        (void)json_object_set(workers, id, document);
    }
}

void fleet_take(struct fleet *fleet, json_t *document)
{
    take(fleet->workers, document);
    if (fleet->listed != NULL) {
        take(fleet->listed, document);
    }
}

void fleet_remove(struct fleet *fleet, struct text id)
{
    char key[WORKER_ID_MAX + 1];
    if (id.len >= sizeof key) {
        return;
    }
    memcpy(key, id.data, id.len);
    key[id.len] = '\0';
    (void)json_object_del(fleet->workers, key);
    if (fleet->listed != NULL) {
        (void)json_object_del(fleet->listed, key);
    }
}

void fleet_list_begin(struct fleet *fleet)
{
    json_decref(fleet->listed);
    fleet->listed = json_object();
}

void fleet_list_take(struct fleet *fleet, json_t *document)
{
    if (fleet->listed != NULL) {
        take(fleet->listed, document);
    }
}

void fleet_list_end(struct fleet *fleet)
{
    if (fleet->listed != NULL) {
        json_decref(fleet->workers);
        fleet->workers = fleet->listed;
        fleet->listed = NULL;
    }
}

size_t fleet_listed(const struct fleet *fleet)
{
    return json_object_size(fleet->listed);
}

static int by_id(const void *a, const void *b)
{
    json_t *const *first = a;
    json_t *const *second = b;
    return strcmp(string_in(*first, "workerId"), string_in(*second, "workerId"));
}

static int trouble_first(const void *a, const void *b)
{
    json_t *const *first = a;
    json_t *const *second = b;
    enum worker_health health_a = worker_health_of(text_of(string_in(*first, "health")));
    enum worker_health health_b = worker_health_of(text_of(string_in(*second, "health")));
    return health_a != health_b ? (int)health_b - (int)health_a : by_id(a, b);
}

static int freest_first(const void *a, const void *b)
{
    json_t *const *first = a;
    json_t *const *second = b;
    json_int_t free_a = json_integer_value(json_object_get(*first, "availableCapacity"));
    json_int_t free_b = json_integer_value(json_object_get(*second, "availableCapacity"));
    return free_a != free_b ? (free_a > free_b ? -1 : 1) : by_id(a, b);
}

json_t **fleet_sorted(const struct fleet *fleet, enum fleet_order order, size_t *out_count)
{
    size_t count = json_object_size(fleet->workers);
    json_t **sorted = count > 0 ? calloc(count, sizeof(json_t *)) : NULL;
    if (sorted == NULL) {
        *out_count = 0;
        return NULL;
    }
    size_t at = 0;
    const char *id = NULL;
    json_t *document = NULL;
    json_object_foreach(fleet->workers, id, document)
    {
        sorted[at++] = document;
    }
    static int (*const orders[])(const void *, const void *) = {
        [FLEET_BY_ID] = by_id, [FLEET_TROUBLE_FIRST] = trouble_first, [FLEET_FREEST_FIRST] = freest_first};
    qsort(sorted, count, sizeof(json_t *), orders[order]);
    *out_count = count;
    return sorted;
}
