/* probe.c -- whether the daemon lives, and whether it can be relied on. */
#include "http/internal.h"

static void answer(struct exchange *exchange, int status, json_t *document)
{
    struct buf bytes = {0};
    if (document != NULL && encode_document(document, ENCODING_JSON, &bytes) == ERR_OK) {
        buf_append_string(&bytes, "\n");
    }
    exchange_answer(exchange, status, encoding_content_type(ENCODING_JSON), buf_text(&bytes));
    json_decref(document);
    buf_fini(&bytes);
}

void probe_alive(struct exchange *exchange)
{
    answer(exchange, HTTP_OK, json_pack("{s:s, s:s}", "status", "ok", "version", MUSTER_VERSION));
}

void probe_ready(struct exchange *exchange)
{
    struct registry_state state = registry_state(exchange->server->registry);
    bool ready = registry_is_ready(&state);
    answer(exchange, ready ? HTTP_OK : HTTP_SERVUNAVAIL,
           json_pack("{s:b, s:s, s:s, s:b, s:b, s:b, s:b, s:b}", "ready", ready, "instance", state.instance, "role",
                     state.active ? "active" : "standby", "active", state.active, "hearing", state.hearing, "redis",
                     state.redis, "reconciled", state.reconciled, "stopping", state.stopping));
}
