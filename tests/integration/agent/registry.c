/* registry.c -- the recorder as a registry. */
#include "registry.h"

#include <signal.h>
#include <stdio.h>

static void must(enum err err, const struct fault *fault)
{
    if (err != ERR_OK) {
        fail_msg("%s: %s", err_name(err), fault->text);
    }
}

void registry_open(struct registry *registry)
{
    static const char *const filters[] = {"muster/v1/#", NULL};
    struct fault fault = {0};
    *registry = (struct registry){.decoder = decoder_new(MESSAGE_BYTES_MAX)};
    assert_non_null(registry->decoder);
    must(server_start_mosquitto(&registry->server, NULL, &fault), &fault);
    must(recorder_open(registry->server.uri, "registry", filters, &registry->recorder, &fault), &fault);
}

void registry_close(struct registry *registry)
{
    recorder_free(registry->recorder);
    server_free(&registry->server);
    decoder_free(registry->decoder);
}

const struct record *registry_hear(struct registry *registry, const char *id, const char *verb)
{
    char topic[256];
    (void)snprintf(topic, sizeof topic, "muster/v1/worker/%s/%s", id, verb);
    const struct record *record = recorder_wait(registry->recorder, topic, NULL, PATIENCE_MS);
    if (record == NULL) {
        recorder_print(registry->recorder);
        fail_msg("nothing came on %s", topic);
    }
    recorder_mark(registry->recorder);
    return record;
}

void registry_answer(struct registry *registry, const struct record *record, const char *json)
{
    struct fault fault = {0};
    assert_non_null(record->response_topic);
    struct broker_publication reply = {.topic = record->response_topic,
                                       .payload = text_of(json),
                                       .qos = 1,
                                       .content_type = "application/json",
                                       .correlation = {record->correlation, record->correlation_len}};
    must(recorder_publish(registry->recorder, &reply, &fault), &fault);
}

void registry_tell(struct registry *registry, const char *topic, const char *json)
{
    struct fault fault = {0};
    must(recorder_tell(registry->recorder, topic, json, &fault), &fault);
}

const struct record *registry_accept(struct registry *registry, const char *id, int epoch, int interval_ms)
{
    char reply[256];
    const struct record *record = registry_hear(registry, id, "register");
    (void)snprintf(reply, sizeof reply,
                   "{\"success\":true,\"code\":\"ok\",\"epoch\":%d,\"heartbeatIntervalMs\":%d,"
                   "\"heartbeatTimeoutMs\":%d}",
                   epoch, interval_ms, 3 * interval_ms);
    registry_answer(registry, record, reply);
    return record;
}
