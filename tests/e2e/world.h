/*
 * world.h -- a whole installation for a test: a private broker, a private Redis, daemons, and one who sees everything.
 *
 * Every function ends the test with the reason where it cannot do its part, so callers need not ask.
 */
#ifndef MUSTER_TESTS_E2E_WORLD_H
#define MUSTER_TESTS_E2E_WORLD_H

#include "support/process.h"
#include "support/recorder.h"
#include "support/redis_client.h"
#include "support/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { WORLD_DAEMONS_MAX = 3, WORLD_PATIENCE_MS = 10000 };

/* The daemon's settings in tests, unless a test says otherwise: everything happens within a second or two. */
enum {
    WORLD_TIMEOUT_MS = 600,
    WORLD_CHECK_MS = 300,
    WORLD_CLEANUP_MS = 500,
};

/* An agent's heartbeats in tests, unless a test says otherwise. */
#define WORLD_AGENT_INTERVAL_MS "100"
#define WORLD_AGENT_TIMEOUT_MS "400"

struct world {
    struct server broker;
    struct server redis;
    char folder[FOLDER_PATH_MAX]; /* logs of daemons and agents */
    struct process daemons[WORLD_DAEMONS_MAX];
    int agents_started;
    const char *daemon_program;     /* another one than musterd; NULL: none */
    const char *const *environment; /* more of it for daemons, as for process_start; the test's */
    struct recorder *observer;      /* status, events, replies, commands, registries and alerts under muster/v1 */
    struct redis_client *store;
};

/* world_begin starts broker and Redis (extra configuration or NULL) and the observer, but no daemon. */
void world_begin(struct world *world, const char *broker_extra, const char *redis_extra);

/* world_begin_as is world_begin where the broker wants to know who the observer is. */
void world_begin_as(struct world *world, const char *broker_extra, const char *redis_extra, const char *username,
                    const char *password);

/* world_begin_with is world_begin with more of an environment for Redis, as for process_start. */
void world_begin_with(struct world *world, const char *broker_extra, const char *redis_extra,
                      const char *const *redis_environment);

/*
 * world_kill_redis ends Redis by SIGKILL, and with it the test's own connection; world_start_redis brings both back.
 * world_start_broker starts a broker that was stopped.
 */
void world_kill_redis(struct world *world);
void world_start_redis(struct world *world);
void world_start_broker(struct world *world);

/* world_observe_again brings the observer back whose broker had gone; what was told meanwhile it has not heard. */
void world_observe_again(struct world *world);

/* world_observe_for_good replaces the observer by one for whom the broker keeps what is told while he is away. */
void world_observe_for_good(struct world *world);

/* world_start_daemon starts a daemon named d<index> with more settings ("section.key=value", NULL at the end, or NULL)
 * and does not wait for it; world_wait_listening waits until it hears (it has to be or become the active one). */
void world_start_daemon(struct world *world, int index, const char *const *settings);
void world_wait_listening(struct world *world, int index);

/* world_wait_log waits until the daemon's log has the fragment; world_log_has asks. */
void world_wait_log(struct world *world, int index, const char *fragment);
bool world_log_has(struct world *world, int index, const char *fragment);

/*
 * world_start_agent starts a muster-agent of this id at the world's broker, with more flags (NULL at the end, or NULL;
 * they win over those that are given anyway) and does not wait for it. Its log is agent-<id>-<n>.log, a new one each
 * time.
 */
void world_start_agent(struct world *world, struct process *agent, const char *id, const char *const *flags);

/* world_wait_written waits until a program's log has the fragment. */
void world_wait_written(const struct process *process, const char *fragment);

/* world_open is world_begin and one daemon that listens; a cmocka setup in this shape is world_setup. */
void world_open(struct world *world, const char *const *settings);

/* world_close ends everything; the test fails where a daemon that still ran does not end in good order. */
void world_close(struct world *world);

/* As cmocka's setup and teardown of a group: *state is a world with one daemon. */
int world_setup(void **state);
int world_teardown(void **state);

/* world_tell publishes a payload on muster/v1/<topic>. */
void world_tell(struct world *world, const char *topic, const char *payload);

/* world_ask does so with a response topic of its own below reply/<reply_of> and returns the reply's payload. */
const char *world_ask(struct world *world, const char *topic, const char *reply_of, const char *payload);

/* world_ask_bytes is world_ask for payloads that are not text. */
const char *world_ask_bytes(struct world *world, const char *topic, const char *reply_of, struct text payload);

/* world_register registers a worker ({"name","maxConcurrentJobs"} and more members, "" for none) and expects ok. */
void world_register(struct world *world, const char *id, const char *more);

/* world_heartbeat publishes a heartbeat ("" for an empty one). */
void world_heartbeat(struct world *world, const char *id, const char *payload);

/* world_event and world_status wait for an event of the worker and for a status that is like the given JSON. */
const struct record *world_event(struct world *world, const char *type, const char *id, const char *like);
const struct record *world_status(struct world *world, const char *id, const char *like);

/* json_of_record's number at a path such as "evidence.lateMs"; ends the test where there is none. */
int64_t world_number(const struct record *record, const char *path);

/* assert_like ends the test where a payload has not every member of the expected JSON. */
void assert_like(const char *payload, const char *expected);

/* world_field is one field of the worker's hash, "" where it is not there; it lives until the next command. */
const char *world_field(struct world *world, const char *id, const char *field);

/* world_wait_field waits until that field has the value: heartbeats and requests come by different connections. */
void world_wait_field(struct world *world, const char *id, const char *field, const char *value);

/* assert_nothing_left ends the test where any key, set or index still knows the worker, the event stream aside. */
void assert_nothing_left(struct world *world, const char *id);

/* A group of tests that share one world with one daemon. */
#define world_group(name, tests) cmocka_run_group_tests_name(name, tests, world_setup, world_teardown)

#endif
