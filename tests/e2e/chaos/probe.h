/*
 * probe.h -- asks for service as a new worker would: by a registration and a heartbeat, on a connection of its own.
 * Everything that it is told goes into the diary.
 */
#ifndef MUSTER_TESTS_E2E_CHAOS_PROBE_H
#define MUSTER_TESTS_E2E_CHAOS_PROBE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct probe;

struct probe *probe_new(const char *broker_uri, json_t *diary);
void probe_free(struct probe *probe);

/* probe_step does what is due and takes in what has come; it does not wait. */
void probe_step(struct probe *probe);

/* probe_ask asks to be registered, again and again, and notes what is answered. */
void probe_ask(struct probe *probe);

/* probe_seek wants to be registered and have its heartbeat taken; probe_has_found says whether both were answered ok
 * since. probe_rest says goodbye, until that has been answered. */
void probe_seek(struct probe *probe);
bool probe_has_found(const struct probe *probe);
void probe_rest(struct probe *probe);
bool probe_rests(const struct probe *probe);

/* How much of the time since probe_seek was lost because this program itself was not given the processor. */
int64_t probe_own_delay_ms(const struct probe *probe);

#endif
