/* parameters.h -- a query string as members of a JSON object, by what a route takes. Pure. */
#ifndef MUSTER_HTTP_PARAMETERS_H
#define MUSTER_HTTP_PARAMETERS_H

#include "domain/code.h"
#include "http/routes.h"

#include <jansson.h>

/*
 * parameters_read sets a member of object for each parameter ("+" and "%20" are blanks). query may be NULL. A parameter
 * that is not among params, comes twice, or is no text is a violation; an empty one counts as absent.
 */
void parameters_read(const char *query, const struct param *params, json_t *object, struct violations *out_violations);

#endif
