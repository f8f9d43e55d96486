/* main.c -- muster-sim: reads its command line, runs one simulation, tells what became of it. */
#include "sim/summary.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { EXIT_INCOMPLETE = 1, EXIT_USAGE = 2, EXIT_NO_ANSWER = 3 };

#define LINE_BEGIN "\r\033[K"

struct program {
    struct options options;
    struct buf line; /* of progress */
};

static int open_signals(void)
{
    sigset_t stops;
    (void)sigemptyset(&stops);
    (void)sigaddset(&stops, SIGTERM);
    (void)sigaddset(&stops, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &stops, NULL);
    return signalfd(-1, &stops, SFD_CLOEXEC);
}

static void show_progress(void *context, const struct sim_view *view)
{
    struct program *program = context;
    buf_clear(&program->line);
    buf_append_string(&program->line, LINE_BEGIN);
    summary_append_progress(&program->line, &program->options, view);
    (void)!write(STDERR_FILENO, program->line.data, program->line.len);
}

static int tell(const struct options *options, const struct tally *tally)
{
    struct buf out = {0};
    enum err err = ERR_OK;
    if (options->json) {
        err = summary_append_json(&out, options, tally);
    } else {
        summary_append_text(&out, options, tally);
    }
    bool told = err == ERR_OK && !out.failed && fwrite(out.data, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
    buf_fini(&out);
    if (!told) {
        (void)fprintf(stderr, "muster-sim: the summary cannot be written\n");
    }
    return told && summary_is_good(tally) ? EXIT_SUCCESS : EXIT_INCOMPLETE;
}

static int run(struct program *program)
{
    const struct options *options = &program->options;
    struct fault fault = {0};
    struct sim *sim = NULL;
    bool on_terminal = isatty(STDERR_FILENO) == 1;
    int status = EXIT_NO_ANSWER;
    int stop_fd = open_signals();
    enum err err = sim_new(options, &sim, &fault);
    if (err == ERR_OK) {
        err = sim_run(sim, stop_fd, on_terminal ? show_progress : NULL, program, &fault);
        (void)fputs(on_terminal ? LINE_BEGIN : "", stderr);
        status = err == ERR_OK ? tell(options, sim_tally(sim)) : EXIT_NO_ANSWER;
    } else if (err == ERR_INVALID) {
        status = EXIT_USAGE;
    }
    if (err != ERR_OK) {
        (void)fprintf(stderr, "muster-sim: %s\n", fault.text);
    }
    sim_free(sim);
    (void)close(stop_fd);
    return status;
}

int main(int argc, char **argv)
{
    static struct program program;
    struct buf text = {0};
    int status = EXIT_SUCCESS;
    bool good = options_parse(&program.options, argc, argv, &text);
    if (program.options.version) {
        (void)printf("muster-sim %s\n", MUSTER_VERSION);
    } else if (program.options.help) {
        buf_clear(&text);
        options_append_help(&text);
        (void)fputs(buf_terminated(&text), stdout);
    } else if (program.options.manual) {
        buf_clear(&text);
        options_append_manual(&text, MUSTER_VERSION, MUSTER_DATE);
        (void)fputs(buf_terminated(&text), stdout);
    } else if (!good) {
        (void)fprintf(stderr, "%.*smuster-sim --help shows the options\n", TEXT_ARG(buf_text(&text)));
        status = EXIT_USAGE;
    } else {
        status = run(&program);
    }
    buf_fini(&text);
    buf_fini(&program.line);
    return status;
}
