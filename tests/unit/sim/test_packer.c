/* test_packer.c -- what is written over a heartbeat is what the codec's decoder reads. */
#include "sim/packer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
    struct packer packer;
    struct decoder *decoder;
    struct violations violations;
};

static const struct packer_beat beats[] = {
    {.number = 0, .seq = 1, .sent_at_ms = 1700000000000, .epoch = 1, .cpu_hundredths = 1000},
    {.number = 123, .seq = 70000, .sent_at_ms = 1795506339193, .epoch = 1795506336785805, .cpu_hundredths = 5005},
    {.number = 9999999,
     .seq = UINT32_MAX,
     .sent_at_ms = 9999999999999,
     .epoch = INT64_C(9999999999999999),
     .cpu_hundredths = 9999},
};
enum { BEATS = sizeof beats / sizeof beats[0] };

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.decoder = decoder_new(MESSAGE_GATEWAY_BYTES_MAX)};
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    packer_fini(&fixture->packer);
    decoder_free(fixture->decoder);
    return 0;
}

static void style(struct fixture *fixture, enum encoding encoding, const char *id_prefix)
{
    const struct packer_style packer_style = {
        .encoding = encoding, .id_prefix = id_prefix, .boot_id = "b00t", .job_count = 3, .capacity = 10};
    assert_int_equal(packer_init(&fixture->packer, &packer_style), ERR_OK);
}

static void assert_is(const struct heartbeat *heartbeat, const struct packer_beat *beat)
{
    assert_int_equal(heartbeat->status, WORKER_BUSY);
    assert_int_equal(heartbeat->current_job_count.value, 3);
    assert_int_equal(heartbeat->available_capacity.value, 7);
    assert_true(heartbeat->seq.set && heartbeat->seq.value == beat->seq);
    assert_true(heartbeat->sent_at_ms.set && heartbeat->sent_at_ms.value == beat->sent_at_ms);
    assert_true(heartbeat->epoch.set && heartbeat->epoch.value == beat->epoch);
    assert_true(text_is(heartbeat->boot_id, "b00t"));
    assert_true(heartbeat->cpu_usage.set);
    assert_int_equal((int)(heartbeat->cpu_usage.value * 100 + 0.5), beat->cpu_hundredths);
}

static void check_single(struct fixture *fixture, enum encoding encoding)
{
    style(fixture, encoding, NULL);
    for (size_t i = 0; i < BEATS; i++) {
        struct heartbeat heartbeat = {.status = WORKER_STATUS_NONE};
        struct text payload = packer_single(&fixture->packer, &beats[i]);
        assert_int_equal(encoding_of(payload), encoding);
        assert_true(decode_heartbeat(fixture->decoder, payload, &heartbeat, &fixture->violations));
        assert_is(&heartbeat, &beats[i]);
        assert_null(heartbeat.worker_id.data);
    }
}

static void single_in_messagepack_is_decoded(void **state)
{
    check_single(*state, ENCODING_MSGPACK);
}

static void single_in_json_is_decoded(void **state)
{
    check_single(*state, ENCODING_JSON);
}

static void check_batch(struct fixture *fixture, enum encoding encoding)
{
    static const char *const ids[] = {"sim-0000000", "sim-0000123", "sim-9999999"};
    style(fixture, encoding, "sim");
    for (int round = 0; round < 2; round++) {
        struct batch batch;
        packer_begin(&fixture->packer);
        for (size_t i = 0; i < BEATS; i++) {
            packer_add(&fixture->packer, &beats[i]);
        }
        assert_true(decode_batch(fixture->decoder, packer_end(&fixture->packer), &batch, &fixture->violations));
        assert_int_equal(batch.items.count, BEATS);
        for (size_t i = 0; i < BEATS; i++) {
            struct heartbeat heartbeat;
            assert_true(decode_batch_heartbeat(fixture->decoder, &batch, i, &heartbeat, &fixture->violations));
            assert_is(&heartbeat, &beats[i]);
            assert_true(text_is(heartbeat.worker_id, ids[i]));
        }
    }
}

static void batch_in_messagepack_is_decoded(void **state)
{
    check_batch(*state, ENCODING_MSGPACK);
}

static void batch_in_json_is_decoded(void **state)
{
    check_batch(*state, ENCODING_JSON);
}

static void greatest_batch_has_all_its_items(void **state)
{
    struct fixture *fixture = *state;
    struct batch batch;
    style(fixture, ENCODING_MSGPACK, "sim");
    packer_begin(&fixture->packer);
    for (uint32_t i = 0; i < BATCH_ITEMS_MAX; i++) {
        packer_add(&fixture->packer, &(struct packer_beat){.number = i, .seq = 1, .cpu_hundredths = 1000});
    }
    assert_true(decode_batch(fixture->decoder, packer_end(&fixture->packer), &batch, &fixture->violations));
    assert_int_equal(batch.items.count, BATCH_ITEMS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(single_in_messagepack_is_decoded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(single_in_json_is_decoded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(batch_in_messagepack_is_decoded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(batch_in_json_is_decoded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(greatest_batch_has_all_its_items, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("sim/packer", tests, NULL, NULL);
}
