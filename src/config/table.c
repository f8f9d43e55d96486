/* table.c -- the one table: every key of the configuration. Says what there is; reads nothing. */
#include "config/internal.h"

/* Name and place of a key, written section.key. */
#define AT(path) .name = #path, .offset = offsetof(struct config, path)

#define SHORTEST_MS 100
#define LONGEST_MS 2592000000.0 /* 30 days */
#define MANY 100000000.0

static const struct config_key keys[] = {
    {AT(mqtt.uri), .type = CONFIG_STRING, .default_text = "tcp://127.0.0.1:1883", .violation = rule_mqtt_uri,
     .help = "The broker: tcp://host:port, or ssl:// for TLS, ws:// wss:// for WebSocket."},
    {AT(mqtt.client_id), .type = CONFIG_STRING, .default_text = "musterd", .violation = rule_id,
     .help =
         "Client id of the active daemon, and the beginning of its other connections' ids; the same for all daemons."},
    {AT(mqtt.username), .type = CONFIG_STRING, .default_text = "", .help = "User name at the broker; empty: none."},
    {AT(mqtt.password_file), .type = CONFIG_STRING, .default_text = "", .secret = true,
     .help = "File whose first line is the password at the broker; empty: none."},
    {AT(mqtt.ca_file), .type = CONFIG_STRING, .default_text = "",
     .help = "PEM file of the authorities that may vouch for the broker; empty: the system's."},
    {AT(mqtt.certificate_file), .type = CONFIG_STRING, .default_text = "",
     .help = "PEM file of the daemon's own certificate; empty: none."},
    {AT(mqtt.key_file), .type = CONFIG_STRING, .default_text = "", .secret = true,
     .help = "PEM file of that certificate's private key."},
    {AT(mqtt.topic_root), .type = CONFIG_STRING, .default_text = "muster/v1", .violation = rule_topic_root,
     .help = "What every topic begins with."},
    {AT(mqtt.inbox_messages), .type = CONFIG_INT, .default_text = "100000", .min = 100, .max = 10000000,
     .help = "Messages that a connection's inbox holds before it drops."},
    {AT(mqtt.inbox_bytes), .type = CONFIG_INT, .default_text = "67108864", .min = 2097152, .max = 17179869184,
     .help = "Bytes that a connection's inbox holds before it drops."},
    {AT(redis.uri), .type = CONFIG_STRING, .default_text = "redis://127.0.0.1:6379/0", .violation = rule_redis_uri,
     .help = "Redis: redis://[user@]host[:port][/database] or unix:///path[?db=number]."},
    {AT(redis.password_file), .type = CONFIG_STRING, .default_text = "", .secret = true,
     .help = "File whose first line is the password of Redis; empty: none."},
    {AT(redis.prefix), .type = CONFIG_STRING, .default_text = "muster", .violation = rule_prefix,
     .help = "What every key in Redis begins with."},
    {AT(daemon.instance), .type = CONFIG_STRING, .default_text = "", .violation = rule_id_or_empty,
     .help = "This daemon's name among its like; empty: host name and process id."},
    {AT(daemon.lease_ms), .type = CONFIG_INT, .default_text = "2000", .min = SHORTEST_MS, .max = 60000,
     .help = "How long the active daemon may be silent before a standby takes over."},
    {AT(worker.heartbeat_timeout_ms), .type = CONFIG_INT, .default_text = "300000", .min = SHORTEST_MS,
     .max = LONGEST_MS, .seed_name = "jobscheduler.worker.heartbeat-timeout-minutes", .reloadable = true,
     .help = "Silence after which a worker is unhealthy, where it names no timeout of its own."},
    {AT(worker.min_heartbeat_timeout_ms), .type = CONFIG_INT, .default_text = "1000", .min = SHORTEST_MS,
     .max = LONGEST_MS, .reloadable = true, .help = "The shortest timeout that a worker may name."},
    {AT(worker.max_heartbeat_timeout_ms), .type = CONFIG_INT, .default_text = "86400000", .min = SHORTEST_MS,
     .max = LONGEST_MS, .reloadable = true, .help = "The longest timeout that a worker may name."},
    {AT(worker.archive_seconds), .type = CONFIG_INT, .default_text = "86400", .min = 1, .max = 315360000,
     .reloadable = true, .help = "How long the record of a worker that has left is kept."},
    {AT(health.check_interval_ms), .type = CONFIG_INT, .default_text = "120000", .min = SHORTEST_MS, .max = LONGEST_MS,
     .seed_name = "jobscheduler.worker.health-check-interval-ms", .reloadable = true,
     .help = "Time between two checks of an unhealthy worker."},
    {AT(health.max_consecutive_failures), .type = CONFIG_INT, .default_text = "3", .min = 1, .max = 1000,
     .seed_name = "jobscheduler.worker.max-consecutive-failures", .reloadable = true,
     .help = "Failures in a row at which a worker has failed."},
    {AT(health.auto_recovery), .type = CONFIG_BOOL, .default_text = "true",
     .seed_name = "jobscheduler.worker.auto-recovery-enabled", .reloadable = true,
     .help = "A good heartbeat recovers an unhealthy or failed worker; false: only an operator does."},
    {AT(health.cleanup_threshold_ms), .type = CONFIG_INT, .default_text = "900000", .min = SHORTEST_MS,
     .max = LONGEST_MS, .seed_name = "jobscheduler.worker.cleanup-threshold-minutes", .reloadable = true,
     .help = "Time that a failed worker has left before it is cleaned up."},
    {AT(registration.max_attempts), .type = CONFIG_INT, .default_text = "3", .min = 1, .max = 1000000,
     .seed_name = "jobscheduler.worker.max-registration-attempts", .reloadable = true,
     .help = "Failed registrations of one worker before it is rate limited."},
    {AT(registration.retry_delay_ms), .type = CONFIG_INT, .default_text = "3600000", .min = SHORTEST_MS,
     .max = LONGEST_MS, .seed_name = "jobscheduler.worker.registration-retry-delay-minutes", .reloadable = true,
     .help = "How long a worker is rate limited after its last failed registration."},
    {AT(registration.max_concurrent_jobs), .type = CONFIG_INT, .default_text = "100", .min = 1, .max = 1000000,
     .seed_name = "jobscheduler.worker.max-concurrent-jobs-limit", .reloadable = true,
     .help = "The most jobs at once that a worker may offer."},
    {AT(registration.min_load_factor), .type = CONFIG_REAL, .default_text = "0.1", .min = 0, .max = 1000,
     .seed_name = "jobscheduler.worker.min-load-factor", .reloadable = true,
     .help = "The least load factor that a worker may give itself."},
    {AT(registration.max_load_factor), .type = CONFIG_REAL, .default_text = "2.0", .min = 0, .max = 1000,
     .seed_name = "jobscheduler.worker.max-load-factor", .reloadable = true,
     .help = "The greatest load factor that a worker may give itself."},
    {AT(registration.max_workers), .type = CONFIG_INT, .default_text = "0", .min = 0, .max = MANY, .reloadable = true,
     .help = "The most workers that may be registered at once; 0: no limit."},
    {AT(brake.percent), .type = CONFIG_INT, .default_text = "25", .min = 1, .max = 100, .reloadable = true,
     .help = "Share of the fleet beyond which silence is held against nobody."},
    {AT(brake.min_workers), .type = CONFIG_INT, .default_text = "10", .min = 0, .max = MANY, .reloadable = true,
     .help = "Fleets smaller than this have no brake."},
    {AT(brake.max_ms), .type = CONFIG_INT, .default_text = "600000", .min = SHORTEST_MS, .max = LONGEST_MS,
     .reloadable = true, .help = "The longest time that the brake holds."},
    {AT(publish.encoding), .type = CONFIG_CHOICE, .default_text = "json", .choices = "json|msgpack",
     .help = "Encoding of what the registry publishes by itself."},
    {AT(publish.system_interval_ms), .type = CONFIG_INT, .default_text = "5000", .min = SHORTEST_MS, .max = LONGEST_MS,
     .reloadable = true, .help = "Time between two publications of the system statistics."},
    {AT(events.max_length), .type = CONFIG_INT, .default_text = "1000000", .min = 1000, .max = 1000000000,
     .reloadable = true, .help = "Events that the stream in Redis keeps, roughly."},
    {AT(http.listen), .type = CONFIG_STRING, .default_text = "127.0.0.1:8420", .violation = rule_listen,
     .help = "Address and port of the HTTP interface; empty: off."},
    {AT(log.level), .type = CONFIG_CHOICE, .default_text = "info", .choices = "debug|info|warn|error",
     .reloadable = true, .help = "What is below this level is not logged."},
    {AT(log.format), .type = CONFIG_CHOICE, .default_text = "text", .choices = "text|json", .reloadable = true,
     .help = "One log line as text for people, or as JSON for programs."},
};

_Static_assert(sizeof keys / sizeof keys[0] <= CONFIG_KEYS_MAX, "struct config_sources has a place for every key");

const struct config_key *config_keys(size_t *out_count)
{
    *out_count = sizeof keys / sizeof keys[0];
    return keys;
}
