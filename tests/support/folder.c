/* folder.c -- mkdtemp, and a walk that removes. */
#include "support/folder.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READ_MAX = 1024 * 1024, OPEN_FOLDERS_MAX = 16 };

enum err folder_new(char out_path[FOLDER_PATH_MAX], struct fault *out_fault)
{
    const char *parent = getenv("TMPDIR");
    char path[FOLDER_PATH_MAX];
    int len = snprintf(path, sizeof path, "%s/muster-test-XXXXXX", parent != NULL && *parent != '\0' ? parent : "/tmp");
    if (len < 0 || (size_t)len >= sizeof path || mkdtemp(path) == NULL) {
        return fault_set(out_fault, ERR_IO, "%s: no temporary folder: %s", path, strerror(errno));
    }
    memcpy(out_path, path, sizeof path);
    return ERR_OK;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

void folder_remove(const char *path)
{
    if (path[0] != '\0') {
        (void)nftw(path, remove_entry, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
    }
}

enum err folder_write(const char *folder, const char *name, const char *text, struct fault *out_fault)
{
    char path[2 * FOLDER_PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    bool written = file != NULL && fputs(text, file) >= 0;
    if (file != NULL && fclose(file) != 0) {
        written = false;
    }
    return written ? ERR_OK : fault_set(out_fault, ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
}

char *folder_read(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = malloc(READ_MAX + 1);
    if (file != NULL && text != NULL) {
        size_t len = fread(text, 1, READ_MAX, file);
        text[len] = '\0';
    } else {
        free(text);
        text = NULL;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return text;
}
