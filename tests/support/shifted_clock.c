/*
 * shifted_clock.c -- a library to be preloaded: the wall clock of the program is off by what a file says, which may
 * change while it runs. Monotonic clocks stay true, as they do where somebody sets the clock of a machine.
 *
 * (libfaketime does not start with a program that brings its own jemalloc, as redis-server does.)
 */
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { NS_A_MS = 1000000, NS_A_S = 1000000000 };

static const volatile int64_t *shift_ms;

__attribute__((constructor)) static void find_file(void)
{
    const char *path = getenv("SHIFTED_CLOCK_FILE");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *place = fd >= 0 ? mmap(NULL, sizeof *shift_ms, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (place != MAP_FAILED) {
        shift_ms = place;
    }
}

static void add_ms(struct timespec *time, int64_t ms)
{
    int64_t ns = (int64_t)time->tv_nsec + ms % 1000 * NS_A_MS;
    time->tv_sec += ms / 1000;
    time->tv_sec += ns < 0 ? -1 : ns / NS_A_S;
    time->tv_nsec = ns < 0 ? ns + NS_A_S : ns % NS_A_S;
}

static int64_t shift_now_ms(void)
{
    return shift_ms != NULL ? *shift_ms : 0;
}

/* The names that the C library gives to parameters are not ours to use. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
int clock_gettime(clockid_t clock, struct timespec *time)
{
    int status = (int)syscall(SYS_clock_gettime, clock, time);
    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        add_ms(time, shift_now_ms());
    }
    return status;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    (void)zone;
    struct timespec now;
    int status = clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return status;
}

time_t time(time_t *out)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}

/* A deadline by the shifted clock, for the kernel, which knows only the true one. */
static struct timespec true_time(const struct timespec *shifted)
{
    struct timespec deadline = *shifted;
    add_ms(&deadline, -shift_now_ms());
    return deadline;
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict deadline)
{
    struct timespec until = true_time(deadline);
    return pthread_cond_clockwait(condition, mutex, CLOCK_REALTIME, &until);
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict deadline)
{
    struct timespec until = true_time(deadline);
    return sem_clockwait(semaphore, CLOCK_REALTIME, &until);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
