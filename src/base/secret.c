/* secret.c -- reads no more of the file than its first line, and leaves no copy. */
#include "base/secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_BYTES = 4096 };

enum err secret_read(const char *file, char *out, size_t size, struct fault *out_fault)
{
    char line[LINE_MAX_BYTES] = "";
    enum err err = ERR_OK;
    FILE *stream = fopen(file, "re");
    if (stream == NULL) {
        return fault_set(out_fault, ERR_IO, "password file %s: %s", file, strerror(errno));
    }
    (void)setvbuf(stream, NULL, _IONBF, 0);
    if (fgets(line, sizeof line, stream) == NULL && ferror(stream)) {
        err = fault_set(out_fault, ERR_IO, "password file %s: %s", file, strerror(errno));
    }
    size_t len = strcspn(line, "\r\n");
    if (err == ERR_OK && (len == 0 || len >= size || len == sizeof line - 1)) {
        err = fault_set(out_fault, ERR_INVALID, "password file %s: its first line must have 1 to %zu bytes", file,
                        size - 1);
    }
    if (err == ERR_OK) {
        line[len] = '\0';
        memcpy(out, line, len + 1);
    }
    explicit_bzero(line, sizeof line);
    (void)fclose(stream);
    return err;
}
