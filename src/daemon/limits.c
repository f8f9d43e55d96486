/* limits.c -- asks the kernel. */
#include "daemon/limits.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

size_t limits_open_files(size_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) {
        return wanted;
    }
    struct rlimit raised = limit;
    raised.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

/* Not by malloc, which might have the room and keep what it was given. */
bool limits_has_memory(size_t bytes)
{
    void *room = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return room != MAP_FAILED && munmap(room, bytes) == 0;
}

bool limits_has_file(void)
{
    int copy = dup(STDERR_FILENO);
    return copy >= 0 && close(copy) == 0;
}
