/* app.h -- the running daemon: a loop, signals and a registry, wired together. */
#ifndef MUSTER_DAEMON_APP_H
#define MUSTER_DAEMON_APP_H

#include "config/config.h"
#include "daemon/options.h"

/*
 * app_run serves until SIGTERM or SIGINT asks for a clean stop (a second one stops at once); SIGHUP reads the
 * configuration again from where the options say. Returns the process's exit status.
 */
int app_run(const struct options *options, const struct config *config, const struct config_sources *sources);

#endif
