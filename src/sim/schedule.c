/* schedule.c -- one ring of slots, a tick each; what is due in a later round stays in its slot. */
#include "sim/schedule.h"

#include <stdlib.h>

enum { SLOTS = 1 << 16, UNSCHEDULED = -1 };

/* Each slot is a circle of nodes around one that stands for the slot: those come after the numbers. */
struct node {
    uint32_t next;
    uint32_t previous;
    int64_t tick; /* of a number */
};

struct schedule {
    size_t count;
    int64_t tick;     /* whose slot is being taken from */
    uint32_t walking; /* the node that is looked at next */
    struct node nodes[];
};

static uint32_t slot_of(const struct schedule *schedule, int64_t tick)
{
    return (uint32_t)(schedule->count + (size_t)(tick % SLOTS));
}

struct schedule *schedule_new(size_t count)
{
    struct schedule *schedule = malloc(sizeof *schedule + (count + SLOTS) * sizeof schedule->nodes[0]);
    if (schedule == NULL) {
        return NULL;
    }
    schedule->count = count;
    schedule->tick = 0;
    for (uint32_t i = 0; i < count + SLOTS; i++) {
        schedule->nodes[i] = (struct node){.next = i, .previous = i, .tick = UNSCHEDULED};
    }
    schedule->walking = slot_of(schedule, 0);
    return schedule;
}

void schedule_free(struct schedule *schedule)
{
    free(schedule);
}

void schedule_drop(struct schedule *schedule, uint32_t number)
{
    struct node *nodes = schedule->nodes;
    struct node *node = &nodes[number];
    if (node->tick == UNSCHEDULED) {
        return;
    }
    if (schedule->walking == number) {
        schedule->walking = node->next;
    }
    nodes[node->previous].next = node->next;
    nodes[node->next].previous = node->previous;
    node->tick = UNSCHEDULED;
}

void schedule_put(struct schedule *schedule, uint32_t number, int64_t at_us)
{
    int64_t tick = at_us > 0 ? (at_us + SCHEDULE_TICK_US - 1) / SCHEDULE_TICK_US : 0;
    struct node *nodes = schedule->nodes;
    schedule_drop(schedule, number);
    tick = tick > schedule->tick ? tick : schedule->tick;
    uint32_t slot = slot_of(schedule, tick);
    uint32_t last = nodes[slot].previous;
    nodes[number] = (struct node){.next = slot, .previous = last, .tick = tick};
    nodes[last].next = number;
    nodes[slot].previous = number;
    if (schedule->walking == slot && tick == schedule->tick) {
        schedule->walking = number;
    }
}

bool schedule_take(struct schedule *schedule, int64_t now_us, uint32_t *out_number)
{
    int64_t last_tick = now_us / SCHEDULE_TICK_US;
    while (true) {
        uint32_t number = schedule->walking;
        if (number == slot_of(schedule, schedule->tick)) {
            if (schedule->tick >= last_tick) {
                return false;
            }
            schedule->tick++;
            schedule->walking = schedule->nodes[slot_of(schedule, schedule->tick)].next;
        } else if (schedule->nodes[number].tick <= schedule->tick) {
            schedule_drop(schedule, number);
            *out_number = number;
            return true;
        } else {
            schedule->walking = schedule->nodes[number].next;
        }
    }
}

int64_t schedule_rest_us(const struct schedule *schedule, int64_t now_us, int64_t limit_us)
{
    int64_t tick = schedule->tick;
    uint32_t next = schedule->walking;
    while (next == slot_of(schedule, tick) && tick * SCHEDULE_TICK_US < now_us + limit_us) {
        tick++;
        next = schedule->nodes[slot_of(schedule, tick)].next;
    }
    int64_t rest_us = tick * SCHEDULE_TICK_US - now_us;
    return rest_us < 0 ? 0 : rest_us < limit_us ? rest_us : limit_us;
}
