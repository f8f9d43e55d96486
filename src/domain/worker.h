/* worker.h -- what a worker says of itself, as plain values. Pure; no I/O, no allocation: texts belong to the giver. */
#ifndef MUSTER_DOMAIN_WORKER_H
#define MUSTER_DOMAIN_WORKER_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* Limits of the contract, section 3. Lengths are in bytes. */
enum {
    WORKER_ID_MAX = 128,
    WORKER_NAME_MAX = 256,
    WORKER_MESSAGE_MAX = 256,
    WORKER_TAGS_MAX = 64,
    WORKER_CAPABILITIES_MAX = 64,
    WORKER_LABEL_MAX = 64, /* one tag, one capability, a zone */
    WORKER_JOBS_MAX = 1024,
    WORKER_JOB_MAX = 128,
    WORKER_BOOT_ID_MAX = 64,
    WORKER_BOOTS_MAX = 8, /* that are remembered */
};

/* What a worker or an operator says. The names are those of the wire and of Redis. */
#define WORKER_STATUSES(X) X(ACTIVE) X(IDLE) X(BUSY) X(MAINTENANCE) X(ERROR) X(DRAINING) X(INACTIVE)
enum worker_status {
    WORKER_STATUS_NONE,
#define X(name) WORKER_##name,
    WORKER_STATUSES(X)
#undef X
};

/* What the registry concludes. */
#define WORKER_HEALTHS(X) X(HEALTHY) X(RECOVERED) X(UNHEALTHY) X(FAILED)
enum worker_health {
    HEALTH_NONE,
#define X(name) HEALTH_##name,
    WORKER_HEALTHS(X)
#undef X
};

/* worker_status_name returns "ACTIVE" and so on, "" for NONE; worker_status_of the reverse, NONE for unknown names. */
const char *worker_status_name(enum worker_status status);
enum worker_status worker_status_of(struct text name);
const char *worker_health_name(enum worker_health health);
enum worker_health worker_health_of(struct text name);

/* worker_id_valid: 1-128 of A-Z a-z 0-9 . _ - and the first a letter or digit. Worker, gateway and client ids alike. */
bool worker_id_valid(struct text id);

struct opt_int {
    bool set;
    int64_t value;
};

struct opt_real {
    bool set;
    double value;
};

/* A registration as decoded: types are right, lengths are within the limits above, ranges not yet looked at. */
struct registration {
    struct text worker_id;
    struct text name;
    struct text host_name;
    struct text host_address;
    struct opt_int port;
    struct opt_int max_concurrent_jobs;
    struct text capabilities_json; /* canonical JSON of the object or list given; absent where none was */
    struct texts capability_names; /* those that are not false: what the index holds */
    struct text tags_json;         /* canonical JSON list of the same; absent where none was given */
    struct texts tags;             /* in order, each once */
    struct text version;
    struct opt_int priority_threshold;
    struct opt_real worker_load_factor;
    struct text zone;
    struct opt_int heartbeat_interval_ms;
    struct opt_int heartbeat_timeout_ms;
    struct text boot_id;
    struct opt_int connection;
    struct opt_int sent_at_ms;
    struct text request_id;
    /* Of one that could not be decoded: what may have been given all the same, so that nobody calls it missing. */
    struct {
        bool worker_id;
        bool name;
        bool max_concurrent_jobs;
    } refused;
};

struct heartbeat {
    struct text worker_id;            /* in gateway batches and requests; else absent */
    enum worker_status status;        /* ACTIVE IDLE BUSY MAINTENANCE ERROR, or NONE */
    struct opt_int current_job_count; /* from jobs where no count was given */
    struct opt_int available_capacity;
    struct opt_real cpu_usage;    /* percent */
    struct opt_real memory_usage; /* percent */
    struct opt_int error_count;
    struct text message;
    struct texts jobs;
    bool jobs_given;      /* an empty list is not the same as none */
    bool jobs_contradict; /* list and count differ, or one is listed twice */
    struct opt_int seq;
    struct opt_int sent_at_ms;
    struct opt_int epoch;
    struct text boot_id;
    struct opt_int connection;
    struct text request_id;
};

struct deregistration {
    struct text worker_id;
    bool force;
    bool drain;
    struct text reason;
    struct text boot_id;
    struct opt_int sent_at_ms;
    struct text request_id;
};

struct will {
    struct text worker_id;
    struct text boot_id;
    struct opt_int connection;
};

/* What a record says of a worker beside its registration: of an export, where a worker is made from it again. */
struct worker_state {
    struct text worker_id;
    enum worker_status status;
    enum worker_health health;
    struct text reason;
    struct opt_int epoch;
    struct opt_int revision;
    struct opt_int registered_at_ms;
    struct opt_int last_heartbeat_at_ms;
    struct opt_int current_job_count;
    struct opt_int available_capacity;
    struct opt_real cpu_usage;
    struct opt_real memory_usage;
    struct opt_int error_count;
    struct opt_int consecutive_failures;
    enum worker_status declared;
    struct text draining;
    struct text maintained;
    struct text left;
    struct text contradiction;
    struct opt_int seq;
    struct opt_int sent_at_ms;
    struct opt_int heartbeats;
    struct opt_int unhealthy_since_ms;
    struct opt_int unhealthy_ms;
    struct texts jobs;
    struct text message;
    struct text last_error;
    struct opt_int last_error_at_ms;
    struct texts revoked_jobs;
    struct texts boots;
};

/* What an operator asks, for every verb; each verb reads what is its own. */
struct query {
    struct text worker_id;
    struct text reason;
    enum worker_status status;
    enum worker_health health;
    struct texts tags;
    struct texts capabilities;
    struct text zone;
    struct text name_prefix;
    struct opt_int minimum_free_capacity;
    struct text sort;
    struct text type;
    struct text from;
    struct text cursor;
    struct opt_int limit;
    struct text request_id;
};

#endif
