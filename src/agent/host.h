/* host.h -- how busy this Linux host is, from /proc/stat and /proc/meminfo. */
#ifndef MUSTER_AGENT_HOST_H
#define MUSTER_AGENT_HOST_H

#include <stdbool.h>
#include <stdint.h>

/* Ticks of all processors since the host's start. */
struct host_ticks {
    uint64_t busy;
    uint64_t total;
};

/* host_parse_ticks reads the content of /proc/stat, host_parse_memory that of /proc/meminfo; false where it is none. */
bool host_parse_ticks(const char *stat, struct host_ticks *out_ticks);
bool host_parse_memory(const char *meminfo, double *out_percent);

/* host_cpu_percent says how busy the processors were in between; -1 where no time has passed or it went back. */
double host_cpu_percent(const struct host_ticks *before, const struct host_ticks *after);

/* What was measured last; all zero: nothing yet, so the first figure is the average since the host's start. */
struct host {
    struct host_ticks ticks;
    double cpu_percent;    /* -1: not known */
    double memory_percent; /* -1: not known */
};

/* host_measure reads both files; what cannot be read is not known. */
void host_measure(struct host *host);

#endif
