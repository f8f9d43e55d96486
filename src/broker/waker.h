/*
 * waker.h -- keeps the MQTT library's receiving thread turning while somebody waits for it. One for the process, as
 * that thread is.
 *
 * The library (seen in 1.3.12) looks at new sockets, and at writes that the kernel took only in part, when its poll
 * returns: up to a second later, and twice that for a connection, where nothing else arrives. So the library is given a
 * connection to this process, on which the waker sends a ping response every few milliseconds while it is held.
 * Without the waker (no loopback) all works, only later.
 */
#ifndef MUSTER_BROKER_WAKER_H
#define MUSTER_BROKER_WAKER_H

/*
 * waker_start is called once, right after the library's own initialization and before anything else of it: its first
 * connection also starts the library's threads, which then never end, for starting and ending them is not safe while
 * other threads call the library.
 */
void waker_start(void);

/* Each waker_hold is ended by a waker_release. Any thread, with any lock held; no waiting. */
void waker_hold(void);
void waker_release(void);

#endif
