/* app.c -- wires loop, signals, log, registry and HTTP together. */
#include "daemon/app.h"

#include "base/clock.h"
#include "base/log.h"
#include "daemon/limits.h"
#include "http/server.h"
#include "registry/registry.h"

#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    SIGNALS = 3,
    FILES_BESIDE_HTTP = 192, /* broker, Redis, Sentinels, and HTTP connections that are told that there are too many */
    FILES_QUIET_MS = 60000,
    LOOK_MS = 100,
    MEMORY_SPARE_BYTES = 8 * 1024 * 1024,
};

struct app {
    const struct options *options;
    struct config config;
    struct config_sources sources;
    struct log log;
    struct event_base *base;
    struct event *signals[SIGNALS];
    struct event *look;
    int64_t files_told_until_ms; /* monotonic */
    struct registry *registry;
    struct server *server; /* NULL: http.listen is empty */
    bool stopping;
    int status;
};

static void on_note(void *owner, enum log_level level, const char *sentence)
{
    const struct app *app = owner;
    log_write(&app->log, level, "%s", sentence);
}

static void on_stopped(void *owner)
{
    struct app *app = owner;
    log_write(&app->log, LOG_INFO, "stopped");
    (void)event_base_loopbreak(app->base);
}

static void on_stop_signal(evutil_socket_t number, short what, void *arg)
{
    (void)what;
    struct app *app = arg;
    if (app->stopping) {
        log_write(&app->log, LOG_WARN, "signal %d again: stopping at once", (int)number);
        app->status = EXIT_FAILURE;
        (void)event_base_loopbreak(app->base);
        return;
    }
    app->stopping = true;
    log_write(&app->log, LOG_INFO, "signal %d: stopping", (int)number);
    server_stop(app->server);
    registry_stop(app->registry);
}

static void on_changed(void *owner)
{
    const struct app *app = owner;
    server_events_added(app->server);
}

static void take_log_settings(struct app *app)
{
    app->log = (struct log){.level = (enum log_level)app->config.log.level,
                            .format = (enum log_format)app->config.log.format,
                            .fd = STDERR_FILENO};
}

static void log_lines(const struct app *app, enum log_level level, const char *what, struct buf *lines)
{
    const char *at = buf_terminated(lines);
    while (at != NULL && *at != '\0') {
        size_t len = strcspn(at, "\n");
        log_write(&app->log, level, "%s%.*s", what, (int)len, at);
        at += len + (at[len] == '\n');
    }
}

static void on_reload_signal(evutil_socket_t number, short what, void *arg)
{
    (void)number;
    (void)what;
    struct app *app = arg;
    static struct config fresh;
    static struct config_sources sources;
    struct buf lines = {0};
    if (config_load(app->options->file, environ, app->options->settings, app->options->setting_count, &fresh, &sources,
                    &lines) != ERR_OK) {
        log_lines(app, LOG_ERROR, "configuration not taken over: ", &lines);
    } else {
        config_reload(&app->config, &fresh, &lines);
        log_lines(app, LOG_WARN, "needs a restart: ", &lines);
        take_log_settings(app);
        registry_configure(app->registry, &app->config);
        config_reload_sources(&app->sources, &sources);
        registry_set_sources(app->registry, app->options->file, &app->sources);
        log_write(&app->log, LOG_INFO, "configuration taken over");
    }
    buf_fini(&lines);
}

static bool watch_signals(struct app *app)
{
    static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
    for (int i = 0; i < SIGNALS; i++) {
        event_callback_fn handler = numbers[i] == SIGHUP ? on_reload_signal : on_stop_signal;
        app->signals[i] = evsignal_new(app->base, numbers[i], handler, app);
        if (app->signals[i] == NULL || event_add(app->signals[i], NULL) != 0) {
            return false;
        }
    }
    return signal(SIGPIPE, SIG_IGN) != SIG_ERR;
}

/*
 * Without memory a little of everything fails, and nobody could say what was done. Ending here, nothing that was
 * answered is lost, and a standby takes over.
 */
static void look_at_memory(const struct app *app)
{
    if (!limits_has_memory(MEMORY_SPARE_BYTES)) {
        log_write(&app->log, LOG_ERROR, "out of memory: less than %d bytes are left, ending at once",
                  MEMORY_SPARE_BYTES);
        _exit(EXIT_FAILURE);
    }
}

/* Told once, and again only when there was room for a minute. */
static void look_at_files(struct app *app)
{
    int64_t now_ms = clock_monotonic_ms();
    if (!limits_has_file()) {
        if (now_ms >= app->files_told_until_ms) {
            log_write(&app->log, LOG_WARN,
                      "the limit of open files is reached: no connection can be made or taken until some are closed");
        }
        app->files_told_until_ms = now_ms + FILES_QUIET_MS;
    }
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    look_at_memory(arg);
    look_at_files(arg);
}

static bool watch_limits(struct app *app)
{
    const struct timeval every = {.tv_usec = LOOK_MS * 1000L};
    app->look = event_new(app->base, -1, EV_PERSIST, on_look, app);
    return app->look != NULL && event_add(app->look, &every) == 0;
}

/* HTTP must not take the files that broker and Redis need to be reached again. */
static void fit_open_files(struct app *app)
{
    int64_t wanted = app->config.http.max_connections;
    int64_t granted = (int64_t)limits_open_files((size_t)wanted + FILES_BESIDE_HTTP) - FILES_BESIDE_HTTP;
    if (granted < wanted) {
        app->config.http.max_connections = granted > 1 ? granted : 1;
        log_write(&app->log, LOG_WARN,
                  "http.max_connections = %" PRId64 " is more than the limit of open files leaves: it is %" PRId64
                  " now; raise the limit to %" PRId64,
                  wanted, app->config.http.max_connections, wanted + FILES_BESIDE_HTTP);
    }
}

static void app_fini(struct app *app)
{
    registry_free(app->registry);
    server_free(app->server);
    for (int i = 0; i < SIGNALS; i++) {
        if (app->signals[i] != NULL) {
            event_free(app->signals[i]);
        }
    }
    if (app->look != NULL) {
        event_free(app->look);
    }
    if (app->base != NULL) {
        event_base_free(app->base);
    }
}

static enum err make_parts(struct app *app, struct fault *out_fault)
{
    struct registry_listener listener = {.owner = app, .note = on_note, .stopped = on_stopped, .changed = on_changed};
    enum err err = registry_new(app->base, &app->config, &listener, &app->registry, out_fault);
    if (err != ERR_OK || app->config.http.listen[0] == '\0') {
        return err;
    }
    return server_new(app->base, &app->config, app->registry, &app->server, out_fault);
}

/* By itself libevent looks at a coarse clock: what should wait for a millisecond would wait for up to five. */
static struct event_base *base_new(void)
{
    struct event_config *manner = event_config_new();
    bool good = manner != NULL && event_config_set_flag(manner, EVENT_BASE_FLAG_PRECISE_TIMER) == 0;
    struct event_base *base = good ? event_base_new_with_config(manner) : NULL;
    if (manner != NULL) {
        event_config_free(manner);
    }
    return base;
}

int app_run(const struct options *options, const struct config *config, const struct config_sources *sources)
{
    static struct app app;
    struct fault fault = {0};
    app.options = options;
    app.config = *config;
    app.sources = *sources;
    take_log_settings(&app);
    app.base = base_new();
    fit_open_files(&app);
    if (app.base == NULL || !watch_signals(&app) || !watch_limits(&app)) {
        (void)fault_set(&fault, ERR_NO_MEMORY, "out of memory");
    } else if (make_parts(&app, &fault) == ERR_OK) {
        log_write(&app.log, LOG_INFO, "musterd " MUSTER_VERSION " starts");
        registry_set_sources(app.registry, options->file, sources);
        registry_start(app.registry);
        (void)event_base_dispatch(app.base);
    }
    if (fault.code != ERR_OK) {
        log_write(&app.log, LOG_ERROR, "%s", fault.text);
        app.status = EXIT_FAILURE;
    }
    app_fini(&app);
    return app.status;
}
