/* packer.c -- finds the places of the fields by the widest values they can have, and writes others there. */
#include "sim/packer.h"

#include "sim/names.h"

#include <stdio.h>

#define WIDEST_SEQ INT64_C(4294967295)
#define WIDEST_SENT_AT INT64_C(9999999999999)
#define WIDEST_EPOCH INT64_C(9007199254740991)
#define WIDEST_CPU 99.25

enum { SENT_AT_DIGITS = 13, EPOCH_DIGITS = 16, SEQ_DIGITS = 10 };

static const char json_head[] = "{\"workers\":[";
static const char msgpack_head[] = "\x81\xa7workers\xdc\0\0";
enum { MSGPACK_COUNT_AT = sizeof msgpack_head - 3 };

/* Sets where the value of the field begins; MessagePack's one byte of type is passed over. */
static bool find(const struct packer *packer, const char *field, unsigned char type, size_t *out_at)
{
    bool json = packer->encoding == ENCODING_JSON;
    char key[32];
    int len = json ? snprintf(key, sizeof key, "\"%s\":", field)
                   : snprintf(key, sizeof key, "%c%s%c", (int)(0xa0 | strlen(field)), field, type);
    const char *found = memmem(packer->beat.data, packer->beat.len, key, (size_t)len);
    if (found != NULL) {
        *out_at = (size_t)(found - packer->beat.data) + (size_t)len;
    }
    return found != NULL;
}

static bool find_id(struct packer *packer, const char *prefix)
{
    char id[NAMES_BYTES];
    int len = snprintf(id, sizeof id, "%s-%0*d", prefix, NAMES_DIGITS, 0);
    const char *found = memmem(packer->beat.data, packer->beat.len, id, (size_t)len);
    if (found != NULL) {
        packer->number_at = (size_t)(found - packer->beat.data) + (size_t)len - NAMES_DIGITS;
    }
    return found != NULL;
}

enum err packer_init(struct packer *packer, const struct packer_style *style)
{
    enum { UINT32 = 0xce, UINT64 = 0xcf, FLOAT64 = 0xcb };
    struct name id = {.digits_at = 0};
    *packer = (struct packer){.encoding = style->encoding, .in_batch = style->id_prefix != NULL};
    struct heartbeat heartbeat = {
        .status = style->job_count > 0 ? WORKER_BUSY : WORKER_ACTIVE,
        .current_job_count = {.set = true, .value = style->job_count},
        .available_capacity = {.set = true, .value = style->capacity - style->job_count},
        .cpu_usage = {.set = true, .value = WIDEST_CPU},
        .memory_usage = {.set = true, .value = 50},
        .seq = {.set = true, .value = WIDEST_SEQ},
        .sent_at_ms = {.set = true, .value = WIDEST_SENT_AT},
        .epoch = {.set = true, .value = WIDEST_EPOCH},
        .boot_id = text_of(style->boot_id),
        .connection = {.set = true, .value = 1},
    };
    enum err err = packer->in_batch ? name_init(&id, "", style->id_prefix, "") : ERR_OK;
    if (packer->in_batch) {
        heartbeat.worker_id = text_of(id.text);
    }
    if (err == ERR_OK) {
        err = encode_heartbeat(&heartbeat, style->encoding, &packer->beat);
    }
    if (err != ERR_OK) {
        return err;
    }
    bool found = find(packer, "seq", UINT32, &packer->seq_at) && find(packer, "sentAt", UINT64, &packer->sent_at) &&
                 find(packer, "epoch", UINT64, &packer->epoch_at) &&
                 find(packer, "cpuUsage", FLOAT64, &packer->cpu_at) &&
                 (!packer->in_batch || find_id(packer, style->id_prefix));
    return found ? ERR_OK : ERR_INVALID;
}

void packer_fini(struct packer *packer)
{
    buf_fini(&packer->beat);
    buf_fini(&packer->out);
}

static void write_big_endian(char *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = bytes; i > 0; i--) {
        at[i - 1] = (char)(value & 0xff);
        value >>= 8;
    }
}

/* JSON allows blanks before a number, but no zeros. */
static void write_decimal(char *at, uint64_t value, unsigned width)
{
    unsigned i = width;
    do {
        at[--i] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0 && i > 0);
    memset(at, ' ', i);
}

static void write_msgpack(const struct packer *packer, char *to, const struct packer_beat *beat)
{
    union {
        double real;
        uint64_t bits;
    } cpu = {.real = beat->cpu_hundredths / 100.0};
    write_big_endian(to + packer->seq_at, beat->seq, 4);
    write_big_endian(to + packer->sent_at, (uint64_t)beat->sent_at_ms, 8);
    write_big_endian(to + packer->epoch_at, (uint64_t)beat->epoch, 8);
    write_big_endian(to + packer->cpu_at, cpu.bits, 8);
}

static void write_json(const struct packer *packer, char *to, const struct packer_beat *beat)
{
    write_decimal(to + packer->seq_at, beat->seq, SEQ_DIGITS);
    write_decimal(to + packer->sent_at, (uint64_t)beat->sent_at_ms, SENT_AT_DIGITS);
    write_decimal(to + packer->epoch_at, (uint64_t)beat->epoch, EPOCH_DIGITS);
    write_decimal(to + packer->cpu_at, beat->cpu_hundredths / 100, 2);
    to[packer->cpu_at + 3] = (char)('0' + beat->cpu_hundredths / 10 % 10);
    to[packer->cpu_at + 4] = (char)('0' + beat->cpu_hundredths % 10);
}

static void write_beat(const struct packer *packer, char *to, const struct packer_beat *beat)
{
    if (packer->encoding == ENCODING_MSGPACK) {
        write_msgpack(packer, to, beat);
    } else {
        write_json(packer, to, beat);
    }
}

struct text packer_single(struct packer *packer, const struct packer_beat *beat)
{
    write_beat(packer, packer->beat.data, beat);
    return buf_text(&packer->beat);
}

void packer_begin(struct packer *packer)
{
    bool json = packer->encoding == ENCODING_JSON;
    buf_clear(&packer->out);
    buf_append(&packer->out, json ? json_head : msgpack_head, json ? sizeof json_head - 1 : sizeof msgpack_head - 1);
    packer->count = 0;
}

void packer_add(struct packer *packer, const struct packer_beat *beat)
{
    if (packer->count > 0 && packer->encoding == ENCODING_JSON) {
        buf_append(&packer->out, ",", 1);
    }
    size_t at = packer->out.len;
    buf_append_text(&packer->out, buf_text(&packer->beat));
    if (!packer->out.failed) {
        name_write_digits(packer->out.data + at + packer->number_at, beat->number);
        write_beat(packer, packer->out.data + at, beat);
    }
    packer->count++;
}

struct text packer_end(struct packer *packer)
{
    if (packer->encoding == ENCODING_JSON) {
        buf_append(&packer->out, "]}", 2);
    } else if (!packer->out.failed) {
        write_big_endian(packer->out.data + MSGPACK_COUNT_AT, packer->count, 2);
    }
    return packer->out.failed ? (struct text){0} : buf_text(&packer->out);
}
