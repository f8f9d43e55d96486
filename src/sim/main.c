/* main.c -- muster-sim: reads its command line, runs one simulation, tells what became of it. */
#include "sim/summary.h"

#include "base/stops.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EXIT_INCOMPLETE = 1, EXIT_USAGE = 2, EXIT_NO_ANSWER = 3 };

#define LINE_BEGIN "\r\033[K"

struct program {
    struct options options;
    struct buf line; /* of progress */
};

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
    int stop_fd = stops_open();
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
    static const struct self self = {"muster-sim", MUSTER_VERSION, MUSTER_DATE, options_append_help,
                                     options_append_manual};
    static struct program program;
    struct buf errors = {0};
    int status = EXIT_SUCCESS;
    bool good = options_parse(&program.options, argc, argv, &errors);
    if (self_is_asked(&program.options.asked)) {
        self_tell(&self, &program.options.asked);
    } else if (good) {
        status = run(&program);
    } else {
        (void)fprintf(stderr, "%.*smuster-sim --help shows the options\n", TEXT_ARG(buf_text(&errors)));
        status = EXIT_USAGE;
    }
    buf_fini(&errors);
    buf_fini(&program.line);
    return status;
}
