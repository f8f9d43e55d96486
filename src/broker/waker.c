/* waker.c -- a thread that is the server of one of the library's connections. */
#include "broker/waker.h"

#include <MQTTAsync.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 5, HELLO_S = 1, HELLO_MS = 5000, HELLO_BYTES = 256, STRANGERS_MAX = 16 };

/* The library's threads and sockets are the process's, so this is too. */
static atomic_uint holders;
static MQTTAsync client;
static int wake_fd = -1;

static int listen_on_loopback(struct sockaddr_in *out_address)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 1) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &len) == 0) {
        *out_address = address;
        return fd;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return -1;
}

static int discard_message(void *context, char *topic, int topic_len, MQTTAsync_message *message)
{
    (void)context;
    (void)topic_len;
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

static bool connect_library(const char *name, const struct sockaddr_in *address)
{
    char uri[64];
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
    options.keepAliveInterval = 0;
    options.MQTTVersion = MQTTVERSION_3_1_1;
    (void)snprintf(uri, sizeof uri, "tcp://127.0.0.1:%d", ntohs(address->sin_port));
    return MQTTAsync_create(&client, uri, name, MQTTCLIENT_PERSISTENCE_NONE, NULL) == MQTTASYNC_SUCCESS &&
           MQTTAsync_setCallbacks(client, NULL, NULL, discard_message, NULL) == MQTTASYNC_SUCCESS &&
           MQTTAsync_connect(client, &options) == MQTTASYNC_SUCCESS;
}

/* Any process of this host may connect while the port is open; only the library knows the name. */
static int accept_library(int listener, const char *name)
{
    static const unsigned char welcome[] = {0x20, 2, 0, 0};
    const struct timeval limit = {.tv_sec = HELLO_S};
    char greeting[HELLO_BYTES];
    for (int i = 0; i < STRANGERS_MAX; i++) {
        struct pollfd waiting = {.fd = listener, .events = POLLIN};
        int fd = poll(&waiting, 1, HELLO_MS) == 1 ? accept4(listener, NULL, NULL, SOCK_CLOEXEC) : -1;
        if (fd < 0) {
            return -1;
        }
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ssize_t len = recv(fd, greeting, sizeof greeting, 0);
        if (len > 0 && memmem(greeting, (size_t)len, name, strlen(name)) != NULL &&
            send(fd, welcome, sizeof welcome, MSG_NOSIGNAL) == (ssize_t)sizeof welcome) {
            return fd;
        }
        (void)close(fd);
    }
    return -1;
}

/* What the thread starts with: the port that the library is connecting to. */
static struct hello {
    int listener;
    char name[48];
} hello;

static void tick(int connection)
{
    static const unsigned char ping_response[] = {0xd0, 0};
    const struct timespec pause = {.tv_nsec = TICK_MS * 1000000L};
    (void)nanosleep(&pause, NULL);
    if (atomic_load(&holders) > 0) {
        /* A full socket wakes the library as well. */
        (void)send(connection, ping_response, sizeof ping_response, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

static void *wake(void *arg)
{
    (void)arg;
    int connection = accept_library(hello.listener, hello.name);
    (void)close(hello.listener);
    if (connection < 0) {
        return NULL;
    }
    for (;;) {
        struct pollfd held = {.fd = wake_fd, .events = POLLIN};
        eventfd_t ignored = 0;
        if (atomic_load(&holders) > 0) {
            tick(connection);
        } else if (poll(&held, 1, -1) == 1) {
            (void)eventfd_read(wake_fd, &ignored);
        }
    }
}

void waker_start(void)
{
    struct sockaddr_in address;
    uint64_t secret = 0;
    pthread_t thread;
    pthread_attr_t detached;
    wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    hello.listener = listen_on_loopback(&address);
    if (wake_fd < 0 || hello.listener < 0 || getrandom(&secret, sizeof secret, 0) != (ssize_t)sizeof secret) {
        return;
    }
    (void)snprintf(hello.name, sizeof hello.name, "waker-%016llx", (unsigned long long)secret);
    (void)pthread_attr_init(&detached);
    (void)pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    if (connect_library(hello.name, &address)) {
        (void)pthread_create(&thread, &detached, wake, NULL);
    }
    (void)pthread_attr_destroy(&detached);
}

void waker_hold(void)
{
    if (atomic_fetch_add(&holders, 1) == 0) {
        (void)eventfd_write(wake_fd, 1);
    }
}

void waker_release(void)
{
    (void)atomic_fetch_sub(&holders, 1);
}
