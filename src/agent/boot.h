/* boot.h -- one boot under way, as the files of the agent's thread share it. */
#ifndef MUSTER_AGENT_BOOT_H
#define MUSTER_AGENT_BOOT_H

#include "agent/internal.h"
#include "agent/session.h"
#include "codec/message.h"

enum { BOOT_TOPIC_MAX = 512 };

struct boot {
    struct muster_agent *agent;
    const struct profile *profile;
    struct session session;
    struct broker *broker; /* one for each attempt to connect: its will has the connection's number */
    struct decoder *decoder;
    struct violations violations;
    struct buf payload;
    const char *client_id;
    char own_client_id[WORKER_ID_MAX + BOOT_ID_LEN];
    char reply_topic[BOOT_TOPIC_MAX]; /* of this boot: nobody else hears what it asked for */
    struct text jobs[WORKER_JOBS_MAX];
    enum muster_state told;
    struct fault why; /* what was refused last, for the sentence of the end */
};

/* boot.c: callbacks, with the agent's state published before they are made. */
void boot_tell_problem(struct boot *boot, const char *format, ...) PRINTF_LIKE(2, 3);
void boot_tell_state(struct boot *boot);

/* send.c: what the worker says. Each returns false where nothing was sent; the session's times bring the next try. */
bool send_subscribe(struct boot *boot);
void send_register(struct boot *boot);
void send_heartbeat(struct boot *boot, bool asks);
void send_deregister(struct boot *boot, bool drain, bool force);

/* send_append_will appends the will of the connection that is being made. */
enum err send_append_will(struct boot *boot, struct buf *out) MUST_USE;

/* The correlation data of a question: which one, and of which boot. send_question_of is SESSION_UNASKED where there is
 * none; false for somebody else's. */
bool send_question_of(const struct boot *boot, struct text correlation, enum session_question *out_question);

/* receive.c: what the registry says. */
void receive_message(struct boot *boot, const struct broker_message *message);

#endif
