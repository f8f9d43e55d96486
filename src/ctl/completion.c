/* completion.c -- musterctl completion: a function for bash that has what the tables say in its case statements. */
#include "ctl/command.h"

#include <string.h>

static const char head[] = "# Completion of musterctl for bash, made by: musterctl completion bash\n"
                           "\n"
                           "_musterctl_files()\n"
                           "{\n"
                           "    compopt -o filenames 2>/dev/null\n"
                           "    mapfile -t COMPREPLY < <(compgen -f -- \"$1\")\n"
                           "}\n"
                           "\n"
                           "_musterctl_takes_value()\n"
                           "{\n"
                           "    [[ ' ";

/* The words before the one that is completed are looked through; bash makes three words of --option=value. */
static const char body[] = " ' == *\" $1 \"* ]]\n"
                           "}\n"
                           "\n"
                           "_musterctl()\n"
                           "{\n"
                           "    local current=${COMP_WORDS[COMP_CWORD]}\n"
                           "    local command='' operand='' option='' words='' word i\n"
                           "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                           "        word=${COMP_WORDS[i]}\n"
                           "        if [[ $word == '=' ]]; then\n"
                           "            continue\n"
                           "        elif [[ -n $option ]]; then\n"
                           "            option=''\n"
                           "        elif [[ $word == -* ]]; then\n"
                           "            _musterctl_takes_value \"$word\" && option=$word\n"
                           "        elif [[ -z $command ]]; then\n"
                           "            command=$word\n"
                           "        else\n"
                           "            operand=$word\n"
                           "        fi\n"
                           "    done\n"
                           "    [[ $current == '=' ]] && current=''\n"
                           "    COMPREPLY=()\n";

static const char tail[] = "    if [[ -n $words ]]; then\n"
                           "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
                           "    fi\n"
                           "}\n"
                           "\n"
                           "complete -F _musterctl musterctl\n";

static void append_valued(struct buf *out)
{
    size_t count = 0;
    const struct options_row *rows = options_rows(&count);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].argument != NULL) {
            buf_printf(out, "%s--%s", i > 0 ? " " : "", rows[i].name);
        }
    }
}

static void append_values(struct buf *out)
{
    size_t count = 0;
    const struct options_row *rows = options_rows(&count);
    buf_append_string(out, "    if [[ -n $option ]]; then\n        case $option in\n");
    for (size_t i = 0; i < count; i++) {
        if (rows[i].kind == OPTIONS_CHOICE) {
            buf_printf(out, "        --%s) words='%s' ;;\n", rows[i].name, rows[i].choices);
        } else if (rows[i].kind == OPTIONS_FILE) {
            buf_printf(out, "        --%s) _musterctl_files \"$current\" ;;\n", rows[i].name);
        }
    }
    buf_append_string(out, "        esac\n");
}

static void append_names(struct buf *out, const char *command)
{
    size_t count = 0;
    const struct options_row *rows = options_rows(&count);
    for (size_t i = 0; i < count; i++) {
        if (options_row_is_of(&rows[i], command)) {
            buf_printf(out, " --%s", rows[i].name);
        }
    }
}

static void append_options(struct buf *out)
{
    size_t count = 0;
    const struct command *commands = command_table(&count);
    buf_append_string(out, "    elif [[ $current == -* ]]; then\n        words='");
    append_names(out, NULL);
    buf_append_string(out, "'\n        case $command in\n");
    for (size_t i = 0; i < count; i++) {
        size_t before = out->len;
        buf_printf(out, "        %s) words+='", commands[i].name);
        size_t begun = out->len;
        append_names(out, commands[i].name);
        if (out->len > begun) {
            buf_append_string(out, "' ;;\n");
        } else {
            out->len = before;
        }
    }
    buf_append_string(out, "        esac\n");
}

static void append_commands(struct buf *out)
{
    size_t count = 0;
    const struct command *commands = command_table(&count);
    buf_append_string(out, "    elif [[ -z $command ]]; then\n        words='");
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, "%s%s", i > 0 ? " " : "", commands[i].name);
    }
    buf_append_string(out, "'\n");
}

static void append_operands(struct buf *out)
{
    size_t count = 0;
    const struct command *commands = command_table(&count);
    buf_append_string(out, "    elif [[ -z $operand ]]; then\n        case $command in\n");
    for (size_t i = 0; i < count; i++) {
        const char *operand = commands[i].operand != NULL ? commands[i].operand : "";
        if (strcmp(operand, "FILE") == 0) {
            buf_printf(out, "        %s) _musterctl_files \"$current\" ;;\n", commands[i].name);
        } else if (strcmp(operand, "SHELL") == 0) {
            buf_printf(out, "        %s) words=bash ;;\n", commands[i].name);
        }
    }
    buf_append_string(out, "        esac\n    fi\n");
}

/* It asks nobody, so it completes no ids. */
static void append_bash(struct buf *out)
{
    buf_append_string(out, head);
    append_valued(out);
    buf_append_string(out, body);
    append_values(out);
    append_options(out);
    append_commands(out);
    append_operands(out);
    buf_append_string(out, tail);
}

enum command_status completion_run(struct call *call)
{
    const char *shell = call->options->operand;
    if (strcmp(shell, "bash") != 0) {
        buf_printf(&call->wrong, "there is completion for bash only (\"%s\")\n", shell);
        return COMMAND_USAGE;
    }
    struct buf script = {0};
    append_bash(&script);
    output_text(call->output, buf_text(&script));
    buf_fini(&script);
    return COMMAND_DONE;
}
