/* args.c -- appends arguments and hands them over as argv and lengths. */
#include "store/args.h"

#include "codec/number.h"

#include <stdlib.h>

void args_fini(struct args *args)
{
    buf_fini(&args->bytes);
    free(args->ends);
    free(args->argv);
    free(args->lens);
    *args = (struct args){0};
}

void args_clear(struct args *args)
{
    buf_clear(&args->bytes);
    args->count = 0;
}

void args_text(struct args *args, struct text text)
{
    if (args->count == args->cap) {
        size_t cap = args->cap == 0 ? 64 : args->cap * 2;
        size_t *ends = realloc(args->ends, cap * sizeof *ends);
        if (ends == NULL) {
            args->bytes.failed = true;
            return;
        }
        args->ends = ends;
        args->cap = cap;
    }
    buf_append_text(&args->bytes, text);
    args->ends[args->count++] = args->bytes.len;
}

void args_string(struct args *args, const char *string)
{
    args_text(args, text_of(string));
}

void args_int(struct args *args, int64_t value)
{
    char room[NUMBER_TEXT_MAX];
    args_text(args, number_of_int(value, room));
}

void args_opt_int(struct args *args, struct opt_int value)
{
    if (value.set) {
        args_int(args, value.value);
    } else {
        args_string(args, "");
    }
}

void args_opt_real(struct args *args, struct opt_real value)
{
    char room[NUMBER_TEXT_MAX];
    args_text(args, value.set ? number_of_real(value.value, NUMBER_KEPT_DIGITS, room) : (struct text){0});
}

enum err args_finish(struct args *args)
{
    if (args->finish_cap < args->cap) {
        const char **argv = realloc(args->argv, args->cap * sizeof *argv);
        if (argv == NULL) {
            return ERR_NO_MEMORY;
        }
        args->argv = argv;
        size_t *lens = realloc(args->lens, args->cap * sizeof *lens);
        if (lens == NULL) {
            return ERR_NO_MEMORY;
        }
        args->lens = lens;
        args->finish_cap = args->cap;
    }
    size_t from = 0;
    for (size_t i = 0; i < args->count && !args->bytes.failed; i++) {
        args->argv[i] = args->bytes.data + from;
        args->lens[i] = args->ends[i] - from;
        from = args->ends[i];
    }
    return args->bytes.failed ? ERR_NO_MEMORY : ERR_OK;
}
