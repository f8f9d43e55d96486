/* intake.h -- the two connections of the active daemon, and what is taken from them. On the loop thread. */
#ifndef MUSTER_REGISTRY_INTAKE_H
#define MUSTER_REGISTRY_INTAKE_H

#include "base/err.h"
#include "broker/broker.h"
#include "registry/connection.h"

struct registry;

/* So many calls to the store may be under way for messages of the control connection. */
enum { CALLS_MAX = 1000 };

enum err intake_new(struct registry *registry, struct fault *out_fault) MUST_USE;
void intake_connected(struct connection *connection);
void intake_subscribed(struct connection *connection);
void intake_message(struct connection *connection, const struct broker_message *message);
bool intake_may_take(const struct connection *connection); /* false: too much is under way already */
void intake_look_at_replies(struct registry *registry);    /* to be called before what the inbox holds is taken */
void intake_tick(struct registry *registry);
void intake_call_done(struct registry *registry); /* an answer came: the control inbox may go on */

#endif
