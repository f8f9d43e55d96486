/* test_session.c -- one boot of a worker from connect to goodbye, with time passed in. */
#include "agent/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct session session;
static int64_t now_ms;

static int set_up(void **state)
{
    (void)state;
    now_ms = 1000000;
    session_init(&session, 42, now_ms);
    return 0;
}

static struct session_step next(void)
{
    return session_next(&session, now_ms);
}

static void assert_next(enum session_action action)
{
    assert_int_equal(next().action, action);
}

/* Nothing is due; the time of the next step is reached by waiting as long as it says. */
static int64_t wait_out(void)
{
    struct session_step step = next();
    assert_int_equal(step.action, SESSION_NOTHING);
    assert_true(step.wait_ms > 0);
    now_ms += step.wait_ms;
    return step.wait_ms;
}

static void go_online(void)
{
    assert_next(SESSION_CONNECT);
    session_connected(&session, now_ms);
    session_subscribed(&session, now_ms);
}

static struct opt_int some(int64_t value)
{
    return (struct opt_int){.set = true, .value = value};
}

static bool reply_with(enum session_question question, enum reply_code code, int64_t epoch)
{
    struct session_reply reply = {.question = question, .code = code};
    if (epoch > 0) {
        reply.epoch = some(epoch);
    }
    return session_take_reply(&session, &reply, now_ms);
}

static void be_registered(int64_t interval_ms)
{
    struct session_reply reply = {.question = SESSION_REGISTRATION,
                                  .code = CODE_OK,
                                  .epoch = some(7),
                                  .heartbeat_interval_ms = some(interval_ms),
                                  .heartbeat_timeout_ms = some(3 * interval_ms)};
    go_online();
    assert_next(SESSION_REGISTER);
    assert_true(session_take_reply(&session, &reply, now_ms));
}

static void assert_ends(enum muster_result result)
{
    assert_next(SESSION_END);
    assert_int_equal(session.result, result);
    assert_int_equal(session_state(&session), MUSTER_ENDED);
}

/* ---------------------------------------------------------------------------------------- connecting */

static void begins_connecting_then_registers(void **state)
{
    (void)state;
    assert_int_equal(session_state(&session), MUSTER_CONNECTING);
    assert_next(SESSION_CONNECT);
    assert_int_equal(session.connection, 1);
    assert_next(SESSION_NOTHING);
    session_connected(&session, now_ms);
    assert_next(SESSION_NOTHING);
    assert_int_equal(session_state(&session), MUSTER_CONNECTING);
    session_subscribed(&session, now_ms);
    assert_int_equal(session_state(&session), MUSTER_REGISTERING);
    assert_next(SESSION_REGISTER);
}

static void failed_attempts_back_off_and_count_connections(void **state)
{
    (void)state;
    int64_t longest_ms = 0;
    for (int attempt = 1; attempt <= 20; attempt++) {
        assert_next(SESSION_CONNECT);
        assert_int_equal(session.connection, attempt);
        session_lost(&session, now_ms);
        int64_t waited_ms = wait_out();
        assert_true(waited_ms <= 5000);
        longest_ms = waited_ms > longest_ms ? waited_ms : longest_ms;
    }
    assert_true(longest_ms >= 2500);
}

static void attempt_without_answer_is_given_up(void **state)
{
    (void)state;
    assert_next(SESSION_CONNECT);
    assert_int_equal(wait_out(), 10000);
    assert_next(SESSION_DISCONNECT);
    session_lost(&session, now_ms);
    (void)wait_out();
    assert_next(SESSION_CONNECT);
    session_connected(&session, now_ms);
    assert_int_equal(wait_out(), 10000);
    assert_next(SESSION_DISCONNECT);
}

static void reconnecting_takes_no_more_than_a_quarter_of_the_timeout(void **state)
{
    (void)state;
    be_registered(200);
    for (int attempt = 0; attempt < 20; attempt++) {
        session_lost(&session, now_ms);
        assert_true(wait_out() <= 150);
        assert_next(SESSION_CONNECT);
    }
}

static void reconnected_worker_heartbeats_at_once_with_new_connection(void **state)
{
    (void)state;
    be_registered(1000);
    assert_next(SESSION_HEARTBEAT);
    assert_true(reply_with(SESSION_BEAT, CODE_OK, 8));
    session_lost(&session, now_ms);
    assert_int_equal(session_state(&session), MUSTER_CONNECTING);
    (void)wait_out();
    go_online();
    assert_int_equal(session.connection, 2);
    assert_int_equal(session_state(&session), MUSTER_REGISTERED);
    now_ms += 1000;
    struct session_step step = next();
    assert_int_equal(step.action, SESSION_HEARTBEAT);
    assert_true(step.asks);
}

/* ---------------------------------------------------------------------------------------- registering */

static void unanswered_registration_is_repeated_with_growing_waits(void **state)
{
    (void)state;
    go_online();
    int64_t total_ms = 0;
    for (int i = 0; i < 10; i++) {
        assert_next(SESSION_REGISTER);
        int64_t waited_ms = wait_out();
        assert_in_range(waited_ms, 1000, 30000);
        total_ms += waited_ms;
    }
    assert_true(total_ms > 90000);
}

static void rate_limited_registration_waits_as_long_as_told(void **state)
{
    (void)state;
    struct session_reply reply = {
        .question = SESSION_REGISTRATION, .code = CODE_RATE_LIMITED, .retry_after_ms = some(600000)};
    go_online();
    assert_next(SESSION_REGISTER);
    (void)session_take_reply(&session, &reply, now_ms);
    assert_in_range(wait_out(), 600000, 660000);
    assert_next(SESSION_REGISTER);
}

static void rate_limit_holds_over_a_reconnect(void **state)
{
    (void)state;
    struct session_reply reply = {
        .question = SESSION_REGISTRATION, .code = CODE_RATE_LIMITED, .retry_after_ms = some(600000)};
    go_online();
    assert_next(SESSION_REGISTER);
    (void)session_take_reply(&session, &reply, now_ms);
    session_lost(&session, now_ms);
    (void)wait_out();
    go_online();
    assert_true(wait_out() > 590000);
    assert_next(SESSION_REGISTER);
}

static void unavailable_registry_is_asked_again(void **state)
{
    (void)state;
    static const enum reply_code codes[] = {CODE_UNAVAILABLE, CODE_REGISTRY_FULL};
    go_online();
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        assert_next(SESSION_REGISTER);
        (void)reply_with(SESSION_REGISTRATION, codes[i], 0);
        (void)wait_out();
    }
    assert_next(SESSION_REGISTER);
}

static void refused_registration_ends(void **state)
{
    static const struct {
        enum reply_code code;
        enum muster_result result;
    } cases[] = {
        {CODE_VALIDATION_FAILED, MUSTER_REFUSED}, {CODE_INVALID_PAYLOAD, MUSTER_REFUSED},
        {CODE_TOO_LARGE, MUSTER_REFUSED},         {CODE_IDENTITY_MISMATCH, MUSTER_REFUSED},
        {CODE_FORBIDDEN, MUSTER_REFUSED},         {CODE_SUPERSEDED, MUSTER_SUPERSEDED},
        {CODE_DEREGISTERED, MUSTER_DEREGISTERED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)set_up(state);
        go_online();
        assert_next(SESSION_REGISTER);
        (void)reply_with(SESSION_REGISTRATION, cases[i].code, 0);
        assert_ends(cases[i].result);
    }
}

/* ---------------------------------------------------------------------------------------- heartbeating */

static void registered_worker_heartbeats_at_once_then_at_a_time_of_its_own_then_at_the_interval(void **state)
{
    (void)state;
    be_registered(1000);
    assert_int_equal(session_state(&session), MUSTER_REGISTERED);
    assert_next(SESSION_HEARTBEAT);
    assert_int_equal(session.seq, 1);
    assert_in_range(wait_out(), 500, 1000);
    assert_next(SESSION_HEARTBEAT);
    for (int i = 3; i < 10; i++) {
        assert_int_equal(wait_out(), 1000);
        assert_next(SESSION_HEARTBEAT);
        assert_int_equal(session.seq, i);
    }
}

/* Past the first wait, which is shorter. */
static void be_in_step(int64_t interval_ms)
{
    be_registered(interval_ms);
    assert_next(SESSION_HEARTBEAT);
    (void)wait_out();
    assert_next(SESSION_HEARTBEAT);
}

static void workers_that_came_together_do_not_stay_in_step(void **state)
{
    int64_t first_ms = 0;
    size_t different = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        (void)set_up(state);
        session_init(&session, seed, now_ms);
        be_registered(10000);
        assert_next(SESSION_HEARTBEAT);
        int64_t waited_ms = wait_out();
        first_ms = seed == 1 ? waited_ms : first_ms;
        different += waited_ms != first_ms ? 1 : 0;
    }
    assert_true(different > 15);
}

static void answered_worker_asks_again_after_some_minutes(void **state)
{
    (void)state;
    be_registered(1000);
    assert_true(next().asks);
    (void)reply_with(SESSION_BEAT, CODE_OK, 7);
    int64_t answered_ms = now_ms;
    struct session_step step;
    do {
        (void)wait_out();
        step = next();
        assert_int_equal(step.action, SESSION_HEARTBEAT);
    } while (!step.asks);
    assert_in_range(now_ms - answered_ms, 150000, 301000);
}

static void late_heartbeats_keep_their_beat(void **state)
{
    (void)state;
    be_in_step(1000);
    now_ms += 1300;
    assert_next(SESSION_HEARTBEAT);
    assert_int_equal(wait_out(), 700);
    assert_next(SESSION_HEARTBEAT);
    now_ms += 5500;
    assert_next(SESSION_HEARTBEAT);
    assert_int_equal(wait_out(), 1000);
}

static void reply_with_other_interval_changes_the_beat(void **state)
{
    (void)state;
    struct session_reply reply = {.question = SESSION_UNASKED, .code = CODE_OK, .heartbeat_interval_ms = some(200)};
    be_registered(1000);
    assert_next(SESSION_HEARTBEAT);
    (void)session_take_reply(&session, &reply, now_ms);
    assert_int_equal(wait_out(), 200);
    assert_next(SESSION_HEARTBEAT);
    assert_int_equal(wait_out(), 200);
}

static void asked_for_often_is_sent_seldom(void **state)
{
    (void)state;
    be_registered(60000);
    int sent = 0;
    int64_t end_ms = now_ms + 1000;
    while (now_ms < end_ms) {
        session_beat(&session, false, now_ms);
        sent += next().action == SESSION_HEARTBEAT;
        now_ms += 1;
    }
    assert_in_range(sent, 40, 51);
}

static void newer_epoch_is_taken_over_and_told_at_once(void **state)
{
    (void)state;
    be_registered(1000);
    assert_next(SESSION_HEARTBEAT);
    assert_int_equal(session.epoch, 7);
    now_ms += 100;
    assert_true(reply_with(SESSION_UNASKED, CODE_OK, 9));
    assert_int_equal(session.epoch, 9);
    assert_next(SESSION_HEARTBEAT);
    assert_false(reply_with(SESSION_UNASKED, CODE_OK, 9));
    assert_false(reply_with(SESSION_UNASKED, CODE_OK, 8));
    assert_int_equal(session.epoch, 9);
}

static void unknown_worker_registers_again(void **state)
{
    (void)state;
    be_registered(1000);
    assert_next(SESSION_HEARTBEAT);
    (void)reply_with(SESSION_BEAT, CODE_UNKNOWN_WORKER, 0);
    assert_int_equal(session_state(&session), MUSTER_REGISTERING);
    now_ms += 60000;
    assert_next(SESSION_REGISTER);
}

static void unasked_refusal_is_asked_about_and_ends_nothing(void **state)
{
    static const enum reply_code codes[] = {CODE_SUPERSEDED, CODE_DEREGISTERED, CODE_UNKNOWN_WORKER};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        (void)set_up(state);
        be_registered(60000);
        assert_next(SESSION_HEARTBEAT);
        (void)reply_with(SESSION_BEAT, CODE_OK, 0);
        now_ms += 5000;
        (void)reply_with(SESSION_UNASKED, codes[i], 0);
        assert_int_equal(session_state(&session), MUSTER_REGISTERED);
        struct session_step step = next();
        assert_int_equal(step.action, SESSION_HEARTBEAT);
        assert_true(step.asks);
    }
}

static void unanswered_question_is_asked_again_and_not_too_often(void **state)
{
    (void)state;
    be_registered(100);
    int asked = 0;
    int64_t end_ms = now_ms + 5000;
    while (now_ms < end_ms) {
        struct session_step step = next();
        asked += step.action == SESSION_HEARTBEAT && step.asks;
        now_ms += step.action == SESSION_NOTHING ? step.wait_ms : 0;
    }
    assert_in_range(asked, 4, 6);
    (void)reply_with(SESSION_BEAT, CODE_OK, 0);
    now_ms += 2000;
    assert_false(next().asks);
}

static void answered_refusal_of_heartbeat_ends(void **state)
{
    (void)state;
    be_registered(1000);
    assert_next(SESSION_HEARTBEAT);
    (void)reply_with(SESSION_BEAT, CODE_SUPERSEDED, 0);
    assert_ends(MUSTER_SUPERSEDED);
    (void)set_up(state);
    be_registered(1000);
    assert_next(SESSION_HEARTBEAT);
    (void)reply_with(SESSION_BEAT, CODE_DEREGISTERED, 0);
    assert_ends(MUSTER_DEREGISTERED);
}

static void refused_content_of_heartbeat_goes_on(void **state)
{
    (void)state;
    be_in_step(1000);
    (void)reply_with(SESSION_BEAT, CODE_VALIDATION_FAILED, 0);
    assert_int_equal(session_state(&session), MUSTER_REGISTERED);
    assert_int_equal(wait_out(), 1000);
    assert_next(SESSION_HEARTBEAT);
}

/* ---------------------------------------------------------------------------------------- drain and goodbye */

static void drain_is_told_until_answered_while_heartbeats_go_on(void **state)
{
    (void)state;
    be_registered(1000);
    assert_next(SESSION_HEARTBEAT);
    session_drain(&session, now_ms);
    assert_int_equal(session_state(&session), MUSTER_DRAINING);
    struct session_step step = next();
    assert_int_equal(step.action, SESSION_DEREGISTER);
    assert_true(step.drain);
    assert_false(step.force);
    int goodbyes = 0;
    int heartbeats = 0;
    for (int64_t end_ms = now_ms + 10000; now_ms < end_ms;) {
        step = next();
        goodbyes += step.action == SESSION_DEREGISTER;
        heartbeats += step.action == SESSION_HEARTBEAT;
        now_ms += step.action == SESSION_NOTHING ? step.wait_ms : 0;
    }
    assert_true(goodbyes >= 2);
    assert_true(heartbeats >= 9);
    (void)reply_with(SESSION_GOODBYE, CODE_OK, 0);
    now_ms += 60000;
    assert_next(SESSION_HEARTBEAT);
    assert_next(SESSION_NOTHING);
}

static void drained_worker_ends_well(void **state)
{
    (void)state;
    be_registered(1000);
    session_drain(&session, now_ms);
    (void)reply_with(SESSION_GOODBYE, CODE_OK, 0);
    (void)reply_with(SESSION_BEAT, CODE_DEREGISTERED, 0);
    assert_ends(MUSTER_OK);
}

static void drain_before_registration_waits_for_it(void **state)
{
    (void)state;
    session_drain(&session, now_ms);
    be_registered(1000);
    struct session_step step = next();
    assert_int_equal(step.action, SESSION_DEREGISTER);
    assert_true(step.drain);
}

static void drain_is_told_again_to_a_registry_that_forgot(void **state)
{
    (void)state;
    be_registered(1000);
    session_drain(&session, now_ms);
    assert_next(SESSION_DEREGISTER);
    (void)reply_with(SESSION_GOODBYE, CODE_OK, 0);
    assert_next(SESSION_HEARTBEAT);
    (void)reply_with(SESSION_BEAT, CODE_UNKNOWN_WORKER, 0);
    now_ms += 10000;
    assert_next(SESSION_REGISTER);
    (void)reply_with(SESSION_REGISTRATION, CODE_OK, 0);
    assert_next(SESSION_DEREGISTER);
}

static void leave_is_answered_and_ends(void **state)
{
    (void)state;
    be_registered(1000);
    session_leave(&session, MUSTER_STOP_FORCE, 5000, now_ms);
    struct session_step step = next();
    assert_int_equal(step.action, SESSION_DEREGISTER);
    assert_true(step.force);
    assert_false(step.drain);
    (void)reply_with(SESSION_GOODBYE, CODE_OK, 0);
    assert_ends(MUSTER_OK);
}

static void leave_unanswered_is_repeated_and_times_out(void **state)
{
    (void)state;
    be_registered(100);
    session_leave(&session, MUSTER_STOP_DEREGISTER, 5000, now_ms);
    int64_t left_ms = now_ms;
    int goodbyes = 0;
    for (;;) {
        struct session_step step = next();
        if (step.action == SESSION_END) {
            break;
        }
        assert_int_not_equal(step.action, SESSION_HEARTBEAT);
        goodbyes += step.action == SESSION_DEREGISTER;
        now_ms += step.action == SESSION_NOTHING ? step.wait_ms : 0;
    }
    assert_true(goodbyes >= 3);
    assert_int_equal(now_ms - left_ms, 5000);
    assert_ends(MUSTER_TIMEOUT);
}

static void leave_refused_tells_why(void **state)
{
    static const struct {
        enum reply_code code;
        enum muster_result result;
    } cases[] = {
        {CODE_ACTIVE_JOBS, MUSTER_ACTIVE_JOBS}, {CODE_UNKNOWN_WORKER, MUSTER_OK}, {CODE_DEREGISTERED, MUSTER_OK},
        {CODE_SUPERSEDED, MUSTER_OK},           {CODE_FORBIDDEN, MUSTER_REFUSED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)set_up(state);
        be_registered(1000);
        session_leave(&session, MUSTER_STOP_DEREGISTER, 5000, now_ms);
        assert_next(SESSION_DEREGISTER);
        (void)reply_with(SESSION_GOODBYE, cases[i].code, 0);
        assert_ends(cases[i].result);
    }
}

static void leave_before_anything_was_sent_ends_at_once(void **state)
{
    (void)state;
    assert_next(SESSION_CONNECT);
    session_leave(&session, MUSTER_STOP_FORCE, 5000, now_ms);
    assert_ends(MUSTER_OK);
}

static void leave_with_registration_unanswered_says_goodbye(void **state)
{
    (void)state;
    go_online();
    assert_next(SESSION_REGISTER);
    session_leave(&session, MUSTER_STOP_FORCE, 5000, now_ms);
    assert_next(SESSION_DEREGISTER);
}

static void leave_without_connection_tries_to_say_goodbye(void **state)
{
    (void)state;
    be_registered(1000);
    session_lost(&session, now_ms);
    session_leave(&session, MUSTER_STOP_FORCE, 5000, now_ms);
    (void)wait_out();
    go_online();
    assert_next(SESSION_DEREGISTER);
}

static void leave_silently_ends_at_once(void **state)
{
    (void)state;
    be_registered(1000);
    session_leave(&session, MUSTER_STOP_LEAVE, 5000, now_ms);
    assert_ends(MUSTER_OK);
}

static void replies_after_the_end_change_nothing(void **state)
{
    (void)state;
    be_registered(1000);
    (void)reply_with(SESSION_BEAT, CODE_SUPERSEDED, 0);
    assert_false(reply_with(SESSION_REGISTRATION, CODE_OK, 100));
    assert_ends(MUSTER_SUPERSEDED);
}

#define SESSION_TEST(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SESSION_TEST(begins_connecting_then_registers),
        SESSION_TEST(failed_attempts_back_off_and_count_connections),
        SESSION_TEST(attempt_without_answer_is_given_up),
        SESSION_TEST(reconnecting_takes_no_more_than_a_quarter_of_the_timeout),
        SESSION_TEST(reconnected_worker_heartbeats_at_once_with_new_connection),
        SESSION_TEST(unanswered_registration_is_repeated_with_growing_waits),
        SESSION_TEST(rate_limited_registration_waits_as_long_as_told),
        SESSION_TEST(rate_limit_holds_over_a_reconnect),
        SESSION_TEST(unavailable_registry_is_asked_again),
        SESSION_TEST(refused_registration_ends),
        SESSION_TEST(registered_worker_heartbeats_at_once_then_at_a_time_of_its_own_then_at_the_interval),
        SESSION_TEST(late_heartbeats_keep_their_beat),
        SESSION_TEST(workers_that_came_together_do_not_stay_in_step),
        SESSION_TEST(answered_worker_asks_again_after_some_minutes),
        SESSION_TEST(reply_with_other_interval_changes_the_beat),
        SESSION_TEST(asked_for_often_is_sent_seldom),
        SESSION_TEST(newer_epoch_is_taken_over_and_told_at_once),
        SESSION_TEST(unknown_worker_registers_again),
        SESSION_TEST(unasked_refusal_is_asked_about_and_ends_nothing),
        SESSION_TEST(unanswered_question_is_asked_again_and_not_too_often),
        SESSION_TEST(answered_refusal_of_heartbeat_ends),
        SESSION_TEST(refused_content_of_heartbeat_goes_on),
        SESSION_TEST(drain_is_told_until_answered_while_heartbeats_go_on),
        SESSION_TEST(drained_worker_ends_well),
        SESSION_TEST(drain_before_registration_waits_for_it),
        SESSION_TEST(drain_is_told_again_to_a_registry_that_forgot),
        SESSION_TEST(leave_is_answered_and_ends),
        SESSION_TEST(leave_unanswered_is_repeated_and_times_out),
        SESSION_TEST(leave_refused_tells_why),
        SESSION_TEST(leave_before_anything_was_sent_ends_at_once),
        SESSION_TEST(leave_with_registration_unanswered_says_goodbye),
        SESSION_TEST(leave_without_connection_tries_to_say_goodbye),
        SESSION_TEST(leave_silently_ends_at_once),
        SESSION_TEST(replies_after_the_end_change_nothing),
    };
    return cmocka_run_group_tests_name("agent/session", tests, NULL, NULL);
}
