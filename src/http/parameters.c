/* parameters.c -- taking a query string apart. */
#include "http/parameters.h"

#include <ctype.h>
#include <errno.h>
#include <event2/http.h>
#include <stdlib.h>

enum { NAME_MAX_SHOWN = 40 };

static const struct param *find(const struct param *params, const char *name)
{
    for (; params->name != NULL; params++) {
        if (strcmp(params->name, name) == 0) {
            return params;
        }
    }
    return NULL;
}

static void refuse_unknown(const char *name, struct violations *violations)
{
    static const char harmless[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t len = strspn(name, harmless);
    size_t shown = len < NAME_MAX_SHOWN ? len : NAME_MAX_SHOWN;
    violations_add(violations, CODE_VALIDATION_FAILED, "there is no parameter \"%.*s%s\" here", (int)shown, name,
                   name[shown] != '\0' ? "..." : "");
}

static json_t *value_of(enum param_kind kind, const char *value, size_t len)
{
    char *end = NULL;
    errno = 0;
    long long number = kind == PARAM_NUMBER ? strtoll(value, &end, 10) : 0;
    bool is_number = end != NULL && end == value + len && errno == 0 && !isspace((unsigned char)value[0]);
    return is_number ? json_integer(number) : json_stringn(value, len);
}

static json_t *joined(const json_t *before, const char *value)
{
    return json_sprintf("%s,%s", json_string_value(before), value);
}

static void set(json_t *object, const struct param *param, const char *value, size_t len, struct violations *violations)
{
    const json_t *before = json_object_get(object, param->name);
    bool is_joined = before != NULL && param->kind == PARAM_LIST;
    if (before != NULL && !is_joined) {
        violations_add(violations, CODE_VALIDATION_FAILED, "%s must be given once (comes again)", param->name);
        return;
    }
    json_t *now = is_joined ? joined(before, value) : value_of(param->kind, value, len);
    if (now == NULL) {
        violations_add(violations, CODE_INVALID_PAYLOAD, "%s must be valid UTF-8", param->name);
    } else {
        (void)json_object_set_new(object, param->name, now);
    }
}

static void read_one(char *piece, const struct param *params, json_t *object, struct violations *violations)
{
    char *equals = strchr(piece, '=');
    if (equals != NULL) {
        *equals = '\0';
    }
    size_t len = 0;
    char *name = evhttp_uridecode(piece, 1, NULL);
    char *value = evhttp_uridecode(equals != NULL ? equals + 1 : "", 1, &len);
    const struct param *param = name != NULL ? find(params, name) : NULL;
    if (name == NULL || value == NULL) {
        violations_add(violations, CODE_UNAVAILABLE, "The registry is out of memory");
    } else if (param == NULL) {
        refuse_unknown(name, violations);
    } else if (len > 0) {
        set(object, param, value, len, violations);
    }
    free(name);
    free(value);
}

void parameters_read(const char *query, const struct param *params, json_t *object, struct violations *out_violations)
{
    char *pieces = strdup(query != NULL ? query : "");
    char *rest = pieces;
    if (pieces == NULL) {
        violations_add(out_violations, CODE_UNAVAILABLE, "The registry is out of memory");
    }
    for (char *piece = strsep(&rest, "&"); piece != NULL; piece = strsep(&rest, "&")) {
        if (*piece != '\0') {
            read_one(piece, params, object, out_violations);
        }
    }
    free(pieces);
}
