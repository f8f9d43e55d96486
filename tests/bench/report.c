/* report.c -- documents by jansson, tables by printf. */
#include "bench/report.h"

#include <stdio.h>

void report_print_json(json_t *document, size_t flags)
{
    (void)json_dumpf(document, stdout, flags);
    (void)printf("\n");
    json_decref(document);
}

/* Whatever reals a row has, in the order they were put into it. */
static void print_row(json_t *row)
{
    const char *key = NULL;
    json_t *value = NULL;
    (void)printf("| %s |", json_string_value(json_object_get(row, "name")));
    json_object_foreach(row, key, value)
    {
        if (json_is_real(value)) {
            (void)printf(" %.2f |", json_real_value(value));
        }
    }
    (void)printf("\n");
}

void report_print_costs(const json_t *report, const char *last)
{
    const char *key = NULL;
    json_t *row = NULL;
    (void)printf("\n%d workers; microseconds of Redis's main thread, of the functions, of the caller:\n\n",
                 (int)json_integer_value(json_object_get(report, "workers")));
    (void)printf("| | Redis | function | caller |%s%s\n", last != NULL ? last : "", last != NULL ? " |" : "");
    (void)printf("|---|---|---|---|%s\n", last != NULL ? "---|" : "");
    json_object_foreach(json_object_get(report, "costs"), key, row)
    {
        print_row(row);
    }
}

void report_print_rate(const struct report_rate *rate, bool json)
{
    if (!json) {
        (void)printf("%lld messages in %.3f s: %.0f messages/s, %.2f us of CPU each\n", (long long)rate->messages,
                     rate->seconds, rate->per_s, rate->us_each);
        return;
    }
    report_print_json(json_pack("{s:I, s:I, s:f, s:f, s:f}", "messages", (json_int_t)rate->messages, "payloadBytes",
                                (json_int_t)rate->payload_bytes, "seconds", rate->seconds, "messagesPerSecond",
                                rate->per_s, "cpuUsPerMessage", rate->us_each),
                      JSON_REAL_PRECISION(6));
}
