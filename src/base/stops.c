/* stops.c -- a signalfd, so that no handler and no global is needed. */
#include "base/stops.h"

#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>

int stops_open(void)
{
    sigset_t stops;
    (void)sigemptyset(&stops);
    (void)sigaddset(&stops, SIGTERM);
    (void)sigaddset(&stops, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &stops, NULL);
    return signalfd(-1, &stops, SFD_CLOEXEC);
}
