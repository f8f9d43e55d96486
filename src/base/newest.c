/* newest.c -- one block for each key, in a tree by key and in a list by age. */
#include "base/newest.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

/* The tree's own node and the allocator's part, about. */
enum { OVERHEAD_BYTES = 64 };

struct kept {
    struct text key; /* of a search: what is looked for; else into bytes */
    struct kept *older;
    struct kept *newer;
    size_t value_len;
    char bytes[]; /* key, value */
};

struct newest {
    void *tree;
    struct kept *oldest;
    struct kept *latest;
    struct kept *taken; /* handed over last */
    size_t count;
    size_t bytes;
    size_t keys_max;
    size_t bytes_max;
};

static int compare(const void *a, const void *b)
{
    struct text one = ((const struct kept *)a)->key;
    struct text other = ((const struct kept *)b)->key;
    if (one.len != other.len) {
        return one.len < other.len ? -1 : 1;
    }
    return memcmp(one.data, other.data, one.len);
}

static size_t bytes_of(size_t key_len, size_t value_len)
{
    return sizeof(struct kept) + OVERHEAD_BYTES + key_len + value_len;
}

/* Where the tree points to it. */
static struct kept **find(const struct newest *newest, struct text key)
{
    struct kept sought = {.key = key};
    return tfind(&sought, &newest->tree, compare);
}

static struct kept *kept_new(struct text key, struct text value)
{
    struct kept *kept = malloc(sizeof *kept + key.len + value.len);
    if (kept != NULL) {
        *kept = (struct kept){.key = {kept->bytes, key.len}, .value_len = value.len};
        memcpy(kept->bytes, key.data, key.len);
        if (value.len > 0) {
            memcpy(kept->bytes + key.len, value.data, value.len);
        }
    }
    return kept;
}

static void join_list(struct newest *newest, struct kept *kept)
{
    kept->older = newest->latest;
    *(newest->latest != NULL ? &newest->latest->newer : &newest->oldest) = kept;
    newest->latest = kept;
    newest->count++;
    newest->bytes += bytes_of(kept->key.len, kept->value_len);
}

static void leave_list(struct newest *newest, struct kept *kept)
{
    *(kept->older != NULL ? &kept->older->newer : &newest->oldest) = kept->newer;
    *(kept->newer != NULL ? &kept->newer->older : &newest->latest) = kept->older;
    newest->count--;
    newest->bytes -= bytes_of(kept->key.len, kept->value_len);
}

static void unlink_kept(struct newest *newest, struct kept *kept)
{
    (void)tdelete(kept, &newest->tree, compare);
    leave_list(newest, kept);
}

struct newest *newest_new(size_t keys_max, size_t bytes_max)
{
    struct newest *newest = calloc(1, sizeof *newest);
    if (newest != NULL) {
        newest->keys_max = keys_max;
        newest->bytes_max = bytes_max;
    }
    return newest;
}

void newest_free(struct newest *newest)
{
    if (newest != NULL) {
        newest_clear(newest);
        free(newest->taken);
        free(newest);
    }
}

bool newest_put(struct newest *newest, struct text key, struct text value)
{
    struct kept **place = find(newest, key);
    struct kept *former = place != NULL ? *place : NULL;
    size_t former_bytes = former != NULL ? bytes_of(key.len, former->value_len) : 0;
    bool has_room = former != NULL || newest->count < newest->keys_max;
    if (!has_room || newest->bytes - former_bytes + bytes_of(key.len, value.len) > newest->bytes_max) {
        return false;
    }
    struct kept *kept = kept_new(key, value);
    if (kept == NULL) {
        return false;
    }
    if (former != NULL) {
        *place = kept;
        leave_list(newest, former);
        free(former);
    } else if (tsearch(kept, &newest->tree, compare) == NULL) {
        free(kept);
        return false;
    }
    join_list(newest, kept);
    return true;
}

bool newest_has(const struct newest *newest, struct text key)
{
    return find(newest, key) != NULL;
}

void newest_drop(struct newest *newest, struct text key)
{
    struct kept **place = find(newest, key);
    if (place != NULL) {
        struct kept *kept = *place;
        unlink_kept(newest, kept);
        free(kept);
    }
}

void newest_clear(struct newest *newest)
{
    while (newest->oldest != NULL) {
        struct kept *kept = newest->oldest;
        unlink_kept(newest, kept);
        free(kept);
    }
}

bool newest_take(struct newest *newest, struct text *out_key, struct text *out_value)
{
    struct kept *kept = newest->oldest;
    free(newest->taken);
    newest->taken = kept;
    if (kept == NULL) {
        return false;
    }
    unlink_kept(newest, kept);
    *out_key = kept->key;
    *out_value = (struct text){kept->bytes + kept->key.len, kept->value_len};
    return true;
}

size_t newest_count(const struct newest *newest)
{
    return newest->count;
}
