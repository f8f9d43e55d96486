/* routes.h -- the one table of what HTTP offers: path and method to verb and parameters. Pure; asks nobody. */
#ifndef MUSTER_HTTP_ROUTES_H
#define MUSTER_HTTP_ROUTES_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

#define ROUTES_PREFIX "/api/v1/worker-registration"

enum param_kind {
    PARAM_TEXT,
    PARAM_NUMBER, /* what is no whole number is handed on as text: whoever is asked says what is wrong with it */
    PARAM_LIST,   /* text with commas; may be given more than once */
};

/* One parameter of the query string; a list of them ends with name NULL. */
struct param {
    const char *name;
    enum param_kind kind;
};

enum route_method { ROUTE_GET = 1, ROUTE_POST = 2 };

enum route_kind {
    ROUTE_ASKS,    /* the registry, by a verb */
    ROUTE_STREAMS, /* events, for as long as the asker stays */
    ROUTE_IS_ALIVE,
    ROUTE_IS_READY,
    ROUTE_COUNTS, /* metrics */
};

struct route {
    const char *path; /* "{workerId}" stands for one level */
    enum route_method method;
    enum route_kind kind;
    const char *verb;
    const char *sorting_verb; /* NULL, or the one to ask where a parameter sorts */
    const struct param *params;
    size_t body_bytes_max; /* 0: a body is not looked at */
    bool body_as_it_is;    /* the body is the whole payload */
    bool writes;           /* only the active daemon can do it */
};

/* routes_all returns the table and its length. */
const struct route *routes_all(size_t *out_count);

struct route_match {
    const struct route *route; /* NULL: none for this method */
    struct text worker_id;     /* a slice of the path; data NULL: none in it */
    unsigned methods;          /* those that there are for the path; 0: no such path */
};

/* routes_find looks a decoded path up, a path with its own words before one with a worker's id in their place. */
struct route_match routes_find(struct text path, enum route_method method);

#endif
