/* profile.h -- what an agent is told once: its options checked, copied, and made ready to be sent. No I/O. */
#ifndef MUSTER_AGENT_PROFILE_H
#define MUSTER_AGENT_PROFILE_H

#include "base/buf.h"
#include "broker/broker.h"
#include "domain/worker.h"
#include "muster/agent.h"

enum { PROFILE_STRINGS_MAX = 40, PROFILE_HOST_NAME_MAX = 256 };

struct profile {
    struct muster_agent_options options; /* strings are the profile's own */
    struct registration registration;    /* without bootId, connection, sentAt */
    struct broker_options broker;        /* without client id and will */
    const char *register_topic;
    const char *heartbeat_topic;
    const char *deregister_topic;
    const char *will_topic;
    const char *reply_topic; /* the worker's own; each boot has one below it */
    const char *command_topic;
    char host_name[PROFILE_HOST_NAME_MAX];
    struct text tags[WORKER_TAGS_MAX];
    struct text capabilities[WORKER_CAPABILITIES_MAX];
    char *strings[PROFILE_STRINGS_MAX];
    size_t string_count;
};

/* profile_init fills profile, which must not move afterwards; ERR_INVALID names the option, ERR_NO_MEMORY. After either
 * profile_fini is needed all the same. */
enum err profile_init(struct profile *profile, const struct muster_agent_options *options,
                      struct fault *out_fault) MUST_USE;
void profile_fini(struct profile *profile);

#endif
