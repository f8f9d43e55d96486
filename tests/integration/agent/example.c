/* example.c -- a worker: registers, tells its load with every heartbeat, says goodbye on SIGTERM. */
#include <muster/agent.h>
#include <signal.h>
#include <stdio.h>

static void on_report(void *context, struct muster_report *report)
{
    report->job_count = *(const int *)context;
}

int main(int argc, char **argv)
{
    int jobs = 0, number = 0;
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, NULL);

    struct muster_agent_options options = muster_agent_options();
    options.broker_uri = argc > 1 ? argv[1] : "tcp://127.0.0.1:1883";
    options.worker_id = "example-1";
    options.max_concurrent_jobs = 4;
    options.on_report = on_report;
    options.context = &jobs;

    struct muster_agent *agent = NULL;
    char why[MUSTER_SENTENCE_MAX] = "out of memory";
    if (muster_agent_new(&options, &agent, why) != MUSTER_OK || muster_agent_start(agent) != MUSTER_OK) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    sigwait(&stop, &number);
    int status = muster_agent_stop(agent, MUSTER_STOP_DEREGISTER, 5000) == MUSTER_OK ? 0 : 1;
    muster_agent_free(agent);
    return status;
}
