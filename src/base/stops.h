/* stops.h -- the signals that end a program, as a file descriptor to wait on. */
#ifndef MUSTER_BASE_STOPS_H
#define MUSTER_BASE_STOPS_H

/*
 * stops_open blocks SIGTERM and SIGINT from now on, for threads that are started later too: call it before there are
 * any. Returns what is readable once one has come, the caller's to close; -1 where no descriptor is left.
 */
int stops_open(void);

#endif
