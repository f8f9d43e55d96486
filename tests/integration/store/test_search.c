/*
 * test_search.c -- however many there are, a call of a search looks at a bounded number of them, and all calls together
 * at each once. The sets are made here; there are no workers behind them.
 */
#include "store/query.h"
#include "store/search.h"
#include "support/store_client.h"
#include "support/store_stand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MEMBERS = 20000, STEP = 200, STEPS_A_CALL_MAX = 25, PAGE = 100 };

struct rig {
    struct store_stand stand;
    struct store_client searcher;
    int open; /* calls without their answer */
    size_t found;
    char place[512]; /* where the search goes on; empty: at its end */
};

/* All have the tag; of all others, who have not, each has room. */
static void make_sets(struct rig *rig)
{
    static const char script[] = "for i = 1, tonumber(ARGV[1]) do "
                                 "redis.call('SADD', KEYS[1] .. 'workers', 'full-' .. i, 'free-' .. i) "
                                 "redis.call('SADD', KEYS[1] .. 'tag:full', 'full-' .. i) "
                                 "redis.call('ZADD', KEYS[1] .. 'free', 0, 'full-' .. i, 5, 'free-' .. i) end";
    (void)redis_reply(rig->stand.client, "EVAL %s 1 test:{0}: %d", script, MEMBERS);
}

static int start_rig(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    *state = rig;
    store_stand_open(&rig->stand);
    store_client_open(&rig->searcher, rig->stand.base, rig->stand.redis.socket_uri, "test");
    make_sets(rig);
    return 0;
}

static int end_rig(void **state)
{
    struct rig *rig = *state;
    store_client_close(&rig->searcher);
    store_stand_close(&rig->stand);
    free(rig);
    return 0;
}

static void take_answer(struct rig *rig, enum store_outcome outcome, struct text next, size_t count)
{
    assert_int_equal(outcome, STORE_DONE);
    rig->open--;
    rig->found += count;
    (void)snprintf(rig->place, sizeof rig->place, "%.*s", TEXT_ARG(next));
}

static void on_page(void *context, const struct store_page *page)
{
    take_answer(context, page->outcome, page->next, page->count);
}

static void on_picked(void *context, const struct store_picked *picked)
{
    take_answer(context, picked->outcome, picked->next, picked->count);
}

/* Through a set, or along the free capacity. */
static int64_t steps_so_far(struct rig *rig)
{
    static const char *const commands[] = {"cmdstat_sscan:calls=", "cmdstat_zrevrange:calls="};
    const char *statistics = redis_text(rig->stand.client, "INFO commandstats");
    int64_t steps = 0;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        const char *at = strstr(statistics, commands[i]);
        steps += at != NULL ? strtoll(at + strlen(commands[i]), NULL, 10) : 0;
    }
    return steps;
}

/* Searches in vain for one with the tag and room; returns how many steps that took. */
static int64_t search_to_the_end(struct rig *rig, bool sorted)
{
    struct text tags[] = {text_of("full")};
    struct query query = {.tags = {tags, 1}, .minimum_free_capacity = {.set = true, .value = 1}};
    int64_t first = steps_so_far(rig);
    rig->found = 0;
    rig->place[0] = '\0';
    do {
        struct store_search search = {.query = &query, .schedulable = true, .place = text_of(rig->place), .most = PAGE};
        int64_t before = steps_so_far(rig);
        rig->open++;
        if (sorted) {
            store_pick(rig->searcher.store, &search, on_picked, rig);
        } else {
            store_list(rig->searcher.store, &search, on_page, rig);
        }
        store_client_wait(&rig->searcher, &rig->open, 0);
        assert_true(steps_so_far(rig) - before <= STEPS_A_CALL_MAX);
    } while (rig->place[0] != '\0');
    assert_int_equal(rig->found, 0);
    return steps_so_far(rig) - first;
}

/* Few have so much room: they are looked at, and not the many who have the tag. */
static void search_for_more_room_than_all_but_a_few_have_takes_no_steps(void **state)
{
    struct rig *rig = *state;
    struct text tags[] = {text_of("full")};
    struct query query = {.tags = {tags, 1}, .minimum_free_capacity = {.set = true, .value = 8}};
    struct store_search search = {.query = &query, .schedulable = true, .most = PAGE};
    (void)redis_reply(rig->stand.client, "ZADD test:{0}:free 8 full-1 9 full-20000 9 free-1");
    int64_t before = steps_so_far(rig);
    rig->found = 0;
    rig->open++;
    store_list(rig->searcher.store, &search, on_page, rig);
    store_client_wait(&rig->searcher, &rig->open, 0);
    assert_int_equal(rig->found, 2);
    assert_string_equal(rig->place, "");
    assert_int_equal(steps_so_far(rig), before);
    (void)redis_reply(rig->stand.client, "ZADD test:{0}:free 0 full-1 0 full-20000 5 free-1");
}

/* Whoever was looked at has left when the walk goes on, so that all behind are nearer to its beginning. */
static void walk_along_the_free_capacity_misses_nobody_while_others_leave(void **state)
{
    struct rig *rig = *state;
    static const char tag_some[] = "for i = 1, 50 do redis.call('SADD', KEYS[1] .. 'tag:full', 'free-' .. i * 400) end";
    struct text tags[] = {text_of("full")};
    struct query query = {.tags = {tags, 1}, .minimum_free_capacity = {.set = true, .value = 1}};
    int calls = 0;
    (void)redis_reply(rig->stand.client, "EVAL %s 1 test:{0}:", tag_some);
    rig->found = 0;
    rig->place[0] = '\0';
    do {
        struct store_search search = {.query = &query, .schedulable = true, .place = text_of(rig->place), .most = PAGE};
        rig->open++;
        calls++;
        store_pick(rig->searcher.store, &search, on_picked, rig);
        store_client_wait(&rig->searcher, &rig->open, 0);
        (void)redis_reply(rig->stand.client, "ZREMRANGEBYRANK test:{0}:free -500 -1");
    } while (rig->place[0] != '\0');
    assert_int_equal(rig->found, 50);
    assert_true(calls > 5);
}

static void call_of_a_vain_search_looks_at_a_bounded_number(void **state)
{
    assert_in_range(search_to_the_end(*state, false), MEMBERS / STEP / 2, 2 * MEMBERS / PAGE);
}

static void call_of_a_vain_sorted_search_looks_at_a_bounded_number(void **state)
{
    assert_in_range(search_to_the_end(*state, true), MEMBERS / STEP / 2, 2 * MEMBERS / PAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(call_of_a_vain_search_looks_at_a_bounded_number),
        cmocka_unit_test(call_of_a_vain_sorted_search_looks_at_a_bounded_number),
        cmocka_unit_test(search_for_more_room_than_all_but_a_few_have_takes_no_steps),
        cmocka_unit_test(walk_along_the_free_capacity_misses_nobody_while_others_leave),
    };
    return cmocka_run_group_tests_name("integration/store/search", tests, start_rig, end_rig);
}
