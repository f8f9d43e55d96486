/* import.c -- workers made again from their records. */
#include "store/import.h"

#include "store/internal.h"

void store_import_begin(struct store *store, bool force, struct text by)
{
    struct args *args = &store->imports;
    store_begin(store, args, "import", STORE_WRITES);
    args_string(args, force ? "1" : "0");
    args_text(args, by);
    args_int(args, store->policy.max_workers);
}

void store_import_registration(struct store *store, const struct registration *registration,
                               int64_t heartbeat_timeout_ms, int64_t heartbeat_interval_ms)
{
    struct args *args = &store->imports;
    args_text(args, registration->worker_id);
    args_text(args, registration->name);
    args_opt_int(args, registration->max_concurrent_jobs);
    args_opt_int(args, registration->port);
    args_text(args, registration->version);
    args_opt_int(args, registration->priority_threshold);
    args_opt_real(args, registration->worker_load_factor);
    args_text(args, registration->zone);
    args_int(args, heartbeat_timeout_ms);
    args_int(args, heartbeat_interval_ms);
    args_text(args, registration->host_name);
    args_text(args, registration->host_address);
    args_text(args, registration->capabilities_json);
    args_text(args, registration->tags_json);
    args_text(args, registration->boot_id);
    args_opt_int(args, registration->connection);
}

static void add_jobs(struct args *args, struct texts jobs)
{
    struct buf json = {0};
    if (jobs.count > 0) {
        worker_append_jobs(&json, jobs);
    }
    args->bytes.failed = args->bytes.failed || json.failed;
    args_text(args, buf_text(&json));
    buf_fini(&json);
}

static void add_lines(struct args *args, struct texts texts)
{
    struct buf lines = {0};
    for (size_t i = 0; i < texts.count; i++) {
        buf_append_string(&lines, i > 0 ? "\n" : "");
        buf_append_text(&lines, texts.items[i]);
    }
    args->bytes.failed = args->bytes.failed || lines.failed;
    args_text(args, buf_text(&lines));
    buf_fini(&lines);
}

void store_import_state(struct store *store, const struct worker_state *state)
{
    struct args *args = &store->imports;
    args_opt_int(args, state->epoch);
    args_opt_int(args, state->revision);
    args_string(args, worker_status_name(state->status));
    args_string(args, worker_health_name(state->health));
    args_text(args, state->reason);
    args_opt_int(args, state->registered_at_ms);
    args_opt_int(args, state->last_heartbeat_at_ms);
    args_opt_int(args, state->current_job_count);
    args_opt_int(args, state->available_capacity);
    args_opt_real(args, state->cpu_usage);
    args_opt_real(args, state->memory_usage);
    args_opt_int(args, state->error_count);
    args_opt_int(args, state->consecutive_failures);
    args_string(args, worker_status_name(state->declared));
    args_text(args, state->draining);
    args_text(args, state->maintained);
    args_text(args, state->left);
    args_text(args, state->contradiction);
    args_opt_int(args, state->seq);
    args_opt_int(args, state->sent_at_ms);
    args_opt_int(args, state->heartbeats);
    args_opt_int(args, state->unhealthy_since_ms);
    args_opt_int(args, state->unhealthy_ms);
    add_jobs(args, state->jobs);
    args_text(args, state->message);
    args_text(args, state->last_error);
    args_opt_int(args, state->last_error_at_ms);
    add_jobs(args, state->revoked_jobs);
    add_lines(args, state->boots);
}

static void parse_imported(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct store_imported imported = {.outcome = outcome};
    size_t count = reply_count(result) / 2;
    struct store_import_result *results = scratch_items(&call->store->scratch, count, sizeof *results);
    if (outcome == STORE_DONE && results == NULL) {
        imported.outcome = STORE_UNAVAILABLE;
    } else if (outcome == STORE_DONE) {
        for (size_t i = 0; i < count; i++) {
            struct text code = reply_text(result->element[2 * i]);
            results[i] = (struct store_import_result){
                .code = text_is(code, "same") ? CODE_COUNT : reply_code_of(result->element[2 * i]),
                .epoch = reply_opt_int(result->element[2 * i + 1])};
        }
        imported.count = count;
    }
    imported.results = results;
    call->callback.imported(call->context, &imported);
}

void store_import_send(struct store *store, store_imported_fn *done, void *context)
{
    store_send(store, &store->imports, parse_imported, (union store_callback){.imported = done}, context);
}
