/* test_sentinel.c -- what the setting says, and which answer is believed. */
#include "store/sentinel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void parse_reads_name_hosts_and_ports(void **state)
{
    (void)state;
    struct sentinels sentinels;
    struct fault fault = {0};
    assert_int_equal(sentinels_parse("fleet@10.0.0.1,s2.example:26380", &sentinels, &fault), ERR_OK);
    assert_string_equal(sentinels.master, "fleet");
    assert_int_equal(sentinels.count, 2);
    assert_string_equal(sentinels.at[0].host, "10.0.0.1");
    assert_int_equal(sentinels.at[0].port, 26379);
    assert_string_equal(sentinels.at[1].host, "s2.example");
    assert_int_equal(sentinels.at[1].port, 26380);
}

static void parse_refuses_what_is_none_and_names_it(void **state)
{
    (void)state;
    static const char *const texts[] = {"",           "fleet",      "@h:1",
                                        "fleet@",     "fleet@h:",   "fleet@h:99999",
                                        "fleet@h,,i", "fleet@h:1,", "fleet@a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct sentinels sentinels;
        struct fault fault = {0};
        assert_int_equal(sentinels_parse(texts[i], &sentinels, &fault), ERR_INVALID);
        assert_non_null(strstr(fault.text, texts[i]));
    }
}

static struct sentinel_answer names(const char *host, int64_t config_epoch)
{
    struct sentinel_answer answer = {.given = true, .config_epoch = config_epoch, .port = 6379};
    (void)snprintf(answer.host, sizeof answer.host, "%s", host);
    return answer;
}

static void judge_believes_the_latest_failover(void **state)
{
    (void)state;
    const struct sentinel_answer answers[] = {names("old", 4), names("new", 5), names("old", 4)};
    assert_string_equal(sentinel_judge(answers, 3, NULL, true)->host, "new");
}

static void judge_waits_for_more_than_half_while_patience_is_left(void **state)
{
    (void)state;
    const struct sentinel_answer answers[] = {names("one", 1), {0}, {0}};
    assert_null(sentinel_judge(answers, 3, NULL, true));
    assert_string_equal(sentinel_judge(answers, 3, NULL, false)->host, "one");
}

static void judge_does_not_go_back_for_one_that_was_cut_off(void **state)
{
    (void)state;
    const struct sentinel_answer believed = names("new", 5);
    const struct sentinel_answer answers[] = {{0}, names("old", 4), {0}};
    assert_null(sentinel_judge(answers, 3, &believed, false));
}

static void judge_follows_most_of_them_even_to_an_earlier_epoch(void **state)
{
    (void)state;
    const struct sentinel_answer believed = names("old", 5);
    const struct sentinel_answer answers[] = {names("new", 0), names("new", 0), {0}};
    assert_string_equal(sentinel_judge(answers, 3, &believed, false)->host, "new");
}

static void judge_without_answers_believes_nothing(void **state)
{
    (void)state;
    const struct sentinel_answer answers[3] = {0};
    assert_null(sentinel_judge(answers, 3, NULL, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_reads_name_hosts_and_ports),
        cmocka_unit_test(parse_refuses_what_is_none_and_names_it),
        cmocka_unit_test(judge_believes_the_latest_failover),
        cmocka_unit_test(judge_waits_for_more_than_half_while_patience_is_left),
        cmocka_unit_test(judge_does_not_go_back_for_one_that_was_cut_off),
        cmocka_unit_test(judge_follows_most_of_them_even_to_an_earlier_epoch),
        cmocka_unit_test(judge_without_answers_believes_nothing),
    };
    return cmocka_run_group_tests_name("store/sentinel", tests, NULL, NULL);
}
