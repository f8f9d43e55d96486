/* profile.c -- checks and copies an agent's options. */
#include "agent/profile.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

static const char topic_root_default[] = "muster/v1";

/* Returns the profile's own copy; NULL for NULL, and without memory, which sets *failed. */
static char *keep(struct profile *profile, const char *string, bool *failed)
{
    if (string == NULL) {
        return NULL;
    }
    char *copy = profile->string_count < PROFILE_STRINGS_MAX ? strdup(string) : NULL;
    if (copy == NULL) {
        *failed = true;
        return NULL;
    }
    profile->strings[profile->string_count++] = copy;
    return copy;
}

static bool keep_all(struct profile *profile)
{
    struct muster_agent_options *options = &profile->options;
    const char **strings[] = {
        &options->broker_uri, &options->username,   &options->password,
        &options->ca_file,    &options->key_file,   &options->certificate_file,
        &options->client_id,  &options->topic_root, &options->worker_id,
        &options->name,       &options->tags,       &options->capabilities,
        &options->version,    &options->zone,       &options->host_address,
        &options->host_name,
    };
    bool failed = false;
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        *strings[i] = keep(profile, *strings[i], &failed);
    }
    return !failed;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Splits "a, b" at its commas into at most max items; false where there are more. */
static bool split(const char *list, struct text *items, size_t max, struct texts *out)
{
    size_t count = 0;
    for (const char *at = list; *at != '\0';) {
        size_t len = strcspn(at, ",");
        struct text item = {at, len};
        at += len + (at[len] == ',');
        while (item.len > 0 && is_blank(item.data[0])) {
            item.data++;
            item.len--;
        }
        while (item.len > 0 && is_blank(item.data[item.len - 1])) {
            item.len--;
        }
        if (item.len > 0 && count == max) {
            return false;
        }
        if (item.len > 0) {
            items[count++] = item;
        }
    }
    *out = (struct texts){.items = items, .count = count};
    return true;
}

static enum err fill_labels(struct profile *profile, struct fault *out_fault)
{
    const struct muster_agent_options *options = &profile->options;
    struct registration *registration = &profile->registration;
    if (options->tags != NULL && !split(options->tags, profile->tags, WORKER_TAGS_MAX, &registration->tags)) {
        return fault_set(out_fault, ERR_INVALID, "tags: at most %d", WORKER_TAGS_MAX);
    }
    if (options->capabilities == NULL) {
        return ERR_OK;
    }
    if (options->capabilities[0] == '{' || options->capabilities[0] == '[') {
        registration->capabilities_json = text_of(options->capabilities);
    } else if (!split(options->capabilities, profile->capabilities, WORKER_CAPABILITIES_MAX,
                      &registration->capability_names)) {
        return fault_set(out_fault, ERR_INVALID, "capabilities: at most %d", WORKER_CAPABILITIES_MAX);
    }
    return ERR_OK;
}

static struct opt_int given(int64_t value)
{
    return (struct opt_int){.set = value != 0, .value = value};
}

static void fill_registration(struct profile *profile)
{
    const struct muster_agent_options *options = &profile->options;
    const char *host_name = options->host_name;
    if (host_name == NULL && gethostname(profile->host_name, sizeof profile->host_name - 1) == 0) {
        host_name = profile->host_name;
    }
    profile->registration = (struct registration){
        .worker_id = text_of(options->worker_id),
        .name = text_of(options->name != NULL ? options->name : options->worker_id),
        .host_name = text_of(host_name),
        .host_address = text_of(options->host_address),
        .port = given(options->port),
        .max_concurrent_jobs = {.set = true, .value = options->max_concurrent_jobs},
        .version = text_of(options->version),
        .priority_threshold = given(options->priority_threshold),
        .worker_load_factor = {.set = options->load_factor != 0, .value = options->load_factor},
        .zone = text_of(options->zone),
        .heartbeat_interval_ms = given(options->heartbeat_interval_ms),
        .heartbeat_timeout_ms = given(options->heartbeat_timeout_ms),
    };
}

static void fill_broker(struct profile *profile)
{
    enum { INBOX_MESSAGES = 256, INBOX_BYTES = 4 * 1024 * 1024, MESSAGE_BYTES = 1024 * 1024 };
    const struct muster_agent_options *options = &profile->options;
    profile->broker = (struct broker_options){
        .uri = options->broker_uri,
        .username = options->username,
        .password = options->password,
        .ca_file = options->ca_file,
        .certificate_file = options->certificate_file,
        .key_file = options->key_file,
        .will_topic = profile->will_topic,
        .inbox_messages_max = INBOX_MESSAGES,
        .inbox_bytes_max = INBOX_BYTES,
        .message_bytes_max = MESSAGE_BYTES,
    };
}

static const char *keep_topic(struct profile *profile, const char *before_id, const char *after_id, bool *failed)
{
    struct buf buf = {0};
    buf_printf(&buf, "%s/%s%s%s", profile->options.topic_root, before_id, profile->options.worker_id, after_id);
    const char *topic = buf_terminated(&buf);
    *failed = *failed || topic == NULL;
    topic = keep(profile, topic, failed);
    buf_fini(&buf);
    return topic;
}

static bool fill_topics(struct profile *profile)
{
    bool failed = false;
    profile->register_topic = keep_topic(profile, "worker/", "/register", &failed);
    profile->heartbeat_topic = keep_topic(profile, "worker/", "/heartbeat", &failed);
    profile->deregister_topic = keep_topic(profile, "worker/", "/deregister", &failed);
    profile->will_topic = keep_topic(profile, "worker/", "/will", &failed);
    profile->reply_topic = keep_topic(profile, "reply/worker/", "", &failed);
    profile->command_topic = keep_topic(profile, "command/", "", &failed);
    return !failed;
}

static bool is_topic_root(const char *root)
{
    size_t len = strlen(root);
    return len > 0 && len <= 256 && root[0] != '/' && root[0] != '$' && root[len - 1] != '/' &&
           strpbrk(root, "+#") == NULL;
}

static enum err check(const struct muster_agent_options *options, struct fault *out_fault)
{
    if (options->broker_uri == NULL) {
        return fault_set(out_fault, ERR_INVALID, "broker_uri is required");
    }
    if (!worker_id_valid(text_of(options->worker_id))) {
        return fault_set(out_fault, ERR_INVALID,
                         "worker_id must be 1-%d of A-Z a-z 0-9 . _ - and begin with a letter or digit (is \"%s\")",
                         WORKER_ID_MAX, options->worker_id != NULL ? options->worker_id : "");
    }
    if (options->max_concurrent_jobs <= 0) {
        return fault_set(out_fault, ERR_INVALID, "max_concurrent_jobs must be positive");
    }
    if (!isfinite(options->load_factor)) {
        return fault_set(out_fault, ERR_INVALID, "load_factor must be a number");
    }
    if (!is_topic_root(options->topic_root)) {
        return fault_set(out_fault, ERR_INVALID,
                         "topic_root must be 1-256 bytes without + and #, not beginning with / or $, not ending with / "
                         "(is \"%s\")",
                         options->topic_root);
    }
    return ERR_OK;
}

enum err profile_init(struct profile *profile, const struct muster_agent_options *options, struct fault *out_fault)
{
    size_t size = options->size < sizeof profile->options ? options->size : sizeof profile->options;
    *profile = (struct profile){0};
    if (size < offsetof(struct muster_agent_options, context)) {
        return fault_set(out_fault, ERR_INVALID, "options must come from muster_agent_options()");
    }
    memcpy(&profile->options, options, size);
    if (profile->options.topic_root == NULL) {
        profile->options.topic_root = topic_root_default;
    }
    enum err err = check(&profile->options, out_fault);
    if (err != ERR_OK) {
        return err;
    }
    if (!keep_all(profile) || !fill_topics(profile)) {
        return fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    }
    fill_registration(profile);
    fill_broker(profile);
    return fill_labels(profile, out_fault);
}

void profile_fini(struct profile *profile)
{
    for (size_t i = 0; i < profile->string_count; i++) {
        free(profile->strings[i]);
    }
    profile->string_count = 0;
}
