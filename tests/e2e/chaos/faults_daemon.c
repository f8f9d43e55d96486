/* faults_daemon.c -- daemons killed, stopped in good order, and stopped in their tracks. */
#include "e2e/chaos/faults.h"

#include <signal.h>

static void kill_active(struct faults *faults)
{
    faults->daemon = faults_active_daemon(faults);
    process_stop(&faults->world->daemons[faults->daemon], SIGKILL);
}

static void kill_standby(struct faults *faults)
{
    faults->daemon = 1 - faults_active_daemon(faults);
    process_stop(&faults->world->daemons[faults->daemon], SIGKILL);
}

static void dismiss_active(struct faults *faults)
{
    faults->daemon = faults_active_daemon(faults);
    process_stop(&faults->world->daemons[faults->daemon], SIGTERM);
}

static void start(struct faults *faults)
{
    faults_start_daemon(faults, faults->daemon);
}

static void kill_both(struct faults *faults)
{
    process_stop(&faults->world->daemons[0], SIGKILL);
    process_stop(&faults->world->daemons[1], SIGKILL);
}

static void start_both(struct faults *faults)
{
    faults_start_daemon(faults, 0);
    faults_start_daemon(faults, 1);
}

static void stop_active(struct faults *faults)
{
    faults->daemon = faults_active_daemon(faults);
    process_signal(&faults->world->daemons[faults->daemon], SIGSTOP);
}

static void let_go_on(struct faults *faults)
{
    process_signal(&faults->world->daemons[faults->daemon], SIGCONT);
}

static void let_go_on_beside_successor(struct faults *faults)
{
    if (faults_active_daemon(faults) == faults->daemon) {
        fail_msg("nobody succeeded the daemon that was stopped");
    }
    let_go_on(faults);
}

const struct fault_kind faults_of_daemon[] = {
    {"active daemon killed", kill_active, start, 300, 2500, 0},
    {"standby killed", kill_standby, start, 300, 1000, 0},
    {"active daemon ended in good order", dismiss_active, start, 300, 2500, 0},
    {"no daemon for long", kill_both, start_both, 4500, 6000, 0},
    {"active daemon stalled", stop_active, let_go_on, 300, 1500, 0},
    {"active daemon stalled, a successor active", stop_active, let_go_on_beside_successor, 5000, 6500, 0},
    {0},
};
