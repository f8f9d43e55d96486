/* batch.c -- a batch as a whole: walked through once, its items found and not yet looked at. */
#include "codec/batch.h"

#include "codec/check.h"
#include "codec/schema.h"

void batch_read_items(struct decoder *decoder, const char *field, const struct wire_value *value,
                      struct texts *out_items, struct violations *out_violations)
{
    struct reader *reader = &decoder->reader;
    size_t given = 0;
    if (value->kind != WIRE_LIST) {
        check_mismatch(field, "a list", value, out_violations);
        (void)reader_skip(reader, value);
        return;
    }
    while (reader_is_in(reader, value)) {
        struct text rest = reader_rest(reader);
        struct wire_value item;
        if (reader_next(reader, &item) && reader_skip(reader, &item)) {
            if (given < BATCH_ITEMS_MAX) {
                decoder->items[given] = rest;
            }
            given++;
        }
    }
    if (given > BATCH_ITEMS_MAX) {
        violations_add(out_violations, CODE_TOO_LARGE, "%s must be at most %d (has %zu)", field, BATCH_ITEMS_MAX,
                       given);
        given = BATCH_ITEMS_MAX;
    }
    *out_items = (struct texts){decoder->items, given};
}

bool decode_batch(struct decoder *decoder, struct text payload, struct batch *out, struct violations *out_violations)
{
    size_t before = out_violations->count;
    struct wire_value top;
    *out = (struct batch){.encoding = encoding_of(payload)};
    if (!decoder_begin(decoder, payload, BATCH_DEPTH_MAX, &top, out_violations)) {
        return false;
    }
    if (top.kind == WIRE_MAP) {
        schema_read(decoder, &schema_batch, &top, out, out_violations);
    } else if (top.kind == WIRE_LIST) {
        batch_read_items(decoder, "workers", &top, &out->items, out_violations);
    } else {
        check_mismatch("payload", "a map, or a list of workers", &top, out_violations);
        return false;
    }
    decoder_add_fault(&decoder->reader, "payload", out_violations);
    if (out_violations->count > before) {
        out->items = (struct texts){0};
    }
    return out_violations->count == before;
}
