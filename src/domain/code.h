/* code.h -- the codes of a reply, and the list of what is wrong with a message. Pure. */
#ifndef MUSTER_DOMAIN_CODE_H
#define MUSTER_DOMAIN_CODE_H

#include "base/err.h"
#include "base/text.h"

#include <stddef.h>

#define REPLY_CODES(X)                                                                                                 \
    X(OK, ok)                                                                                                          \
    X(INVALID_PAYLOAD, invalid_payload)                                                                                \
    X(VALIDATION_FAILED, validation_failed)                                                                            \
    X(TOO_LARGE, too_large)                                                                                            \
    X(IDENTITY_MISMATCH, identity_mismatch)                                                                            \
    X(RATE_LIMITED, rate_limited)                                                                                      \
    X(UNKNOWN_WORKER, unknown_worker)                                                                                  \
    X(SUPERSEDED, superseded)                                                                                          \
    X(DEREGISTERED, deregistered)                                                                                      \
    X(ACTIVE_JOBS, active_jobs)                                                                                        \
    X(NOT_FOUND, not_found)                                                                                            \
    X(FORBIDDEN, forbidden)                                                                                            \
    X(REGISTRY_FULL, registry_full)                                                                                    \
    X(UNAVAILABLE, unavailable)
enum reply_code {
#define X(code, name) CODE_##code,
    REPLY_CODES(X)
#undef X
        CODE_COUNT
};

/* code_name returns the wire name; code_of the reverse, CODE_COUNT for an unknown name. */
const char *code_name(enum reply_code code);
enum reply_code code_of(struct text name);

enum { VIOLATIONS_MAX = 32, VIOLATION_TEXT_MAX = 200 };

/*
 * What is wrong with one message, all of it at once. All zero: nothing. code is the gravest seen: invalid_payload
 * over too_large over validation_failed. Beyond VIOLATIONS_MAX only the count grows.
 */
struct violations {
    enum reply_code code;
    size_t count;
    char texts[VIOLATIONS_MAX][VIOLATION_TEXT_MAX];
};

/* violations_add notes one sentence; it names the field, the value and the limit. */
void violations_add(struct violations *violations, enum reply_code code, const char *format, ...) PRINTF_LIKE(3, 4);

/* violations_kept returns how many sentences texts holds. */
size_t violations_kept(const struct violations *violations);

/* violations_clear makes the list empty again, without touching the texts. */
void violations_clear(struct violations *violations);

#endif
