/* signals.h -- Ctrl-C, the end of the terminal and its resizing, as a file descriptor to wait on. */
#ifndef MUSTER_CTL_SIGNALS_H
#define MUSTER_CTL_SIGNALS_H

#include "base/err.h"

#include <stdbool.h>

struct signals {
    int fd;
    bool ended; /* SIGINT, SIGTERM or SIGHUP came */
};

/* signals_init blocks them from now on, for threads that are started later too: call it before there are any. */
enum err signals_init(struct signals *signals, struct fault *out_fault) MUST_USE;
void signals_fini(struct signals *signals);

/* signals_read takes what has come; it does not wait. */
void signals_read(struct signals *signals);

#endif
