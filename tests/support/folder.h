/* folder.h -- temporary folders for tests, removed with all that is in them. */
#ifndef MUSTER_TESTS_SUPPORT_FOLDER_H
#define MUSTER_TESTS_SUPPORT_FOLDER_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { FOLDER_PATH_MAX = 256 };

/* folder_new makes an empty folder under $TMPDIR (or /tmp) that only this user may enter. */
enum err folder_new(char out_path[FOLDER_PATH_MAX], struct fault *out_fault) MUST_USE;

/* folder_remove removes it and everything below it; an empty path is nothing. */
void folder_remove(const char *path);

/* folder_write writes a text file (created or replaced) below a folder. */
enum err folder_write(const char *folder, const char *name, const char *text, struct fault *out_fault) MUST_USE;

/* folder_read reads a file, terminated, cut at 1 MiB; the caller frees it. NULL when it cannot be read. */
char *folder_read(const char *path);

#endif
