/*
 * echo.h -- who says the same again, in a table of bounded size: what does not fit is forgotten. Knows names and words
 * by their digests only; time is given; not shared between threads.
 */
#ifndef MUSTER_BASE_ECHO_H
#define MUSTER_BASE_ECHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct echo;

/*
 * Digests of the speaker and of what is said, the speaker in it. Whoever can choose both must not be able to choose the
 * digests: two of what are taken for the same words.
 */
struct echo_words {
    uint64_t who;
    uint64_t what;
};

/* The table begins with ECHO_BYTES_MIN and doubles, and is empty then, where many find no room. */
enum { ECHO_BYTES_MIN = 16 * 1024, ECHO_BYTES_MAX = 32 * 1024 * 1024 };

/* echo_new makes an empty table for words that count for window_ms (> 0); NULL without memory. echo_free(NULL) is safe.
 */
struct echo *echo_new(int64_t window_ms);
void echo_free(struct echo *echo);

/* echo_repeats: these are the speaker's latest words, and were confirmed less than a window ago. */
bool echo_repeats(const struct echo *echo, struct echo_words words, int64_t now_ms);

/* echo_say notes words that are on their way under that number (> 0): until they are confirmed nothing repeats them. */
void echo_say(struct echo *echo, struct echo_words words, uint64_t number, int64_t now_ms);

/* echo_confirm: they have arrived, at_ms or later. Nothing where the speaker has said other words, or the same under
 * another number, or was forgotten since. */
void echo_confirm(struct echo *echo, struct echo_words words, uint64_t number, int64_t at_ms);

void echo_forget(struct echo *echo, uint64_t who);
void echo_clear(struct echo *echo);

size_t echo_bytes(const struct echo *echo);

#endif
