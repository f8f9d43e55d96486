/* test_burst.c -- many changes at once: told as fast as the broker takes them, however few it takes at a time. */
#include "e2e/world.h"

enum { CHANGES = 400 };

/* mosquitto takes 20 unacknowledged publications at a time unless it is told otherwise. */
static void burst_of_changes_is_told_without_delay(void **state)
{
    struct world *world = *state;
    world_register(world, "burst", "\"heartbeatTimeoutMs\":3600000");
    for (int i = 0; i < CHANGES; i++) {
        world_heartbeat(world, "burst", i % 2 == 0 ? "{\"status\":\"BUSY\"}" : "{\"status\":\"ACTIVE\"}");
    }
    world_heartbeat(world, "burst", "{\"status\":\"IDLE\"}");
    world_event(world, "status", "burst", "{\"to\":{\"status\":\"IDLE\"}}");
    assert_int_equal(recorder_count(world->observer, "muster/v1/event/status/burst", NULL), CHANGES + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(burst_of_changes_is_told_without_delay)};
    return world_group("e2e/burst", tests);
}
