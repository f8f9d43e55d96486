/* pulse.c -- a socket that never blocks, one buffer in each direction. */
#include "sim/pulse.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "sim/packet.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    FLUSH_BYTES = 16 * 1024,
    UNSENT_MAX = 128 * 1024,
    READ_BYTES = 16 * 1024,
    RETRY_FIRST_MS = 200,
    RETRY_MAX_MS = 5000,
    KEEP_ALIVE_S = 60,
    PING_US = 20 * 1000000,
    ANSWER_US = 5 * 1000000,
    TEXT_MAX = 512,
    FAILURE_FIRST = 0x80,
};

enum pulse_state { PULSE_DOWN, PULSE_CONNECTING, PULSE_GREETING, PULSE_READY };

struct pulse {
    char host[TEXT_MAX];
    char port[8];
    char client_id[TEXT_MAX];
    char username[TEXT_MAX];
    char password[TEXT_MAX];
    bool has_username;
    bool has_password;
    enum pulse_state state;
    int fd;
    struct backoff backoff;
    int64_t retry_at_us;
    int64_t since_us; /* the state, while it is to become ready; then the last ping */
    struct buf out;
    size_t sent; /* of out */
    struct buf in;
    unsigned window; /* what the broker takes unacknowledged */
    unsigned open;   /* unacknowledged */
    uint16_t packet_id;
    uint64_t losses;
    uint64_t refusals;
    struct fault problem;
};

/* ---- where to */

static const char *address_of(const char *uri)
{
    static const char *const schemes[] = {"tcp://", "mqtt://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (strncmp(uri, schemes[i], strlen(schemes[i])) == 0) {
            return uri + strlen(schemes[i]);
        }
    }
    return NULL;
}

bool pulse_can(const char *uri)
{
    return address_of(uri) != NULL;
}

/* host, host:port, [address], [address]:port; more than that has been looked at by the broker room. */
static bool split_address(struct pulse *pulse, const char *address)
{
    bool bracketed = address[0] == '[';
    const char *host = address + (bracketed ? 1 : 0);
    size_t host_len = strcspn(host, bracketed ? "]" : ":/");
    const char *rest = host + host_len + (bracketed && host[host_len] == ']' ? 1 : 0);
    const char *port = rest[0] == ':' ? rest + 1 : "1883";
    size_t port_len = strcspn(port, "/");
    if (host_len == 0 || host_len >= sizeof pulse->host || port_len == 0 || port_len >= sizeof pulse->port) {
        return false;
    }
    memcpy(pulse->host, host, host_len);
    memcpy(pulse->port, port, port_len);
    return true;
}

static bool copy(char out[TEXT_MAX], const char *text)
{
    size_t len = text != NULL ? strlen(text) : 0;
    if (len < TEXT_MAX) {
        memcpy(out, text != NULL ? text : "", len + 1);
    }
    return len < TEXT_MAX;
}

enum err pulse_new(const struct pulse_options *options, struct pulse **out_pulse, struct fault *out_fault)
{
    const char *address = address_of(options->uri);
    struct pulse *pulse = calloc(1, sizeof *pulse);
    if (pulse == NULL) {
        return fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    }
    pulse->fd = -1;
    pulse->has_username = options->username != NULL;
    pulse->has_password = options->password != NULL;
    backoff_init(&pulse->backoff, RETRY_FIRST_MS, RETRY_MAX_MS, (uint64_t)(uintptr_t)pulse);
    bool good = address != NULL && split_address(pulse, address) && copy(pulse->client_id, options->client_id) &&
                copy(pulse->username, options->username) && copy(pulse->password, options->password);
    if (!good) {
        free(pulse);
        return fault_set(out_fault, ERR_INVALID, "%s: the uri, the user name or the password is too long",
                         options->uri);
    }
    *out_pulse = pulse;
    return ERR_OK;
}

/* ---- up and down */

static void go_down(struct pulse *pulse, const char *why)
{
    (void)fault_set(&pulse->problem, ERR_CLOSED, "%s:%s: %s", pulse->host, pulse->port, why);
    if (pulse->fd >= 0) {
        (void)close(pulse->fd);
    }
    pulse->fd = -1;
    pulse->losses += pulse->state == PULSE_READY ? 1 : 0;
    pulse->state = PULSE_DOWN;
    pulse->retry_at_us = clock_monotonic_us() + backoff_next_ms(&pulse->backoff) * 1000;
    buf_clear(&pulse->out);
    buf_clear(&pulse->in);
    pulse->sent = 0;
    pulse->open = 0;
}

static void greet(struct pulse *pulse)
{
    const struct packet_connect connect = {
        .client_id = pulse->client_id,
        .username = pulse->has_username ? pulse->username : NULL,
        .password = pulse->has_password ? pulse->password : NULL,
        .keep_alive_s = KEEP_ALIVE_S,
    };
    packet_append_connect(&pulse->out, &connect);
    pulse->state = PULSE_GREETING;
    pulse_flush(pulse);
}

static void dial(struct pulse *pulse)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int on = 1;
    int failure = getaddrinfo(pulse->host, pulse->port, &hints, &found);
    if (failure != 0) {
        go_down(pulse, gai_strerror(failure));
        return;
    }
    pulse->since_us = clock_monotonic_us();
    pulse->fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool begun = pulse->fd >= 0 && setsockopt(pulse->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
                 (connect(pulse->fd, found->ai_addr, found->ai_addrlen) == 0 || errno == EINPROGRESS);
    int why = errno;
    freeaddrinfo(found);
    if (!begun) {
        go_down(pulse, strerror(why));
        return;
    }
    pulse->state = PULSE_CONNECTING;
}

static void look_at_connect(struct pulse *pulse)
{
    struct pollfd ready = {.fd = pulse->fd, .events = POLLOUT};
    int failure = 0;
    socklen_t len = sizeof failure;
    if (poll(&ready, 1, 0) != 1) {
        return;
    }
    if (getsockopt(pulse->fd, SOL_SOCKET, SO_ERROR, &failure, &len) != 0 || failure != 0) {
        go_down(pulse, strerror(failure));
        return;
    }
    greet(pulse);
}

void pulse_tend(struct pulse *pulse)
{
    int64_t now_us = clock_monotonic_us();
    switch (pulse->state) {
    case PULSE_DOWN:
        if (now_us >= pulse->retry_at_us) {
            dial(pulse);
        }
        break;
    case PULSE_CONNECTING:
        look_at_connect(pulse);
        break;
    case PULSE_GREETING:
        break;
    case PULSE_READY:
        if (now_us - pulse->since_us > PING_US) {
            pulse->since_us = now_us;
            packet_append_pingreq(&pulse->out);
        }
        break;
    }
    bool waits = pulse->state == PULSE_CONNECTING || pulse->state == PULSE_GREETING;
    if (waits && now_us - pulse->since_us > ANSWER_US) {
        go_down(pulse, "no answer in time");
    }
}

bool pulse_is_ready(const struct pulse *pulse)
{
    return pulse->state == PULSE_READY;
}

const char *pulse_problem(const struct pulse *pulse)
{
    return pulse->problem.text;
}

uint64_t pulse_losses(const struct pulse *pulse)
{
    return pulse->losses;
}

uint64_t pulse_refusals(const struct pulse *pulse)
{
    return pulse->refusals;
}

/* ---- what comes */

static void take_connack(struct pulse *pulse, const struct packet *packet)
{
    char why[64];
    if (pulse->state != PULSE_GREETING || packet->reason >= FAILURE_FIRST) {
        (void)snprintf(why, sizeof why, "the broker refused the connection (reason 0x%02x)", packet->reason);
        go_down(pulse, why);
        return;
    }
    pulse->window = packet->receive_maximum;
    pulse->state = PULSE_READY;
    pulse->since_us = clock_monotonic_us();
    backoff_reset(&pulse->backoff);
}

static void take_packet(struct pulse *pulse, const struct packet *packet)
{
    char why[64];
    switch (packet->kind) {
    case PACKET_CONNACK:
        take_connack(pulse, packet);
        break;
    case PACKET_PUBACK:
        pulse->open -= pulse->open > 0 ? 1 : 0;
        pulse->refusals += packet->reason >= FAILURE_FIRST ? 1 : 0;
        break;
    case PACKET_DISCONNECT:
        (void)snprintf(why, sizeof why, "the broker ended the connection (reason 0x%02x)", packet->reason);
        go_down(pulse, why);
        break;
    }
}

static void take_packets(struct pulse *pulse)
{
    size_t at = 0;
    while (pulse->state != PULSE_DOWN) {
        struct packet packet;
        long len = packet_read((struct text){pulse->in.data + at, pulse->in.len - at}, &packet);
        if (len < 0) {
            go_down(pulse, "what the broker sends is no MQTT 5");
            return;
        }
        if (len == 0) {
            break;
        }
        at += (size_t)len;
        take_packet(pulse, &packet);
    }
    if (pulse->state != PULSE_DOWN && at > 0) {
        memmove(pulse->in.data, pulse->in.data + at, pulse->in.len - at);
        pulse->in.len -= at;
    }
}

void pulse_receive(struct pulse *pulse)
{
    while (pulse->state >= PULSE_GREETING && buf_reserve(&pulse->in, READ_BYTES)) {
        ssize_t len = recv(pulse->fd, pulse->in.data + pulse->in.len, READ_BYTES, 0);
        if (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR)) {
            go_down(pulse, len == 0 ? "the connection was lost" : strerror(errno));
            return;
        }
        if (len < 0) {
            return;
        }
        pulse->in.len += (size_t)len;
        take_packets(pulse);
        if (len < READ_BYTES) {
            return;
        }
    }
}

/* ---- what goes */

void pulse_flush(struct pulse *pulse)
{
    while (pulse->state >= PULSE_GREETING && pulse->sent < pulse->out.len) {
        ssize_t len = send(pulse->fd, pulse->out.data + pulse->sent, pulse->out.len - pulse->sent, MSG_NOSIGNAL);
        if (len < 0 && errno != EAGAIN && errno != EINTR) {
            go_down(pulse, strerror(errno));
            return;
        }
        if (len < 0) {
            break;
        }
        pulse->sent += (size_t)len;
    }
    if (pulse->sent == pulse->out.len) {
        buf_clear(&pulse->out);
        pulse->sent = 0;
    } else if (pulse->sent > UNSENT_MAX / 2) {
        memmove(pulse->out.data, pulse->out.data + pulse->sent, pulse->out.len - pulse->sent);
        pulse->out.len -= pulse->sent;
        pulse->sent = 0;
    }
}

enum err pulse_publish(struct pulse *pulse, const struct broker_publication *publication)
{
    if (pulse->state != PULSE_READY) {
        return ERR_CLOSED;
    }
    if (pulse->out.len - pulse->sent >= UNSENT_MAX || (publication->qos > 0 && pulse->open >= pulse->window)) {
        return ERR_FULL;
    }
    if (publication->qos > 0) {
        pulse->packet_id = (uint16_t)(pulse->packet_id == UINT16_MAX ? 1 : pulse->packet_id + 1);
        pulse->open++;
    }
    packet_append_publish(&pulse->out, publication, pulse->packet_id);
    if (pulse->out.failed) {
        go_down(pulse, "out of memory");
        return ERR_NO_MEMORY;
    }
    if (pulse->out.len - pulse->sent >= FLUSH_BYTES) {
        pulse_flush(pulse);
    }
    return ERR_OK;
}

int pulse_fd(const struct pulse *pulse)
{
    return pulse->fd;
}

/* Acknowledgements wait for the next turn, unless they are what sending waits for: one wake-up each is dear. */
short pulse_events(const struct pulse *pulse)
{
    bool writes = pulse->state == PULSE_CONNECTING || pulse->sent < pulse->out.len;
    bool reads = pulse->state != PULSE_READY || pulse->open > pulse->window / 2;
    return (short)(POLLRDHUP | (reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
}

bool pulse_is_owed(const struct pulse *pulse)
{
    return pulse->open > 0;
}

void pulse_free(struct pulse *pulse, int timeout_ms)
{
    if (pulse == NULL) {
        return;
    }
    int64_t until_ms = clock_monotonic_ms() + timeout_ms;
    pulse_flush(pulse);
    while (pulse->state == PULSE_READY && (pulse->sent < pulse->out.len || pulse->open > 0) &&
           clock_monotonic_ms() < until_ms) {
        struct pollfd ready = {.fd = pulse->fd, .events = (short)(POLLIN | pulse_events(pulse))};
        (void)poll(&ready, 1, (int)(until_ms - clock_monotonic_ms()));
        pulse_receive(pulse);
        pulse_flush(pulse);
    }
    if (pulse->state == PULSE_READY) {
        packet_append_disconnect(&pulse->out);
        pulse_flush(pulse);
    }
    if (pulse->fd >= 0) {
        (void)close(pulse->fd);
    }
    buf_fini(&pulse->out);
    buf_fini(&pulse->in);
    free(pulse);
}
