/* packet.c -- MQTT 5, chapters 2 and 3: lengths of a varying number of bytes, texts behind their length. */
#include "sim/packet.h"

enum {
    CONNECT_BYTE = 0x10,
    PUBLISH_BYTE = 0x30,
    PINGREQ_BYTE = 0xc0,
    DISCONNECT_BYTE = 0xe0,
    CLEAN_START = 0x02,
    HAS_PASSWORD = 0x40,
    HAS_USERNAME = 0x80,
    RESPONSE_TOPIC = 0x08,
    CORRELATION_DATA = 0x09,
    RECEIVE_MAXIMUM = 0x21,
    RECEIVE_MAXIMUM_ABSENT = 65535,
    LENGTH_BYTES_MAX = 4,
};

/* ---- writing */

static char *put_byte(char *at, unsigned byte)
{
    *at = (char)byte;
    return at + 1;
}

static char *put_short(char *at, size_t number)
{
    at = put_byte(at, (unsigned)(number >> 8) & 0xff);
    return put_byte(at, (unsigned)number & 0xff);
}

static char *put_bytes(char *at, struct text text)
{
    if (text.len > 0) {
        memcpy(at, text.data, text.len);
    }
    return at + text.len;
}

static char *put_text(char *at, struct text text)
{
    return put_bytes(put_short(at, text.len), text);
}

static char *put_length(char *at, size_t length)
{
    while (length >= 0x80) {
        at = put_byte(at, (unsigned)(length & 0x7f) | 0x80);
        length >>= 7;
    }
    return put_byte(at, (unsigned)length);
}

/* An upper bound of what a packet takes besides its texts. */
enum { FRAME_BYTES = 64 };

static char *begin(struct buf *out, size_t texts_bytes)
{
    return buf_reserve(out, texts_bytes + FRAME_BYTES) ? out->data + out->len : NULL;
}

static void end(struct buf *out, const char *at)
{
    out->len = (size_t)(at - out->data);
}

void packet_append_connect(struct buf *out, const struct packet_connect *connect)
{
    struct text client_id = text_of(connect->client_id);
    struct text username = text_of(connect->username);
    struct text password = text_of(connect->password);
    unsigned flags =
        CLEAN_START | (username.data != NULL ? HAS_USERNAME : 0) | (password.data != NULL ? HAS_PASSWORD : 0);
    size_t length = 2 + 4 + 1 + 1 + 2 + 1 + 2 + client_id.len + (username.data != NULL ? 2 + username.len : 0) +
                    (password.data != NULL ? 2 + password.len : 0);
    char *at = begin(out, client_id.len + username.len + password.len);
    if (at == NULL) {
        return;
    }
    at = put_length(put_byte(at, CONNECT_BYTE), length);
    at = put_text(at, text_of("MQTT"));
    at = put_byte(put_byte(at, 5), flags);
    at = put_short(at, connect->keep_alive_s);
    at = put_text(put_length(at, 0), client_id);
    at = username.data != NULL ? put_text(at, username) : at;
    at = password.data != NULL ? put_text(at, password) : at;
    end(out, at);
}

void packet_append_publish(struct buf *out, const struct broker_publication *publication, uint16_t packet_id)
{
    struct text topic = text_of(publication->topic);
    struct text response = text_of(publication->response_topic);
    struct text correlation = publication->correlation;
    struct text payload = publication->payload;
    size_t properties =
        (response.data != NULL ? 3 + response.len : 0) + (correlation.data != NULL ? 3 + correlation.len : 0);
    size_t properties_head = properties < 0x80 ? 1 : 2;
    bool has_id = publication->qos > 0;
    char *at = begin(out, topic.len + properties + payload.len);
    if (at == NULL) {
        return;
    }
    at = put_byte(at, PUBLISH_BYTE | (unsigned)publication->qos << 1);
    at = put_length(at, 2 + topic.len + (has_id ? 2 : 0) + properties_head + properties + payload.len);
    at = put_text(at, topic);
    at = has_id ? put_short(at, packet_id) : at;
    at = put_length(at, properties);
    at = response.data != NULL ? put_text(put_byte(at, RESPONSE_TOPIC), response) : at;
    at = correlation.data != NULL ? put_text(put_byte(at, CORRELATION_DATA), correlation) : at;
    end(out, put_bytes(at, payload));
}

void packet_append_pingreq(struct buf *out)
{
    const char packet[] = {(char)PINGREQ_BYTE, 0};
    buf_append(out, packet, sizeof packet);
}

void packet_append_disconnect(struct buf *out)
{
    const char packet[] = {(char)DISCONNECT_BYTE, 0};
    buf_append(out, packet, sizeof packet);
}

/* ---- reading */

static unsigned byte_at(struct text bytes, size_t at)
{
    return (unsigned char)bytes.data[at];
}

/* Returns how many bytes the length takes; 0 where they are not all there, -1 where there are too many of them. */
static int read_length(struct text bytes, size_t *out_length)
{
    size_t length = 0;
    for (int i = 0; i < LENGTH_BYTES_MAX; i++) {
        if ((size_t)i >= bytes.len) {
            return 0;
        }
        length |= (size_t)(byte_at(bytes, (size_t)i) & 0x7f) << (7 * i);
        if ((byte_at(bytes, (size_t)i) & 0x80) == 0) {
            *out_length = length;
            return i + 1;
        }
    }
    return -1;
}

/* The bytes of a property's value, SIZE_MAX where the property is not known. */
static size_t property_bytes(unsigned property, struct text value)
{
    size_t first = value.len >= 2 ? 2 + (byte_at(value, 0) << 8 | byte_at(value, 1)) : SIZE_MAX;
    switch (property) {
    case 0x24: /* Maximum QoS, Retain Available, and what is available of subscriptions */
    case 0x25:
    case 0x28:
    case 0x29:
    case 0x2a:
        return 1;
    case 0x13: /* Server Keep Alive, Receive Maximum, Topic Alias Maximum */
    case RECEIVE_MAXIMUM:
    case 0x22:
        return 2;
    case 0x11: /* Session Expiry Interval, Maximum Packet Size */
    case 0x27:
        return 4;
    case 0x12: /* texts */
    case 0x15:
    case 0x16:
    case 0x1a:
    case 0x1c:
    case 0x1f:
        return first;
    case 0x26: { /* User Property: two texts */
        struct text second =
            first < value.len ? (struct text){value.data + first, value.len - first} : (struct text){0};
        return second.len >= 2 ? first + 2 + (byte_at(second, 0) << 8 | byte_at(second, 1)) : SIZE_MAX;
    }
    default:
        return SIZE_MAX;
    }
}

static unsigned receive_maximum(struct text properties)
{
    size_t at = 0;
    while (at < properties.len) {
        unsigned property = byte_at(properties, at++);
        struct text value = {properties.data + at, properties.len - at};
        size_t bytes = property_bytes(property, value);
        if (bytes > value.len) {
            break;
        }
        if (property == RECEIVE_MAXIMUM) {
            return byte_at(value, 0) << 8 | byte_at(value, 1);
        }
        at += bytes;
    }
    return RECEIVE_MAXIMUM_ABSENT;
}

static bool read_connack(struct text body, struct packet *out)
{
    size_t length = 0;
    if (body.len < 3) {
        return false;
    }
    struct text rest = {body.data + 2, body.len - 2};
    int head = read_length(rest, &length);
    if (head <= 0 || length > rest.len - (size_t)head) {
        return false;
    }
    out->reason = byte_at(body, 1);
    out->receive_maximum = receive_maximum((struct text){rest.data + head, length});
    return true;
}

long packet_read(struct text bytes, struct packet *out)
{
    size_t length = 0;
    struct text rest = bytes.len > 1 ? (struct text){bytes.data + 1, bytes.len - 1} : (struct text){0};
    int head = read_length(rest, &length);
    if (head < 0) {
        return -1;
    }
    if (head == 0 || length > rest.len - (size_t)head) {
        return 0;
    }
    struct text body = {rest.data + head, length};
    *out = (struct packet){.kind = (enum packet_kind)(byte_at(bytes, 0) >> 4)};
    bool good = true;
    switch (out->kind) {
    case PACKET_CONNACK:
        good = read_connack(body, out);
        break;
    case PACKET_PUBACK:
        good = body.len >= 2;
        out->reason = body.len > 2 ? byte_at(body, 2) : 0;
        break;
    case PACKET_DISCONNECT:
        out->reason = body.len > 0 ? byte_at(body, 0) : 0;
        break;
    }
    return good ? (long)(1 + (size_t)head + length) : -1;
}
