/* record.c -- a head, then topic, payload, response topic and correlation data, then padding. */
#include "broker/record.h"

enum { ALIGN = 8 };

struct head {
    size_t payload_bytes;
    uint32_t size;
    uint32_t topic_len;
    uint32_t payload_len;
    uint32_t response_len;
    uint32_t correlation_len;
    uint8_t qos;
    bool retained;
    bool has_response;
    bool has_correlation;
};

size_t record_bytes(const struct broker_message *message, size_t payload_len)
{
    size_t size =
        sizeof(struct head) + message->topic.len + payload_len + message->response_topic.len + message->correlation.len;
    return (size + ALIGN - 1) / ALIGN * ALIGN;
}

static char *put_bytes(char *at, struct text text)
{
    if (text.data != NULL) {
        memcpy(at, text.data, text.len);
    }
    return at + text.len;
}

void record_append(struct buf *buf, const struct broker_message *message, size_t payload_len)
{
    const struct head head = {.payload_bytes = message->payload_bytes,
                              .size = (uint32_t)record_bytes(message, payload_len),
                              .topic_len = (uint32_t)message->topic.len,
                              .payload_len = (uint32_t)payload_len,
                              .response_len = (uint32_t)message->response_topic.len,
                              .correlation_len = (uint32_t)message->correlation.len,
                              .qos = (uint8_t)message->qos,
                              .retained = message->retained,
                              .has_response = message->response_topic.data != NULL,
                              .has_correlation = message->correlation.data != NULL};
    char *at = buf->data + buf->len;
    memcpy(at, &head, sizeof head);
    at = put_bytes(at + sizeof head, message->topic);
    at = put_bytes(at, (struct text){message->payload.data, payload_len});
    at = put_bytes(at, message->response_topic);
    (void)put_bytes(at, message->correlation);
    buf->len += head.size;
}

static struct text take_text(const char **at, size_t len, bool present)
{
    struct text text = {present ? *at : NULL, len};
    *at += len;
    return text;
}

size_t record_read(const char *at, struct broker_message *out_message)
{
    struct head head;
    memcpy(&head, at, sizeof head);
    at += sizeof head;
    out_message->topic = take_text(&at, head.topic_len, true);
    out_message->payload = take_text(&at, head.payload_len, true);
    out_message->response_topic = take_text(&at, head.response_len, head.has_response);
    out_message->correlation = take_text(&at, head.correlation_len, head.has_correlation);
    out_message->payload_bytes = head.payload_bytes;
    out_message->qos = head.qos;
    out_message->retained = head.retained;
    return head.size;
}
