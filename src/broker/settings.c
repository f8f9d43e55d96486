/* settings.c -- which uris and files will do. */
#include "broker/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    KEEP_ALIVE_S = 20,
    CONNECT_TIMEOUT_S = 5,
    INBOX_MESSAGES = 10000,
    INBOX_BYTES = 64 * 1024 * 1024,
};

static const struct scheme {
    const char *name;
    const char *library_name;
    bool tls;
} schemes[] = {
    {"tcp://", "tcp://", false},  {"mqtt://", "tcp://", false}, {"ssl://", "ssl://", true},
    {"mqtts://", "ssl://", true}, {"ws://", "ws://", false},    {"wss://", "wss://", true},
};

static enum err bad_uri(const char *uri, const char *why, struct fault *out_fault)
{
    return fault_set(out_fault, ERR_INVALID, "mqtt.uri = %s: %s", uri, why);
}

static const struct scheme *find_scheme(const char *uri)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (strncmp(uri, schemes[i].name, strlen(schemes[i].name)) == 0) {
            return &schemes[i];
        }
    }
    return NULL;
}

static bool is_port(const char *text, size_t len)
{
    long port = 0;
    if (len == 0 || len > 5) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        port = port * 10 + (text[i] - '0');
    }
    return port >= 1 && port <= 65535;
}

/* host, host:port, [address], [address]:port */
static bool is_authority(const char *text, size_t len)
{
    const char *end = text + len;
    const char *host_end = NULL;
    if (len > 0 && text[0] == '[') {
        const char *bracket = memchr(text, ']', len);
        host_end = bracket != NULL && bracket > text + 1 ? bracket + 1 : NULL;
    } else {
        const char *colon = memchr(text, ':', len);
        host_end = colon != NULL ? colon : end;
        host_end = host_end > text ? host_end : NULL;
    }
    if (host_end == NULL) {
        return false;
    }
    return host_end == end || (*host_end == ':' && is_port(host_end + 1, (size_t)(end - host_end - 1)));
}

static enum err set_uri(struct settings *settings, const char *uri, struct fault *out_fault)
{
    if (strncmp(uri, "unix:", 5) == 0) {
        return bad_uri(uri, "the MQTT library cannot use a unix socket; give the broker a loopback listener",
                       out_fault);
    }
    const struct scheme *scheme = find_scheme(uri);
    if (scheme == NULL) {
        return bad_uri(uri, "must begin with tcp:// mqtt:// ssl:// mqtts:// ws:// or wss://", out_fault);
    }
    const char *rest = uri + strlen(scheme->name);
    size_t len = strcspn(rest, "/");
    bool web = scheme->library_name[0] == 'w';
    if (memchr(rest, '@', len) != NULL) {
        return bad_uri(uri, "user names and passwords have keys of their own", out_fault);
    }
    if (!is_authority(rest, len) || (!web && rest[len] != '\0' && strcmp(rest + len, "/") != 0)) {
        return bad_uri(uri, "must be scheme://host[:port], the port from 1 to 65535", out_fault);
    }
    int printed = snprintf(settings->uri, sizeof settings->uri, "%s%.*s", scheme->library_name,
                           web ? (int)strlen(rest) : (int)len, rest);
    if (printed < 0 || (size_t)printed >= sizeof settings->uri) {
        return bad_uri("…", "longer than 511 bytes", out_fault);
    }
    settings->tls = scheme->tls;
    return ERR_OK;
}

static bool keep(struct settings *settings, const char **string)
{
    if (*string == NULL) {
        return true;
    }
    char *copy = strdup(*string);
    if (copy == NULL) {
        return false;
    }
    settings->strings[settings->string_count++] = copy;
    *string = copy;
    return true;
}

static bool keep_text(struct settings *settings, struct text *text)
{
    char *copy = malloc(text->len + 1);
    if (copy == NULL) {
        return false;
    }
    if (text->len > 0) {
        memcpy(copy, text->data, text->len);
    }
    copy[text->len] = '\0';
    settings->strings[settings->string_count++] = copy;
    text->data = copy;
    return true;
}

static bool keep_all(struct settings *settings)
{
    struct broker_options *options = &settings->options;
    return keep(settings, &options->uri) && keep(settings, &options->client_id) && keep(settings, &options->username) &&
           keep(settings, &options->password) && keep(settings, &options->ca_file) &&
           keep(settings, &options->certificate_file) && keep(settings, &options->key_file) &&
           keep(settings, &options->will_topic) && keep(settings, &options->will_content_type) &&
           keep_text(settings, &options->will_payload);
}

/* An unset path of the configuration is an empty text as well as none. */
static const char *or_null(const char *string)
{
    return string != NULL && string[0] != '\0' ? string : NULL;
}

static void fill_in(struct broker_options *options)
{
    options->username = or_null(options->username);
    options->ca_file = or_null(options->ca_file);
    options->certificate_file = or_null(options->certificate_file);
    options->key_file = or_null(options->key_file);
    options->will_topic = or_null(options->will_topic);
    options->keep_alive_s = options->keep_alive_s > 0 ? options->keep_alive_s : KEEP_ALIVE_S;
    options->connect_timeout_s = options->connect_timeout_s > 0 ? options->connect_timeout_s : CONNECT_TIMEOUT_S;
    options->inbox_messages_max = options->inbox_messages_max > 0 ? options->inbox_messages_max : INBOX_MESSAGES;
    options->inbox_bytes_max = options->inbox_bytes_max > 0 ? options->inbox_bytes_max : INBOX_BYTES;
}

static enum err check_file(const char *name, const char *path, struct fault *out_fault)
{
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (path != NULL && fd < 0) {
        return fault_set(out_fault, ERR_INVALID, "mqtt.%s = %s: %s", name, path, strerror(errno));
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return ERR_OK;
}

static enum err check_files(const struct settings *settings, struct fault *out_fault)
{
    const struct broker_options *options = &settings->options;
    if (!settings->tls && (options->ca_file != NULL || options->certificate_file != NULL)) {
        return bad_uri(options->uri, "has no TLS, so a ca_file or certificate_file would be ignored", out_fault);
    }
    enum err err = check_file("ca_file", options->ca_file, out_fault);
    if (err == ERR_OK) {
        err = check_file("certificate_file", options->certificate_file, out_fault);
    }
    if (err == ERR_OK) {
        err = check_file("key_file", options->key_file, out_fault);
    }
    return err;
}

enum err settings_init(struct settings *settings, const struct broker_options *options, struct fault *out_fault)
{
    *settings = (struct settings){.options = *options};
    if (options->uri == NULL || options->client_id == NULL) {
        return fault_set(out_fault, ERR_INVALID, "a broker's uri and a client id are required");
    }
    fill_in(&settings->options);
    enum err err = set_uri(settings, options->uri, out_fault);
    if (err != ERR_OK) {
        return err;
    }
    err = check_files(settings, out_fault);
    if (err != ERR_OK) {
        return err;
    }
    return keep_all(settings) ? ERR_OK : fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
}

void settings_fini(struct settings *settings)
{
    for (size_t i = 0; i < settings->string_count; i++) {
        free(settings->strings[i]);
    }
    *settings = (struct settings){0};
}
