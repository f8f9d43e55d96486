/* arguments.c -- no more than the benchmarks need; people are told the usage where anything is wrong. */
#include "bench/arguments.h"

#include <stdlib.h>
#include <string.h>

bool arguments_take_flag(int *argc, char ***argv, const char *flag)
{
    if (*argc < 2 || strcmp((*argv)[1], flag) != 0) {
        return false;
    }
    (*argc)--;
    (*argv)++;
    return true;
}

int arguments_number(int argc, char **argv, int place, int standard)
{
    return place < argc ? atoi(argv[place]) : standard;
}

bool arguments_read(int argc, char **argv, arguments_take_fn *take, void *options, bool *out_json)
{
    bool json = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (i + 1 == argc || !take(options, argv[i], argv[i + 1])) {
            return false;
        } else {
            i++;
        }
    }
    *out_json = json;
    return true;
}

bool arguments_take_number(const char *value, long max, long *out_number)
{
    char *end = NULL;
    long number = strtol(value, &end, 10);
    bool good = end != value && *end == '\0' && number >= 1 && number <= max;
    *out_number = good ? number : *out_number;
    return good;
}
