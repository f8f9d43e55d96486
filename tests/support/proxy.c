/* proxy.c -- one poll loop over all connections; what is read waits in pieces until it is due. */
#include "support/proxy.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAIRS_MAX = 256, PIECE_BYTES = 16384, WAITING_BYTES_MAX = 1024 * 1024, LISTENER = 0, WAKE = 1, FIRST = 2 };

/* One read, on its way to the other side. */
struct piece {
    struct piece *next;
    int64_t due_ms;
    size_t len;
    size_t written;
    char bytes[];
};

struct direction {
    int from;
    int to;
    struct piece *first;
    struct piece *last;
    size_t waiting; /* bytes */
    bool ended;     /* from has nothing more to say */
};

struct pair {
    struct direction directions[2];
    bool used;
    bool dead; /* relays nothing any more, and is not closed */
};

struct proxy {
    int listener;
    int wake;
    int port;
    int target_port;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; /* of what follows, until pairs */
    bool stopping;
    bool silent;
    int delay_ms;
    struct pair pairs[PAIRS_MAX];
};

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void close_pair(struct pair *pair)
{
    for (size_t i = 0; i < 2; i++) {
        while (pair->directions[i].first != NULL) {
            struct piece *piece = pair->directions[i].first;
            pair->directions[i].first = piece->next;
            free(piece);
        }
        (void)close(pair->directions[i].from);
    }
    *pair = (struct pair){0};
}

static void send_at_once(int fd)
{
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* A target that refuses closes the newcomer, as it would have been without a proxy. */
static void take_in(struct proxy *proxy)
{
    struct sockaddr_in target = loopback(proxy->target_port);
    int near = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    int far = near >= 0 ? socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    struct pair *pair = proxy->pairs;
    while (pair < proxy->pairs + PAIRS_MAX && pair->used) {
        pair++;
    }
    if (far < 0 || pair == proxy->pairs + PAIRS_MAX || connect(far, (struct sockaddr *)&target, sizeof target) != 0) {
        if (near >= 0) {
            (void)close(near);
        }
        if (far >= 0) {
            (void)close(far);
        }
        return;
    }
    send_at_once(near);
    send_at_once(far);
    *pair = (struct pair){.used = true, .directions = {{.from = near, .to = far}, {.from = far, .to = near}}};
}

/* False where the connection has failed. */
static bool read_from(struct direction *direction, int64_t due_ms)
{
    struct piece *piece = malloc(sizeof *piece + PIECE_BYTES);
    if (piece == NULL) {
        abort();
    }
    ssize_t len = recv(direction->from, piece->bytes, PIECE_BYTES, MSG_DONTWAIT);
    if (len <= 0) {
        free(piece);
        direction->ended = len == 0;
        return len == 0 || errno == EAGAIN || errno == EINTR;
    }
    *piece = (struct piece){.due_ms = due_ms, .len = (size_t)len};
    *(direction->last != NULL ? &direction->last->next : &direction->first) = piece;
    direction->last = piece;
    direction->waiting += piece->len;
    return true;
}

static bool write_due(struct direction *direction, int64_t now_ms)
{
    while (direction->first != NULL && direction->first->due_ms <= now_ms) {
        struct piece *piece = direction->first;
        ssize_t len = send(direction->to, piece->bytes + piece->written, piece->len - piece->written,
                           MSG_DONTWAIT | MSG_NOSIGNAL);
        if (len < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        piece->written += (size_t)len;
        direction->waiting -= (size_t)len;
        if (piece->written == piece->len) {
            direction->first = piece->next;
            direction->last = piece->next != NULL ? direction->last : NULL;
            free(piece);
        }
    }
    return true;
}

static bool wants_to_write(const struct direction *direction, int64_t now_ms)
{
    return direction->first != NULL && direction->first->due_ms <= now_ms;
}

/* One of a pair's two sockets: what is read from it, and what the other direction has for it. */
static struct pollfd watch(const struct pair *pair, size_t side, int64_t now_ms, bool silent)
{
    const struct direction *from = &pair->directions[side];
    struct pollfd watched = {.fd = -1};
    if (pair->used && !pair->dead && !silent) {
        bool reads = !from->ended && from->waiting < WAITING_BYTES_MAX;
        bool writes = wants_to_write(&pair->directions[1 - side], now_ms);
        watched.events = (short)((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
        watched.fd = watched.events != 0 ? from->from : -1;
    }
    return watched;
}

static void relay(struct pair *pair, const struct pollfd *watched, int64_t now_ms, int delay_ms)
{
    bool good = true;
    for (size_t i = 0; i < 2 && good; i++) {
        struct direction *direction = &pair->directions[i];
        if ((watched[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !direction->ended) {
            good = read_from(direction, now_ms + delay_ms);
        }
        good = good && write_due(direction, now_ms);
    }
    bool is_over = (pair->directions[0].ended && pair->directions[0].first == NULL) ||
                   (pair->directions[1].ended && pair->directions[1].first == NULL);
    if (!good || is_over) {
        close_pair(pair);
    }
}

static int next_due_ms(const struct proxy *proxy, int64_t now_ms)
{
    int64_t wait_ms = 1000;
    for (size_t i = 0; i < 2 * (size_t)PAIRS_MAX; i++) {
        const struct direction *direction = &proxy->pairs[i / 2].directions[i % 2];
        if (direction->first != NULL && direction->first->due_ms - now_ms < wait_ms) {
            wait_ms = direction->first->due_ms > now_ms ? direction->first->due_ms - now_ms : 1;
        }
    }
    return (int)wait_ms;
}

static void turn(struct proxy *proxy, bool silent, int delay_ms)
{
    struct pollfd fds[FIRST + 2 * PAIRS_MAX];
    int64_t now_ms = clock_monotonic_ms();
    fds[LISTENER] = (struct pollfd){.fd = proxy->listener, .events = POLLIN};
    fds[WAKE] = (struct pollfd){.fd = proxy->wake, .events = POLLIN};
    for (size_t i = 0; i < 2 * (size_t)PAIRS_MAX; i++) {
        fds[FIRST + i] = watch(&proxy->pairs[i / 2], i % 2, now_ms, silent);
    }
    (void)poll(fds, FIRST + 2 * PAIRS_MAX, next_due_ms(proxy, now_ms));
    now_ms = clock_monotonic_ms();
    eventfd_t woken = 0;
    (void)eventfd_read(proxy->wake, &woken);
    for (size_t i = 0; i < PAIRS_MAX && !silent; i++) {
        if (proxy->pairs[i].used && !proxy->pairs[i].dead) {
            relay(&proxy->pairs[i], &fds[FIRST + 2 * i], now_ms, delay_ms);
        }
    }
    if (fds[LISTENER].revents != 0) {
        take_in(proxy);
    }
}

static void *work(void *arg)
{
    struct proxy *proxy = arg;
    bool was_silent = false;
    for (;;) {
        (void)pthread_mutex_lock(&proxy->lock);
        bool stopping = proxy->stopping;
        bool silent = proxy->silent;
        int delay_ms = proxy->delay_ms;
        (void)pthread_mutex_unlock(&proxy->lock);
        if (stopping) {
            return NULL;
        }
        for (size_t i = 0; i < PAIRS_MAX && silent && !was_silent; i++) {
            proxy->pairs[i].dead = proxy->pairs[i].used;
        }
        was_silent = silent;
        turn(proxy, silent, delay_ms);
    }
}

static enum err listen_somewhere(struct proxy *proxy, struct fault *out_fault)
{
    struct sockaddr_in address = loopback(0);
    socklen_t len = sizeof address;
    proxy->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    proxy->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (proxy->listener < 0 || proxy->wake < 0 ||
        bind(proxy->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(proxy->listener, SOMAXCONN) != 0 ||
        getsockname(proxy->listener, (struct sockaddr *)&address, &len) != 0) {
        return fault_set(out_fault, ERR_IO, "proxy: %s", strerror(errno));
    }
    proxy->port = ntohs(address.sin_port);
    return ERR_OK;
}

enum err proxy_new(int target_port, struct proxy **out_proxy, struct fault *out_fault)
{
    struct proxy *proxy = calloc(1, sizeof *proxy);
    if (proxy == NULL) {
        return fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    }
    proxy->target_port = target_port;
    (void)pthread_mutex_init(&proxy->lock, NULL);
    enum err err = listen_somewhere(proxy, out_fault);
    if (err == ERR_OK && pthread_create(&proxy->thread, NULL, work, proxy) != 0) {
        err = fault_set(out_fault, ERR_IO, "proxy: no thread");
    }
    if (err != ERR_OK) {
        proxy_free(proxy);
        return err;
    }
    proxy->has_thread = true;
    *out_proxy = proxy;
    return ERR_OK;
}

static void set(struct proxy *proxy, bool stopping, bool silent, int delay_ms)
{
    (void)pthread_mutex_lock(&proxy->lock);
    proxy->stopping = stopping;
    proxy->silent = silent;
    proxy->delay_ms = delay_ms;
    (void)pthread_mutex_unlock(&proxy->lock);
    (void)eventfd_write(proxy->wake, 1);
}

void proxy_free(struct proxy *proxy)
{
    if (proxy == NULL) {
        return;
    }
    if (proxy->has_thread) {
        set(proxy, true, false, 0);
        (void)pthread_join(proxy->thread, NULL);
    }
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        if (proxy->pairs[i].used) {
            close_pair(&proxy->pairs[i]);
        }
    }
    (void)close(proxy->listener);
    (void)close(proxy->wake);
    (void)pthread_mutex_destroy(&proxy->lock);
    free(proxy);
}

int proxy_port(const struct proxy *proxy)
{
    return proxy->port;
}

void proxy_slow_down(struct proxy *proxy, int delay_ms)
{
    set(proxy, false, false, delay_ms);
}

void proxy_fall_silent(struct proxy *proxy)
{
    set(proxy, false, true, 0);
}

void proxy_speak_again(struct proxy *proxy)
{
    set(proxy, false, false, 0);
}
