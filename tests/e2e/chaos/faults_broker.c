/* faults_broker.c -- the broker gone, forgetful, frozen, slow, deaf on the line, overflowing, or serving an impostor.
 */
#include "e2e/chaos/faults.h"

#include "base/clock.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* What is on its way to those who listen is gone with the broker. */
enum { ON_THE_WAY_MS = 200, SLOW_LEAST_MS = 200, SLOW_SPREAD_MS = 500 };

static void stop(struct faults *faults)
{
    server_stop(&faults->world->broker, SIGTERM);
}

static void start(struct faults *faults)
{
    struct fault fault = {0};
    faults_must(server_start_again(&faults->world->broker, &fault), &fault);
    world_observe_again(faults->world);
}

static void kill_9(struct faults *faults)
{
    server_stop(&faults->world->broker, SIGKILL);
}

static void start_from_what_was_saved(struct faults *faults)
{
    start(faults);
    faults_note_gap(faults, faults->began_wall_ms - ON_THE_WAY_MS);
}

static void start_without_memory(struct faults *faults)
{
    char path[FOLDER_PATH_MAX + 32];
    (void)snprintf(path, sizeof path, "%s/mosquitto.db", faults->world->broker.folder);
    (void)unlink(path);
    start_from_what_was_saved(faults);
}

static void freeze(struct faults *faults)
{
    server_suspend(&faults->world->broker);
}

static void thaw(struct faults *faults)
{
    server_resume(&faults->world->broker);
}

static void slow_down(struct faults *faults)
{
    proxy_slow_down(faults->proxy, SLOW_LEAST_MS + (int)faults_draw(faults, SLOW_SPREAD_MS));
}

static void hurry_again(struct faults *faults)
{
    proxy_slow_down(faults->proxy, 0);
}

static void fall_silent(struct faults *faults)
{
    proxy_fall_silent(faults->proxy);
}

static void speak_again(struct faults *faults)
{
    proxy_speak_again(faults->proxy);
}

static void steal_client_id(struct faults *faults)
{
    struct fault fault = {0};
    faults_must(recorder_open(faults->world->broker.uri, "musterd", NULL, &faults->thief, &fault), &fault);
}

static void give_back_client_id(struct faults *faults)
{
    recorder_free(faults->thief);
    faults->thief = NULL;
}

static void limit_queues(struct faults *faults, const char *limit)
{
    FILE *config = fopen(faults->world->broker.config_path, "a");
    if (config == NULL || fprintf(config, "max_queued_messages %s\n", limit) < 0 || fclose(config) != 0) {
        fail_msg("%s cannot be changed", faults->world->broker.config_path);
    }
    process_signal(&faults->world->broker.process, SIGHUP);
}

/* Nobody takes what waits for the registry, and what is more than the queue holds is dropped without a word. */
static void overflow_queue(struct faults *faults)
{
    limit_queues(faults, "10");
    process_stop(&faults->world->daemons[0], SIGKILL);
    process_stop(&faults->world->daemons[1], SIGKILL);
}

static void empty_queue(struct faults *faults)
{
    limit_queues(faults, FAULTS_BROKER_QUEUE);
    faults_start_daemon(faults, 0);
    faults_start_daemon(faults, 1);
    faults_note_gap(faults, faults->began_wall_ms);
}

const struct fault_kind faults_of_broker[] = {
    {"broker away", stop, start, 300, 2500, 0},
    {"broker away for long", stop, start, 4500, 6000, 0},
    {"broker killed, back as it was saved", kill_9, start_from_what_was_saved, 300, 1500, 0},
    {"broker killed, back without memory", kill_9, start_without_memory, 300, 1500, 0},
    {"broker stalled", freeze, thaw, 300, 2500, 0},
    {"broker stalled for long", freeze, thaw, 4500, 6000, 0},
    {"broker slow", slow_down, hurry_again, 3000, 5000, 0},
    {"connections half open", fall_silent, speak_again, 500, 2500, 0},
    {"connections half open for long", fall_silent, speak_again, 4500, 6000, 0},
    {"broker's queue overflows", overflow_queue, empty_queue, 2000, 4500, 0},
    {"client id stolen", steal_client_id, give_back_client_id, 300, 2500, 0},
    {0},
};
