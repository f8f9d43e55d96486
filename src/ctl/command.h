/* command.h -- the commands of musterctl: one table that drives running, usage, help, manual and completion. */
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
    const struct session_options *session_options; /* of session, for a command that wants one more */
    struct session *session;                       /* NULL where the command needs no broker */
    struct signals *signals;                       /* only where the command is one that lasts */
    struct output *output;
    struct buf wrong; /* what standard error is to say, in lines */
};

struct command {
    const char *name;
    const char *operand; /* "ID"; "[ID]": it may be left out; NULL: it has none */
    enum command_status (*run)(struct call *call);
    bool lasts;       /* signals end it in good order */
    bool offline;     /* it needs no broker */
    const char *help; /* in a line, without a full stop */
    const char *more; /* sentences for the manual and the command's own help; NULL: none */
};

/* command_find returns the command, NULL where there is none of that name. */
const struct command *command_find(const char *name);

/* command_table returns all commands. */
const struct command *command_table(size_t *out_count);

/* command_append_help appends the help of one command, or of all where it is NULL. */
void command_append_help(struct buf *out, const struct command *command);

/* command_tell writes what call->wrong holds to standard error, each line under the program's name, and empties it. */
void command_tell(struct call *call);

enum command_status alerts_run(struct call *call);
enum command_status check_run(struct call *call);
enum command_status completion_run(struct call *call);
enum command_status config_run(struct call *call);
enum command_status deregister_run(struct call *call);
enum command_status doctor_run(struct call *call);
enum command_status events_run(struct call *call);
enum command_status export_run(struct call *call);
enum command_status find_run(struct call *call);
enum command_status get_run(struct call *call);
enum command_status health_run(struct call *call);
enum command_status import_run(struct call *call);
enum command_status list_run(struct call *call);
enum command_status operate_run(struct call *call); /* the verb is the command's name */
enum command_status ping_run(struct call *call);
enum command_status register_run(struct call *call);
enum command_status stats_run(struct call *call);
enum command_status summary_run(struct call *call);
enum command_status watch_run(struct call *call);

#endif
