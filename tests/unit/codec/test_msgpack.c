/* test_msgpack.c -- MessagePack payloads: the golden ones, and what trees become. */
#include "check.h"

#include <msgpack.h>
#include <stdlib.h>

static void vectors_in_msgpack_decode_as_they_say(void **state)
{
    (void)state;
    check_vectors(ENCODING_MSGPACK);
}

static void prefixes_of_valid_msgpack_are_refused(void **state)
{
    (void)state;
    check_prefixes(ENCODING_MSGPACK);
}

static void assert_becomes(const char *json, const char *bytes, size_t len)
{
    struct buf out = {0};
    json_t *tree = json_loads(json, 0, NULL);
    assert_non_null(tree);
    assert_int_equal(encode_document(tree, ENCODING_MSGPACK, &out), ERR_OK);
    assert_int_equal(out.len, len);
    assert_memory_equal(out.data, bytes, len);
    json_decref(tree);
    buf_fini(&out);
}

static void encode_takes_shortest_forms(void **state)
{
    (void)state;
    assert_becomes("{}", "\x80", 1);
    assert_becomes("{\"a\":127}",
                   "\x81\xa1"
                   "a\x7f",
                   4);
    assert_becomes("[128,-1,-33,70000]", "\x94\xcc\x80\xff\xd0\xdf\xce\x00\x01\x11\x70", 11);
    assert_becomes("[true,false,null]", "\x93\xc3\xc2\xc0", 4);
    assert_becomes("[1.5]", "\x91\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00", 10);
    assert_becomes("[\"\"]", "\x91\xa0", 2);
}

static void encode_is_read_alike_by_msgpack_c(void **state)
{
    (void)state;
    struct buf out = {0};
    json_t *tree = json_pack("{s:I, s:f, s:[s,n,b]}", "most", (json_int_t)INT64_MAX, "real", 0.1, "list", "ä", 1);
    assert_int_equal(encode_document(tree, ENCODING_MSGPACK, &out), ERR_OK);
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    size_t offset = 0;
    assert_int_equal(msgpack_unpack_next(&unpacked, out.data, out.len, &offset), MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(offset, out.len);
    assert_int_equal(unpacked.data.type, MSGPACK_OBJECT_MAP);
    const msgpack_object_map *map = &unpacked.data.via.map;
    assert_int_equal(map->size, 3);
    assert_int_equal(map->ptr[0].val.via.u64, INT64_MAX);
    assert_true(map->ptr[1].val.via.f64 == 0.1);
    assert_int_equal(map->ptr[2].val.via.array.ptr[0].via.str.size, 2);
    msgpack_unpacked_destroy(&unpacked);
    json_decref(tree);
    buf_fini(&out);
}

/* One value of every kind and width that the format has, in a list in a map in a field that nobody knows. */
static void pack_every_kind(msgpack_packer *packer)
{
    static const uint64_t widths[] = {1, 200, 60000, 3000000000, UINT64_MAX};
    static const size_t lengths[] = {0, 31, 32, 300, 70000};
    static char bytes[70000];
    memset(bytes, 'x', sizeof bytes);
    msgpack_pack_array(packer, 30);
    msgpack_pack_nil(packer);
    msgpack_pack_true(packer);
    msgpack_pack_false(packer);
    msgpack_pack_float(packer, 1.5F);
    msgpack_pack_double(packer, 0.1);
    for (size_t i = 0; i < 5; i++) {
        msgpack_pack_uint64(packer, widths[i]);
        msgpack_pack_int64(packer, -(int64_t)(widths[i] / 2) - 1);
        msgpack_pack_str_with_body(packer, bytes, lengths[i]);
        msgpack_pack_bin_with_body(packer, bytes, lengths[i]);
    }
    for (size_t size = 1; size <= 16; size *= 2) {
        msgpack_pack_ext_with_body(packer, bytes, size, 3);
    }
}

static void every_kind_of_value_is_passed_over_and_its_beginnings_are_refused(void **state)
{
    (void)state;
    msgpack_sbuffer out;
    msgpack_packer packer;
    struct violations violations;
    struct heartbeat heartbeat;
    struct decoder *decoder = decoder_new(MESSAGE_GATEWAY_BYTES_MAX);
    msgpack_sbuffer_init(&out);
    msgpack_packer_init(&packer, &out, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, 2);
    msgpack_pack_str_with_body(&packer, "unknown", 7);
    msgpack_pack_map(&packer, 1);
    msgpack_pack_array(&packer, 0);
    pack_every_kind(&packer);
    msgpack_pack_str_with_body(&packer, "seq", 3);
    msgpack_pack_int(&packer, 7);
    violations_clear(&violations);
    assert_true(decode_heartbeat(decoder, (struct text){out.data, out.size}, &heartbeat, &violations));
    assert_int_equal(heartbeat.seq.value, 7);
    for (size_t len = 1; len < out.size; len += len < 2000 ? 1 : 997) {
        violations_clear(&violations);
        assert_false(decode_heartbeat(decoder, (struct text){out.data, len}, &heartbeat, &violations));
    }
    decoder_free(decoder);
    msgpack_sbuffer_destroy(&out);
}

static void document_round_trip_keeps_tree(void **state)
{
    (void)state;
    const char *json = "{\"b\":1,\"a\":{\"list\":[1,2.5,\"x\",null,true,{}],\"empty\":[]},\"minus\":-70000}";
    struct decoder *decoder = decoder_new(MESSAGE_BYTES_MAX);
    struct violations violations = {0};
    struct buf out = {0};
    json_t *tree = json_loads(json, 0, NULL);
    assert_int_equal(encode_document(tree, ENCODING_MSGPACK, &out), ERR_OK);
    json_t *decoded = decode_document(decoder, buf_text(&out), &violations);
    assert_true(json_equal(tree, decoded));
    char *text = json_dumps(decoded, JSON_COMPACT);
    assert_string_equal(text, json);
    free(text);
    json_decref(decoded);
    json_decref(tree);
    buf_fini(&out);
    decoder_free(decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_in_msgpack_decode_as_they_say),
        cmocka_unit_test(prefixes_of_valid_msgpack_are_refused),
        cmocka_unit_test(encode_takes_shortest_forms),
        cmocka_unit_test(encode_is_read_alike_by_msgpack_c),
        cmocka_unit_test(every_kind_of_value_is_passed_over_and_its_beginnings_are_refused),
        cmocka_unit_test(document_round_trip_keeps_tree),
    };
    return cmocka_run_group_tests_name("codec/msgpack", tests, NULL, NULL);
}
