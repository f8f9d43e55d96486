/* internal.h -- what the files of the registry share. One struct, each part of it owned by the file that it names. */
#ifndef MUSTER_REGISTRY_INTERNAL_H
#define MUSTER_REGISTRY_INTERNAL_H

#include "base/backoff.h"
#include "base/throttle.h"
#include "broker/broker.h"
#include "codec/document.h"
#include "codec/message.h"
#include "codec/topic.h"
#include "domain/brake.h"
#include "domain/hearing.h"
#include "domain/validate.h"
#include "registry/registry.h"
#include "store/store.h"

enum { TICK_MS = 20, INSTANCE_MAX = 160, CALLS_MAX = 1000, BATCHES_MAX = 4 };

/* One connection to the broker, with its own inbox. connection.c */
struct connection {
    struct registry *registry;
    const char *name; /* for people: "control", "pulse", "presence" */
    struct broker *broker;
    struct event *readable;
    struct backoff backoff;
    bool wanted;     /* connected, connecting, or waiting to try again */
    bool connecting; /* an attempt is under way */
    bool connected;
    bool subscribed;
    int64_t down_at_ms;  /* monotonic: when it was lost or failed */
    int64_t retry_at_ms; /* monotonic: not before */
    uint64_t dropped;    /* drops of the inbox that have been noticed */
};

/* What is being heard. canary.c */
enum { CANARIES_KEPT = 128 };
struct canary {
    uint64_t number;                /* of the latest one sent */
    int64_t sent_ms[CANARIES_KEPT]; /* Redis's time; by number */
    int64_t sent_at_ms;             /* monotonic: of the latest one */
    uint64_t first_number;          /* earlier ones are from before the last interruption */
    uint64_t back_on_control;
    uint64_t back_on_pulse;
};

/* Steps of time being taken. expire.c */
enum { LOOK_MAX = 200, WAITING_MAX = 4096, SWEEP_MAX = 256, SWEEP_GRACE_MS = 50, MEMBER_MAX = WORKER_ID_MAX + 16 };
struct waiting_step {
    char member[MEMBER_MAX];
    size_t member_len;
    int64_t deadline_ms;
    int64_t duration_ms;
    char zone[WORKER_LABEL_MAX];
    size_t zone_len;
    bool by_event;
};
struct expiry {
    struct text look[LOOK_MAX]; /* slices of look_bytes */
    char look_bytes[LOOK_MAX][MEMBER_MAX];
    size_t look_count;
    struct event *look_now;
    bool sweeping;
    size_t swept;                 /* where in the due index the sweep under way began */
    struct waiting_step *waiting; /* for hearing; room for WAITING_MAX */
    struct waiting_step *spare;   /* the same room, empty */
    size_t waiting_count;
};

/* Wills that wait for a canary, oldest first. will.c */
struct waiting_will;
struct wills {
    struct waiting_will *waiting;
    size_t count;
    size_t cap;
};

/* The brakes of fleet and zones. brake.c */
struct brake_scope;
struct brakes {
    struct brake_scope *scopes;
    size_t count;
    size_t cap;
    bool loaded; /* what earlier daemons left is known; until then every brake holds */
    bool asking;
};

/* Heartbeats on their way to Redis. heartbeat.c */
struct heartbeat_batch;

/* What is on its way from the stream to the world. publish.c */
struct publisher {
    bool reading;
    bool advancing;
    bool again; /* more was added while busy */
    uint64_t next_id;
    size_t unacknowledged;
    uint64_t first_id; /* of the batch that is out: earlier acknowledgements are not its own */
    char cursor[48];
    struct backoff backoff;
    int64_t retry_at_ms;
    struct buf payload;
    struct buf topic;
};

/* counters.c */
enum message_result { MESSAGE_RETAINED = CODE_COUNT, MESSAGE_RESULT_COUNT };
struct counters {
    uint64_t messages[TOPIC_KIND_COUNT][MESSAGE_RESULT_COUNT]; /* by kind and the code that was the answer */
    uint64_t heartbeats_dropped;                               /* while Redis was away */
    uint64_t events_published;
    uint64_t steps_by_event;
    uint64_t steps_by_sweep;
    uint64_t interruptions;
};

struct registry {
    struct event_base *base;
    struct registry_listener listener;
    struct config config;
    struct validate_limits limits;
    struct text root;
    char instance[INSTANCE_MAX];
    char password[CONFIG_STRING_MAX];
    struct store *store;
    struct event *tick;
    struct decoder *decoder;
    struct violations violations;

    bool active; /* holds the lease. duty.c */
    bool renewing;
    int64_t lease_asked_ms;   /* monotonic: when the lease was last asked for or renewed */
    int64_t lease_renewed_ms; /* monotonic: when the renewal that succeeded last was asked for */
    bool stopping;
    bool releasing; /* the lease is being given back */
    bool stopped;
    int64_t stop_deadline_ms;

    struct connection control;
    struct connection pulse;
    struct connection presence;
    int64_t presence_told_ms;
    size_t calls_open; /* of the control connection's messages */

    int64_t last_tick_ms;
    bool listening; /* both connections subscribed, lease held, Redis there */
    struct hearing hearing;
    struct canary canary;
    struct expiry expiry;
    struct wills wills;
    struct brakes brakes;
    struct heartbeat_batch *batch; /* being gathered */
    size_t batches_open;
    struct throttle throttle;
    struct publisher publisher;
    struct counters counters;
    struct counters counters_told;
    int64_t counters_told_ms;
    struct buf topic;
    struct buf payload;
};

/* registry.c */
void note(const struct registry *registry, enum log_level level, const char *format, ...) PRINTF_LIKE(3, 4);

/* One message, its sender known: from the broker, or a request by registry_ask. */
struct inbound {
    struct text payload;
    struct topic sender;
    enum encoding encoding;
    struct text response_topic; /* data NULL: none */
    struct text correlation;    /* data NULL: none */
    void *owner;                /* of answer */
    registry_answer_fn *answer; /* NULL: the reply is published */
};

/* Somebody who waits for a reply. asker.c */
struct asker {
    struct registry *registry;
    void *owner;
    registry_answer_fn *answer;
    enum topic_kind kind;
    enum encoding encoding;
    bool has_correlation;
    struct text topic;
    struct text correlation;
    struct text worker_id;
    struct text request_id;
    struct violations *violations; /* kept for the reply; owned */
    char bytes[];
};

/* connection.c: reconnecting is tried from connection_tick, for control and pulse only with a fresh lease. */
enum err connection_new(struct connection *connection, struct registry *registry, const char *name,
                        const struct broker_options *options, struct fault *out_fault) MUST_USE;
void connection_fini(struct connection *connection);
void connection_want(struct connection *connection, bool wanted);
void connection_tick(struct connection *connection, int64_t now_ms);
void connection_resume(struct connection *connection); /* look into the inbox again, from the loop */

/* intake.c: the two connections of the active daemon. */
enum err intake_new(struct registry *registry, struct fault *out_fault) MUST_USE;
void intake_connected(struct connection *connection);
void intake_subscribed(struct connection *connection);
void intake_message(struct connection *connection, const struct broker_message *message);
bool intake_may_take(const struct connection *connection); /* false: too much is under way already */
void intake_call_done(struct registry *registry);          /* an answer came: the control inbox may go on */

/* presence.c: the connection that says that this daemon exists. */
enum err presence_new(struct registry *registry, struct fault *out_fault) MUST_USE;
void presence_connected(struct registry *registry);
void presence_tell(struct registry *registry);
void presence_leave(struct registry *registry);
void presence_tick(struct registry *registry, int64_t now_ms);

/* duty.c: the lease. */
void duty_tick(struct registry *registry, int64_t now_ms);
void duty_lose(struct registry *registry, const char *why);
void duty_release(struct registry *registry);

/* canary.c: hearing. */
void canary_interrupt(struct registry *registry, const char *why);
void canary_tick(struct registry *registry, int64_t now_ms);
void canary_seek(struct registry *registry, int64_t moment_ms); /* hearing ought to reach that moment soon */
void handle_canary(struct connection *connection, const struct broker_message *message);

/* brake.c */
void brake_tick(struct registry *registry);
bool brake_holds(struct registry *registry, const struct store_due *due); /* the step is to be armed again */
void brake_ask_release(struct registry *registry, const struct query *query, struct asker *asker);
void brake_fini(struct registry *registry);

/* expire.c */
enum err expire_new(struct registry *registry, struct fault *out_fault) MUST_USE;
void expire_fini(struct registry *registry);
void expire_look(struct registry *registry, struct text member);
void expire_tick(struct registry *registry);
void expire_heard(struct registry *registry); /* hearing reaches further now */
void expire_forget(struct registry *registry);

/* request.c: the verbs, and which of the following they are. */
void handle_request(struct registry *registry, const struct inbound *inbound);

/* query.c; a page has that many workers or events, where the query does not say. */
enum { PAGE_DEFAULT = 100, PAGE_MAX = 1000 };
void query_list(struct registry *registry, const struct query *query, struct asker *asker);
void query_status(struct registry *registry, const struct query *query, struct asker *asker);
void query_events(struct registry *registry, const struct query *query, struct asker *asker);

/* register.c heartbeat.c deregister.c will.c */
void handle_register(struct registry *registry, const struct inbound *inbound);
void handle_heartbeat(struct registry *registry, const struct inbound *inbound);
void handle_deregister(struct registry *registry, const struct inbound *inbound);
void handle_will(struct registry *registry, const struct inbound *inbound);
void will_heard(struct registry *registry, uint64_t canary); /* of this number, and all before it */
void will_interrupt(struct registry *registry);              /* those that wait are late */
void will_fini(struct registry *registry);
void heartbeat_flush(struct registry *registry);

/* publish.c */
void publish_init(struct registry *registry);
void publish_fini(struct registry *registry);
void publish_kick(struct registry *registry);
void publish_tick(struct registry *registry, int64_t now_ms);
void publish_acknowledged(struct registry *registry, uint64_t id);
void publish_failed(struct registry *registry, const char *why);
bool publish_is_idle(const struct registry *registry);

/* asker_new copies what the reply needs; NULL without memory. asker_free(NULL) is safe. */
struct asker *asker_new(struct registry *registry, const struct inbound *inbound, struct text worker_id,
                        struct text request_id);
void asker_free(struct asker *asker);

/* asker_reply answers, counts the code by the kind of message, and frees the asker. */
void asker_reply(struct asker *asker, const struct reply *reply);

/* asker_reply_with is the same with more in the document: each name with its value, which it takes over. */
struct extra {
    const char *name;
    json_t *value;
};
void asker_reply_with(struct asker *asker, const struct reply *reply, const struct extra *extras, size_t count);

/* asker_refuse answers with the registry's violations, or a sentence of its own. */
void asker_refuse(struct asker *asker, const struct violations *violations);
void asker_refuse_for(struct asker *asker, enum reply_code code, const char *sentence);

/* asker_code_of_outcome: the code for a call that did not happen. */
enum reply_code asker_code_of_outcome(enum store_outcome outcome);

/* counters.c: count_message counts a message by kind and result; counters_tell logs what is new. */
void count_message(struct registry *registry, enum topic_kind kind, unsigned result);
void counters_tell(struct registry *registry);
void counters_tick(struct registry *registry, int64_t now_ms);

#endif
