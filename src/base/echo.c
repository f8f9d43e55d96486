/* echo.c -- sets of four slots, one cache line each; who finds his set full is not noted. */
#include "base/echo.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_A_SET = 4, TAG_BITS = 23, STAMP_BITS = 40, CROWDED_SHARE = 8 };

#define TAG_MASK ((UINT64_C(1) << TAG_BITS) - 1)
#define STAMP_MASK ((UINT64_C(1) << STAMP_BITS) - 1)

/* All zero is free. */
struct slot {
    uint64_t what;
    uint64_t tag : TAG_BITS; /* of who */
    uint64_t confirmed : 1;
    uint64_t stamp : STAMP_BITS; /* ms when they were confirmed, else the number under which they are on their way */
};

struct set {
    struct slot slots[SLOTS_A_SET];
};

struct echo {
    struct set *sets;
    size_t count; /* a power of two */
    int64_t window_ms;
    size_t said; /* since it was looked at last whether there is room */
    size_t crowded_out;
};

_Static_assert(sizeof(struct set) == 64, "a set is a cache line");

static struct set *sets_new(size_t count)
{
    return calloc(count, sizeof(struct set));
}

struct echo *echo_new(int64_t window_ms)
{
    struct echo *echo = calloc(1, sizeof *echo);
    if (echo == NULL) {
        return NULL;
    }
    echo->window_ms = window_ms;
    echo->count = ECHO_BYTES_MIN / sizeof(struct set);
    echo->sets = sets_new(echo->count);
    if (echo->sets == NULL) {
        free(echo);
        return NULL;
    }
    return echo;
}

void echo_free(struct echo *echo)
{
    if (echo != NULL) {
        free(echo->sets);
        free(echo);
    }
}

size_t echo_bytes(const struct echo *echo)
{
    return echo->count * sizeof(struct set);
}

static uint64_t tag_of(uint64_t who)
{
    return who >> (64 - TAG_BITS);
}

static bool is_free(const struct slot *slot)
{
    return slot->stamp == 0;
}

static struct slot *slots_of(const struct echo *echo, uint64_t who)
{
    return echo->sets[who & (echo->count - 1)].slots;
}

static struct slot *find(const struct echo *echo, uint64_t who)
{
    struct slot *slots = slots_of(echo, who);
    for (size_t i = 0; i < SLOTS_A_SET; i++) {
        if (!is_free(&slots[i]) && slots[i].tag == tag_of(who)) {
            return &slots[i];
        }
    }
    return NULL;
}

static bool counts(const struct echo *echo, const struct slot *slot, int64_t now_ms)
{
    return !slot->confirmed || now_ms - (int64_t)slot->stamp < echo->window_ms;
}

bool echo_repeats(const struct echo *echo, struct echo_words words, int64_t now_ms)
{
    const struct slot *slot = find(echo, words.who);
    return slot != NULL && slot->what == words.what && slot->confirmed && counts(echo, slot, now_ms);
}

/* NULL where all of them still count: a speaker who is let in would only be driven out again by those whom he drives
 * out. */
static struct slot *find_room(const struct echo *echo, uint64_t who, int64_t now_ms)
{
    struct slot *slots = slots_of(echo, who);
    for (size_t i = 0; i < SLOTS_A_SET; i++) {
        if (is_free(&slots[i]) || !counts(echo, &slots[i], now_ms)) {
            return &slots[i];
        }
    }
    return NULL;
}

static void grow(struct echo *echo)
{
    struct set *sets = echo_bytes(echo) < ECHO_BYTES_MAX ? sets_new(echo->count * 2) : NULL;
    if (sets != NULL) {
        free(echo->sets);
        echo->sets = sets;
        echo->count *= 2;
    }
}

/* What is said here is what is not repeated: grown where a larger table would spare a good part of it. */
static void note_room(struct echo *echo, bool found)
{
    echo->said++;
    echo->crowded_out += found ? 0 : 1;
    if (echo->said >= echo->count) {
        if (echo->crowded_out > echo->said / CROWDED_SHARE) {
            grow(echo);
        }
        echo->said = 0;
        echo->crowded_out = 0;
    }
}

void echo_say(struct echo *echo, struct echo_words words, uint64_t number, int64_t now_ms)
{
    struct slot *slot = find(echo, words.who);
    if (slot == NULL) {
        slot = find_room(echo, words.who, now_ms);
    }
    if (slot != NULL) {
        *slot = (struct slot){.what = words.what, .tag = tag_of(words.who) & TAG_MASK, .stamp = number & STAMP_MASK};
    }
    note_room(echo, slot != NULL);
}

void echo_confirm(struct echo *echo, struct echo_words words, uint64_t number, int64_t at_ms)
{
    struct slot *slot = find(echo, words.who);
    if (slot != NULL && slot->what == words.what && !slot->confirmed && slot->stamp == number) {
        slot->confirmed = 1;
        slot->stamp = (uint64_t)at_ms & STAMP_MASK;
    }
}

void echo_forget(struct echo *echo, uint64_t who)
{
    struct slot *slot = find(echo, who);
    if (slot != NULL) {
        *slot = (struct slot){0};
    }
}

void echo_clear(struct echo *echo)
{
    memset(echo->sets, 0, echo_bytes(echo));
}
