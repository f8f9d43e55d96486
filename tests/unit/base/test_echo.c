/* test_echo.c -- what is taken for a repetition, and that nothing else is. */
#include "base/echo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { WINDOW_MS = 1000, NOW_MS = 50000 };

static const struct echo_words words = {.who = 0x1234567890ABCDEF, .what = 0xFEDCBA0987654321};

static int set_up(void **state)
{
    *state = echo_new(WINDOW_MS);
    return *state != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    echo_free(*state);
    return 0;
}

/* Spread over sets and tags as digests are. */
static struct echo_words words_of(uint64_t speaker)
{
    uint64_t x = (speaker + 1) * UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (struct echo_words){.who = x ^ (x >> 31), .what = x};
}

static void tell(struct echo *echo, struct echo_words said, uint64_t number, int64_t at_ms)
{
    echo_say(echo, said, number, at_ms);
    echo_confirm(echo, said, number, at_ms);
}

static void repeats_what_was_confirmed(void **state)
{
    struct echo *echo = *state;
    assert_false(echo_repeats(echo, words, NOW_MS));
    tell(echo, words, 1, NOW_MS);
    assert_true(echo_repeats(echo, words, NOW_MS));
}

static void does_not_repeat_what_is_on_its_way(void **state)
{
    struct echo *echo = *state;
    echo_say(echo, words, 1, NOW_MS);
    assert_false(echo_repeats(echo, words, NOW_MS));
}

static void repeats_until_the_window_is_over(void **state)
{
    struct echo *echo = *state;
    tell(echo, words, 1, NOW_MS);
    assert_true(echo_repeats(echo, words, NOW_MS + WINDOW_MS - 1));
    assert_false(echo_repeats(echo, words, NOW_MS + WINDOW_MS));
}

static void repetition_does_not_prolong_the_window(void **state)
{
    struct echo *echo = *state;
    tell(echo, words, 1, NOW_MS);
    for (int64_t at_ms = NOW_MS; at_ms < NOW_MS + WINDOW_MS; at_ms += 100) {
        assert_true(echo_repeats(echo, words, at_ms));
    }
    assert_false(echo_repeats(echo, words, NOW_MS + WINDOW_MS));
}

static void other_words_are_no_repetition_and_end_the_former(void **state)
{
    struct echo *echo = *state;
    struct echo_words other = {.who = words.who, .what = words.what + 1};
    tell(echo, words, 1, NOW_MS);
    assert_false(echo_repeats(echo, other, NOW_MS));
    echo_say(echo, other, 2, NOW_MS);
    assert_false(echo_repeats(echo, words, NOW_MS));
    echo_confirm(echo, other, 2, NOW_MS);
    assert_false(echo_repeats(echo, words, NOW_MS));
    assert_true(echo_repeats(echo, other, NOW_MS));
}

static void confirmation_of_former_words_is_nothing(void **state)
{
    struct echo *echo = *state;
    struct echo_words other = {.who = words.who, .what = words.what + 1};
    echo_say(echo, words, 1, NOW_MS);
    echo_say(echo, other, 2, NOW_MS);
    echo_confirm(echo, words, 1, NOW_MS);
    assert_false(echo_repeats(echo, words, NOW_MS));
    assert_false(echo_repeats(echo, other, NOW_MS));
}

static void same_words_said_again_wait_for_their_own_confirmation(void **state)
{
    struct echo *echo = *state;
    struct echo_words other = {.who = words.who, .what = words.what + 1};
    echo_say(echo, words, 1, NOW_MS);
    echo_say(echo, other, 2, NOW_MS);
    echo_say(echo, words, 3, NOW_MS);
    echo_confirm(echo, words, 1, NOW_MS);
    assert_false(echo_repeats(echo, words, NOW_MS));
    echo_confirm(echo, words, 3, NOW_MS);
    assert_true(echo_repeats(echo, words, NOW_MS));
}

static void forgotten_on_the_way_is_not_confirmed(void **state)
{
    struct echo *echo = *state;
    echo_say(echo, words, 1, NOW_MS);
    echo_forget(echo, words.who);
    echo_confirm(echo, words, 1, NOW_MS);
    assert_false(echo_repeats(echo, words, NOW_MS));
}

static void forgetting_one_leaves_the_others(void **state)
{
    struct echo *echo = *state;
    tell(echo, words, 1, NOW_MS);
    tell(echo, words_of(7), 1, NOW_MS);
    echo_forget(echo, words.who);
    assert_false(echo_repeats(echo, words, NOW_MS));
    assert_true(echo_repeats(echo, words_of(7), NOW_MS));
}

static void cleared_repeats_nothing(void **state)
{
    struct echo *echo = *state;
    tell(echo, words, 1, NOW_MS);
    echo_say(echo, words_of(7), 2, NOW_MS);
    echo_clear(echo);
    echo_confirm(echo, words_of(7), 2, NOW_MS);
    assert_false(echo_repeats(echo, words, NOW_MS));
    assert_false(echo_repeats(echo, words_of(7), NOW_MS));
}

/* Speakers of one place in the table are told apart by what they say. */
static void speakers_of_one_place_do_not_repeat_each_other(void **state)
{
    struct echo *echo = *state;
    struct echo_words twin = {.who = words.who ^ (UINT64_C(1) << 38), .what = words.what + 1};
    tell(echo, words, 1, NOW_MS);
    assert_false(echo_repeats(echo, twin, NOW_MS));
    tell(echo, twin, 2, NOW_MS);
    assert_true(echo_repeats(echo, twin, NOW_MS));
    assert_false(echo_repeats(echo, words, NOW_MS));
}

static void who_finds_no_room_is_not_noted_until_there_is_some(void **state)
{
    enum { ROOM = 4 };
    struct echo *echo = *state;
    struct echo_words neighbours[ROOM + 1];
    for (uint64_t i = 0; i <= ROOM; i++) {
        neighbours[i] = (struct echo_words){.who = words.who + (i << 50), .what = i};
        tell(echo, neighbours[i], i + 1, NOW_MS + (int64_t)i);
    }
    for (size_t i = 0; i <= ROOM; i++) {
        assert_int_equal(echo_repeats(echo, neighbours[i], NOW_MS + ROOM), i != ROOM);
    }
    tell(echo, neighbours[ROOM], 9, NOW_MS + WINDOW_MS);
    assert_false(echo_repeats(echo, neighbours[0], NOW_MS + WINDOW_MS));
    assert_true(echo_repeats(echo, neighbours[ROOM], NOW_MS + WINDOW_MS));
}

static size_t repeating(struct echo *echo, size_t speakers, int64_t now_ms)
{
    size_t count = 0;
    for (size_t i = 0; i < speakers; i++) {
        count += echo_repeats(echo, words_of(i), now_ms);
    }
    return count;
}

/* Again and again until it has not grown any more: that empties it. */
static void tell_all(struct echo *echo, size_t speakers, int64_t now_ms)
{
    size_t bytes = 0;
    while (bytes != echo_bytes(echo)) {
        bytes = echo_bytes(echo);
        for (size_t i = 0; i < speakers; i++) {
            tell(echo, words_of(i), 1, now_ms);
        }
    }
}

static void grows_with_the_speakers_until_nearly_all_have_room(void **state)
{
    enum { SPEAKERS = 10000 };
    struct echo *echo = *state;
    assert_int_equal(echo_bytes(echo), ECHO_BYTES_MIN);
    tell_all(echo, SPEAKERS, NOW_MS);
    assert_in_range(echo_bytes(echo), 16 * SPEAKERS, 64 * SPEAKERS);
    assert_in_range(repeating(echo, SPEAKERS, NOW_MS), SPEAKERS * 9 / 10, SPEAKERS);
}

static void few_speakers_do_not_make_it_grow(void **state)
{
    enum { SPEAKERS = 500 };
    struct echo *echo = *state;
    for (int64_t round = 0; round < 1000; round++) {
        tell_all(echo, SPEAKERS, NOW_MS + round * WINDOW_MS);
    }
    assert_int_equal(echo_bytes(echo), ECHO_BYTES_MIN);
}

static void grows_no_further_than_its_bound(void **state)
{
    enum { SPEAKERS = 3000000 };
    struct echo *echo = *state;
    tell_all(echo, SPEAKERS, NOW_MS);
    assert_int_equal(echo_bytes(echo), ECHO_BYTES_MAX);
    assert_in_range(repeating(echo, SPEAKERS, NOW_MS), SPEAKERS / 2, SPEAKERS);
}

static void million_speakers_have_room(void **state)
{
    enum { SPEAKERS = 1000000 };
    struct echo *echo = *state;
    tell_all(echo, SPEAKERS, NOW_MS);
    assert_in_range(echo_bytes(echo), 0, ECHO_BYTES_MAX);
    assert_in_range(repeating(echo, SPEAKERS, NOW_MS), SPEAKERS / 100 * 95, SPEAKERS);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(repeats_what_was_confirmed),
        CASE(does_not_repeat_what_is_on_its_way),
        CASE(repeats_until_the_window_is_over),
        CASE(repetition_does_not_prolong_the_window),
        CASE(other_words_are_no_repetition_and_end_the_former),
        CASE(confirmation_of_former_words_is_nothing),
        CASE(same_words_said_again_wait_for_their_own_confirmation),
        CASE(forgotten_on_the_way_is_not_confirmed),
        CASE(forgetting_one_leaves_the_others),
        CASE(cleared_repeats_nothing),
        CASE(speakers_of_one_place_do_not_repeat_each_other),
        CASE(who_finds_no_room_is_not_noted_until_there_is_some),
        CASE(grows_with_the_speakers_until_nearly_all_have_room),
        CASE(few_speakers_do_not_make_it_grow),
        CASE(grows_no_further_than_its_bound),
        CASE(million_speakers_have_room),
    };
    return cmocka_run_group_tests_name("base/echo", tests, NULL, NULL);
}
