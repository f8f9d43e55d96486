/* report.h -- prints what a benchmark has found, as one JSON document or for people. */
#ifndef MUSTER_TESTS_BENCH_REPORT_H
#define MUSTER_TESTS_BENCH_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* report_print_json prints the document as jansson's flags say and releases it. */
void report_print_json(json_t *document, size_t flags);

/*
 * report_print_costs prints a Markdown table of report's "costs", an object of rows: a name, then the microseconds of
 * Redis's main thread, of its functions and of the caller, then what last is the heading of; NULL: nothing more.
 */
void report_print_costs(const json_t *report, const char *last);

/* What a yardstick has counted. */
struct report_rate {
    int64_t messages;
    int64_t payload_bytes;
    double seconds;
    double per_s;
    double us_each; /* of processor time */
};
void report_print_rate(const struct report_rate *rate, bool json);

#endif
