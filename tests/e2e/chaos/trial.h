/* trial.h -- what the rules of the judge share: the record, looking into it, and accusing. */
#ifndef MUSTER_TESTS_E2E_CHAOS_TRIAL_H
#define MUSTER_TESTS_E2E_CHAOS_TRIAL_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct trial {
    const json_t *lines;
    json_t *verdicts;
};

/* trial_accuse adds a sentence to the verdicts. */
void trial_accuse(struct trial *trial, const char *format, ...) PRINTF_LIKE(2, 3);

/* A member of a line: "" and 0 where there is none. trial_part looks into a member that is an object. */
const char *trial_text(const json_t *line, const char *name);
int64_t trial_number(const json_t *line, const char *name);
const char *trial_part(const json_t *line, const char *object, const char *name);

/* trial_next is the next line of a kind about a worker (id NULL: about anyone), from *index on; NULL at the end. */
json_t *trial_next(const struct trial *trial, size_t *index, const char *what, const char *id);

/* trial_count counts a worker's changes of a type since a moment. */
size_t trial_count(const struct trial *trial, const char *type, const char *id, int64_t since_ms);

/* trial_covers says whether any line of the kind (with from and to) overlaps [from_ms, to_ms]. */
bool trial_covers(const struct trial *trial, const char *what, int64_t from_ms, int64_t to_ms);

/* The rules. Those about one worker get its line. judge_life.c */
void judge_silence(struct trial *trial, const json_t *worker);
void judge_steady(struct trial *trial, const json_t *worker);
void judge_death(struct trial *trial, const json_t *worker);
void judge_transitions(struct trial *trial, const json_t *worker);
void judge_hold(struct trial *trial, const json_t *worker);
void judge_jobs(struct trial *trial);

/* judge_told.c */
void judge_order(struct trial *trial, const json_t *worker);
void judge_answers(struct trial *trial, const json_t *worker);
void judge_told(struct trial *trial);

/* judge_end.c */
void judge_final(struct trial *trial);
void judge_store(struct trial *trial);
void judge_totals(struct trial *trial);

/* judge_service.c */
void judge_return(struct trial *trial);
void judge_refusals(struct trial *trial);
void judge_merging(struct trial *trial);
void judge_programs(struct trial *trial);

#endif
