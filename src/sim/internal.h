/* internal.h -- a simulation from within: its speakers, and who does what to them. */
#ifndef MUSTER_SIM_INTERNAL_H
#define MUSTER_SIM_INTERNAL_H

#include "sim/line.h"
#include "sim/packer.h"
#include "sim/schedule.h"
#include "sim/sim.h"

enum { US_A_MS = 1000, US_A_S = 1000000, SIM_MARK_BYTES = 17 };

enum speaker_state {
    SPEAKER_OUT,     /* scheduled: registers then */
    SPEAKER_WAITING, /* in the queue of those who register */
    SPEAKER_ASKED,   /* has registered; scheduled: asks again then */
    SPEAKER_IN,      /* scheduled: heartbeats then */
    SPEAKER_GONE,    /* refused, or sent away */
};

/* A worker, or the batch of workers that a gateway speaks for in one message. All times are since the sim began. */
struct speaker {
    int64_t base_us;     /* its next time, without jitter */
    int64_t intended_us; /* for when what is scheduled was meant */
    uint32_t seq;
    uint32_t interval_ms;
    enum speaker_state state : 8;
    bool settled : 1;   /* registered or refused once */
    unsigned tries : 3; /* registrations in a row without an answer */
};

/* Those who wait to register, in order; each is in it once at most. */
struct queue {
    uint32_t *items;
    size_t size;
    size_t first;
    size_t count;
};

struct sim {
    const struct options *options;
    struct scenario scenario;
    char mark[SIM_MARK_BYTES];
    int64_t began_us; /* monotonic */
    int64_t now_us;
    int64_t wall_ms;
    int64_t run_at_us; /* SCENARIO_NEVER before the run */
    bool over;         /* nothing more is sent */

    struct line *lines;
    size_t line_count;

    struct speaker *speakers;
    size_t speaker_count;
    size_t batch;        /* workers of a speaker */
    size_t worker_count; /* clones included */
    int64_t *epochs;     /* of each worker */
    struct schedule *schedule;
    uint32_t held; /* the speaker whose heartbeat the MQTT library had no room for; SIM_NOBODY */

    struct queue queue;
    size_t asked; /* speakers that have registered and wait for the answer */
    size_t settled;

    struct name register_name;
    struct name heartbeat_name;
    struct name id_name;
    struct packer packers[2]; /* of workers, of clones */
    struct decoder *decoder;
    struct violations violations;
    struct buf payload;
    struct tally tally;
};

#define SIM_NOBODY UINT32_MAX

/* ---- sim.c; index is always that of a speaker */

/* sim_workers_of returns how many workers the speaker is, sim_first_worker where they begin in epochs. */
size_t sim_workers_of(const struct sim *sim, uint32_t index);
size_t sim_first_worker(const struct sim *sim, uint32_t index);

/* sim_number returns what stands in the id of a worker: a clone has that of another. */
uint32_t sim_number(const struct sim *sim, size_t worker);
bool sim_is_clone(const struct sim *sim, size_t worker);
const char *sim_boot_id(const struct sim *sim, bool clone);

/* sim_line returns the connection of a speaker. */
struct line *sim_line(struct sim *sim, uint32_t index);

/* What is asked, in correlation data: comes back with the reply. */
struct question {
    char what; /* QUESTION_… */
    uint32_t speaker;
    int64_t intended_us;
};
enum { QUESTION_REGISTRATION = 'r', QUESTION_HEARTBEAT = 'h', QUESTION_BYTES = 1 + 4 + 8 };

/* sim_publish sends the payload as the speaker, asking where there is a question. */
enum err sim_publish(struct sim *sim, uint32_t index, struct broker_publication *publication,
                     const struct question *question) MUST_USE;

/* ---- enroll.c: registering */

/* enroll_begin makes the speakers from first to last - 1 register as soon as the window has room. */
void enroll_begin(struct sim *sim, uint32_t first, uint32_t last);

/* enroll_skip makes all speakers heartbeat as if each had registered long ago, without a word to the registry. */
void enroll_skip(struct sim *sim);

/* enroll_release lets those heartbeat who have registered and waited for the run. */
void enroll_release(struct sim *sim);

/* enroll_due is for a speaker whose time has come and that is not registered; enroll_pump sends what the window lets.
 */
void enroll_due(struct sim *sim, uint32_t index);
void enroll_pump(struct sim *sim);

/* What a reply says of one worker. */
struct answer {
    enum reply_code code; /* CODE_COUNT: it is not understood */
    int64_t epoch;        /* 0: not told; the others likewise */
    int64_t interval_ms;
    int64_t retry_after_ms;
};

/* enroll_take notes the answers to a registration: one for each worker of the speaker, or one for all. */
void enroll_take(struct sim *sim, const struct question *question, const struct answer *answers, size_t count);

/* enroll_again registers a speaker that the registry does not know any more. */
void enroll_again(struct sim *sim, uint32_t index);

/* ---- speak.c: heartbeats */

/* speak_start schedules the first heartbeat of a speaker that has just registered. */
void speak_start(struct sim *sim, uint32_t index, int64_t interval_ms);

/* speak_due sends the heartbeat that is due; false where the MQTT library has no room: it is to be sent again. */
bool speak_due(struct sim *sim, uint32_t index) MUST_USE;

/* ---- hear.c: replies */

void hear_message(struct sim *sim, const struct broker_message *message);

#endif
