/* test_profile.c -- an agent's options: copied, split, completed, or refused with their name. */
#include "agent/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct profile profile;
static struct fault fault;

static struct muster_agent_options good_options(void)
{
    struct muster_agent_options options = muster_agent_options();
    options.broker_uri = "tcp://127.0.0.1";
    options.worker_id = "w-1";
    options.max_concurrent_jobs = 4;
    return options;
}

static enum err init(const struct muster_agent_options *options)
{
    profile_fini(&profile);
    fault = (struct fault){0};
    return profile_init(&profile, options, &fault);
}

static int tear_down(void **state)
{
    (void)state;
    profile_fini(&profile);
    return 0;
}

static void init_least_fills_in_the_rest(void **state)
{
    (void)state;
    struct muster_agent_options options = good_options();
    assert_int_equal(init(&options), ERR_OK);
    assert_true(text_is(profile.registration.name, "w-1"));
    assert_true(profile.registration.host_name.len > 0);
    assert_int_equal(profile.registration.max_concurrent_jobs.value, 4);
    assert_false(profile.registration.port.set);
    assert_false(profile.registration.heartbeat_timeout_ms.set);
    assert_null(profile.registration.zone.data);
    assert_string_equal(profile.register_topic, "muster/v1/worker/w-1/register");
    assert_string_equal(profile.heartbeat_topic, "muster/v1/worker/w-1/heartbeat");
    assert_string_equal(profile.deregister_topic, "muster/v1/worker/w-1/deregister");
    assert_string_equal(profile.will_topic, "muster/v1/worker/w-1/will");
    assert_string_equal(profile.reply_topic, "muster/v1/reply/worker/w-1");
    assert_string_equal(profile.command_topic, "muster/v1/command/w-1");
}

static void init_copies_what_the_caller_may_change(void **state)
{
    (void)state;
    char id[] = "w-1";
    char zone[] = "eu";
    struct muster_agent_options options = good_options();
    options.worker_id = id;
    options.zone = zone;
    assert_int_equal(init(&options), ERR_OK);
    memset(id, 'x', 3);
    memset(zone, 'x', 2);
    assert_true(text_is(profile.registration.worker_id, "w-1"));
    assert_true(text_is(profile.registration.zone, "eu"));
}

static void init_splits_lists_and_trims(void **state)
{
    (void)state;
    struct muster_agent_options options = good_options();
    options.tags = " production,, high performance\t,x";
    options.capabilities = "java";
    assert_int_equal(init(&options), ERR_OK);
    assert_int_equal(profile.registration.tags.count, 3);
    assert_true(text_is(profile.registration.tags.items[0], "production"));
    assert_true(text_is(profile.registration.tags.items[1], "high performance"));
    assert_true(text_is(profile.registration.tags.items[2], "x"));
    assert_int_equal(profile.registration.capability_names.count, 1);
    assert_null(profile.registration.capabilities_json.data);
}

static void init_passes_json_capabilities_as_they_are(void **state)
{
    (void)state;
    struct muster_agent_options options = good_options();
    options.capabilities = "{\"java\": true}";
    assert_int_equal(init(&options), ERR_OK);
    assert_true(text_is(profile.registration.capabilities_json, "{\"java\": true}"));
    assert_int_equal(profile.registration.capability_names.count, 0);
}

static void init_too_many_tags_is_invalid(void **state)
{
    (void)state;
    struct muster_agent_options options = good_options();
    struct buf tags = {0};
    for (int i = 0; i < WORKER_TAGS_MAX; i++) {
        buf_append_string(&tags, "a,");
    }
    options.tags = buf_terminated(&tags);
    assert_int_equal(init(&options), ERR_OK);
    assert_int_equal(profile.registration.tags.count, WORKER_TAGS_MAX);
    buf_append_string(&tags, "a");
    options.tags = buf_terminated(&tags);
    assert_int_equal(init(&options), ERR_INVALID);
    assert_string_equal(fault.text, "tags: at most 64");
    buf_fini(&tags);
}

static void init_missing_or_bad_option_is_named(void **state)
{
    (void)state;
    struct muster_agent_options options = good_options();
    options.broker_uri = NULL;
    assert_int_equal(init(&options), ERR_INVALID);
    assert_non_null(strstr(fault.text, "broker_uri"));
    options = good_options();
    options.worker_id = "a/b";
    assert_int_equal(init(&options), ERR_INVALID);
    assert_non_null(strstr(fault.text, "worker_id"));
    options.worker_id = NULL;
    assert_int_equal(init(&options), ERR_INVALID);
    options = good_options();
    options.max_concurrent_jobs = 0;
    assert_int_equal(init(&options), ERR_INVALID);
    assert_non_null(strstr(fault.text, "max_concurrent_jobs"));
}

static void init_bad_topic_root_is_invalid(void **state)
{
    (void)state;
    static const char *const roots[] = {"", "/a", "a/", "a/+", "#", "$SYS"};
    struct muster_agent_options options = good_options();
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        options.topic_root = roots[i];
        assert_int_equal(init(&options), ERR_INVALID);
        assert_non_null(strstr(fault.text, "topic_root"));
    }
}

static void ignore_command(void *context, enum muster_command command, const char *name)
{
    (void)context;
    (void)command;
    (void)name;
}

static void init_options_of_an_older_program_lack_the_newest(void **state)
{
    (void)state;
    struct muster_agent_options options = good_options();
    options.on_command = ignore_command;
    options.size = offsetof(struct muster_agent_options, on_command);
    assert_int_equal(init(&options), ERR_OK);
    assert_true(profile.options.on_command == NULL);
}

static void init_options_without_size_are_invalid(void **state)
{
    (void)state;
    struct muster_agent_options options = good_options();
    options.size = 0;
    assert_int_equal(init(&options), ERR_INVALID);
    assert_non_null(strstr(fault.text, "muster_agent_options()"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(init_least_fills_in_the_rest),
        cmocka_unit_test(init_copies_what_the_caller_may_change),
        cmocka_unit_test(init_splits_lists_and_trims),
        cmocka_unit_test(init_passes_json_capabilities_as_they_are),
        cmocka_unit_test(init_too_many_tags_is_invalid),
        cmocka_unit_test(init_missing_or_bad_option_is_named),
        cmocka_unit_test(init_bad_topic_root_is_invalid),
        cmocka_unit_test(init_options_of_an_older_program_lack_the_newest),
        cmocka_unit_test(init_options_without_size_are_invalid),
    };
    return cmocka_run_group_tests_name("agent/profile", tests, NULL, tear_down);
}
