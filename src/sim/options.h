/* options.h -- the command line of muster-sim: one table, of which --help and the manual are made too. */
#ifndef MUSTER_SIM_OPTIONS_H
#define MUSTER_SIM_OPTIONS_H

#include "base/buf.h"
#include "base/self.h"
#include "broker/access.h"
#include "codec/message.h"
#include "sim/jitter.h"
#include "sim/scenario.h"

enum { OPTIONS_WORKERS_MAX = 5000000, OPTIONS_CONNECTIONS_MAX = 256 };

/* Strings are those of argv, of the environment, or of the field below. */
struct options {
    enum scenario_kind scenario;
    struct access access;
    int64_t workers;
    int64_t connections;
    double duration_s;
    double at_s;
    double pause_s;
    double share; /* of the workers */
    bool together;
    int64_t heartbeat_interval_ms;
    int64_t heartbeat_timeout_ms; /* 0: not asked for */
    int64_t jitter;               /* enum jitter */
    int64_t jitter_ms;
    int64_t qos;
    int64_t encoding; /* enum encoding */
    bool vary;
    double ask; /* a share of the heartbeats */
    int64_t window;
    int64_t timeout_ms;
    int64_t register_max_s;
    int64_t epoch; /* of the unregistered; 0: none given */
    bool unregistered;
    bool until_registered;
    bool wait;
    const char *boot_id; /* NULL: a new one */
    const char *prefix;
    int64_t capacity;
    int64_t jobs;
    const char *tags;
    const char *capabilities;
    const char *zone;
    const char *gateway;
    int64_t batch;
    int64_t seed;
    bool json;
    struct self_asked asked;
    char password[ACCESS_PASSWORD_MAX];
};

/*
 * options_parse reads the command line, and what it leaves open from the environment; false with a line for each
 * mistake in out_errors. options must not move afterwards.
 */
bool options_parse(struct options *options, int argc, char **argv, struct buf *out_errors) MUST_USE;

/* options_append_help appends scenarios and table for people; options_append_manual as a page; date is 2031-05-04. */
void options_append_help(struct buf *out);
void options_append_manual(struct buf *out, const char *version, const char *date);

#endif
