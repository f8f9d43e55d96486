/* speak.c -- heartbeats: when each is due was fixed before, whatever became of those before it. */
#include "sim/internal.h"

#include "base/clock.h"

enum { CPU_STEADY = 5000, CPU_LEAST = 1000, CPU_RANGE = 9000 };

static int64_t interval_us(const struct speaker *speaker)
{
    return (int64_t)speaker->interval_ms * US_A_MS;
}

static uint64_t lot(const struct sim *sim, uint32_t index, uint32_t seq, uint64_t what)
{
    return jitter_mix(((uint64_t)index << 32 | seq) ^ ((uint64_t)sim->options->seed * 8 + what) << 20);
}

static void schedule(struct sim *sim, uint32_t index)
{
    const struct options *options = sim->options;
    struct speaker *speaker = &sim->speakers[index];
    int64_t jitter_us =
        jitter_draw_us((enum jitter)options->jitter, options->jitter_ms * US_A_MS, lot(sim, index, speaker->seq, 0));
    speaker->intended_us = speaker->base_us + jitter_us;
    schedule_put(sim->schedule, index, speaker->intended_us);
}

/* Its place in the interval is the same whenever it has registered; who joins late begins at once. */
void speak_start(struct sim *sim, uint32_t index, int64_t interval_ms)
{
    struct speaker *speaker = &sim->speakers[index];
    speaker->interval_ms = (uint32_t)(interval_ms > 0 ? interval_ms : sim->options->heartbeat_interval_ms);
    int64_t each_us = interval_us(speaker);
    int64_t phase_us = scenario_phase_us(&sim->scenario, index, each_us);
    int64_t rounds = sim->now_us > phase_us ? (sim->now_us - phase_us + each_us - 1) / each_us : 0;
    speaker->base_us = scenario_joins_late(&sim->scenario) ? sim->now_us : phase_us + rounds * each_us;
    schedule(sim, index);
}

/* Moves a speaker that is silent now to where it speaks again. */
static bool is_silent(struct sim *sim, uint32_t index)
{
    struct speaker *speaker = &sim->speakers[index];
    if (sim->run_at_us > speaker->intended_us) {
        return false;
    }
    int64_t in_run_us = speaker->intended_us - sim->run_at_us;
    int64_t speaks_us = scenario_speaks_us(&sim->scenario, index, in_run_us);
    if (speaks_us == in_run_us) {
        return false;
    }
    sim->tally.silenced += sim_workers_of(sim, index);
    if (speaks_us != SCENARIO_NEVER) {
        speaker->base_us = sim->run_at_us + speaks_us;
        speaker->intended_us = speaker->base_us;
        schedule_put(sim->schedule, index, speaker->intended_us);
    }
    return true;
}

static struct text pack(struct sim *sim, uint32_t index)
{
    size_t first = sim_first_worker(sim, index);
    size_t count = sim_workers_of(sim, index);
    struct packer *packer = &sim->packers[sim_is_clone(sim, first) ? 1 : 0];
    struct packer_beat beat = {.seq = sim->speakers[index].seq + 1, .sent_at_ms = sim->wall_ms};
    beat.cpu_hundredths = CPU_STEADY;
    if (sim->options->vary) {
        beat.cpu_hundredths = CPU_LEAST + (unsigned)(lot(sim, index, beat.seq, 1) % CPU_RANGE);
    }
    if (!packer->in_batch) {
        beat.epoch = sim->epochs[first];
        return packer_single(packer, &beat);
    }
    packer_begin(packer);
    for (size_t i = 0; i < count; i++) {
        beat.number = sim_number(sim, first + i);
        beat.epoch = sim->epochs[first + i];
        packer_add(packer, &beat);
    }
    return packer_end(packer);
}

static bool asks(const struct sim *sim, uint32_t index)
{
    double share = sim->options->ask;
    return share > 0 && sim->now_us >= sim->run_at_us &&
           (double)lot(sim, index, sim->speakers[index].seq, 2) * 0x1p-64 < share;
}

static enum err send(struct sim *sim, uint32_t index)
{
    struct speaker *speaker = &sim->speakers[index];
    struct question question = {.what = QUESTION_HEARTBEAT, .speaker = index, .intended_us = speaker->intended_us};
    bool ask = asks(sim, index);
    struct broker_publication publication = {
        .topic = name_of(&sim->heartbeat_name, sim_number(sim, sim_first_worker(sim, index))),
        .payload = pack(sim, index),
        .qos = (int)sim->options->qos,
    };
    enum err err = publication.payload.data != NULL ? sim_publish(sim, index, &publication, ask ? &question : NULL)
                                                    : ERR_NO_MEMORY;
    sim->tally.asked += err == ERR_OK && ask ? 1 : 0;
    return err;
}

static void count_sent(struct sim *sim, uint32_t index)
{
    struct tally *tally = &sim->tally;
    size_t count = sim_workers_of(sim, index);
    if (sim->now_us < sim->run_at_us) {
        tally->warmed_up += count;
        return;
    }
    tally->sent += count;
    latency_add(&tally->lag, clock_monotonic_us() - sim->began_us - sim->speakers[index].intended_us);
}

bool speak_due(struct sim *sim, uint32_t index)
{
    struct speaker *speaker = &sim->speakers[index];
    if (is_silent(sim, index)) {
        return true;
    }
    enum err err = line_is_ready(sim_line(sim, index)) ? send(sim, index) : ERR_CLOSED;
    if (err == ERR_FULL) {
        return false;
    }
    if (err == ERR_OK) {
        speaker->seq++;
        count_sent(sim, index);
    } else {
        sim->tally.missed += sim_workers_of(sim, index);
    }
    speaker->base_us += interval_us(speaker);
    schedule(sim, index);
    return true;
}
