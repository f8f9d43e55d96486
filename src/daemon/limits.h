/* limits.h -- what the system grants to this process: open files and memory. Decides nothing. */
#ifndef MUSTER_DAEMON_LIMITS_H
#define MUSTER_DAEMON_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

/* limits_open_files asks for so many open files, raising the soft limit where the hard one allows it; returns how many
 * there may be. */
size_t limits_open_files(size_t wanted);

/* limits_has_memory says whether so many bytes more could be had. */
bool limits_has_memory(size_t bytes);

/* limits_has_file says whether another file could be opened. */
bool limits_has_file(void);

#endif
