/* signals.c -- a signalfd, so that no handler and no global is needed. */
#include "ctl/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum err signals_init(struct signals *signals, struct fault *out_fault)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGWINCH);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) {
        return fault_set(out_fault, ERR_IO, "cannot block signals: %s", strerror(errno));
    }
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0) {
        return fault_set(out_fault, ERR_IO, "cannot wait for signals: %s", strerror(errno));
    }
    *signals = (struct signals){.fd = fd};
    return ERR_OK;
}

void signals_fini(struct signals *signals)
{
    (void)close(signals->fd);
}

void signals_read(struct signals *signals)
{
    struct signalfd_siginfo info;
    while (read(signals->fd, &info, sizeof info) == (ssize_t)sizeof info) {
        signals->ended = signals->ended || info.ssi_signo != SIGWINCH;
    }
}
