/* test_topic.c -- topics and response topics as topics/vectors/topics.json lists them. */
#include "codec/topic.h"
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char *const kind_names[TOPIC_KIND_COUNT] = {
    [TOPIC_UNKNOWN] = "unknown",
    [TOPIC_WORKER_REGISTER] = "worker register",
    [TOPIC_WORKER_HEARTBEAT] = "worker heartbeat",
    [TOPIC_WORKER_DEREGISTER] = "worker deregister",
    [TOPIC_WORKER_WILL] = "worker will",
    [TOPIC_GATEWAY_REGISTER] = "gateway register",
    [TOPIC_GATEWAY_HEARTBEAT] = "gateway heartbeat",
    [TOPIC_GATEWAY_DEREGISTER] = "gateway deregister",
    [TOPIC_GATEWAY_WILL] = "gateway will",
    [TOPIC_REQUEST] = "request",
    [TOPIC_CANARY] = "canary",
};

static struct text text_at(const json_t *object, const char *name)
{
    const json_t *node = json_object_get(object, name);
    return (struct text){json_string_value(node), json_string_length(node)};
}

/* The text is the object's member of that name; absent where there is none. */
static bool is_member(struct text text, const json_t *object, const char *name)
{
    const char *expected = json_string_value(json_object_get(object, name));
    return expected != NULL ? text_is(text, expected) : text.data == NULL;
}

static int load(void **state)
{
    *state = vectors_topics();
    return 0;
}

static int unload(void **state)
{
    json_decref(*state);
    return 0;
}

static void topics_are_parsed_as_listed(void **state)
{
    const json_t *cases = json_object_get(*state, "topics");
    assert_true(json_array_size(cases) > 0);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *expected = json_array_get(cases, i);
        struct topic topic = topic_parse(text_at(*state, "root"), text_at(expected, "topic"));
        if (!text_is(text_at(expected, "kind"), kind_names[topic.kind]) || !is_member(topic.id, expected, "id") ||
            !is_member(topic.verb, expected, "verb")) {
            fail_msg("%.*s is %s, id \"%.*s\", verb \"%.*s\"", TEXT_ARG(text_at(expected, "topic")),
                     kind_names[topic.kind], TEXT_ARG(topic.id), TEXT_ARG(topic.verb));
        }
    }
}

static void own_reply_topics_are_as_listed(void **state)
{
    const json_t *cases = json_object_get(*state, "replies");
    struct text root = text_at(*state, "root");
    assert_true(json_array_size(cases) > 0);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *expected = json_array_get(cases, i);
        struct topic sender = topic_parse(root, text_at(expected, "sender"));
        struct buf own = {0};
        topic_append_reply(&own, root, &sender);
        assert_string_equal(buf_terminated(&own), json_string_value(json_object_get(expected, "own")));
        assert_int_equal(topic_reply_allowed(root, &sender, buf_text(&own)), sender.kind != TOPIC_CANARY);
        buf_fini(&own);
    }
}

static void response_topics_are_allowed_as_listed(void **state)
{
    const json_t *cases = json_object_get(*state, "responseTopics");
    struct text root = text_at(*state, "root");
    assert_true(json_array_size(cases) > 0);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *expected = json_array_get(cases, i);
        struct topic sender = topic_parse(root, text_at(expected, "sender"));
        bool allowed = topic_reply_allowed(root, &sender, text_at(expected, "responseTopic"));
        if (allowed != json_is_true(json_object_get(expected, "allowed"))) {
            fail_msg("%.*s for %.*s: %d", TEXT_ARG(text_at(expected, "responseTopic")),
                     TEXT_ARG(text_at(expected, "sender")), allowed);
        }
    }
}

static void absent_response_topic_is_not_allowed(void **state)
{
    (void)state;
    struct topic sender = {.kind = TOPIC_WORKER_REGISTER, .id = text_of("w")};
    assert_false(topic_reply_allowed(text_of("r"), &sender, (struct text){0}));
}

static void response_topic_beyond_512_bytes_is_not_allowed(void **state)
{
    (void)state;
    struct topic sender = {.kind = TOPIC_WORKER_REGISTER, .id = text_of("w")};
    char topic[514] = "r/reply/worker/w/";
    memset(topic + strlen(topic), 'x', sizeof topic - strlen(topic) - 1);
    assert_true(topic_reply_allowed(text_of("r"), &sender, (struct text){topic, 512}));
    assert_false(topic_reply_allowed(text_of("r"), &sender, (struct text){topic, 513}));
}

static void id_of_129_characters_is_unknown(void **state)
{
    (void)state;
    char topic[200] = "r/worker/";
    size_t begin = strlen(topic);
    memset(topic + begin, 'w', 129);
    memcpy(topic + begin + 129, "/will", 6);
    assert_int_equal(topic_parse(text_of("r"), text_of(topic)).kind, TOPIC_UNKNOWN);
    memcpy(topic + begin + 128, "/will", 6);
    assert_int_equal(topic_parse(text_of("r"), text_of(topic)).kind, TOPIC_WORKER_WILL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_are_parsed_as_listed),
        cmocka_unit_test(own_reply_topics_are_as_listed),
        cmocka_unit_test(response_topics_are_allowed_as_listed),
        cmocka_unit_test(absent_response_topic_is_not_allowed),
        cmocka_unit_test(response_topic_beyond_512_bytes_is_not_allowed),
        cmocka_unit_test(id_of_129_characters_is_unknown),
    };
    return cmocka_run_group_tests_name("codec/topic", tests, load, unload);
}
