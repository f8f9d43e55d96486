/* sim.c -- sets a fleet up, and turns until it is over: hear, do what is due, register, sleep. */
#include "sim/internal.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

enum {
    REPLY_BYTES_MAX = 2 * MESSAGE_GATEWAY_BYTES_MAX,
    TURN_MAX = 1000, /* heartbeats between two looks at what has come */
    SLEEP_MAX_US = 10000,
    /* A wake-up and a packet for each heartbeat cost more than all else; how late it is so is counted. */
    SLEEP_MIN_US = 1000,
    HELD_US = 500,
    WATCH_US = 200000,
    GOODBYE_MS = 5000,
};

/* ---- the fleet */

size_t sim_first_worker(const struct sim *sim, uint32_t index)
{
    return (size_t)index * sim->batch;
}

size_t sim_workers_of(const struct sim *sim, uint32_t index)
{
    size_t rest = sim->worker_count - sim_first_worker(sim, index);
    return rest < sim->batch ? rest : sim->batch;
}

bool sim_is_clone(const struct sim *sim, size_t worker)
{
    return worker >= (size_t)sim->options->workers;
}

uint32_t sim_number(const struct sim *sim, size_t worker)
{
    size_t number = worker;
    if (sim_is_clone(sim, worker)) {
        number = scenario_affected_at(&sim->scenario, worker - (size_t)sim->options->workers);
    }
    return (uint32_t)number;
}

/* A clone is another start of the same worker. */
const char *sim_boot_id(const struct sim *sim, bool clone)
{
    const char *boot_id = sim->options->boot_id != NULL ? sim->options->boot_id : sim->mark;
    return boot_id + (clone ? 1 : 0);
}

/* Neighbours heartbeat one after the other: on one connection they go by one system call. */
struct line *sim_line(struct sim *sim, uint32_t index)
{
    enum { NEIGHBOURS = 32 };
    return &sim->lines[index / NEIGHBOURS % sim->line_count];
}

enum err sim_publish(struct sim *sim, uint32_t index, struct broker_publication *publication,
                     const struct question *question)
{
    struct line *line = sim_line(sim, index);
    char correlation[QUESTION_BYTES];
    if (question != NULL) {
        correlation[0] = question->what;
        memcpy(correlation + 1, &question->speaker, sizeof question->speaker);
        memcpy(correlation + 1 + sizeof question->speaker, &question->intended_us, sizeof question->intended_us);
        publication->response_topic = name_of(&line->reply_name, sim_number(sim, sim_first_worker(sim, index)));
        publication->correlation = (struct text){correlation, sizeof correlation};
    }
    return line_publish(line, publication);
}

/* ---- setting up */

static void plan(struct sim *sim)
{
    const struct options *options = sim->options;
    size_t workers = (size_t)options->workers;
    sim->batch = options->scenario == SCENARIO_GATEWAY ? (size_t)options->batch : 1;
    size_t speakers = (workers + sim->batch - 1) / sim->batch;
    sim->scenario = (struct scenario){
        .kind = options->scenario,
        .speakers = speakers,
        .affected = (size_t)((double)speakers * options->share + 0.5),
        .together = options->together,
        .at_us = (int64_t)(options->at_s * US_A_S),
        .pause_us = (int64_t)(options->pause_s * US_A_S),
        .duration_us = (int64_t)(options->duration_s * US_A_S),
    };
    size_t clones = options->scenario == SCENARIO_CLONES ? sim->scenario.affected : 0;
    sim->worker_count = workers + clones;
    sim->speaker_count = speakers + clones;
    sim->line_count =
        (size_t)options->connections < sim->speaker_count ? (size_t)options->connections : sim->speaker_count;
    sim->tally.workers = sim->worker_count;
}

static enum err name_all(struct sim *sim)
{
    const struct options *options = sim->options;
    bool gateway = options->scenario == SCENARIO_GATEWAY;
    char before[NAMES_BYTES];
    (void)snprintf(before, sizeof before, "%s/%s/", options->access.topic_root, gateway ? "gateway" : "worker");
    enum err err = name_init(&sim->id_name, "", options->prefix, "");
    if (err == ERR_OK) {
        err = gateway ? name_fix(&sim->register_name, before, options->gateway, "/register")
                      : name_init(&sim->register_name, before, options->prefix, "/register");
    }
    if (err == ERR_OK) {
        err = gateway ? name_fix(&sim->heartbeat_name, before, options->gateway, "/heartbeat")
                      : name_init(&sim->heartbeat_name, before, options->prefix, "/heartbeat");
    }
    return err;
}

static enum err allocate(struct sim *sim)
{
    sim->lines = calloc(sim->line_count, sizeof *sim->lines);
    sim->speakers = calloc(sim->speaker_count, sizeof *sim->speakers);
    sim->epochs = calloc(sim->worker_count, sizeof *sim->epochs);
    sim->queue = (struct queue){.items = calloc(sim->speaker_count, sizeof(uint32_t)), .size = sim->speaker_count};
    sim->schedule = schedule_new(sim->speaker_count);
    sim->decoder = decoder_new(REPLY_BYTES_MAX);
    bool all = sim->lines != NULL && sim->speakers != NULL && sim->epochs != NULL && sim->queue.items != NULL &&
               sim->schedule != NULL && sim->decoder != NULL;
    return all ? ERR_OK : ERR_NO_MEMORY;
}

static enum err make_packers(struct sim *sim)
{
    const struct options *options = sim->options;
    enum err err = ERR_OK;
    for (int i = 0; i < 2 && err == ERR_OK; i++) {
        const struct packer_style style = {
            .encoding = (enum encoding)options->encoding,
            .id_prefix = options->scenario == SCENARIO_GATEWAY ? options->prefix : NULL,
            .boot_id = sim_boot_id(sim, i == 1),
            .job_count = options->jobs,
            .capacity = options->capacity,
        };
        err = packer_init(&sim->packers[i], &style);
    }
    return err;
}

static enum err make_lines(struct sim *sim, struct fault *out_fault)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < sim->line_count && err == ERR_OK; i++) {
        const struct line_plan line_plan = {.options = sim->options, .mark = sim->mark, .number = i};
        err = line_init(&sim->lines[i], &line_plan, out_fault);
    }
    return err;
}

enum err sim_new(const struct options *options, struct sim **out_sim, struct fault *out_fault)
{
    struct sim *sim = calloc(1, sizeof *sim);
    uint64_t random = 0;
    if (sim == NULL) {
        return fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    }
    sim->options = options;
    sim->run_at_us = SCENARIO_NEVER;
    sim->held = SIM_NOBODY;
    plan(sim);
    enum err err = getrandom(&random, sizeof random, 0) == (ssize_t)sizeof random ? ERR_OK : ERR_IO;
    (void)snprintf(sim->mark, sizeof sim->mark, "%016" PRIx64, random);
    err = err == ERR_OK ? name_all(sim) : err;
    err = err == ERR_OK ? allocate(sim) : err;
    err = err == ERR_OK ? make_packers(sim) : err;
    if (err != ERR_OK) {
        (void)fault_set(out_fault, err, "the fleet cannot be set up: %s", err_name(err));
    } else {
        err = make_lines(sim, out_fault);
    }
    if (err != ERR_OK) {
        sim_free(sim);
        return err;
    }
    *out_sim = sim;
    return ERR_OK;
}

void sim_free(struct sim *sim)
{
    if (sim == NULL) {
        return;
    }
    for (size_t i = 0; sim->lines != NULL && i < sim->line_count; i++) {
        line_fini(&sim->lines[i], GOODBYE_MS);
    }
    free(sim->lines);
    free(sim->speakers);
    free(sim->epochs);
    free(sim->queue.items);
    schedule_free(sim->schedule);
    packer_fini(&sim->packers[0]);
    packer_fini(&sim->packers[1]);
    decoder_free(sim->decoder);
    buf_fini(&sim->payload);
    free(sim);
}

const struct tally *sim_tally(const struct sim *sim)
{
    return &sim->tally;
}

/* ---- one turn */

static void look_at_clocks(struct sim *sim)
{
    sim->now_us = clock_monotonic_us() - sim->began_us;
    sim->wall_ms = clock_wall_ms();
}

static void hear(struct sim *sim)
{
    for (size_t i = 0; i < sim->line_count; i++) {
        struct broker_message message;
        line_tend(&sim->lines[i], sim->now_us);
        while (line_next(&sim->lines[i], sim->now_us, &message)) {
            look_at_clocks(sim);
            hear_message(sim, &message);
        }
    }
}

/* False where the MQTT library is full: the rest waits, and its lateness is counted. */
static bool do_due(struct sim *sim, uint32_t index)
{
    if (sim->speakers[index].state != SPEAKER_IN) {
        enroll_due(sim, index);
        return true;
    }
    bool sent = speak_due(sim, index);
    sim->held = sent ? SIM_NOBODY : index;
    return sent;
}

static void do_all_due(struct sim *sim)
{
    uint32_t index = sim->held;
    bool going = index == SIM_NOBODY || do_due(sim, index);
    for (int i = 0; i < TURN_MAX && going && schedule_take(sim->schedule, sim->now_us, &index); i++) {
        going = do_due(sim, index);
    }
    if (going) {
        enroll_pump(sim);
    }
}

/* Returns whether there is a wish to stop. */
static bool sleep_until(struct sim *sim, int stop_fd, int64_t rest_us)
{
    struct pollfd fds[LINE_FDS * OPTIONS_CONNECTIONS_MAX + 1];
    size_t count = 1;
    struct timespec rest = {.tv_sec = rest_us / US_A_S, .tv_nsec = rest_us % US_A_S * 1000};
    fds[0] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
    for (size_t i = 0; i < sim->line_count; i++) {
        count += line_fill_fds(&sim->lines[i], fds + count);
    }
    if (ppoll(fds, count, &rest, NULL) < 0) {
        return false;
    }
    count = 1;
    for (size_t i = 0; i < sim->line_count; i++) {
        count += line_take_fds(&sim->lines[i], fds + count);
    }
    return stop_fd >= 0 && (fds[0].revents & POLLIN) != 0;
}

struct watcher {
    int stop_fd;
    sim_watch_fn *watch;
    void *context;
    int64_t next_us;
};

static void watch(struct sim *sim, struct watcher *watcher, enum sim_phase phase)
{
    if (watcher->watch != NULL && sim->now_us >= watcher->next_us) {
        int64_t run_us = sim->now_us > sim->run_at_us ? sim->now_us - sim->run_at_us : 0;
        watcher->watch(watcher->context, &(struct sim_view){phase, run_us, &sim->tally});
        watcher->next_us = sim->now_us + WATCH_US;
    }
}

/* Turns until the condition holds or the time has come; ERR_CLOSED where it was told to stop, ERR_TIMEOUT then. */
typedef bool sim_condition_fn(const struct sim *sim);

static enum err turn_until(struct sim *sim, struct watcher *watcher, enum sim_phase phase, sim_condition_fn *condition,
                           int64_t until_us)
{
    look_at_clocks(sim);
    while (!condition(sim)) {
        if (sim->now_us >= until_us) {
            return ERR_TIMEOUT;
        }
        hear(sim);
        if (!sim->over) {
            do_all_due(sim);
        }
        for (size_t i = 0; i < sim->line_count; i++) {
            line_flush(&sim->lines[i]);
        }
        watch(sim, watcher, phase);
        int64_t limit_us = sim->held != SIM_NOBODY ? HELD_US : SLEEP_MAX_US;
        limit_us = until_us - sim->now_us < limit_us ? until_us - sim->now_us : limit_us;
        int64_t rest_us =
            sim->over || sim->held != SIM_NOBODY ? limit_us : schedule_rest_us(sim->schedule, sim->now_us, limit_us);
        rest_us = rest_us > 0 && rest_us < SLEEP_MIN_US ? SLEEP_MIN_US : rest_us;
        if (sleep_until(sim, watcher->stop_fd, rest_us)) {
            return ERR_CLOSED;
        }
        look_at_clocks(sim);
    }
    return ERR_OK;
}

/* ---- from beginning to end */

static bool is_connected(const struct sim *sim)
{
    size_t ready = 0;
    for (size_t i = 0; i < sim->line_count; i++) {
        ready += line_is_ready(&sim->lines[i]) ? 1 : 0;
    }
    return ready == sim->line_count;
}

static bool is_answered(const struct sim *sim)
{
    return sim->options->unregistered || sim->tally.registering.count > 0;
}

static bool is_first_wave_settled(const struct sim *sim)
{
    return sim->settled >= sim->scenario.speakers;
}

static bool is_settled(const struct sim *sim)
{
    return sim->settled == sim->speaker_count;
}

static bool never(const struct sim *sim)
{
    (void)sim;
    return false;
}

static bool is_quiet(const struct sim *sim)
{
    return sim->tally.answered >= sim->tally.asked && sim->asked == 0;
}

static enum err connect_all(struct sim *sim, struct watcher *watcher, struct fault *out_fault)
{
    const struct options *options = sim->options;
    enum err err = turn_until(sim, watcher, SIM_CONNECTING, is_connected, options->timeout_ms * US_A_MS);
    for (size_t i = 0; i < sim->line_count && err == ERR_TIMEOUT; i++) {
        if (!line_is_ready(&sim->lines[i])) {
            const char *why = line_problem(&sim->lines[i]);
            return fault_set(out_fault, err, "no connection to %s: %s", options->access.uri,
                             why[0] != '\0' ? why : "no answer in time");
        }
    }
    return err == ERR_CLOSED ? fault_set(out_fault, err, "interrupted before there was a connection") : err;
}

/* A clone has to come after the one whose id it uses. */
static enum err register_all(struct sim *sim, struct watcher *watcher, struct fault *out_fault)
{
    const struct options *options = sim->options;
    uint32_t first_clone = (uint32_t)sim->scenario.speakers;
    int64_t until_us = sim->now_us + options->register_max_s * US_A_S;
    enroll_begin(sim, 0, first_clone);
    enum err err =
        turn_until(sim, watcher, SIM_REGISTERING, is_answered, sim->now_us + 2 * options->timeout_ms * US_A_MS);
    if (err == ERR_CLOSED) {
        return fault_set(out_fault, err, "interrupted before any registration was answered");
    }
    if (err != ERR_OK) {
        return fault_set(out_fault, err, "no answer to a registration within %lld ms; is musterd running?",
                         2 * (long long)options->timeout_ms);
    }
    err = turn_until(sim, watcher, SIM_REGISTERING, is_first_wave_settled, until_us);
    enroll_begin(sim, first_clone, (uint32_t)sim->speaker_count);
    if (err == ERR_OK) {
        err = turn_until(sim, watcher, SIM_REGISTERING, is_settled, until_us);
    }
    return err == ERR_CLOSED ? err : ERR_OK;
}

/* What was due before the end; a run that was not interrupted ends a little late, and what came due then is none of it.
 */
static uint64_t count_unsent(struct sim *sim)
{
    int64_t run_us = sim->tally.run_us < sim->scenario.duration_us ? sim->tally.run_us : sim->scenario.duration_us;
    uint64_t unsent = 0;
    for (uint32_t i = 0; i < sim->speaker_count; i++) {
        const struct speaker *speaker = &sim->speakers[i];
        bool due = speaker->state == SPEAKER_IN && speaker->intended_us < sim->run_at_us + run_us;
        bool speaks = scenario_speaks_us(&sim->scenario, i, speaker->intended_us - sim->run_at_us) ==
                      speaker->intended_us - sim->run_at_us;
        unsent += due && speaks ? sim_workers_of(sim, i) : 0;
    }
    return unsent;
}

static void count_ends(struct sim *sim)
{
    struct tally *tally = &sim->tally;
    for (uint32_t i = 0; i < sim->speaker_count; i++) {
        tally->unanswered += sim->speakers[i].settled ? 0 : sim_workers_of(sim, i);
    }
    for (size_t i = 0; i < sim->line_count; i++) {
        tally->losses += line_losses(&sim->lines[i]);
        tally->refusals += line_refusals(&sim->lines[i]);
        tally->lines_down += line_is_ready(&sim->lines[i]) ? 0 : 1;
    }
}

static bool run(struct sim *sim, struct watcher *watcher)
{
    struct tally *tally = &sim->tally;
    int64_t loop_cpu_us = clock_thread_us();
    int64_t all_cpu_us = clock_process_us();
    look_at_clocks(sim);
    sim->run_at_us = sim->now_us;
    tally->began_at_ms = sim->wall_ms;
    if (sim->options->unregistered) {
        enroll_skip(sim);
    } else if (sim->options->wait) {
        enroll_release(sim);
    }
    if (scenario_joins_late(&sim->scenario)) {
        enroll_begin(sim, 0, (uint32_t)sim->speaker_count);
    }
    enum err err = turn_until(sim, watcher, SIM_RUNNING, sim->options->until_registered ? is_settled : never,
                              sim->run_at_us + sim->scenario.duration_us);
    sim->over = true;
    tally->run_us = sim->now_us - sim->run_at_us;
    tally->loop_cpu_us = clock_thread_us() - loop_cpu_us;
    tally->cpu_us = clock_process_us() - all_cpu_us;
    tally->unsent = count_unsent(sim);
    return err != ERR_CLOSED;
}

enum err sim_run(struct sim *sim, int stop_fd, sim_watch_fn *watch_fn, void *context, struct fault *out_fault)
{
    struct watcher watcher = {.stop_fd = stop_fd, .watch = watch_fn, .context = context};
    sim->began_us = clock_monotonic_us();
    enum err err = connect_all(sim, &watcher, out_fault);
    if (err != ERR_OK) {
        return err;
    }
    bool begins = sim->options->unregistered || scenario_joins_late(&sim->scenario);
    err = begins ? ERR_OK : register_all(sim, &watcher, out_fault);
    if (err != ERR_OK && !is_answered(sim)) {
        return err;
    }
    bool whole = err == ERR_OK && run(sim, &watcher);
    sim->over = true;
    if (whole) {
        int64_t until_us = sim->now_us + sim->options->timeout_ms * US_A_MS;
        whole = turn_until(sim, &watcher, SIM_WAITING, is_quiet, until_us) != ERR_CLOSED;
    }
    sim->tally.interrupted = !whole;
    count_ends(sim);
    if (!is_answered(sim)) {
        return fault_set(out_fault, ERR_TIMEOUT, "no registration was answered; is musterd running?");
    }
    return ERR_OK;
}
