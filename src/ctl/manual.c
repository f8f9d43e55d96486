/* manual.c -- see manual.h. */
#include "ctl/manual.h"

#include "base/manual.h"
#include "ctl/command.h"

#include <stdio.h>

static void append_options(struct buf *out, const char *command)
{
    size_t count = 0;
    const struct options_row *rows = options_rows(&count);
    for (size_t i = 0; i < count; i++) {
        if (options_row_is_of(&rows[i], command)) {
            char name[64];
            struct buf sentence = {0};
            (void)snprintf(name, sizeof name, "--%s", rows[i].name);
            options_append_row_help(&sentence, &rows[i]);
            buf_append_string(&sentence, ".");
            manual_entry(out, name, rows[i].argument, buf_terminated(&sentence));
            buf_fini(&sentence);
        }
    }
}

static bool has_options(const char *command)
{
    size_t count = 0;
    const struct options_row *rows = options_rows(&count);
    size_t i = 0;
    while (i < count && !options_row_is_of(&rows[i], command)) {
        i++;
    }
    return i < count;
}

static void append_commands(struct buf *out)
{
    size_t count = 0;
    const struct command *commands = command_table(&count);
    manual_section(out, "COMMANDS");
    for (size_t i = 0; i < count; i++) {
        struct buf sentence = {0};
        buf_printf(&sentence, "%s. %s", commands[i].help, commands[i].more != NULL ? commands[i].more : "");
        manual_entry(out, commands[i].name, commands[i].operand, buf_terminated(&sentence));
        buf_fini(&sentence);
        if (has_options(commands[i].name)) {
            manual_nest(out);
            append_options(out, commands[i].name);
            manual_unnest(out);
        }
    }
}

static void append_environment(struct buf *out)
{
    size_t count = 0;
    const struct options_row *rows = options_rows(&count);
    manual_section(out, "ENVIRONMENT");
    for (size_t i = 0; i < count; i++) {
        if (rows[i].environment != NULL) {
            char sentence[64];
            (void)snprintf(sentence, sizeof sentence, "Stands for --%s where that is not given.", rows[i].name);
            manual_entry(out, rows[i].environment, NULL, sentence);
        }
    }
    manual_entry(out, "NO_COLOR", NULL, "Where it is not empty, nothing is coloured.");
}

static void append_exit_statuses(struct buf *out)
{
    manual_section(out, "EXIT STATUS");
    manual_entry(out, "0", NULL, "Done.");
    manual_entry(out, "1", NULL, "Refused by the registry, whose reasons are on standard error.");
    manual_entry(out, "2", NULL, "Wrong usage.");
    manual_entry(out, "3", NULL, "No answer: no broker, no registry, or none in time.");
}

static void append_examples(struct buf *out)
{
    manual_section(out, "EXAMPLES");
    manual_paragraph(out, "The five workers with the most room that have a GPU:");
    manual_line(out, "musterctl find --capabilities gpu --health HEALTHY --sort free --limit 5");
    manual_paragraph(out, "Whatever fails from now on, for a program:");
    manual_line(out, "musterctl events --follow --type failed --json");
    manual_paragraph(out, "Move the whole registry to another broker:");
    manual_line(out, "musterctl export - | musterctl import - --uri tcp://other:1883");
}

void manual_append(struct buf *out, const char *version, const char *date)
{
    manual_begin(out, &(struct manual_title){.name = "musterctl",
                                             .section = "1",
                                             .version = version,
                                             .date = date,
                                             .summary = "the operator's command line of the Muster worker registry"});
    manual_section(out, "SYNOPSIS");
    manual_paragraph(out, "musterctl COMMAND [ARGUMENT] [OPTION]...");
    manual_section(out, "DESCRIPTION");
    manual_paragraph(out,
                     "Speaks with a worker registry through its MQTT broker, by requests and replies of MQTT 5: it "
                     "works wherever the broker can be reached. People are shown tables, and colours on a terminal "
                     "only; --json is for programs.");
    append_commands(out);
    manual_section(out, "OPTIONS");
    append_options(out, NULL);
    append_environment(out);
    append_exit_statuses(out);
    append_examples(out);
    manual_section(out, "SEE ALSO");
    manual_paragraph(out, "musterd(8), muster-agent(1), mosquitto(8)");
}
