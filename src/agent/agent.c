/* agent.c -- the public functions: what the owner of an agent may ask, from any thread. */
#include "agent/internal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

static enum muster_result result_of(enum err err)
{
    switch (err) {
    case ERR_OK:
        return MUSTER_OK;
    case ERR_NO_MEMORY:
        return MUSTER_NO_MEMORY;
    default:
        return MUSTER_INVALID;
    }
}

/* A client of the connection finds wrong uris and unreadable files now, not at the first attempt. */
static enum err check_connection(const struct profile *profile, struct fault *out_fault)
{
    struct broker *broker = NULL;
    struct broker_options options = profile->broker;
    options.client_id = profile->options.worker_id;
    enum err err = broker_new(&options, &broker, out_fault);
    broker_free(broker);
    return err;
}

enum muster_result muster_agent_new(const struct muster_agent_options *options, struct muster_agent **out_agent,
                                    char out_sentence[MUSTER_SENTENCE_MAX])
{
    struct fault fault = {.text = "out of memory"};
    enum err err = ERR_NO_MEMORY;
    struct muster_agent *agent = calloc(1, sizeof *agent);
    if (agent != NULL) {
        agent->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        (void)pthread_mutex_init(&agent->lock, NULL);
        err = agent->wake_fd >= 0 ? profile_init(&agent->profile, options, &fault) : ERR_NO_MEMORY;
    }
    if (err == ERR_OK) {
        err = check_connection(&agent->profile, &fault);
    }
    if (err == ERR_OK) {
        *out_agent = agent;
        return MUSTER_OK;
    }
    if (out_sentence != NULL) {
        (void)snprintf(out_sentence, MUSTER_SENTENCE_MAX, "%s", fault.text);
    }
    muster_agent_free(agent);
    return result_of(err);
}

void muster_agent_free(struct muster_agent *agent)
{
    if (agent == NULL) {
        return;
    }
    (void)muster_agent_stop(agent, MUSTER_STOP_LEAVE, 0);
    profile_fini(&agent->profile);
    (void)pthread_mutex_destroy(&agent->lock);
    if (agent->wake_fd >= 0) {
        (void)close(agent->wake_fd);
    }
    free(agent);
}

static bool draw_boot(struct muster_agent *agent)
{
    unsigned char bytes[BOOT_ID_LEN / 2];
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes ||
        getrandom(&agent->seed, sizeof agent->seed, 0) != sizeof agent->seed) {
        return false;
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        (void)snprintf(agent->boot_id + 2 * i, 3, "%02x", bytes[i]);
    }
    return true;
}

/* The agent whose thread this is, so that a callback cannot wait for its own end. */
static _Thread_local const struct muster_agent *own_agent;

static void *run(void *context)
{
    struct muster_agent *agent = context;
    own_agent = agent;
    boot_run(agent->boot);
    return NULL;
}

static void end_boot(struct muster_agent *agent)
{
    boot_free(agent->boot);
    agent->boot = NULL;
    agent_publish(agent, MUSTER_STOPPED, MUSTER_OK, 0);
}

enum muster_result muster_agent_start(struct muster_agent *agent)
{
    sigset_t all;
    sigset_t before;
    if (own_agent == agent || agent->running) {
        return MUSTER_INVALID;
    }
    agent->boot = draw_boot(agent) ? boot_new(agent) : NULL;
    if (agent->boot == NULL) {
        return MUSTER_NO_MEMORY;
    }
    (void)agent_take_wishes(agent);
    agent_publish(agent, MUSTER_CONNECTING, MUSTER_OK, 0);
    /* The new thread, and those that the MQTT library starts from it, leave signals to the program. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    agent->running = pthread_create(&agent->thread, NULL, run, agent) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (agent->running) {
        return MUSTER_OK;
    }
    end_boot(agent);
    return MUSTER_NO_MEMORY;
}

static void wake(struct muster_agent *agent)
{
    const uint64_t one = 1;
    (void)!write(agent->wake_fd, &one, sizeof one);
}

enum muster_result muster_agent_stop(struct muster_agent *agent, enum muster_stop how, int timeout_ms)
{
    if (own_agent == agent) {
        return MUSTER_INVALID;
    }
    if (!agent->running) {
        return MUSTER_OK;
    }
    (void)pthread_mutex_lock(&agent->lock);
    agent->wishes.stop = true;
    agent->wishes.how = how;
    agent->wishes.timeout_ms = timeout_ms > 0 ? timeout_ms : 0;
    (void)pthread_mutex_unlock(&agent->lock);
    wake(agent);
    (void)pthread_join(agent->thread, NULL);
    agent->running = false;
    enum muster_result result = agent->result;
    end_boot(agent);
    return result;
}

void muster_agent_drain(struct muster_agent *agent)
{
    (void)pthread_mutex_lock(&agent->lock);
    agent->wishes.drain = true;
    (void)pthread_mutex_unlock(&agent->lock);
    wake(agent);
}

void muster_agent_heartbeat(struct muster_agent *agent)
{
    (void)pthread_mutex_lock(&agent->lock);
    agent->wishes.beat = true;
    (void)pthread_mutex_unlock(&agent->lock);
    wake(agent);
}

enum muster_state muster_agent_state(struct muster_agent *agent)
{
    (void)pthread_mutex_lock(&agent->lock);
    enum muster_state state = agent->state;
    (void)pthread_mutex_unlock(&agent->lock);
    return state;
}

int64_t muster_agent_epoch(struct muster_agent *agent)
{
    (void)pthread_mutex_lock(&agent->lock);
    int64_t epoch = agent->epoch;
    (void)pthread_mutex_unlock(&agent->lock);
    return epoch;
}

struct wishes agent_take_wishes(struct muster_agent *agent)
{
    uint64_t count = 0;
    (void)!read(agent->wake_fd, &count, sizeof count);
    (void)pthread_mutex_lock(&agent->lock);
    struct wishes wishes = agent->wishes;
    agent->wishes = (struct wishes){0};
    (void)pthread_mutex_unlock(&agent->lock);
    return wishes;
}

void agent_publish(struct muster_agent *agent, enum muster_state state, enum muster_result result, int64_t epoch)
{
    (void)pthread_mutex_lock(&agent->lock);
    agent->state = state;
    agent->result = result;
    agent->epoch = epoch;
    (void)pthread_mutex_unlock(&agent->lock);
}

const char *muster_result_name(enum muster_result result)
{
    static const char *const names[] = {
        [MUSTER_OK] = "ok",
        [MUSTER_INVALID] = "invalid",
        [MUSTER_NO_MEMORY] = "no_memory",
        [MUSTER_REFUSED] = "refused",
        [MUSTER_SUPERSEDED] = "superseded",
        [MUSTER_DEREGISTERED] = "deregistered",
        [MUSTER_ACTIVE_JOBS] = "active_jobs",
        [MUSTER_TIMEOUT] = "timeout",
    };
    return (unsigned)result < sizeof names / sizeof names[0] ? names[result] : "unknown";
}

const char *muster_state_name(enum muster_state state)
{
    static const char *const names[] = {
        [MUSTER_STOPPED] = "stopped",       [MUSTER_CONNECTING] = "connecting", [MUSTER_REGISTERING] = "registering",
        [MUSTER_REGISTERED] = "registered", [MUSTER_DRAINING] = "draining",     [MUSTER_ENDED] = "ended",
    };
    return (unsigned)state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}

const char *muster_version(void)
{
    return MUSTER_VERSION_STRING;
}
