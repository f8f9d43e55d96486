/*
 * report.c -- what a set of runs was like, as Markdown: which faults, how often, how long until service was back, and
 * every conviction.
 *
 * Usage: chaos_report RECORD... It judges each record anew; the exit status is 1 where any is found guilty.
 */
#include "e2e/chaos/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAULTS_MAX = 64, NAME_BYTES = 64 };

struct tally {
    char name[NAME_BYTES];
    long long times;
    long long total_ms; /* until service was back */
    long long longest_ms;
};

struct report {
    struct tally faults[FAULTS_MAX];
    size_t fault_count;
    long long runs;
    long long workers;
    long long beats;
    long long changes;
    long long heard;
    json_t *convictions;
};

static struct tally *tally_of(struct report *report, const char *name)
{
    for (size_t i = 0; i < report->fault_count; i++) {
        if (strcmp(report->faults[i].name, name) == 0) {
            return &report->faults[i];
        }
    }
    if (report->fault_count == FAULTS_MAX) {
        (void)fprintf(stderr, "more than %d kinds of faults\n", FAULTS_MAX);
        exit(EXIT_FAILURE);
    }
    struct tally *tally = &report->faults[report->fault_count++];
    (void)snprintf(tally->name, sizeof tally->name, "%s", name);
    return tally;
}

static void count_return(struct report *report, const json_t *line)
{
    struct tally *tally = tally_of(report, json_string_value(json_object_get(line, "fault")));
    long long after_ms = json_integer_value(json_object_get(line, "afterMs"));
    tally->times++;
    tally->total_ms += after_ms;
    tally->longest_ms = after_ms > tally->longest_ms ? after_ms : tally->longest_ms;
}

static void count_lines(struct report *report, const json_t *lines)
{
    size_t index = 0;
    const json_t *line = NULL;
    json_array_foreach(lines, index, line)
    {
        const char *what = json_string_value(json_object_get(line, "what"));
        report->workers += strcmp(what, "worker") == 0;
        report->beats += strcmp(what, "beat") == 0;
        report->changes += strcmp(what, "change") == 0;
        report->heard += strcmp(what, "heard") == 0;
        if (strcmp(what, "return") == 0) {
            count_return(report, line);
        }
    }
}

static void judge_file(struct report *report, const char *path)
{
    size_t bad_line = 0;
    json_t *lines = judge_read(path, &bad_line);
    if (lines == NULL) {
        (void)fprintf(stderr, "%s: line %zu is no JSON object\n", path, bad_line);
        exit(EXIT_FAILURE);
    }
    report->runs++;
    count_lines(report, lines);
    json_t *verdicts = judge_record(lines);
    size_t index = 0;
    const json_t *verdict = NULL;
    json_array_foreach(verdicts, index, verdict)
    {
        (void)json_array_append_new(report->convictions, json_sprintf("%s: %s", path, json_string_value(verdict)));
    }
    json_decref(verdicts);
    json_decref(lines);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct tally *)a)->name, ((const struct tally *)b)->name);
}

static void print_report(struct report *report)
{
    long long times = 0;
    qsort(report->faults, report->fault_count, sizeof report->faults[0], by_name);
    for (size_t i = 0; i < report->fault_count; i++) {
        times += report->faults[i].times;
    }
    (void)printf("%lld runs, %lld faults, %lld workers with %lld heartbeats, %lld events, told %lld times; "
                 "convictions: %zu\n\n",
                 report->runs, times, report->workers, report->beats, report->changes, report->heard,
                 json_array_size(report->convictions));
    (void)printf("| fault | times | service back after, ms: mean | longest |\n|---|---|---|---|\n");
    for (size_t i = 0; i < report->fault_count; i++) {
        const struct tally *tally = &report->faults[i];
        (void)printf("| %s | %lld | %lld | %lld |\n", tally->name, tally->times, tally->total_ms / tally->times,
                     tally->longest_ms);
    }
    size_t index = 0;
    const json_t *conviction = NULL;
    json_array_foreach(report->convictions, index, conviction)
    {
        (void)printf("%s- %s\n", index == 0 ? "\n" : "", json_string_value(conviction));
    }
}

int main(int argc, char **argv)
{
    static struct report report;
    report.convictions = json_array();
    for (int i = 1; i < argc; i++) {
        judge_file(&report, argv[i]);
    }
    print_report(&report);
    int status = json_array_size(report.convictions) > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    json_decref(report.convictions);
    return status;
}
