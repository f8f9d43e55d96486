/* clock_shift.c -- the file that shifted_clock.c reads, mapped. */
#include "support/clock_shift.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum err clock_shift_new(struct clock_shift *clock, struct fault *out_fault)
{
    *clock = (struct clock_shift){0};
    enum err err = folder_new(clock->folder, out_fault);
    if (err != ERR_OK) {
        return err;
    }
    char path[FOLDER_PATH_MAX + 32];
    (void)snprintf(path, sizeof path, "%s/shift", clock->folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool good = fd >= 0 && ftruncate(fd, sizeof *clock->shift_ms) == 0;
    void *place = good ? mmap(NULL, sizeof *clock->shift_ms, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (place == MAP_FAILED) {
        folder_remove(clock->folder);
        return fault_set(out_fault, ERR_IO, "%s: cannot be mapped", path);
    }
    clock->shift_ms = place;
    (void)snprintf(clock->preload, sizeof clock->preload, "LD_PRELOAD=%s", MUSTER_SHIFTED_CLOCK);
    (void)snprintf(clock->file, sizeof clock->file, "SHIFTED_CLOCK_FILE=%s", path);
    clock->environment[0] = clock->preload;
    clock->environment[1] = clock->file;
    clock->environment[2] = "ASAN_OPTIONS=verify_asan_link_order=0";
    return ERR_OK;
}

void clock_shift_free(struct clock_shift *clock)
{
    if (clock->shift_ms != NULL) {
        (void)munmap((void *)clock->shift_ms, sizeof *clock->shift_ms);
    }
    folder_remove(clock->folder);
    *clock = (struct clock_shift){0};
}

void clock_shift_set(struct clock_shift *clock, int64_t ahead_ms)
{
    *clock->shift_ms = ahead_ms;
}
