/* host.c -- reads and parses two files of /proc. */
#include "agent/host.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { FILE_BYTES_MAX = 4096 };

bool host_parse_ticks(const char *stat, struct host_ticks *out_ticks)
{
    uint64_t user = 0;
    uint64_t nice = 0;
    uint64_t system = 0;
    uint64_t idle = 0;
    uint64_t iowait = 0;
    uint64_t irq = 0;
    uint64_t softirq = 0;
    uint64_t steal = 0;
    /* Guests' time is in user and nice already. Old kernels have only the first four. */
    int fields =
        sscanf(stat, "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
               &user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal);
    if (fields < 4) {
        return false;
    }
    out_ticks->busy = user + nice + system + irq + softirq + steal;
    out_ticks->total = out_ticks->busy + idle + iowait;
    return true;
}

static bool find_kilobytes(const char *meminfo, const char *name, uint64_t *out)
{
    size_t len = strlen(name);
    for (const char *line = meminfo; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, len) == 0 && line[len] == ':') {
            return sscanf(line + len + 1, "%" SCNu64, out) == 1;
        }
    }
    return false;
}

bool host_parse_memory(const char *meminfo, double *out_percent)
{
    uint64_t total = 0;
    uint64_t available = 0;
    if (!find_kilobytes(meminfo, "MemTotal", &total) || !find_kilobytes(meminfo, "MemAvailable", &available) ||
        total == 0 || available > total) {
        return false;
    }
    *out_percent = 100.0 * (double)(total - available) / (double)total;
    return true;
}

double host_cpu_percent(const struct host_ticks *before, const struct host_ticks *after)
{
    if (after->total <= before->total || after->busy < before->busy) {
        return -1;
    }
    double percent = 100.0 * (double)(after->busy - before->busy) / (double)(after->total - before->total);
    return percent < 100 ? percent : 100;
}

static bool read_file(const char *path, char out[FILE_BYTES_MAX])
{
    FILE *stream = fopen(path, "re");
    if (stream == NULL) {
        return false;
    }
    size_t len = fread(out, 1, FILE_BYTES_MAX - 1, stream);
    out[len] = '\0';
    (void)fclose(stream);
    return len > 0;
}

void host_measure(struct host *host)
{
    char content[FILE_BYTES_MAX];
    struct host_ticks ticks = {0};
    host->cpu_percent = -1;
    host->memory_percent = -1;
    if (read_file("/proc/stat", content) && host_parse_ticks(content, &ticks)) {
        host->cpu_percent = host_cpu_percent(&host->ticks, &ticks);
        host->ticks = ticks;
    }
    if (read_file("/proc/meminfo", content) && !host_parse_memory(content, &host->memory_percent)) {
        host->memory_percent = -1;
    }
}
