/* will.c -- wills, as one call for many. */
#include "store/will.h"

#include "store/internal.h"

void store_wills(struct store *store, const struct will *wills, size_t count, bool late, store_done_fn *done,
                 void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "will", STORE_WRITES);
    args_string(args, late ? "1" : "0");
    for (size_t i = 0; i < count; i++) {
        args_text(args, wills[i].worker_id);
        args_text(args, wills[i].boot_id);
        args_opt_int(args, wills[i].connection);
    }
    store_send(store, args, parse_done, (union store_callback){.done = done}, context);
}
