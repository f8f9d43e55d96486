/*
 * replay.c -- fuzzing without a fuzzer: every seed, and so many changed ones, through the targets. The same changes
 * each time, so that what fails fails again.
 */
#include "seeds.h"
#include "targets.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { CHANGES_A_SEED = 500, CHANGED_MAX = 4096, INSERTED_MAX = 16 };

struct replay {
    uint64_t random;
    size_t runs;
    char changed[CHANGED_MAX + INSERTED_MAX];
};

static size_t draw(struct replay *replay, size_t below)
{
    replay->random ^= replay->random << 13;
    replay->random ^= replay->random >> 7;
    replay->random ^= replay->random << 17;
    return (size_t)(replay->random >> 11) % below;
}

/* The input lies in memory of exactly its size, so that a sanitizer sees every step beyond. */
static void run(struct replay *replay, const char *target, struct text input)
{
    char *exact = malloc(input.len > 0 ? input.len : 1);
    if (exact == NULL) {
        abort();
    }
    memcpy(exact, input.data, input.len);
    struct text given = {exact, input.len};
#define X(name)                                                                                                        \
    if (strcmp(target, #name) == 0) {                                                                                  \
        fuzz_##name(given);                                                                                            \
    }
    FUZZ_TARGETS(X)
#undef X
    free(exact);
    replay->runs++;
}

/* Bytes that mean something to one of the encodings. */
static char meaningful(struct replay *replay)
{
    static const char bytes[] =
        "{}[],:\"\\u0eE-+.123/#\n \x7f\x80\x81\x8f\x90\x91\x9f\xa0\xa1\xbf\xc0\xc1\xc2\xc3\xc4\xc7"
        "\xca\xcb\xcc\xcf\xd0\xd3\xd4\xd9\xda\xdb\xdc\xdd\xde\xdf\xe0\xff";
    if (draw(replay, 3) == 0) {
        return (char)draw(replay, 256);
    }
    return bytes[draw(replay, sizeof bytes - 1)];
}

static size_t change_once(struct replay *replay, size_t len)
{
    char *bytes = replay->changed;
    size_t at = draw(replay, len + 1);
    size_t count = 1 + draw(replay, INSERTED_MAX);
    switch (draw(replay, 5)) {
    case 0:
        return at;
    case 1:
        count = count < len - at ? count : len - at;
        memmove(bytes + at, bytes + at + count, len - at - count);
        return len - count;
    case 2:
        count = len + count <= CHANGED_MAX ? count : 0;
        memmove(bytes + at + count, bytes + at, len - at);
        for (size_t i = 0; i < count; i++) {
            bytes[at + i] = meaningful(replay);
        }
        return len + count;
    case 3:
        if (at < len) {
            bytes[at] = (char)(bytes[at] ^ (1 << draw(replay, 8)));
        }
        return len;
    default:
        if (at < len) {
            bytes[at] = meaningful(replay);
        }
        return len;
    }
}

static void replay_seed(void *context, const char *target, struct text input)
{
    struct replay *replay = context;
    run(replay, target, input);
    for (size_t i = 0; i < CHANGES_A_SEED && input.len <= CHANGED_MAX; i++) {
        size_t len = input.len;
        memcpy(replay->changed, input.data, len);
        for (size_t changes = 1 + draw(replay, 4); changes > 0; changes--) {
            len = change_once(replay, len);
        }
        run(replay, target, (struct text){replay->changed, len});
    }
}

int main(void)
{
    static struct replay replay = {.random = 88172645463325252U};
    seeds_each(replay_seed, &replay);
    (void)printf("%zu inputs kept every promise\n", replay.runs);
    return replay.runs > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
