/* server.c -- configuration files, starting and waiting until a port answers. */
#include "support/server.h"

#include "base/buf.h"
#include "support/wait.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { READY_MS = 10000, LOG_TAIL = 200, STARTS_MAX = 3 };

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* Below the ports that the kernel gives to clients: one of those could take the port of a server that is stopped. */
int server_free_port(void)
{
    enum { LOWEST = 10000, HIGHEST = 32000, TRIES = 100 };
    for (int i = 0; i < TRIES; i++) {
        unsigned random = 0;
        (void)getrandom(&random, sizeof random, 0);
        int port = LOWEST + (int)(random % (HIGHEST - LOWEST));
        struct sockaddr_in address = loopback(port);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool is_free = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
        if (fd >= 0) {
            (void)close(fd);
        }
        if (is_free) {
            return port;
        }
    }
    return 0;
}

static bool accepts(const struct sockaddr *address, socklen_t len)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = fd >= 0 && connect(fd, address, len) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return connected;
}

/* Redis listens to its port first, and to its socket a little later. */
static bool answers(const struct server *server)
{
    struct sockaddr_in port = loopback(server->port);
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    memcpy(path.sun_path, server->socket_path, strnlen(server->socket_path, sizeof path.sun_path - 1));
    return accepts((struct sockaddr *)&port, sizeof port) &&
           (path.sun_path[0] == '\0' || accepts((struct sockaddr *)&path, sizeof path));
}

static bool ready_or_ended(void *context)
{
    struct server *server = context;
    return !process_is_running(&server->process) || answers(server);
}

static enum err not_ready(struct server *server, struct fault *out_fault)
{
    char *log = process_log(&server->process);
    size_t len = log != NULL ? strlen(log) : 0;
    const char *tail = log == NULL ? "" : log + (len > LOG_TAIL ? len - LOG_TAIL : 0);
    enum err err = fault_set(out_fault, ERR_IO, "%s on port %d %s; its log ends: %s", server->program, server->port,
                             server->process.pid > 0 ? "did not answer" : "ended at once", tail);
    free(log);
    return err;
}

static bool is_a(const struct server *server, const char *program)
{
    return strcmp(server->program, program) == 0;
}

enum err server_start_again(struct server *server, struct fault *out_fault)
{
    const char *mosquitto[] = {"mosquitto", "-c", server->config_path, NULL};
    const char *redis[] = {"redis-server", server->config_path, NULL};
    const char *sentinel[] = {"redis-server", server->config_path, "--sentinel", NULL};
    const char *const *argv = is_a(server, "mosquitto") ? mosquitto : is_a(server, "sentinel") ? sentinel : redis;
    char log[sizeof server->config_path];
    (void)snprintf(log, sizeof log, "%s/%s.log", server->folder, server->program);
    enum err err = process_start(&server->process, argv, server->environment, log, out_fault);
    if (err != ERR_OK) {
        return err;
    }
    if (!wait_until(ready_or_ended, server, READY_MS) || !process_is_running(&server->process)) {
        err = not_ready(server, out_fault);
        process_stop(&server->process, SIGKILL);
    }
    return err;
}

static void mosquitto_config(struct server *server, const char *extra, struct buf *config)
{
    /* As root it would become another user, who may not enter the folder. */
    if (geteuid() == 0) {
        buf_append_string(config, "user root\n");
    }
    buf_printf(config,
               "listener %d 127.0.0.1\n"
               "allow_anonymous true\n"
               "persistence true\n"
               "persistence_location %s/\n"
               "log_dest stderr\n"
               "%s\n",
               server->port, server->folder, extra);
    (void)snprintf(server->uri, sizeof server->uri, "tcp://127.0.0.1:%d", server->port);
}

static void redis_config(struct server *server, const char *extra, struct buf *config)
{
    (void)snprintf(server->socket_path, sizeof server->socket_path, "%s/redis.sock", server->folder);
    (void)snprintf(server->uri, sizeof server->uri, "redis://127.0.0.1:%d/0", server->port);
    (void)snprintf(server->socket_uri, sizeof server->socket_uri, "unix://%s/redis.sock", server->folder);
    buf_printf(config,
               "port %d\n"
               "bind 127.0.0.1\n"
               "unixsocket %s\n"
               "dir %s\n"
               "save \"\"\n"
               "appendonly no\n"
               "%s\n",
               server->port, server->socket_path, server->folder, extra);
}

static void sentinel_config(const struct server *server, const char *extra, struct buf *config)
{
    buf_printf(config,
               "port %d\n"
               "bind 127.0.0.1\n"
               "dir %s\n"
               "%s\n",
               server->port, server->folder, extra);
}

/* Another process may take the port between its choice and its use; then another is chosen. */
static enum err start(struct server *server, const char *program, const char *extra, struct fault *out_fault)
{
    struct buf config = {0};
    enum err err = folder_new(server->folder, out_fault);
    server->program = program;
    for (int tries = 0; err == ERR_OK && tries < STARTS_MAX && server->process.pid == 0; tries++) {
        server->port = server_free_port();
        buf_clear(&config);
        if (is_a(server, "mosquitto")) {
            mosquitto_config(server, extra != NULL ? extra : "", &config);
        } else if (is_a(server, "sentinel")) {
            sentinel_config(server, extra != NULL ? extra : "", &config);
        } else {
            redis_config(server, extra != NULL ? extra : "", &config);
        }
        (void)snprintf(server->config_path, sizeof server->config_path, "%s/%s.conf", server->folder, program);
        const char *text = buf_terminated(&config);
        err = text != NULL ? folder_write(server->folder, strrchr(server->config_path, '/') + 1, text, out_fault)
                           : fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
        if (err == ERR_OK) {
            err = server_start_again(server, out_fault);
            err = err == ERR_IO && tries + 1 < STARTS_MAX ? ERR_OK : err;
        }
    }
    buf_fini(&config);
    if (err != ERR_OK) {
        server_free(server);
    }
    return err;
}

enum err server_start_mosquitto(struct server *server, const char *extra, struct fault *out_fault)
{
    *server = (struct server){0};
    return start(server, "mosquitto", extra, out_fault);
}

enum err server_start_redis(struct server *server, const char *extra, struct fault *out_fault)
{
    return server_start_redis_with(server, extra, NULL, out_fault);
}

enum err server_start_redis_with(struct server *server, const char *extra, const char *const *environment,
                                 struct fault *out_fault)
{
    *server = (struct server){.environment = environment};
    return start(server, "redis-server", extra, out_fault);
}

enum err server_start_sentinel(struct server *server, const char *extra, struct fault *out_fault)
{
    *server = (struct server){0};
    return start(server, "sentinel", extra, out_fault);
}

void server_stop(struct server *server, int signal)
{
    process_stop(&server->process, signal);
}

void server_suspend(struct server *server)
{
    process_signal(&server->process, SIGSTOP);
}

void server_resume(struct server *server)
{
    process_signal(&server->process, SIGCONT);
}

void server_free(struct server *server)
{
    process_stop(&server->process, SIGKILL);
    folder_remove(server->folder);
    *server = (struct server){0};
}
