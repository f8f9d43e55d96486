/*
 * proxy.h -- a TCP relay on 127.0.0.1 that can be a bad network: slow, or silent without ever closing a connection.
 * Knows nothing of what it relays. A thread of its own does the work; the functions may be called from any one thread.
 */
#ifndef MUSTER_TESTS_SUPPORT_PROXY_H
#define MUSTER_TESTS_SUPPORT_PROXY_H

#include "base/err.h"

struct proxy;

/* proxy_new listens on a free port and relays to target_port. proxy_free(NULL) is safe and closes everything. */
enum err proxy_new(int target_port, struct proxy **out_proxy, struct fault *out_fault) MUST_USE;
void proxy_free(struct proxy *proxy);

int proxy_port(const struct proxy *proxy);

/* proxy_slow_down lets everything arrive that much later; 0: at once. */
void proxy_slow_down(struct proxy *proxy, int delay_ms);

/*
 * proxy_fall_silent: nothing gets through any more, and neither side is told. After proxy_speak_again the connections
 * from before stay silent for good, as those to a host that has vanished; newer ones go on.
 */
void proxy_fall_silent(struct proxy *proxy);
void proxy_speak_again(struct proxy *proxy);

#endif
