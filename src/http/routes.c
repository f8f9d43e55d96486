/* routes.c -- the table, and finding a path in it. */
#include "http/routes.h"

#include "codec/message.h"

#define WORKER "{workerId}"
#define AT(path) ROUTES_PREFIX path
#define ALL(array) (sizeof(array) / sizeof(array)[0])

static const struct param no_params[] = {{0}};
static const struct param reason_params[] = {{"reason", PARAM_TEXT}, {0}};
static const struct param cleanup_params[] = {{"workerId", PARAM_TEXT}, {"reason", PARAM_TEXT}, {0}};
static const struct param page_params[] = {{"limit", PARAM_NUMBER}, {"cursor", PARAM_TEXT}, {0}};
static const struct param stream_params[] = {{"workerId", PARAM_TEXT}, {"type", PARAM_TEXT}, {"from", PARAM_TEXT}, {0}};
static const struct param events_params[] = {
    {"workerId", PARAM_TEXT}, {"type", PARAM_TEXT}, {"from", PARAM_TEXT}, {"limit", PARAM_NUMBER}, {0}};
static const struct param workers_params[] = {{"status", PARAM_TEXT},
                                              {"health", PARAM_TEXT},
                                              {"tags", PARAM_LIST},
                                              {"capabilities", PARAM_LIST},
                                              {"zone", PARAM_TEXT},
                                              {"namePrefix", PARAM_TEXT},
                                              {"minimumFreeCapacity", PARAM_NUMBER},
                                              {"sort", PARAM_TEXT},
                                              {"limit", PARAM_NUMBER},
                                              {"cursor", PARAM_TEXT},
                                              {0}};

#define READS(verb_name, allowed) .method = ROUTE_GET, .verb = (verb_name), .params = (allowed)
#define WRITES(verb_name, allowed)                                                                                     \
    .method = ROUTE_POST, .verb = (verb_name), .params = (allowed), .writes = true, .body_bytes_max = MESSAGE_BYTES_MAX

static const struct route routes[] = {
    {AT("/register"), WRITES("register", no_params), .body_as_it_is = true},
    {AT("/register/batch"), .method = ROUTE_POST, .verb = "register-batch", .params = no_params, .writes = true,
     .body_bytes_max = MESSAGE_GATEWAY_BYTES_MAX, .body_as_it_is = true},
    {AT("/workers"), READS("list", workers_params), .sorting_verb = "find"},
    {AT("/workers/find"), READS("find", workers_params)},
    {AT("/health/system"), READS("system-health", no_params)},
    {AT("/health/summary"), READS("health-summary", no_params)},
    {AT("/health/check"), WRITES("check", reason_params)},
    {AT("/cleanup/failed"), WRITES("cleanup", cleanup_params)},
    {AT("/brake/release"), WRITES("brake-release", reason_params)},
    {AT("/events"), READS("events", events_params)},
    {AT("/events/stream"), .kind = ROUTE_STREAMS, .method = ROUTE_GET, .params = stream_params},
    {AT("/alerts"), READS("alerts", no_params)},
    {AT("/config"), READS("config", no_params)},
    {AT("/export"), READS("export", page_params)},
    {AT("/import"), WRITES("import", no_params), .body_as_it_is = true},
    {AT("/" WORKER "/status"), READS("status", no_params)},
    {AT("/" WORKER "/health"), READS("health", no_params)},
    {AT("/" WORKER "/heartbeat"), WRITES("heartbeat", no_params)},
    {AT("/" WORKER "/deregister"), WRITES("deregister", reason_params)},
    {AT("/" WORKER "/force-deregister"), WRITES("force-deregister", reason_params)},
    {AT("/" WORKER "/recover"), WRITES("recover", reason_params)},
    {AT("/" WORKER "/drain"), WRITES("drain", reason_params)},
    {AT("/" WORKER "/maintain"), WRITES("maintain", reason_params)},
    {AT("/" WORKER "/resume"), WRITES("resume", reason_params)},
    {AT("/" WORKER "/forget"), WRITES("forget", reason_params)},
    {AT("/" WORKER "/ping"), WRITES("ping", reason_params)},
    {AT("/" WORKER "/reregister"), WRITES("reregister", reason_params)},
    {"/events/stream", .kind = ROUTE_STREAMS, .method = ROUTE_GET, .params = stream_params},
    {"/healthz", .kind = ROUTE_IS_ALIVE, .method = ROUTE_GET},
    {"/readyz", .kind = ROUTE_IS_READY, .method = ROUTE_GET},
    {"/metrics", .kind = ROUTE_COUNTS, .method = ROUTE_GET},
};

const struct route *routes_all(size_t *out_count)
{
    *out_count = ALL(routes);
    return routes;
}

/* The pattern has at most one place for a worker's id. */
static bool matches(const char *pattern, struct text path, struct text *out_worker_id)
{
    const char *place = strstr(pattern, WORKER);
    *out_worker_id = (struct text){0};
    if (place == NULL) {
        return text_is(path, pattern);
    }
    size_t before = (size_t)(place - pattern);
    const char *after = place + sizeof WORKER - 1;
    size_t after_len = strlen(after);
    if (path.len <= before + after_len || memcmp(path.data, pattern, before) != 0 ||
        memcmp(path.data + path.len - after_len, after, after_len) != 0) {
        return false;
    }
    *out_worker_id = (struct text){path.data + before, path.len - before - after_len};
    return memchr(out_worker_id->data, '/', out_worker_id->len) == NULL;
}

struct route_match routes_find(struct text path, enum route_method method)
{
    struct route_match match = {0};
    for (size_t i = 0; i < ALL(routes); i++) {
        struct text worker_id;
        if (matches(routes[i].path, path, &worker_id)) {
            match.methods |= routes[i].method;
            if (routes[i].method == method && match.route == NULL) {
                match.route = &routes[i];
                match.worker_id = worker_id;
            }
        }
    }
    return match;
}
