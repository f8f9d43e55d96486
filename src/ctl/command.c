/* command.c -- the table of commands. */
#include "ctl/command.h"

#include <stdio.h>
#include <string.h>

static const struct command commands[] = {
    {"list", NULL, list_run, .help = "all workers, or those that match everything given"},
    {"find", NULL, find_run, .help = "the workers for some work: those that match everything given",
     .more =
         "They may be given work: HEALTHY or RECOVERED, and ACTIVE, IDLE or BUSY, unless --health or --status asks "
         "for others; list looks at all. With --sort free those with the most free capacity come first, and only the "
         "first --limit (100; at most 1000) of them: what a scheduler wants to know."},
    {"get", "ID", get_run, .help = "everything that is known of a worker"},
    {"health", "[ID]", health_run, .help = "how healthy a worker is and why; without ID, which workers are not"},
    {"stats", NULL, stats_run, .help = "the figures of the whole fleet"},
    {"summary", NULL, summary_run, .help = "how the fleet is, in words"},
    {"events", NULL, events_run, .lasts = true, .help = "what has happened, oldest first",
     .more = "With --follow nothing is told twice and nothing is left out, also after the connection was lost."},
    {"watch", NULL, watch_run, .lasts = true, .help = "the table of workers, live; without a terminal, once"},
    {"alerts", NULL, alerts_run, .help = "the alerts, those that are raised first"},
    {"register", "FILE", register_run, .help = "register a worker from a file of JSON (-: standard input)"},
    {"deregister", "ID", deregister_run, .help = "send a worker away"},
    {"drain", "ID", operate_run, .help = "give a worker no new jobs, and let it go when it has none"},
    {"recover", "ID", operate_run, .help = "take an unhealthy or failed worker for healthy again"},
    {"maintain", "ID", operate_run, .help = "keep a worker in maintenance, whatever its heartbeats say"},
    {"resume", "ID", operate_run, .help = "end a worker's maintenance"},
    {"forget", "ID", operate_run, .help = "remove the record of a worker that has left"},
    {"ping", "ID", ping_run, .help = "tell a worker to heartbeat at once, and wait for it"},
    {"reregister", "ID", operate_run, .help = "tell a worker to register again"},
    {"check", NULL, check_run, .help = "check the stored state of every worker now, and repair what disagrees",
     .more = "Takes its time with a large fleet: give it a --timeout."},
    {"cleanup", "[ID]", operate_run, .help = "clean up failed workers now: this one, or all",
     .more = "Does not wait for the cleanup threshold, and overrides the brake."},
    {"brake-release", NULL, operate_run, .help = "release the brake: those who are missing count as gone from now on"},
    {"config", NULL, config_run, .help = "the settings of the registry, and where each comes from"},
    {"export", "FILE", export_run, .help = "write all workers to a file as JSON lines (-: standard output)",
     .more = "The file is there as a whole or not at all."},
    {"import", "FILE", import_run,
     .help = "register the workers of an export, or of registration documents (-: "
             "standard input)",
     .more = "The documents may be one a line, one after another, or in a list. Each line tells what became of one."},
    {"doctor", NULL, doctor_run, .help = "look for what is wrong between here, the broker and the registry",
     .more = "Each line is ok, warn or fail, with advice. Exits with 0 only when all is well."},
    {"completion", "SHELL", completion_run, .offline = true, .help = "the completion of commands for a shell: bash"},
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

const struct command *command_table(size_t *out_count)
{
    *out_count = COMMAND_COUNT;
    return commands;
}

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static void append_usage(struct buf *out, const struct command *command)
{
    buf_printf(out, "Usage: musterctl %s%s%s", command->name, command->operand != NULL ? " " : "",
               command->operand != NULL ? command->operand : "");
    options_append_synopsis(out, command->name);
    buf_append_string(out, " [OPTION]...\n");
}

static void append_one(struct buf *out, const struct command *command)
{
    append_usage(out, command);
    buf_printf(out, "\n%s: %s.\n%s%s\n", command->name, command->help, command->more != NULL ? command->more : "",
               command->more != NULL ? "\n" : "");
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
    }
    buf_append_string(out, "\nmusterctl COMMAND --help shows the options of a command.\n");
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
