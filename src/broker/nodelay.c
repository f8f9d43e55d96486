/* nodelay.c -- finds the library's sockets among the open files of the process. */
#include "broker/nodelay.h"

#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int port_of(const char *uri)
{
    static const struct {
        const char *scheme;
        int port;
    } defaults[] = {{"tcp://", 1883}, {"ssl://", 8883}, {"ws://", 80}, {"wss://", 443}};
    const char *authority = strstr(uri, "://") + strlen("://");
    const char *end = authority + strcspn(authority, "/");
    const char *colon = memrchr(authority, ':', (size_t)(end - authority));
    const char *bracket = memrchr(authority, ']', (size_t)(end - authority));
    if (colon != NULL && (bracket == NULL || colon > bracket)) {
        return atoi(colon + 1);
    }
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        if (strncmp(uri, defaults[i].scheme, strlen(defaults[i].scheme)) == 0) {
            return defaults[i].port;
        }
    }
    return 0;
}

static int peer_port(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof address;
    if (getpeername(fd, (struct sockaddr *)&address, &len) != 0) {
        return 0;
    }
    if (address.ss_family == AF_INET) {
        return ntohs(((const struct sockaddr_in *)&address)->sin_port);
    }
    return address.ss_family == AF_INET6 ? ntohs(((const struct sockaddr_in6 *)&address)->sin6_port) : 0;
}

void nodelay_set(const char *uri)
{
    int port = port_of(uri);
    DIR *files = opendir("/proc/self/fd");
    if (files == NULL) {
        return;
    }
    for (const struct dirent *file = readdir(files); file != NULL; file = readdir(files)) {
        int fd = atoi(file->d_name);
        int on = 1;
        if (port != 0 && peer_port(fd) == port) {
            (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        }
    }
    (void)closedir(files);
}
