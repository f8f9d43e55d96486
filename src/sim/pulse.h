/*
 * pulse.h -- a connection for sending alone: MQTT 5 packets into one buffer, one system call for many of them.
 *
 * The MQTT library takes four system calls, several allocations and a handful of locks for each publication, which
 * makes a load generator the bottleneck of what it measures. Here is only what it takes to send over plain TCP:
 * CONNECT, PUBLISH with QoS 0 and 1, their acknowledgements, PINGREQ. Whatever is to be heard is heard by the library.
 */
#ifndef MUSTER_SIM_PULSE_H
#define MUSTER_SIM_PULSE_H

#include "broker/broker.h"

struct pulse;

struct pulse_options {
    const char *uri;
    const char *client_id;
    const char *username; /* NULL: none */
    const char *password; /* NULL: none */
};

/* pulse_can: the uri is one of plain TCP. */
bool pulse_can(const char *uri);

/* pulse_new copies the options. pulse_free(NULL) is safe; it waits up to timeout_ms until all is sent and acknowledged.
 */
enum err pulse_new(const struct pulse_options *options, struct pulse **out_pulse, struct fault *out_fault) MUST_USE;
void pulse_free(struct pulse *pulse, int timeout_ms);

/* pulse_tend connects, first or again, and does what is to be done now and then: call it each turn. */
void pulse_tend(struct pulse *pulse);
bool pulse_is_ready(const struct pulse *pulse);

/* pulse_problem is why it is not ready, "" where nothing is known. */
const char *pulse_problem(const struct pulse *pulse);
uint64_t pulse_losses(const struct pulse *pulse);

/* What the broker has not taken, for want of permission say; of QoS 1 only. */
uint64_t pulse_refusals(const struct pulse *pulse);

/*
 * pulse_publish copies topic, payload, QoS, response topic and correlation of the publication and sends it with the
 * next pulse_flush, or before. ERR_CLOSED; ERR_FULL where the broker takes no more for now.
 */
enum err pulse_publish(struct pulse *pulse, const struct broker_publication *publication) MUST_USE;

/* pulse_flush sends as much as goes; pulse_receive takes what has come: after poll has said that there is something. */
void pulse_flush(struct pulse *pulse);
void pulse_receive(struct pulse *pulse);

/* pulse_is_owed: something is not yet acknowledged, so pulse_receive is worth a try in each turn. */
bool pulse_is_owed(const struct pulse *pulse);

/* For poll: -1 where there is nothing to wait for. */
int pulse_fd(const struct pulse *pulse);
short pulse_events(const struct pulse *pulse);

#endif
