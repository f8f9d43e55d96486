/*
 * library.c -- the function libraries of other versions. Each version's has a name of its own, so none can replace or
 * confuse another's; those that daemons of this prefix have loaded are noted in muster:meta, and cleared away.
 */
#include "store/library.h"

#include "store/functions.h"
#include "store/internal.h"

#include <string.h>

static const char noted[] = "library:";

static void on_nothing(redisAsyncContext *context, void *data, void *arg)
{
    (void)context;
    (void)data;
    (void)arg;
}

void library_note(struct store *store)
{
    (void)redisAsyncCommand(store->calls.context, on_nothing, store, "HSET %s:meta %s%s 1", store->prefix, noted,
                            functions_library);
}

static void on_meta(redisAsyncContext *context, void *data, void *arg)
{
    struct store *store = arg;
    const redisReply *reply = data;
    for (size_t i = 0; reply != NULL && i + 1 < reply_count(reply); i += 2) {
        struct text field = reply_text(reply_at(reply, i));
        if (field.len <= sizeof noted - 1 || memcmp(field.data, noted, sizeof noted - 1) != 0) {
            continue;
        }
        const char *name = field.data + sizeof noted - 1;
        if (strcmp(name, functions_library) != 0) {
            (void)redisAsyncCommand(context, on_nothing, store, "FUNCTION DELETE %s", name);
            (void)redisAsyncCommand(context, on_nothing, store, "HDEL %s:meta %s", store->prefix, field.data);
        }
    }
}

void store_forget_libraries(struct store *store)
{
    if (store->up) {
        (void)redisAsyncCommand(store->calls.context, on_meta, store, "HGETALL %s:meta", store->prefix);
    }
}
