/* identity.c -- which worker a message is about: the one in its topic, or else the one that it names. */
#include "registry/identity.h"

#include "codec/topic.h"
#include "registry/inbound.h"
#include "registry/internal.h"

static bool is_own(enum topic_kind kind)
{
    return kind == TOPIC_WORKER_REGISTER || kind == TOPIC_WORKER_HEARTBEAT || kind == TOPIC_WORKER_DEREGISTER;
}

void identity_check(struct text worker_id, struct violations *violations)
{
    if (worker_id.len > 0 && !worker_id_valid(worker_id)) {
        violations_add(violations, CODE_VALIDATION_FAILED,
                       "workerId must be 1-128 of A-Z a-z 0-9 . _ - and begin with a letter or digit (is \"%.*s\")",
                       TEXT_ARG(worker_id));
    }
}

void identity_require(struct text worker_id, struct violations *violations)
{
    identity_check(worker_id, violations);
    if (worker_id.len == 0) {
        violations_add(violations, CODE_VALIDATION_FAILED, "Worker ID is required");
    }
}

bool identity_take(const struct inbound *inbound, struct text *worker_id, struct violations *violations)
{
    struct text own = inbound->sender.id;
    if (!is_own(inbound->sender.kind)) {
        return false;
    }
    if (worker_id->data != NULL && !text_equal(*worker_id, own)) {
        violations_add(violations, CODE_IDENTITY_MISMATCH,
                       "workerId must be that of the topic, %.*s, or left out (is \"%.*s\")", TEXT_ARG(own),
                       TEXT_ARG(*worker_id));
    }
    *worker_id = own;
    return true;
}
