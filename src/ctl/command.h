/* command.h -- the commands of musterctl: one table that drives running, usage and help. */
#ifndef MUSTER_CTL_COMMAND_H
#define MUSTER_CTL_COMMAND_H

#include "base/buf.h"
#include "ctl/options.h"
#include "ctl/output.h"
#include "ctl/session.h"

/* The exit statuses of the contract. */
enum command_status {
    COMMAND_DONE = 0,
    COMMAND_REFUSED = 1,   /* by the registry */
    COMMAND_USAGE = 2,     /* wrong usage */
    COMMAND_NO_ANSWER = 3, /* no broker, no registry, or none in time */
};

/* One run of a command. */
struct call {
    const struct options *options;
    struct session *session;
    struct signals *signals; /* only where the command is one that lasts */
    struct output *output;
    struct buf wrong; /* what standard error is to say, in lines */
};

struct command {
    const char *name;
    const char *operand; /* "ID"; NULL: it has none */
    bool lasts;          /* signals end it in good order */
    enum command_status (*run)(struct call *call);
    const char *help;
};

/* command_find returns the command, NULL where there is none of that name. */
const struct command *command_find(const char *name);

/* command_append_help appends the help of one command, or of all where it is NULL. */
void command_append_help(struct buf *out, const struct command *command);

/* command_append_usage appends the one line that shows how it is called. */
void command_append_usage(struct buf *out, const struct command *command);

/* command_tell writes what call->wrong holds to standard error, each line under the program's name, and empties it. */
void command_tell(struct call *call);

enum command_status list_run(struct call *call);
enum command_status get_run(struct call *call);
enum command_status watch_run(struct call *call);
enum command_status register_run(struct call *call);
enum command_status deregister_run(struct call *call);
enum command_status events_run(struct call *call);

#endif
