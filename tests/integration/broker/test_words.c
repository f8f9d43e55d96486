/* test_words.c -- what a broker says when it refuses or ends a connection, by a peer that answers with given packets.
 */
#include "listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOT_AUTHORIZED = 0x87, SESSION_TAKEN_OVER = 0x8e, SILENCE_MS = 300 };

static const unsigned char accepted[] = {0x20, 3, 0, 0, 0};
static const unsigned char not_authorized[] = {0x20, 3, 0, NOT_AUTHORIZED, 0};
static const unsigned char taken_over[] = {0xe0, 2, SESSION_TAKEN_OVER, 0};
static const unsigned char taken_over_by[] = {0xe0, 10, SESSION_TAKEN_OVER, 8, 0x1f, 0, 5, 'b', 'y', ' ', 'm', 'e'};

struct peer {
    int listener;
    int connection;
    char uri[64];
    struct broker *broker; /* under test */
};

static int start_peer(void **state)
{
    struct peer *peer = calloc(1, sizeof *peer);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    struct fault fault = {0};
    assert_non_null(peer);
    *state = peer;
    peer->connection = -1;
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(peer->listener, 1), 0);
    assert_int_equal(getsockname(peer->listener, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(peer->uri, sizeof peer->uri, "tcp://127.0.0.1:%d", ntohs(address.sin_port));
    const struct broker_options options = {.uri = peer->uri, .client_id = "tested"};
    assert_int_equal(broker_new(&options, &peer->broker, &fault), ERR_OK);
    return 0;
}

static int end_peer(void **state)
{
    struct peer *peer = *state;
    broker_free(peer->broker);
    if (peer->connection >= 0) {
        (void)close(peer->connection);
    }
    (void)close(peer->listener);
    free(peer);
    return 0;
}

/* Starts an attempt to connect and answers its CONNECT. */
static void answer(struct peer *peer, const unsigned char *packet, size_t len)
{
    struct fault fault = {0};
    unsigned char connect[256];
    assert_int_equal(broker_connect(peer->broker, &fault), ERR_OK);
    struct pollfd waiting = {.fd = peer->listener, .events = POLLIN};
    assert_int_equal(poll(&waiting, 1, EVENT_MS), 1);
    peer->connection = accept(peer->listener, NULL, NULL);
    assert_true(recv(peer->connection, connect, sizeof connect, 0) > 0);
    assert_int_equal(send(peer->connection, packet, len, MSG_NOSIGNAL), len);
}

static void say(const struct peer *peer, const unsigned char *packet, size_t len)
{
    assert_int_equal(send(peer->connection, packet, len, MSG_NOSIGNAL), len);
}

static void refused_connection_tells_the_reason_code(void **state)
{
    struct peer *peer = *state;
    struct broker_event event;
    answer(peer, not_authorized, sizeof not_authorized);
    assert_true(listener_expect(peer->broker, BROKER_DISCONNECTED, &event));
    assert_int_equal(event.reason_code, NOT_AUTHORIZED);
    char reason[256];
    (void)snprintf(reason, sizeof reason, "%.*s", TEXT_ARG(event.reason));
    assert_non_null(strstr(reason, "Not authorized"));
    assert_false(listener_next(peer->broker, &event, SILENCE_MS));
}

static void server_disconnect_tells_its_code_once(void **state)
{
    struct peer *peer = *state;
    struct broker_event event;
    answer(peer, accepted, sizeof accepted);
    assert_true(listener_expect(peer->broker, BROKER_CONNECTED, &event));
    say(peer, taken_over, sizeof taken_over);
    (void)shutdown(peer->connection, SHUT_RDWR);
    assert_true(listener_expect(peer->broker, BROKER_DISCONNECTED, &event));
    assert_int_equal(event.reason_code, SESSION_TAKEN_OVER);
    assert_false(listener_next(peer->broker, &event, SILENCE_MS));
}

static void server_disconnect_tells_its_reason_string(void **state)
{
    struct peer *peer = *state;
    struct broker_event event;
    answer(peer, accepted, sizeof accepted);
    assert_true(listener_expect(peer->broker, BROKER_CONNECTED, &event));
    say(peer, taken_over_by, sizeof taken_over_by);
    assert_true(listener_expect(peer->broker, BROKER_DISCONNECTED, &event));
    assert_int_equal(event.reason_code, SESSION_TAKEN_OVER);
    assert_memory_equal(event.reason.data + event.reason.len - 5, "by me", 5);
}

static void word_of_an_ended_connection_does_not_end_the_next(void **state)
{
    struct peer *peer = *state;
    struct broker_event event;
    answer(peer, accepted, sizeof accepted);
    assert_true(listener_expect(peer->broker, BROKER_CONNECTED, &event));
    say(peer, taken_over, sizeof taken_over);
    assert_true(listener_expect(peer->broker, BROKER_DISCONNECTED, &event));
    int older = peer->connection;
    answer(peer, accepted, sizeof accepted);
    (void)close(older);
    assert_true(listener_expect(peer->broker, BROKER_CONNECTED, &event));
    assert_false(listener_next(peer->broker, &event, SILENCE_MS));
}

static void silent_peer_is_given_up(void **state)
{
    struct peer *peer = *state;
    struct broker_event event;
    struct fault fault = {0};
    broker_free(peer->broker);
    peer->broker = NULL;
    const struct broker_options options = {.uri = peer->uri, .client_id = "tested", .connect_timeout_s = 1};
    assert_int_equal(broker_new(&options, &peer->broker, &fault), ERR_OK);
    answer(peer, NULL, 0);
    assert_true(listener_expect(peer->broker, BROKER_DISCONNECTED, &event));
    assert_memory_equal(event.reason.data, peer->uri, strlen(peer->uri));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(refused_connection_tells_the_reason_code, start_peer, end_peer),
        cmocka_unit_test_setup_teardown(server_disconnect_tells_its_code_once, start_peer, end_peer),
        cmocka_unit_test_setup_teardown(server_disconnect_tells_its_reason_string, start_peer, end_peer),
        cmocka_unit_test_setup_teardown(word_of_an_ended_connection_does_not_end_the_next, start_peer, end_peer),
        cmocka_unit_test_setup_teardown(silent_peer_is_given_up, start_peer, end_peer),
    };
    return cmocka_run_group_tests_name("broker/words", tests, NULL, NULL);
}
