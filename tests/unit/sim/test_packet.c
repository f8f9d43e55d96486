/* test_packet.c -- bytes as the MQTT 5 specification has them. */
#include "sim/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct buf out;

static int set_up(void **state)
{
    (void)state;
    buf_clear(&out);
    return 0;
}

static int fini(void **state)
{
    (void)state;
    buf_fini(&out);
    return 0;
}

static void assert_bytes(const char *bytes, size_t len)
{
    assert_int_equal(out.len, len);
    assert_memory_equal(out.data, bytes, len);
}
#define ASSERT_BYTES(literal) assert_bytes(literal, sizeof(literal) - 1)

static void connect_without_a_user_has_the_id_alone(void **state)
{
    (void)state;
    packet_append_connect(&out, &(struct packet_connect){.client_id = "ab", .keep_alive_s = 60});
    ASSERT_BYTES("\x10\x0f\0\x04MQTT\x05\x02\0\x3c\0\0\x02"
                 "ab");
}

static void connect_with_user_and_password_says_so(void **state)
{
    (void)state;
    packet_append_connect(&out, &(struct packet_connect){.client_id = "a", .username = "u", .password = "pw"});
    ASSERT_BYTES("\x10\x15\0\x04MQTT\x05\xc2\0\0\0\0\x01"
                 "a\0\x01u\0\x02pw");
}

static void publish_without_asking_has_no_properties(void **state)
{
    (void)state;
    packet_append_publish(&out, &(struct broker_publication){.topic = "t/x", .payload = text_of("yz")}, 0);
    ASSERT_BYTES("\x30\x08\0\x03t/x\0yz");
}

static void publish_with_qos_1_has_its_packet_id(void **state)
{
    (void)state;
    packet_append_publish(&out, &(struct broker_publication){.topic = "t", .payload = text_of("y"), .qos = 1}, 0x1234);
    ASSERT_BYTES("\x32\x07\0\x01t\x12\x34\0y");
}

static void publish_that_asks_has_response_topic_and_correlation(void **state)
{
    (void)state;
    const struct broker_publication publication = {
        .topic = "t", .payload = text_of("y"), .response_topic = "r/s", .correlation = {"\0\x01", 2}};
    packet_append_publish(&out, &publication, 0);
    ASSERT_BYTES("\x30\x10\0\x01t\x0b\x08\0\x03r/s\x09\0\x02\0\x01y");
}

static void long_lengths_take_more_bytes(void **state)
{
    (void)state;
    static char payload[20000];
    static char topic[201];
    memset(topic, 't', 200);
    const struct broker_publication publication = {
        .topic = "t", .payload = {payload, sizeof payload}, .response_topic = topic};
    packet_append_publish(&out, &publication, 0);
    /* 3 of the topic, 2 of the properties' length, 203 of the property */
    size_t remaining = 3 + 2 + 203 + sizeof payload;
    assert_int_equal(out.len, 1 + 3 + remaining);
    assert_int_equal((unsigned char)out.data[1], (remaining & 0x7f) | 0x80);
    assert_int_equal((unsigned char)out.data[2], (remaining >> 7 & 0x7f) | 0x80);
    assert_int_equal((unsigned char)out.data[3], remaining >> 14);
    assert_int_equal((unsigned char)out.data[7], 203 - 128 + 0x80);
    assert_int_equal((unsigned char)out.data[8], 1);
}

#define READ(literal, packet) packet_read((struct text){literal, sizeof(literal) - 1}, packet)

static void connack_is_read_with_its_receive_maximum(void **state)
{
    (void)state;
    struct packet packet;
    assert_int_equal(READ("\x20\x03\0\0\0", &packet), 5);
    assert_int_equal(packet.kind, PACKET_CONNACK);
    assert_int_equal(packet.reason, 0);
    assert_int_equal(packet.receive_maximum, 65535);
    assert_int_equal(READ("\x20\x12\0\0\x0f\x22\0\x0a\x26\0\x01k\0\x01v\x25\x01\x21\0\x14", &packet), 20);
    assert_int_equal(packet.receive_maximum, 20);
    assert_int_equal(READ("\x20\x03\0\x87\0", &packet), 5);
    assert_int_equal(packet.reason, 0x87);
}

static void puback_and_disconnect_are_read_in_both_lengths(void **state)
{
    (void)state;
    struct packet packet;
    assert_int_equal(READ("\x40\x02\0\x07", &packet), 4);
    assert_int_equal(packet.kind, PACKET_PUBACK);
    assert_int_equal(packet.reason, 0);
    assert_int_equal(READ("\x40\x03\0\x07\x87", &packet), 5);
    assert_int_equal(packet.reason, 0x87);
    assert_int_equal(READ("\xe0\x02\x8e\0", &packet), 4);
    assert_int_equal(packet.kind, PACKET_DISCONNECT);
    assert_int_equal(packet.reason, 0x8e);
    assert_int_equal(READ("\xd0\0", &packet), 2);
}

static void packet_that_is_not_whole_waits(void **state)
{
    (void)state;
    struct packet packet;
    assert_int_equal(packet_read((struct text){"", 0}, &packet), 0);
    assert_int_equal(READ("\x40", &packet), 0);
    assert_int_equal(READ("\x40\x02\0", &packet), 0);
    assert_int_equal(READ("\x40\x80", &packet), 0);
}

static void malformed_is_told(void **state)
{
    (void)state;
    struct packet packet;
    assert_int_equal(READ("\x40\xff\xff\xff\xff", &packet), -1);
    assert_int_equal(READ("\x40\x01\0", &packet), -1);
    assert_int_equal(READ("\x20\x02\0\0", &packet), -1);
    assert_int_equal(READ("\x20\x03\0\0\x05", &packet), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(connect_without_a_user_has_the_id_alone, set_up),
        cmocka_unit_test_setup(connect_with_user_and_password_says_so, set_up),
        cmocka_unit_test_setup(publish_without_asking_has_no_properties, set_up),
        cmocka_unit_test_setup(publish_with_qos_1_has_its_packet_id, set_up),
        cmocka_unit_test_setup(publish_that_asks_has_response_topic_and_correlation, set_up),
        cmocka_unit_test_setup(long_lengths_take_more_bytes, set_up),
        cmocka_unit_test(connack_is_read_with_its_receive_maximum),
        cmocka_unit_test(puback_and_disconnect_are_read_in_both_lengths),
        cmocka_unit_test(packet_that_is_not_whole_waits),
        cmocka_unit_test(malformed_is_told),
    };
    return cmocka_run_group_tests_name("sim/packet", tests, NULL, fini);
}
