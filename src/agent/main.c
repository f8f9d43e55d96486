/* main.c -- muster-agent: a ready worker for a Linux host. */
#include "agent/flags.h"
#include "agent/host.h"
#include "base/stops.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EXIT_ENDED = 1, EXIT_USAGE = 2, GOODBYE_MS = 5000, JOB_ID_MAX = 128 };

struct program {
    struct flags flags;
    struct log log;
    struct host host;                  /* of the agent's thread */
    int ended_fd;                      /* an eventfd: readable when the agent has ended by itself */
    char problem[MUSTER_SENTENCE_MAX]; /* the last one told since the state has changed */
    char job_ids[FLAGS_JOBS_MAX][JOB_ID_MAX];
    const char *jobs[FLAGS_JOBS_MAX];
};

static void on_report(void *context, struct muster_report *report)
{
    struct program *program = context;
    host_measure(&program->host);
    report->status = MUSTER_STATUS_ACTIVE;
    report->jobs = program->jobs;
    report->jobs_length = (size_t)program->flags.jobs;
    report->cpu_usage = program->host.cpu_percent;
    report->memory_usage = program->host.memory_percent;
}

static void on_state(void *context, enum muster_state state, enum muster_result result, const char *sentence)
{
    struct program *program = context;
    bool bad = state == MUSTER_ENDED && result != MUSTER_OK;
    log_write(&program->log, bad ? LOG_ERROR : LOG_INFO, "%s: %s%s%s", program->flags.options.worker_id,
              bad ? muster_result_name(result) : "", bad ? ": " : "", sentence);
    program->problem[0] = '\0';
    if (state == MUSTER_ENDED) {
        const uint64_t one = 1;
        (void)!write(program->ended_fd, &one, sizeof one);
    }
}

/* A broker that stays away is worth one line, not one for each attempt. */
static void on_problem(void *context, const char *sentence)
{
    struct program *program = context;
    bool again = strcmp(program->problem, sentence) == 0;
    log_write(&program->log, again ? LOG_DEBUG : LOG_WARN, "%s: %s", program->flags.options.worker_id, sentence);
    (void)snprintf(program->problem, sizeof program->problem, "%s", sentence);
}

/* The jobs of this program are for show: they are dropped at once. */
static void on_revoked(void *context, const char *const *jobs, size_t count, int64_t epoch)
{
    struct program *program = context;
    log_write(&program->log, LOG_WARN, "%s: %zu jobs revoked (%s…), epoch %lld", program->flags.options.worker_id,
              count, jobs[0], (long long)epoch);
    program->flags.jobs = 0;
}

static void on_command(void *context, enum muster_command command, const char *name)
{
    struct program *program = context;
    log_write(&program->log, LOG_INFO, "%s: command %s%s", program->flags.options.worker_id, name,
              command == MUSTER_COMMAND_OTHER ? " is not known here" : "");
    if (command == MUSTER_COMMAND_DRAIN) {
        program->flags.jobs = 0;
    }
}

static void name_jobs(struct program *program)
{
    for (int64_t i = 0; i < program->flags.jobs; i++) {
        (void)snprintf(program->job_ids[i], JOB_ID_MAX, "%.100s-job-%lld", program->flags.options.worker_id,
                       (long long)i + 1);
        program->jobs[i] = program->job_ids[i];
    }
}

/* Returns when a signal has come or the agent has ended. */
static void wait_for_end(const struct program *program, int signals_fd)
{
    struct pollfd fds[2] = {{.fd = signals_fd, .events = POLLIN}, {.fd = program->ended_fd, .events = POLLIN}};
    while (poll(fds, 2, -1) < 0 && errno == EINTR) {
    }
}

static int run(struct program *program)
{
    struct flags *flags = &program->flags;
    struct muster_agent *agent = NULL;
    char sentence[MUSTER_SENTENCE_MAX] = "no descriptors left";
    int status = EXIT_USAGE;
    int signals_fd = stops_open();
    program->ended_fd = eventfd(0, EFD_CLOEXEC);
    flags->options.context = program;
    flags->options.on_report = on_report;
    flags->options.on_state = on_state;
    flags->options.on_problem = on_problem;
    flags->options.on_revoked = on_revoked;
    flags->options.on_command = on_command;
    name_jobs(program);
    if (signals_fd < 0 || program->ended_fd < 0 || muster_agent_new(&flags->options, &agent, sentence) != MUSTER_OK) {
        log_write(&program->log, LOG_ERROR, "%s", sentence);
    } else if (muster_agent_start(agent) != MUSTER_OK) {
        log_write(&program->log, LOG_ERROR, "the agent's thread cannot be started");
    } else {
        wait_for_end(program, signals_fd);
        status = muster_agent_stop(agent, MUSTER_STOP_FORCE, GOODBYE_MS) == MUSTER_OK ? EXIT_SUCCESS : EXIT_ENDED;
    }
    muster_agent_free(agent);
    return status;
}

int main(int argc, char **argv)
{
    const struct self self = {"muster-agent", muster_version(), MUSTER_DATE, flags_append_help, flags_append_manual};
    static struct program program;
    struct buf errors = {0};
    int status = EXIT_SUCCESS;
    bool good = flags_parse(&program.flags, argc, argv, &errors);
    program.log =
        (struct log){.level = (enum log_level)program.flags.log_level, .format = LOG_TEXT, .fd = STDERR_FILENO};
    if (self_is_asked(&program.flags.asked)) {
        self_tell(&self, &program.flags.asked);
    } else if (good) {
        status = run(&program);
    } else {
        (void)fprintf(stderr, "%.*smuster-agent --help shows the flags\n", TEXT_ARG(buf_text(&errors)));
        status = EXIT_USAGE;
    }
    buf_fini(&errors);
    return status;
}
