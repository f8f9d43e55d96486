/* items.c -- msgpack-c's packer on a buffer. */
#include "codec/items.h"

#include "codec/number.h"

#include <msgpack/pack.h>

static int append(void *data, const char *bytes, size_t len)
{
    struct buf *items = data;
    buf_append(items, bytes, len);
    return items->failed ? -1 : 0;
}

static msgpack_packer packer_on(struct buf *items)
{
    return (msgpack_packer){.data = items, .callback = append};
}

/* Nearly every text is a short one: head and bytes in one step. */
void items_text(struct buf *items, struct text text)
{
    enum { SHORT_END = 32, SHORT_HEAD = 0xa0 };
    if (text.len < SHORT_END && buf_reserve(items, 1 + text.len)) {
        char *at = items->data + items->len;
        *at = (char)(SHORT_HEAD | text.len);
        if (text.len > 0) {
            memcpy(at + 1, text.data, text.len);
        }
        items->len += 1 + text.len;
        return;
    }
    msgpack_packer packer = packer_on(items);
    (void)msgpack_pack_str(&packer, text.len);
    buf_append_text(items, text);
}

void items_opt_int(struct buf *items, struct opt_int value)
{
    char room[NUMBER_TEXT_MAX];
    items_text(items, value.set ? number_of_int(value.value, room) : (struct text){0});
}

void items_opt_real(struct buf *items, struct opt_real value)
{
    char room[NUMBER_TEXT_MAX];
    items_text(items, value.set ? number_of_real(value.value, NUMBER_KEPT_DIGITS, room) : (struct text){0});
}

void items_false(struct buf *items)
{
    msgpack_packer packer = packer_on(items);
    (void)msgpack_pack_false(&packer);
}

void items_nil(struct buf *items)
{
    msgpack_packer packer = packer_on(items);
    (void)msgpack_pack_nil(&packer);
}

void items_list(struct buf *items, size_t count)
{
    msgpack_packer packer = packer_on(items);
    (void)msgpack_pack_array(&packer, count);
}
