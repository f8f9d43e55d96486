/* figure.c -- see figure.h. */
#include "ctl/figure.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

void figure_age(int64_t age_ms, char out[FIGURE_MAX])
{
    int64_t seconds = age_ms / 1000;
    if (age_ms < 0) {
        (void)snprintf(out, FIGURE_MAX, "0.0s");
    } else if (age_ms < 10000) {
        (void)snprintf(out, FIGURE_MAX, "%" PRId64 ".%" PRId64 "s", seconds, age_ms % 1000 / 100);
    } else if (seconds < 60) {
        (void)snprintf(out, FIGURE_MAX, "%" PRId64 "s", seconds);
    } else if (seconds < 3600) {
        (void)snprintf(out, FIGURE_MAX, "%" PRId64 "m%02" PRId64 "s", seconds / 60, seconds % 60);
    } else if (seconds < 86400) {
        (void)snprintf(out, FIGURE_MAX, "%" PRId64 "h%02" PRId64 "m", seconds / 3600, seconds % 3600 / 60);
    } else {
        (void)snprintf(out, FIGURE_MAX, "%" PRId64 "d%02" PRId64 "h", seconds / 86400, seconds % 86400 / 3600);
    }
}

void figure_percent(double percent, char out[FIGURE_MAX])
{
    (void)snprintf(out, FIGURE_MAX, "%.1f%%", percent);
}

void figure_time(int64_t at_ms, char out[FIGURE_MAX])
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm local;
    char text[32] = "";
    if (localtime_r(&seconds, &local) != NULL) {
        (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
    }
    (void)snprintf(out, FIGURE_MAX, "%s.%03d", text, (int)(at_ms % 1000));
}
