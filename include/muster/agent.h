/*
 * agent.h -- libmuster: be a worker of a Muster registry. Registers, heartbeats, says goodbye; all on its own thread.
 *
 * Threads. Every agent has one thread of its own, between muster_agent_start and the return of muster_agent_stop or
 * muster_agent_free. All callbacks come on that thread, one at a time, with no lock held; while one runs nothing is
 * sent, so it should return well within a heartbeat interval. The thread blocks all signals. The functions below may be
 * called from any thread, callbacks included, but muster_agent_start, _stop and _free neither from a callback nor two
 * at a time.
 *
 * Ownership. Strings in the options are copied. Pointers that a callback is given live until it returns. What a report
 * points to has to live until the next report is asked for, or the agent has stopped.
 */
#ifndef MUSTER_AGENT_H
#define MUSTER_AGENT_H

#include <muster/version.h>

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define MUSTER_API __attribute__((visibility("default")))
#define MUSTER_MUST_USE __attribute__((warn_unused_result))
#else
#define MUSTER_API
#define MUSTER_MUST_USE
#endif

struct muster_agent;

enum muster_result {
    MUSTER_OK = 0,
    MUSTER_INVALID,      /* an option or argument is wrong, or the function may not be called now */
    MUSTER_NO_MEMORY,    /* also: no thread, no descriptor */
    MUSTER_REFUSED,      /* the registry will not have this registration as it is */
    MUSTER_SUPERSEDED,   /* a later start of a worker of this id has registered */
    MUSTER_DEREGISTERED, /* an operator has sent this worker away */
    MUSTER_ACTIVE_JOBS,  /* not deregistered: it has jobs, says the registry */
    MUSTER_TIMEOUT,      /* no answer in time */
};

enum muster_state {
    MUSTER_STOPPED,     /* not started, or stopped; next: CONNECTING */
    MUSTER_CONNECTING,  /* no connection to the broker; next: REGISTERING, REGISTERED (it was before), ENDED */
    MUSTER_REGISTERING, /* connected, not registered (any more); next: REGISTERED, CONNECTING, ENDED */
    MUSTER_REGISTERED,  /* heartbeating; next: DRAINING, REGISTERING, CONNECTING, ENDED */
    MUSTER_DRAINING,    /* heartbeating until the jobs are done; next: ENDED, CONNECTING, REGISTERING */
    MUSTER_ENDED,       /* for good: the result says why; next: STOPPED, by muster_agent_stop */
};

/* What a worker says of itself. */
enum muster_status {
    MUSTER_STATUS_UNSAID,
    MUSTER_STATUS_ACTIVE,
    MUSTER_STATUS_IDLE,
    MUSTER_STATUS_BUSY,
    MUSTER_STATUS_MAINTENANCE,
    MUSTER_STATUS_ERROR,
};

enum muster_command {
    MUSTER_COMMAND_OTHER,      /* a later registry's: its name is given */
    MUSTER_COMMAND_REREGISTER, /* done by the agent */
    MUSTER_COMMAND_DRAIN,      /* done by the agent: it drains */
    MUSTER_COMMAND_PING,       /* done by the agent: it heartbeats at once */
};

/* One heartbeat's content. The agent fills in "not said" (-1, NULL, UNSAID) and the callback changes what it knows. */
struct muster_report {
    enum muster_status status;
    int64_t job_count;          /* running now; where jobs is given, its length says it */
    int64_t available_capacity; /* else the registry takes maximum - jobs */
    const char *const *jobs; /* ids of the jobs held, jobs_length of them; of more than 1024 only the number is told */
    size_t jobs_length;
    double cpu_usage;    /* percent of the host */
    double memory_usage; /* percent of the host */
    int64_t error_count;
    const char *message;
};

/* Start with muster_agent_options(): it sets size, by which a later library knows an earlier program's struct. */
struct muster_agent_options {
    size_t size;

    /* The broker. NULL where not wanted. */
    const char *broker_uri; /* required: tcp:// ssl:// ws:// wss:// host[:port] */
    const char *username;   /* where the broker knows workers by user name, it is the worker's id */
    const char *password;
    const char *ca_file;          /* PEM; NULL: the system's authorities */
    const char *certificate_file; /* PEM */
    const char *key_file;         /* PEM */
    const char *client_id;        /* NULL: the worker's id and a random rest, so that two processes do not fight */
    const char *topic_root;       /* NULL: muster/v1 */

    /* The worker. */
    const char *worker_id;       /* required: 1-128 of A-Z a-z 0-9 . _ - and the first a letter or digit */
    const char *name;            /* NULL: the worker's id */
    int64_t max_concurrent_jobs; /* required, positive */
    const char *tags;            /* separated by commas */
    const char *capabilities;    /* separated by commas; or a JSON object or list */
    const char *version;         /* of the worker's software */
    const char *zone;
    const char *host_name; /* NULL: this host's */
    const char *host_address;
    int64_t port;               /* 0: not said */
    double load_factor;         /* 0: not said */
    int64_t priority_threshold; /* 0: not said */

    /* Wishes; the registry's reply decides. 0: its defaults. An interval alone makes the timeout three of them. */
    int64_t heartbeat_interval_ms;
    int64_t heartbeat_timeout_ms;

    /* Callbacks, each may be NULL; context is passed to all of them. */
    void *context;
    void (*on_report)(void *context, struct muster_report *report); /* before each heartbeat: what is there to tell? */
    /* The state has changed; result and sentence say why it is ENDED. */
    void (*on_state)(void *context, enum muster_state state, enum muster_result result, const char *sentence);
    /* Something went wrong that the agent goes on trying: the connection, a refused heartbeat, a rate limit. */
    void (*on_problem)(void *context, const char *sentence);
    /* These jobs are no longer this worker's: somebody else may have them already. epoch is the new fencing token. */
    void (*on_revoked)(void *context, const char *const *jobs, size_t count, int64_t epoch);
    void (*on_command)(void *context, enum muster_command command, const char *name);
};

/* muster_agent_options returns options with nothing wanted. */
static inline struct muster_agent_options muster_agent_options(void)
{
    struct muster_agent_options options;
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    return options;
}

enum { MUSTER_SENTENCE_MAX = 320 };

/*
 * muster_agent_new checks the options and makes an agent; nothing is sent and no thread runs yet. Else MUSTER_INVALID
 * or MUSTER_NO_MEMORY, with the reason in out_sentence (which may be NULL).
 */
MUSTER_API enum muster_result muster_agent_new(const struct muster_agent_options *options,
                                               struct muster_agent **out_agent,
                                               char out_sentence[MUSTER_SENTENCE_MAX]) MUSTER_MUST_USE;

/* muster_agent_free ends the thread without a goodbye, as MUSTER_STOP_LEAVE does, and frees. NULL is safe. */
MUSTER_API void muster_agent_free(struct muster_agent *agent);

/*
 * muster_agent_start begins a new boot: the registry takes it for a new start of the worker and sends an earlier one
 * away. It returns at once; connecting and registering go on until they succeed, end for good, or are stopped.
 * MUSTER_INVALID where it runs already.
 */
MUSTER_API enum muster_result muster_agent_start(struct muster_agent *agent) MUSTER_MUST_USE;

enum muster_stop {
    MUSTER_STOP_DEREGISTER, /* say goodbye; the registry refuses where there are jobs: MUSTER_ACTIVE_JOBS */
    MUSTER_STOP_FORCE,      /* say goodbye; jobs that there are become orphaned */
    MUSTER_STOP_LEAVE,      /* say nothing: the registry notices the silence after the heartbeat timeout */
};

/*
 * muster_agent_stop ends the agent and waits for it, at most timeout_ms and the time that a callback takes. MUSTER_OK:
 * the registry no longer has this worker (or MUSTER_STOP_LEAVE); MUSTER_TIMEOUT: it has not said so;
 * MUSTER_ACTIVE_JOBS: it said no; or why the agent had ended before. It has stopped in every case.
 */
MUSTER_API enum muster_result muster_agent_stop(struct muster_agent *agent, enum muster_stop how, int timeout_ms);

/*
 * muster_agent_drain asks for no more jobs. Heartbeats go on; when the last one has told 0 jobs the registry
 * deregisters the worker, and the state is ENDED with MUSTER_OK.
 */
MUSTER_API void muster_agent_drain(struct muster_agent *agent);

/* muster_agent_heartbeat asks for a heartbeat now, as when a job has begun or ended. Many at once make one. */
MUSTER_API void muster_agent_heartbeat(struct muster_agent *agent);

MUSTER_API enum muster_state muster_agent_state(struct muster_agent *agent);

/* muster_agent_epoch returns the fencing token of what this worker does now; 0 before it has registered. */
MUSTER_API int64_t muster_agent_epoch(struct muster_agent *agent);

/* Names for people and logs: "ok", "superseded"; "registered". Static, never NULL. */
MUSTER_API const char *muster_result_name(enum muster_result result);
MUSTER_API const char *muster_state_name(enum muster_state state);

/* muster_version returns the version of the library that runs: "0.1.0". */
MUSTER_API const char *muster_version(void);

#ifdef __cplusplus
}
#endif

#endif
