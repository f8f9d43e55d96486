/* settings.h -- a broker's options checked and copied, with the uri as the MQTT library takes it. */
#ifndef MUSTER_BROKER_SETTINGS_H
#define MUSTER_BROKER_SETTINGS_H

#include "broker/broker.h"

enum { SETTINGS_URI_MAX = 512 };

/* All zero is empty. The texts of options are the settings' own, its defaults filled in. */
struct settings {
    struct broker_options options;
    char *strings[10]; /* what options points to */
    size_t string_count;
    char uri[SETTINGS_URI_MAX]; /* tcp:// ssl:// ws:// wss:// */
    bool tls;
};

/* settings_init copies and checks; ERR_INVALID names what is wrong. The caller calls settings_fini in either case. */
enum err settings_init(struct settings *settings, const struct broker_options *options,
                       struct fault *out_fault) MUST_USE;
void settings_fini(struct settings *settings);

#endif
