/*
 * nodelay.h -- small packets leave at once. The MQTT library sets no TCP_NODELAY and shows nobody its sockets: with
 * Nagle's algorithm a packet waits for the broker's acknowledgement of the one before, 40 ms where that is delayed.
 */
#ifndef MUSTER_BROKER_NODELAY_H
#define MUSTER_BROKER_NODELAY_H

/* nodelay_set sets the option on every TCP connection of this process to the port of the uri. Any thread. */
void nodelay_set(const char *uri);

#endif
