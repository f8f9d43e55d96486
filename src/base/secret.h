/* secret.h -- a password from the first line of a file, so that it stands on no command line. */
#ifndef MUSTER_BASE_SECRET_H
#define MUSTER_BASE_SECRET_H

#include "base/err.h"

#include <stddef.h>

/* secret_read puts the first line into out (size bytes, terminated); ERR_IO (cannot be read) or ERR_INVALID (empty, or
 * too long) with the file's name. */
enum err secret_read(const char *file, char *out, size_t size, struct fault *out_fault) MUST_USE;

#endif
