/* arguments.h -- the command line of a benchmark: "--json", then numbers by their place, or values by their names. */
#ifndef MUSTER_TESTS_BENCH_ARGUMENTS_H
#define MUSTER_TESTS_BENCH_ARGUMENTS_H

#include "base/err.h"

#include <stdbool.h>

/* arguments_take_flag says whether the first argument is the flag, and takes it away. */
bool arguments_take_flag(int *argc, char ***argv, const char *flag);

/* arguments_number returns the number at a place, from 1 on; standard where there is none. */
int arguments_number(int argc, char **argv, int place, int standard);

/* Takes the value of an option; false: there is no such option, or the value will not do. */
typedef bool arguments_take_fn(void *options, const char *name, const char *value);

/* arguments_read reads names with a value each, and "--json" anywhere between them; false: they will not do. */
bool arguments_read(int argc, char **argv, arguments_take_fn *take, void *options, bool *out_json) MUST_USE;

/* arguments_take_number takes a whole number from 1 to max; false: it is none. */
bool arguments_take_number(const char *value, long max, long *out_number) MUST_USE;

#endif
