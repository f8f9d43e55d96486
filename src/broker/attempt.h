/* attempt.h -- an attempt to connect, from a broker's settings to what the paho library is asked for. */
#ifndef MUSTER_BROKER_ATTEMPT_H
#define MUSTER_BROKER_ATTEMPT_H

#include "broker/settings.h"

#include <MQTTAsync.h>

/* The library returns its NO_MEMORY without declaring it. */
enum { ATTEMPT_NO_MEMORY = -99 };

/* What becomes of it; the library's threads call. */
struct attempt_listener {
    void *context;
    MQTTAsync_onSuccess5 *connected;
    MQTTAsync_onFailure5 *failed;
    int (*tls_error)(const char *text, size_t len, void *context);
};

/* attempt_start asks the client to connect; a code of the library's. Settings are looked at until it returns. */
int attempt_start(MQTTAsync client, const struct settings *settings, const struct attempt_listener *listener);

#endif
