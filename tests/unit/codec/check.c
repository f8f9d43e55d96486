/* check.c -- compares codes, sentences and decoded values with what the vectors say. */
#include "check.h"

#include "decoded.h"

#include <stdlib.h>

static json_t *sentences(const struct violations *violations)
{
    json_t *list = json_array();
    for (size_t i = 0; i < violations_kept(violations); i++) {
        (void)json_array_append_new(list, json_string(violations->texts[i]));
    }
    return list;
}

static bool is_same(const struct vector *vector, const char *message, const char *what, json_t *got, json_t *expected)
{
    bool same = json_equal(got, expected);
    if (!same) {
        char *got_text = json_dumps(got, JSON_ENCODE_ANY);
        char *expected_text = json_dumps(expected, JSON_ENCODE_ANY);
        print_error("%s as %s: %s %s, not %s\n", vector->path, message, what, got_text, expected_text);
        free(got_text);
        free(expected_text);
    }
    return same;
}

/* The payload is decoded from memory of exactly its size, so that reading beyond it is seen. */
static bool check_vector(struct decoder *decoder, const struct vector *vector, const struct decoded_message *message,
                         enum encoding encoding, const struct buf *payload)
{
    struct violations violations = {0};
    bool accepted = false;
    char *exact = malloc(payload->len + (payload->len == 0));
    if (payload->len > 0) {
        memcpy(exact, payload->data, payload->len);
    }
    json_t *decoded = message->decode(decoder, (struct text){exact, payload->len}, &accepted, &violations);
    json_t *code = json_string(code_name(violations.code));
    json_t *errors = sentences(&violations);
    bool good = is_same(vector, message->name, "code", code, json_object_get(vector->document, "code"));
    if (strcmp(vector_text(vector, "code"), "ok") == 0) {
        good = is_same(vector, message->name, "decoded", decoded, json_object_get(vector->document, "decoded")) && good;
    } else {
        good = is_same(vector, message->name, "errors", errors, vector_errors(vector, encoding)) && good;
    }
    if (accepted != (violations.count == 0)) {
        print_error("%s as %s: accepted and violations contradict\n", vector->path, message->name);
        good = false;
    }
    json_decref(errors);
    json_decref(code);
    json_decref(decoded);
    free(exact);
    return good;
}

void check_vectors(enum encoding encoding)
{
    struct decoder *decoder = decoder_new(MESSAGE_BYTES_MAX);
    struct vectors vectors;
    struct buf payload = {0};
    size_t checked = 0;
    size_t failed = 0;
    vectors_load(&vectors);
    for (size_t i = 0; i < vectors.count; i++) {
        for (size_t k = 0; k < DECODED_MESSAGE_COUNT; k++) {
            const struct vector *vector = &vectors.items[i];
            const struct decoded_message *message = &decoded_messages[k];
            if (vector_is_for(vector, message->name) && vector_payload(vector, encoding, &payload)) {
                checked++;
                failed += check_vector(decoder, vector, message, encoding, &payload) ? 0 : 1;
            }
        }
    }
    buf_fini(&payload);
    vectors_free(&vectors);
    decoder_free(decoder);
    assert_true(checked > 200);
    assert_int_equal(failed, 0);
}

static size_t check_prefixes_of(struct decoder *decoder, const struct vector *vector,
                                const struct decoded_message *message, const struct buf *payload)
{
    size_t failed = 0;
    for (size_t len = 1; len < payload->len; len++) {
        struct violations violations = {0};
        bool accepted = false;
        char *exact = malloc(len);
        memcpy(exact, payload->data, len);
        json_decref(message->decode(decoder, (struct text){exact, len}, &accepted, &violations));
        if (accepted) {
            print_error("%s as %s: the first %zu bytes are accepted\n", vector->path, message->name, len);
            failed++;
        }
        free(exact);
    }
    return failed;
}

/* Blanks after the map may be cut off without harm, so a payload of JSON has to end with its bracket to be used here.
 */
void check_prefixes(enum encoding encoding)
{
    enum { LONG_ENOUGH = 512 };
    struct decoder *decoder = decoder_new(MESSAGE_BYTES_MAX);
    struct vectors vectors;
    struct buf payload = {0};
    size_t failed = 0;
    vectors_load(&vectors);
    for (size_t i = 0; i < vectors.count; i++) {
        const struct vector *vector = &vectors.items[i];
        bool is_valid = strcmp(vector_text(vector, "code"), "ok") == 0;
        for (size_t k = 0; k < DECODED_MESSAGE_COUNT && is_valid; k++) {
            const struct decoded_message *message = &decoded_messages[k];
            bool is_used = vector_is_for(vector, message->name) && vector_payload(vector, encoding, &payload) &&
                           payload.len > 0 && payload.len < LONG_ENOUGH &&
                           (encoding == ENCODING_MSGPACK || payload.data[payload.len - 1] == '}');
            failed += is_used ? check_prefixes_of(decoder, vector, message, &payload) : 0;
        }
    }
    buf_fini(&payload);
    vectors_free(&vectors);
    decoder_free(decoder);
    assert_int_equal(failed, 0);
}
