/* server.h -- a private mosquitto and a private redis-server, on free loopback ports and in a folder of their own. */
#ifndef MUSTER_TESTS_SUPPORT_SERVER_H
#define MUSTER_TESTS_SUPPORT_SERVER_H

#include "support/process.h"

/* All zero: never started; server_free is safe then. Read only for the caller. */
struct server {
    struct process process;
    char folder[FOLDER_PATH_MAX]; /* its data, its configuration and its log */
    char config_path[FOLDER_PATH_MAX + 64];
    char socket_path[FOLDER_PATH_MAX + 64]; /* redis only */
    char uri[64];                           /* tcp://127.0.0.1:port or redis://127.0.0.1:port/0 */
    char socket_uri[FOLDER_PATH_MAX + 64];  /* unix://path; redis only */
    const char *program;
    const char *const *environment; /* more of it, as for process_start; the caller's */
    int port;
};

/* server_free_port returns a loopback port that nobody listens on now, for listeners of extra configuration. */
int server_free_port(void);

/*
 * Both start the program, wait until it takes connections (10 seconds at most) and keep its data from one start to the
 * next. extra is configuration text that is appended (NULL: none); later lines override earlier ones. A missing binary
 * is ERR_NOT_FOUND, one that ends at once ERR_IO with the end of its log.
 * mosquitto: anonymous clients allowed, persistence on (saved when it is stopped in good order).
 * redis: no persistence, also on socket_path.
 * sentinel: a Redis Sentinel; extra says what it monitors.
 */
enum err server_start_mosquitto(struct server *server, const char *extra, struct fault *out_fault) MUST_USE;
enum err server_start_redis(struct server *server, const char *extra, struct fault *out_fault) MUST_USE;
enum err server_start_redis_with(struct server *server, const char *extra, const char *const *environment,
                                 struct fault *out_fault) MUST_USE;
enum err server_start_sentinel(struct server *server, const char *extra, struct fault *out_fault) MUST_USE;

/* server_stop ends it with the signal (SIGTERM: in good order, SIGKILL: at once) and waits for its end. */
void server_stop(struct server *server, int signal);

/* server_start_again starts a stopped one, on the same ports and with the same data. */
enum err server_start_again(struct server *server, struct fault *out_fault) MUST_USE;

/* A suspended server keeps its connections and answers nobody. */
void server_suspend(struct server *server);
void server_resume(struct server *server);

/* server_free kills it and removes its folder. */
void server_free(struct server *server);

#endif
