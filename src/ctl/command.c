/* command.c -- the table of commands. */
#include "ctl/command.h"

#include <stdio.h>
#include <string.h>

static const struct command commands[] = {
    {"list", NULL, false, list_run, "all workers, in a table"},
    {"get", "ID", false, get_run, "everything that is known of a worker"},
    {"watch", NULL, true, watch_run, "the table of workers, live; without a terminal, once"},
    {"register", "FILE", false, register_run, "register a worker from a file of JSON (-: standard input)"},
    {"deregister", "ID", false, deregister_run, "send a worker away"},
    {"events", NULL, true, events_run, "what has happened, oldest first"},
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

void command_append_usage(struct buf *out, const struct command *command)
{
    buf_printf(out, "Usage: musterctl %s%s%s", command->name, command->operand != NULL ? " " : "",
               command->operand != NULL ? command->operand : "");
    options_append_synopsis(out, command->name);
    buf_append_string(out, " [OPTION]...\n");
}

static void append_one(struct buf *out, const struct command *command)
{
    command_append_usage(out, command);
    buf_printf(out, "\n%s: %s.\n\n", command->name, command->help);
    options_append_help(out, command->name);
}

static void append_all(struct buf *out)
{
    buf_append_string(out,
                      "Usage: musterctl COMMAND [OPTION]...\n\nSpeaks with a worker registry through its MQTT broker. "
                      "Commands:\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct command *command = &commands[i];
        char name[32];
        (void)snprintf(name, sizeof name, "%s%s%s", command->name, command->operand != NULL ? " " : "",
                       command->operand != NULL ? command->operand : "");
        buf_printf(out, "  %-24s %s\n", name, command->help);
        options_append_help(out, command->name);
    }
}

void command_append_help(struct buf *out, const struct command *command)
{
    if (command != NULL) {
        append_one(out, command);
    } else {
        append_all(out);
    }
    buf_append_string(out, "\nOptions of every command:\n\n");
    options_append_help(out, NULL);
    buf_append_string(out, "\nExit status: 0 done, 1 refused by the registry, 2 wrong usage, 3 no answer.\n");
}

void command_tell(struct call *call)
{
    struct text rest = buf_text(&call->wrong);
    while (rest.len > 0) {
        const char *end = memchr(rest.data, '\n', rest.len);
        size_t len = end != NULL ? (size_t)(end - rest.data) : rest.len;
        (void)fprintf(stderr, "musterctl: %.*s\n", (int)len, rest.data);
        len += end != NULL ? 1 : 0;
        rest.data += len;
        rest.len -= len;
    }
    buf_clear(&call->wrong);
}
