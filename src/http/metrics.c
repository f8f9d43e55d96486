/* metrics.c -- the registry's figures and those of HTTP itself, for Prometheus. */
#include "http/internal.h"

#include "base/exposition.h"

#include <stdio.h>
#include <string.h>

/* The last place is for any other. */
static const int statuses[TALLIED_STATUSES] = {200, 201, 204, 400, 403, 404, 405, 409, 413, 429, 501, 503};

static size_t place_of_status(int status)
{
    size_t place = 0;
    while (place < TALLIED_STATUSES && statuses[place] != status) {
        place++;
    }
    return place;
}

static size_t place_of_route(const struct route *route)
{
    size_t count = 0;
    const struct route *routes = routes_all(&count);
    return route != NULL && count <= TALLIED_ROUTES_MAX ? (size_t)(route - routes) : TALLIED_ROUTES_MAX;
}

void metrics_tally(struct server *server, const struct route *route, int status)
{
    server->tally.answers[place_of_route(route)][place_of_status(status)]++;
}

static void append_answers(const uint64_t *answers, const struct route *route, struct buf *out, struct buf *labels)
{
    for (size_t place = 0; place <= TALLIED_STATUSES; place++) {
        char status[12] = "other";
        if (place < TALLIED_STATUSES) {
            (void)snprintf(status, sizeof status, "%d", statuses[place]);
        }
        if (answers[place] > 0) {
            buf_clear(labels);
            exposition_label(labels, "route", text_of(route != NULL ? route->path : "none"));
            exposition_label(labels, "method",
                             text_of(route == NULL                ? "any"
                                     : route->method == ROUTE_GET ? "GET"
                                                                  : "POST"));
            exposition_label(labels, "status", text_of(status));
            exposition_count(out, "muster_http_requests_total", buf_terminated(labels), answers[place]);
        }
    }
}

static void append_requests(const struct server *server, struct buf *out)
{
    struct buf labels = {0};
    size_t count = 0;
    const struct route *routes = routes_all(&count);
    exposition_family(out, "muster_http_requests_total", "counter", "Requests answered, by route, method and status.");
    for (size_t i = 0; i < count && i < TALLIED_ROUTES_MAX; i++) {
        append_answers(server->tally.answers[i], &routes[i], out, &labels);
    }
    append_answers(server->tally.answers[TALLIED_ROUTES_MAX], NULL, out, &labels);
    out->failed = out->failed || labels.failed;
    buf_fini(&labels);
}

static void append_connections(const struct server *server, struct buf *out)
{
    const struct guard *guard = &server->guard;
    const struct hub *hub = &server->hub;
    exposition_family(out, "muster_http_connections", "gauge", "Open connections.");
    exposition_gauge(out, "muster_http_connections", NULL, (double)guard->count);
    exposition_family(out, "muster_http_connections_refused_total", "counter", "Connections that were too many.");
    exposition_count(out, "muster_http_connections_refused_total", NULL, guard->refused);
    exposition_family(out, "muster_http_connections_cut_total", "counter",
                      "Connections cut off: too slow, idle for too long, or sending too much.");
    exposition_count(out, "muster_http_connections_cut_total", NULL, guard->cut);
    exposition_family(out, "muster_http_streams", "gauge", "Open event streams.");
    exposition_gauge(out, "muster_http_streams", NULL, (double)hub->count);
    exposition_family(out, "muster_http_streams_refused_total", "counter", "Event streams that were too many.");
    exposition_count(out, "muster_http_streams_refused_total", NULL, hub->refused);
    exposition_family(out, "muster_http_streams_cut_total", "counter", "Event streams whose reader was too slow.");
    exposition_count(out, "muster_http_streams_cut_total", NULL, hub->cut);
    exposition_family(out, "muster_build_info", "gauge", "Always 1; the version is in the label.");
    exposition_gauge(out, "muster_build_info", "version=\"" MUSTER_VERSION "\"", 1);
}

static void on_figures(void *owner, struct text figures)
{
    struct exchange *exchange = owner;
    struct buf out = {0};
    buf_append_text(&out, figures);
    append_requests(exchange->server, &out);
    append_connections(exchange->server, &out);
    if (figures.data == NULL || out.failed) {
        exchange_refuse(exchange, 0, CODE_UNAVAILABLE, "The registry is out of memory");
    } else {
        exchange_answer(exchange, HTTP_OK, EXPOSITION_CONTENT_TYPE, buf_text(&out));
    }
    buf_fini(&out);
}

void metrics_answer(struct exchange *exchange)
{
    registry_figures(exchange->server->registry, on_figures, exchange);
}
