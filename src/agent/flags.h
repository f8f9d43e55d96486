/* flags.h -- the command line of muster-agent: one table of flags, also for --help. */
#ifndef MUSTER_AGENT_FLAGS_H
#define MUSTER_AGENT_FLAGS_H

#include "base/buf.h"
#include "base/log.h"
#include "base/self.h"
#include "muster/agent.h"

enum { FLAGS_PASSWORD_MAX = 512, FLAGS_ID_MAX = 256, FLAGS_JOBS_MAX = 1024 };

struct flags {
    struct muster_agent_options options; /* strings belong to argv, the environment, or the fields below */
    int64_t jobs;
    int64_t log_level; /* as enum log_level */
    const char *password_file;
    char id[FLAGS_ID_MAX];
    char password[FLAGS_PASSWORD_MAX];
    struct self_asked asked;
};

/*
 * flags_parse reads the command line, and what it leaves open from the environment; false with a line for each mistake
 * in out_errors. flags must not move afterwards.
 */
bool flags_parse(struct flags *flags, int argc, char **argv, struct buf *out_errors) MUST_USE;

/* flags_append_help appends the table for people. */
void flags_append_help(struct buf *out);

/* flags_append_manual appends it as a page of the manual; date is 2031-05-04. */
void flags_append_manual(struct buf *out, const char *version, const char *date);

#endif
