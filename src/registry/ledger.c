/*
 * ledger.c -- the alerts that are known, within a cap. What an earlier daemon raised is taken over from Redis and from
 * what the broker retains, so nothing is raised twice and nothing stays raised.
 */
#include "registry/ledger.h"

#include "registry/bulletin.h"
#include "registry/internal.h"
#include "store/alert.h"

#include <stdio.h>
#include <stdlib.h>

enum err ledger_new(struct registry *registry, struct fault *out_fault)
{
    registry->ledger = calloc(1, sizeof *registry->ledger);
    return registry->ledger != NULL ? ERR_OK : fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
}

void ledger_forget(struct registry *registry)
{
    struct ledger *ledger = registry->ledger;
    for (size_t i = 0; i < ledger->count; i++) {
        json_decref(ledger->list[i].document);
    }
    *ledger = (struct ledger){.versions = ledger->versions, .loading = ledger->loading};
}

void ledger_fini(struct registry *registry)
{
    if (registry->ledger != NULL) {
        ledger_forget(registry);
        free(registry->ledger);
    }
}

struct alert *ledger_find(const struct registry *registry, struct text name)
{
    struct ledger *ledger = registry->ledger;
    for (size_t i = 0; i < ledger->count; i++) {
        if (text_is(name, ledger->list[i].name)) {
            return &ledger->list[i];
        }
    }
    return NULL;
}

struct alert *ledger_enter(struct registry *registry, struct text name)
{
    struct ledger *ledger = registry->ledger;
    struct alert *alert = ledger_find(registry, name);
    if (alert != NULL) {
        return alert;
    }
    if (ledger->count == ALERTS_MAX || !worker_id_valid(name)) {
        if (!ledger->told_full) {
            note(registry, LOG_WARN, "alert %.*s is not kept: there are %zu already, or it cannot be a topic's level",
                 TEXT_ARG(name), ledger->count);
            ledger->told_full = true;
        }
        return NULL;
    }
    alert = &ledger->list[ledger->count++];
    *alert = (struct alert){0};
    (void)snprintf(alert->name, sizeof alert->name, "%.*s", TEXT_ARG(name));
    return alert;
}

void ledger_put(struct registry *registry, struct alert *alert, json_t *document)
{
    json_decref(alert->document);
    alert->document = document;
    alert->version = ++registry->ledger->versions;
    alert->retry_at_ms = 0;
    if (document != NULL) {
        alert->state.raised = bulletin_is_raised(document);
    }
}

void ledger_keep(struct registry *registry, ledger_wanted_fn *is_wanted)
{
    struct ledger *ledger = registry->ledger;
    size_t kept = 0;
    for (size_t i = 0; i < ledger->count; i++) {
        const struct alert *alert = &ledger->list[i];
        bool is_forgotten = alert->document == NULL && alert->redis.version == alert->version &&
                            alert->broker.version == alert->version;
        if (!is_forgotten || is_wanted(registry, alert)) {
            ledger->list[kept++] = *alert;
        }
    }
    ledger->count = kept;
}

/* Notes that Redis or the broker has this document, and takes it where it is later than what is known. */
static void take_over(struct registry *registry, struct text name, json_t *document, bool from_broker)
{
    struct alert *alert = ledger_enter(registry, name);
    if (alert == NULL) {
        return;
    }
    struct destination *from = from_broker ? &alert->broker : &alert->redis;
    bool is_known = alert->document != NULL && json_equal(alert->document, document);
    bool is_later = alert->document == NULL || bulletin_at_ms(document) > bulletin_at_ms(alert->document);
    if (!is_known && is_later) {
        ledger_put(registry, alert, json_incref(document));
    }
    if (is_known || is_later) {
        from->version = alert->version;
    }
}

void ledger_read_back(struct registry *registry, struct text name, json_t *document)
{
    if (registry->active && document != NULL) {
        take_over(registry, name, document, true);
    }
}

static void on_loaded(void *context, const struct store_alerts *result)
{
    struct registry *registry = context;
    struct ledger *ledger = registry->ledger;
    ledger->loading = false;
    if (!registry->active || result->outcome != STORE_DONE) {
        return;
    }
    for (size_t i = 0; i < result->count; i++) {
        struct text text = result->alerts[i].value;
        json_t *document = json_loadb(text.data, text.len, 0, NULL);
        if (json_is_object(document)) {
            take_over(registry, result->alerts[i].name, document, false);
        }
        json_decref(document);
    }
    ledger->loaded = true;
}

void ledger_load(struct registry *registry)
{
    if (!registry->ledger->loading && store_is_up(registry->store)) {
        registry->ledger->loading = true;
        store_alerts(registry->store, on_loaded, registry);
    }
}
