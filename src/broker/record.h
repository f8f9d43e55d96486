/* record.h -- a message as it lies in a buffer, one behind the other. Pure. */
#ifndef MUSTER_BROKER_RECORD_H
#define MUSTER_BROKER_RECORD_H

#include "base/buf.h"
#include "broker/broker.h"

enum { RECORD_BYTES_MAX = 512 * 1024 * 1024 };

/* record_bytes returns how long the message's record is, with payload_len bytes of its payload. */
size_t record_bytes(const struct broker_message *message, size_t payload_len);

/* record_append writes it; the buffer has room for it, and it is no longer than RECORD_BYTES_MAX. */
void record_append(struct buf *buf, const struct broker_message *message, size_t payload_len);

/* record_read returns how long the record is that begins there; the message's texts lie in it. */
size_t record_read(const char *at, struct broker_message *out_message);

#endif
