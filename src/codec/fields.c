/* fields.c -- the fields of each message (contract, section 4), in the order in which they are written. */
#include "codec/schema.h"

#include <stddef.h>

enum { TEXT_MAX = 256 };

#define RULE(kind, message, member, name, limit)                                                                       \
    {                                                                                                                  \
        (name), sizeof(name) - 1, offsetof(struct message, member), (limit), RULE_##kind                               \
    }
#define SCHEMA(rules)                                                                                                  \
    {                                                                                                                  \
        (rules), sizeof(rules) / sizeof((rules)[0])                                                                    \
    }

static const struct rule registration[] = {
    RULE(TEXT, registration, worker_id, "workerId", TEXT_MAX),
    RULE(TEXT, registration, name, "name", WORKER_NAME_MAX),
    RULE(TEXT, registration, host_name, "hostName", TEXT_MAX),
    RULE(TEXT, registration, host_address, "hostAddress", TEXT_MAX),
    RULE(INT, registration, port, "port", 0),
    RULE(INT, registration, max_concurrent_jobs, "maxConcurrentJobs", 0),
    RULE(CAPABILITIES, registration, capability_names, "capabilities", 0),
    RULE(TAGS, registration, tags, "tags", 0),
    RULE(TEXT, registration, version, "version", TEXT_MAX),
    RULE(INT, registration, priority_threshold, "priorityThreshold", 0),
    RULE(REAL, registration, worker_load_factor, "workerLoadFactor", 0),
    RULE(TEXT, registration, zone, "zone", WORKER_LABEL_MAX),
    RULE(INT, registration, heartbeat_interval_ms, "heartbeatIntervalMs", 0),
    RULE(INT, registration, heartbeat_timeout_ms, "heartbeatTimeoutMs", 0),
    RULE(TEXT, registration, boot_id, "bootId", WORKER_BOOT_ID_MAX),
    RULE(INT, registration, connection, "connection", 0),
    RULE(INT, registration, sent_at_ms, "sentAt", 0),
    RULE(TEXT, registration, request_id, "requestId", TEXT_MAX),
};

static const struct rule heartbeat[] = {
    RULE(TEXT, heartbeat, worker_id, "workerId", TEXT_MAX),
    RULE(STATUS, heartbeat, status, "status", WORKER_ERROR),
    RULE(INT, heartbeat, current_job_count, "currentJobCount", 0),
    RULE(INT, heartbeat, available_capacity, "availableCapacity", 0),
    RULE(REAL, heartbeat, cpu_usage, "cpuUsage", 0),
    RULE(REAL, heartbeat, memory_usage, "memoryUsage", 0),
    RULE(INT, heartbeat, error_count, "errorCount", 0),
    RULE(TEXT, heartbeat, message, "message", WORKER_MESSAGE_MAX),
    RULE(JOBS, heartbeat, jobs, "jobs", 0),
    RULE(INT, heartbeat, seq, "seq", 0),
    RULE(INT, heartbeat, sent_at_ms, "sentAt", 0),
    RULE(INT, heartbeat, epoch, "epoch", 0),
    RULE(TEXT, heartbeat, boot_id, "bootId", WORKER_BOOT_ID_MAX),
    RULE(INT, heartbeat, connection, "connection", 0),
    RULE(TEXT, heartbeat, request_id, "requestId", TEXT_MAX),
};

static const struct rule deregistration[] = {
    RULE(TEXT, deregistration, worker_id, "workerId", TEXT_MAX),
    RULE(FLAG, deregistration, force, "forceDeregister", 0),
    RULE(FLAG, deregistration, drain, "drain", 0),
    RULE(TEXT, deregistration, reason, "reason", WORKER_MESSAGE_MAX),
    RULE(TEXT, deregistration, boot_id, "bootId", WORKER_BOOT_ID_MAX),
    RULE(INT, deregistration, sent_at_ms, "sentAt", 0),
    RULE(TEXT, deregistration, request_id, "requestId", TEXT_MAX),
};

static const struct rule will[] = {
    RULE(TEXT, will, worker_id, "workerId", TEXT_MAX),
    RULE(TEXT, will, boot_id, "bootId", WORKER_BOOT_ID_MAX),
    RULE(INT, will, connection, "connection", 0),
};

static const struct rule query[] = {
    RULE(TEXT, query, worker_id, "workerId", TEXT_MAX),
    RULE(TEXT, query, reason, "reason", WORKER_MESSAGE_MAX),
    RULE(STATUS, query, status, "status", WORKER_INACTIVE),
    RULE(HEALTH, query, health, "health", HEALTH_FAILED),
    RULE(TAGS, query, tags, "tags", 0),
    RULE(LABELS, query, capabilities, "capabilities", 0),
    RULE(TEXT, query, zone, "zone", WORKER_LABEL_MAX),
    RULE(TEXT, query, name_prefix, "namePrefix", WORKER_NAME_MAX),
    RULE(INT, query, minimum_free_capacity, "minimumFreeCapacity", 0),
    RULE(TEXT, query, sort, "sort", WORKER_LABEL_MAX),
    RULE(TEXT, query, type, "type", WORKER_LABEL_MAX),
    RULE(TEXT, query, from, "from", WORKER_LABEL_MAX),
    RULE(TEXT, query, cursor, "cursor", TEXT_MAX),
    RULE(INT, query, limit, "limit", 0),
    RULE(TEXT, query, request_id, "requestId", TEXT_MAX),
};

static const struct rule batch[] = {
    RULE(ITEMS, batch, items, "workers", 0),
    RULE(TEXT, batch, request_id, "requestId", TEXT_MAX),
    RULE(TEXT, batch, boot_id, "bootId", WORKER_BOOT_ID_MAX),
    RULE(INT, batch, connection, "connection", 0),
    RULE(FLAG, batch, force, "force", 0),
};

static const struct rule state[] = {
    RULE(TEXT, worker_state, worker_id, "workerId", TEXT_MAX),
    RULE(STATUS, worker_state, status, "status", WORKER_INACTIVE),
    RULE(HEALTH, worker_state, health, "health", HEALTH_FAILED),
    RULE(TEXT, worker_state, reason, "reason", WORKER_LABEL_MAX),
    RULE(INT, worker_state, epoch, "epoch", 0),
    RULE(INT, worker_state, revision, "revision", 0),
    RULE(INT, worker_state, registered_at_ms, "registeredAt", 0),
    RULE(INT, worker_state, last_heartbeat_at_ms, "lastHeartbeatAt", 0),
    RULE(INT, worker_state, current_job_count, "currentJobCount", 0),
    RULE(INT, worker_state, available_capacity, "availableCapacity", 0),
    RULE(REAL, worker_state, cpu_usage, "cpuUsage", 0),
    RULE(REAL, worker_state, memory_usage, "memoryUsage", 0),
    RULE(INT, worker_state, error_count, "errorCount", 0),
    RULE(INT, worker_state, consecutive_failures, "consecutiveFailures", 0),
    RULE(STATUS, worker_state, declared, "declared", WORKER_ERROR),
    RULE(TEXT, worker_state, draining, "draining", WORKER_LABEL_MAX),
    RULE(TEXT, worker_state, maintained, "maintained", WORKER_LABEL_MAX),
    RULE(TEXT, worker_state, left, "left", WORKER_LABEL_MAX),
    RULE(TEXT, worker_state, contradiction, "contradiction", WORKER_LABEL_MAX),
    RULE(JOBS, worker_state, jobs, "jobs", 0),
    RULE(INT, worker_state, seq, "seq", 0),
    RULE(INT, worker_state, sent_at_ms, "sentAt", 0),
    RULE(INT, worker_state, heartbeats, "heartbeats", 0),
    RULE(INT, worker_state, unhealthy_since_ms, "unhealthySince", 0),
    RULE(INT, worker_state, unhealthy_ms, "unhealthyMs", 0),
    RULE(TEXT, worker_state, message, "message", WORKER_MESSAGE_MAX),
    RULE(TEXT, worker_state, last_error, "lastError", WORKER_MESSAGE_MAX),
    RULE(INT, worker_state, last_error_at_ms, "lastErrorAt", 0),
    RULE(REVOKED, worker_state, revoked_jobs, "revokedJobs", 0),
    RULE(BOOTS, worker_state, boots, "boots", 0),
};

const struct schema schema_registration = SCHEMA(registration);
const struct schema schema_heartbeat = SCHEMA(heartbeat);
const struct schema schema_deregistration = SCHEMA(deregistration);
const struct schema schema_will = SCHEMA(will);
const struct schema schema_query = SCHEMA(query);
const struct schema schema_batch = SCHEMA(batch);
const struct schema schema_state = SCHEMA(state);
