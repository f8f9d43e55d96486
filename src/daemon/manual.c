/* manual.c -- see manual.h. The help of the configuration is an outline, which is read here. */
#include "daemon/manual.h"

#include "base/manual.h"
#include "config/config.h"
#include "daemon/options.h"

#include <stdio.h>
#include <string.h>

enum { LINE_MAX_BYTES = 1024 };

static void append_options(struct buf *out)
{
    size_t count = 0;
    const struct options_row *rows = options_rows(&count);
    manual_section(out, "OPTIONS");
    for (size_t i = 0; i < count; i++) {
        char name[64];
        char letter[] = {'-', rows[i].letter, ',', ' ', '\0'};
        (void)snprintf(name, sizeof name, "%s--%s", rows[i].letter != 0 ? letter : "", rows[i].name);
        manual_entry(out, name, rows[i].argument, rows[i].help);
    }
}

/* "name = default"; nothing may follow the sign. */
static void append_term(struct buf *out, char *term, const char *text)
{
    char *sign = strstr(term, " = ");
    if (sign == NULL) {
        manual_entry(out, term, NULL, text);
        return;
    }
    *sign = '\0';
    manual_entry(out, term, sign + 1, text);
}

/* A line is a term where it is indented by two, and more about it where it is by more. */
static void append_settings(struct buf *out)
{
    enum { TERM_INDENT = 2 };
    struct buf help = {0};
    char term[LINE_MAX_BYTES] = "";
    manual_section(out, "SETTINGS");
    manual_paragraph(out, "Each may be given in the file, as [section] and key = value; in the environment, as "
                          "MUSTER_SECTION_KEY; and as -o section.key=value. The later of these wins.");
    config_append_help(&help);
    const char *at = buf_terminated(&help);
    while (at != NULL && *at != '\0') {
        char line[LINE_MAX_BYTES];
        size_t len = strcspn(at, "\n");
        size_t indent = strspn(at, " ");
        (void)snprintf(line, sizeof line, "%.*s", (int)(len - indent), at + indent);
        if (indent <= TERM_INDENT) {
            memcpy(term, line, sizeof term);
        } else if (term[0] != '\0') {
            append_term(out, term, line);
            term[0] = '\0';
        } else {
            manual_more(out, line);
        }
        at += len + (at[len] == '\n');
    }
    buf_fini(&help);
}

static void append_signals(struct buf *out)
{
    manual_section(out, "SIGNALS");
    manual_entry(
        out, "SIGTERM, SIGINT", NULL,
        "Finishes what has been taken in, publishes it, gives the lease back and ends. A second one ends at once.");
    manual_entry(out, "SIGHUP", NULL, "Reads the configuration again and takes over what does not need a restart.");
}

static void append_exit_statuses(struct buf *out)
{
    manual_section(out, "EXIT STATUS");
    manual_entry(out, "0", NULL, "Ended in good order.");
    manual_entry(out, "1", NULL, "Could not start, or was ended at once.");
    manual_entry(out, "2", NULL, "Wrong usage, or a wrong configuration.");
}

void manual_append(struct buf *out, const char *version, const char *date)
{
    manual_begin(out, &(struct manual_title){.name = "musterd",
                                             .section = "8",
                                             .version = version,
                                             .date = date,
                                             .summary = "the registry daemon of the Muster worker registry"});
    manual_section(out, "SYNOPSIS");
    manual_paragraph(out, "musterd [-c FILE] [-o section.key=value]... [--check-config]");
    manual_section(out, "DESCRIPTION");
    manual_paragraph(out,
                     "Workers say over MQTT that they exist and that they are well. musterd keeps what it hears in "
                     "Redis, where a heartbeat timeout is the life of a key; its end starts the handling of the "
                     "failure. Every change is told to the world on MQTT topics. Any number of daemons may share "
                     "one Redis: one is active, the others stand by.");
    append_options(out);
    append_settings(out);
    append_signals(out);
    append_exit_statuses(out);
    manual_section(out, "SEE ALSO");
    manual_paragraph(out, "musterctl(1), muster-agent(1), mosquitto(8), redis-server(1)");
}
