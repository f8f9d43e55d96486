/*
 * merge.c -- heartbeats that say what the last one said, and need not be told to Redis for a while: see
 * worker.merge_heartbeats_ms. Only what Redis has taken as a mere pulse is repeated by one, and everything that might
 * make that untrue is told here: the worker's next heartbeat goes all the way then.
 */
#include "registry/merge.h"

#include "base/clock.h"
#include "base/echo.h"
#include "registry/internal.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <string.h>

enum { KEY_BYTES = 16 };

/* SipHash under a key of this process: nobody outside can make two heartbeats that are taken for the same. */
static bool init_digest(struct merge *merge)
{
    unsigned char key[KEY_BYTES];
    size_t size = sizeof(uint64_t);
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size), OSSL_PARAM_construct_end()};
    EVP_MAC *siphash = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    merge->digest = siphash != NULL ? EVP_MAC_CTX_new(siphash) : NULL;
    EVP_MAC_free(siphash);
    return merge->digest != NULL && RAND_bytes(key, KEY_BYTES) == 1 &&
           EVP_MAC_init(merge->digest, key, KEY_BYTES, params) == 1;
}

/* False leaves *out as it is. */
static bool digest(struct merge *merge, struct text bytes, uint64_t *out)
{
    unsigned char result[sizeof *out];
    size_t len = 0;
    if (EVP_MAC_init(merge->digest, NULL, 0, NULL) != 1 ||
        EVP_MAC_update(merge->digest, (const unsigned char *)bytes.data, bytes.len) != 1 ||
        EVP_MAC_final(merge->digest, result, &len, sizeof result) != 1 || len != sizeof result) {
        return false;
    }
    memcpy(out, result, sizeof *out);
    return true;
}

void merge_fini(struct registry *registry)
{
    struct merge *merge = &registry->merge;
    echo_free(merge->echo);
    EVP_MAC_CTX_free(merge->digest);
    buf_fini(&merge->said);
    *merge = (struct merge){0};
}

void merge_configure(struct registry *registry)
{
    struct merge *merge = &registry->merge;
    int64_t window_ms = registry->config.worker.merge_heartbeats_ms;
    if (window_ms == merge->window_ms) {
        return;
    }
    merge_fini(registry);
    if (window_ms > 0 && init_digest(merge)) {
        merge->echo = echo_new(window_ms);
    }
    if (window_ms > 0 && merge->echo == NULL) {
        note(registry, LOG_WARN, "heartbeats are not merged: out of memory, or OpenSSL has no SipHash");
    }
    merge->window_ms = window_ms;
}

static uint64_t bits_of_int(struct opt_int number)
{
    return number.set ? (uint64_t)number.value : 0;
}

static uint64_t bits_of_real(struct opt_real number)
{
    uint64_t bits = 0;
    memcpy(&bits, &number.value, sizeof bits);
    return number.set ? bits : 0;
}

/* All that a heartbeat says but its number and the time when it was sent; the parts that vary in length come last. */
static struct text write_down(struct buf *out, const struct heartbeat *heartbeat)
{
    const uint64_t parts[] = {
        (uint64_t)heartbeat->status,
        (uint64_t)heartbeat->current_job_count.set | (uint64_t)heartbeat->available_capacity.set << 1 |
            (uint64_t)heartbeat->cpu_usage.set << 2 | (uint64_t)heartbeat->memory_usage.set << 3 |
            (uint64_t)heartbeat->error_count.set << 4 | (uint64_t)heartbeat->epoch.set << 5 |
            (uint64_t)heartbeat->connection.set << 6,
        bits_of_int(heartbeat->current_job_count),
        bits_of_int(heartbeat->available_capacity),
        bits_of_real(heartbeat->cpu_usage),
        bits_of_real(heartbeat->memory_usage),
        bits_of_int(heartbeat->error_count),
        bits_of_int(heartbeat->epoch),
        bits_of_int(heartbeat->connection),
        heartbeat->worker_id.len,
        heartbeat->boot_id.len,
    };
    buf_clear(out);
    buf_append(out, (const char *)parts, sizeof parts);
    buf_append_text(out, heartbeat->worker_id);
    buf_append_text(out, heartbeat->boot_id);
    return buf_text(out);
}

/* Words and lists are compared by nobody here: they are rare, and may mean more than they say. */
static bool is_plain(const struct heartbeat *heartbeat)
{
    return heartbeat->message.len == 0 && !heartbeat->jobs_given && !heartbeat->jobs_contradict;
}

bool merge_takes(struct registry *registry, const struct heartbeat *heartbeat, bool asked, struct echo_words *out_words)
{
    struct merge *merge = &registry->merge;
    struct echo_words words = {0};
    *out_words = words;
    if (merge->echo == NULL || !digest(merge, heartbeat->worker_id, &words.who)) {
        return false;
    }
    if (asked || !is_plain(heartbeat) || !digest(merge, write_down(&merge->said, heartbeat), &words.what) ||
        merge->said.failed) {
        echo_forget(merge->echo, words.who);
        return false;
    }
    if (echo_repeats(merge->echo, words, clock_monotonic_ms())) {
        registry->counters.heartbeats_merged++;
        return true;
    }
    *out_words = words;
    return false;
}

void merge_say(struct registry *registry, struct echo_words words, uint64_t batch)
{
    if (registry->merge.echo != NULL && words.what != 0) {
        echo_say(registry->merge.echo, words, batch, clock_monotonic_ms());
    }
}

void merge_confirm(struct registry *registry, struct echo_words words, uint64_t batch, int64_t at_ms)
{
    if (words.what != 0) {
        echo_confirm(registry->merge.echo, words, batch, at_ms);
    }
}

void merge_forget(struct registry *registry, struct text worker_id)
{
    struct merge *merge = &registry->merge;
    uint64_t who = 0;
    if (merge->echo != NULL && digest(merge, worker_id, &who)) {
        echo_forget(merge->echo, who);
    }
}

void merge_forget_all(struct registry *registry)
{
    if (registry->merge.echo != NULL) {
        echo_clear(registry->merge.echo);
    }
}
