/* example.c -- a worker in thirty lines: registers, tells its load, and says goodbye on SIGTERM. */
#include <muster/agent.h>

#include <signal.h>
#include <stdio.h>

static void on_report(void *context, struct muster_report *report)
{
    report->job_count = *(const int *)context;
}

static void on_state(void *context, enum muster_state state, enum muster_result result, const char *sentence)
{
    (void)context;
    printf("%s (%s): %s\n", muster_state_name(state), muster_result_name(result), sentence);
}

int main(int argc, char **argv)
{
    int jobs = 0, number = 0;
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    sigprocmask(SIG_BLOCK, &stops, NULL);

    struct muster_agent_options options = muster_agent_options();
    options.broker_uri = argc > 1 ? argv[1] : "tcp://127.0.0.1:1883";
    options.worker_id = "example-1";
    options.max_concurrent_jobs = 4;
    options.context = &jobs;
    options.on_report = on_report;
    options.on_state = on_state;

    struct muster_agent *agent = NULL;
    char sentence[MUSTER_SENTENCE_MAX] = "no thread";
    if (muster_agent_new(&options, &agent, sentence) != MUSTER_OK || muster_agent_start(agent) != MUSTER_OK) {
        fprintf(stderr, "%s\n", sentence);
        return 1;
    }
    sigwait(&stops, &number);
    enum muster_result result = muster_agent_stop(agent, MUSTER_STOP_DEREGISTER, 5000);
    muster_agent_free(agent);
    return result == MUSTER_OK ? 0 : 1;
}
