/* draft.c -- see draft.h. */
#include "ctl/draft.h"

#include "base/buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err fail(struct fault *out_fault, const char *path)
{
    return fault_set(out_fault, ERR_IO, "%s cannot be written: %s", path, strerror(errno));
}

/* A link is followed: the file it leads to is replaced, not the link. */
static char *final_path(const char *path)
{
    char *real = realpath(path, NULL);
    return real != NULL ? real : strdup(path);
}

static char *path_beside(const char *target)
{
    struct buf name = {0};
    buf_printf(&name, "%s.XXXXXX", target);
    const char *terminated = buf_terminated(&name);
    char *path = terminated != NULL ? strdup(terminated) : NULL;
    buf_fini(&name);
    return path;
}

static FILE *make_file(char *path)
{
    int fd = mkstemp(path);
    if (fd < 0) {
        path[0] = '\0';
        return NULL;
    }
    mode_t mask = umask(0);
    (void)umask(mask);
    (void)fchmod(fd, 0666 & ~mask);
    FILE *file = fdopen(fd, "w");
    if (file == NULL) {
        (void)close(fd);
    }
    return file;
}

enum err draft_open(struct draft *draft, const char *path, struct fault *out_fault)
{
    struct stat status;
    if (path == NULL) {
        draft->file = tmpfile();
        return draft->file != NULL ? ERR_OK : fail(out_fault, "a temporary file");
    }
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        return fault_set(out_fault, ERR_IO, "%s is no regular file: write to standard output (-) instead", path);
    }
    draft->target = final_path(path);
    draft->path = draft->target != NULL ? path_beside(draft->target) : NULL;
    if (draft->path == NULL) {
        return fault_set(out_fault, ERR_NO_MEMORY, "no memory");
    }
    draft->file = make_file(draft->path);
    return draft->file != NULL ? ERR_OK : fail(out_fault, path);
}

enum err draft_complete(struct draft *draft, struct fault *out_fault)
{
    const char *name = draft->target != NULL ? draft->target : "a temporary file";
    if (ferror(draft->file) != 0 || fflush(draft->file) != 0) {
        return fail(out_fault, name);
    }
    if (draft->target == NULL) {
        rewind(draft->file);
        return ERR_OK;
    }
    if (fsync(fileno(draft->file)) != 0 || rename(draft->path, draft->target) != 0) {
        return fail(out_fault, name);
    }
    draft->path[0] = '\0';
    return ERR_OK;
}

void draft_close(struct draft *draft)
{
    if (draft->file != NULL) {
        (void)fclose(draft->file);
    }
    if (draft->path != NULL && draft->path[0] != '\0') {
        (void)unlink(draft->path);
    }
    free(draft->path);
    free(draft->target);
    *draft = (struct draft){0};
}
