/* main.c -- musterctl: reads its command line, connects to the broker, and runs one command. */
#include "ctl/command.h"

#include "ctl/manual.h"
#include "domain/worker.h"

#include <errno.h>
#include <locale.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct identity {
    char client[WORKER_ID_MAX + 1];
    char password[ACCESS_PASSWORD_MAX];
};

/* Makes a client id of any name: what the grammar does not allow becomes "-". */
static void default_client(const struct options *options, char out[WORKER_ID_MAX + 1])
{
    const struct passwd *user = getpwuid(geteuid());
    if (options->access.username != NULL) {
        (void)snprintf(out, WORKER_ID_MAX + 1, "%s", options->access.username);
    } else {
        (void)snprintf(out, WORKER_ID_MAX + 1, "%.*s-%ld", WORKER_ID_MAX - 24, user != NULL ? user->pw_name : "user",
                       (long)getpid());
    }
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    for (char *at = out; *at != '\0'; at++) {
        if (strchr(allowed, *at) == NULL) {
            *at = '-';
        }
    }
    if (!worker_id_valid(text_of(out))) {
        out[0] = 'c';
    }
}

static bool identify(const struct options *options, struct identity *out_identity, struct buf *wrong)
{
    if (options->client == NULL) {
        default_client(options, out_identity->client);
    } else if (worker_id_valid(text_of(options->client))) {
        (void)snprintf(out_identity->client, sizeof out_identity->client, "%s", options->client);
    } else {
        buf_printf(wrong, "--client must be 1-%d of A-Z a-z 0-9 . _ - and begin with a letter or digit (is \"%s\")\n",
                   WORKER_ID_MAX, options->client);
        return false;
    }
    struct fault fault = {0};
    enum err err = access_read_password(&options->access, out_identity->password, &fault);
    if (err != ERR_OK) {
        buf_printf(wrong, "%s\n", fault.text);
    }
    return err == ERR_OK;
}

static bool check(const struct options *options, const struct command *command, struct buf *wrong)
{
    if (command == NULL) {
        buf_printf(wrong, "\"%s\" is no command; musterctl --help lists them\n", options->command);
    } else if (command->operand != NULL && command->operand[0] != '[' && options->operand == NULL) {
        buf_printf(wrong, "%s needs %s\n", command->name, command->operand);
    } else if (command->operand == NULL && options->operand != NULL) {
        buf_printf(wrong, "%s takes no argument (\"%s\")\n", command->name, options->operand);
    }
    return wrong->len == 0;
}

static enum command_status run_connected(struct call *call, const struct command *command,
                                         const struct identity *identity)
{
    const struct options *options = call->options;
    const struct session_options session_options = {
        .access = &options->access,
        .client = identity->client,
        .password = identity->password,
        .timeout_ms = options->timeout_ms,
        .signals = call->signals,
    };
    struct fault fault = {0};
    call->session_options = &session_options;
    enum err err = session_new(&session_options, &call->session, &fault);
    if (err != ERR_OK) {
        buf_printf(&call->wrong, "%s\n", fault.text);
        return err == ERR_INVALID ? COMMAND_USAGE : COMMAND_NO_ANSWER;
    }
    enum command_status status = command->run(call);
    session_free(call->session);
    return status;
}

static enum command_status run(struct call *call, const struct command *command)
{
    struct identity identity = {.client = ""};
    struct signals signals = {.fd = -1};
    struct fault fault = {0};
    if (command->offline) {
        return command->run(call);
    }
    if (!identify(call->options, &identity, &call->wrong)) {
        return COMMAND_USAGE;
    }
    if (command->lasts && signals_init(&signals, &fault) != ERR_OK) {
        buf_printf(&call->wrong, "%s\n", fault.text);
        return COMMAND_NO_ANSWER;
    }
    call->signals = command->lasts ? &signals : NULL;
    enum command_status status = run_connected(call, command, &identity);
    if (command->lasts) {
        if (signals.ended) {
            buf_clear(&call->wrong);
            status = COMMAND_DONE;
        }
        signals_fini(&signals);
    }
    return status;
}

static void show_help(struct output *output, const struct options *options)
{
    struct buf help = {0};
    command_append_help(&help, options->command != NULL ? command_find(options->command) : NULL);
    output_text(output, buf_text(&help));
    buf_fini(&help);
}

static void show_manual(struct output *output)
{
    struct buf page = {0};
    manual_append(&page, MUSTER_VERSION, MUSTER_DATE);
    output_text(output, buf_text(&page));
    buf_fini(&page);
}

static enum command_status act(struct call *call, const struct options *options)
{
    if (options->action == OPTIONS_HELP) {
        show_help(call->output, options);
        return COMMAND_DONE;
    }
    if (options->action == OPTIONS_MANUAL) {
        show_manual(call->output);
        return COMMAND_DONE;
    }
    if (options->action == OPTIONS_VERSION) {
        output_text(call->output, text_of("musterctl " MUSTER_VERSION "\n"));
        return COMMAND_DONE;
    }
    if (options->command == NULL) {
        buf_append_string(&call->wrong, "a command is needed; musterctl --help lists them\n");
        return COMMAND_USAGE;
    }
    const struct command *command = command_find(options->command);
    return check(options, command, &call->wrong) ? run(call, command) : COMMAND_USAGE;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct output output;
    struct call call = {.options = &options, .output = &output};
    enum command_status status = COMMAND_USAGE;
    /* Names are UTF-8 whatever the terminal's locale says. */
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    if (options_parse(argc, argv, &options, &call.wrong)) {
        output_init(&output, options.json);
        status = act(&call, &options);
        if (output.failed && output.error != EPIPE) {
            buf_printf(&call.wrong, "cannot write: %s\n", strerror(output.error));
            status = status == COMMAND_DONE ? COMMAND_USAGE : status;
        }
    }
    command_tell(&call);
    buf_fini(&call.wrong);
    return (int)status;
}
