/* packet.h -- the few packets of MQTT 5 that a mere sender needs, to bytes and back. Pure. */
#ifndef MUSTER_SIM_PACKET_H
#define MUSTER_SIM_PACKET_H

#include "base/buf.h"
#include "broker/broker.h"

enum packet_kind {
    PACKET_CONNACK = 2,
    PACKET_PUBACK = 4,
    PACKET_DISCONNECT = 14, /* others are possible */
};

struct packet_connect {
    const char *client_id;
    const char *username;
    const char *password;
    uint16_t keep_alive_s;
};

/* Texts are at most 65535 bytes long; a clean start, no will. */
void packet_append_connect(struct buf *out, const struct packet_connect *connect);

/* Of the publication: topic, payload, QoS 0 or 1, response topic, correlation. packet_id is for QoS 1. */
void packet_append_publish(struct buf *out, const struct broker_publication *publication, uint16_t packet_id);
void packet_append_pingreq(struct buf *out);
void packet_append_disconnect(struct buf *out);

struct packet {
    enum packet_kind kind;
    unsigned reason;          /* of the three: 0x80 and more are failures */
    unsigned receive_maximum; /* of CONNACK */
};

/*
 * packet_read reads the packet at the beginning of the bytes. Returns its length; 0 where it is not whole yet, -1 where
 * it is none.
 */
long packet_read(struct text bytes, struct packet *out);

#endif
