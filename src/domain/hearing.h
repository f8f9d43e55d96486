/* hearing.h -- what the registry can claim to have heard, as an interval of time. Pure; no clock, no I/O. */
#ifndef MUSTER_DOMAIN_HEARING_H
#define MUSTER_DOMAIN_HEARING_H

#include <stdbool.h>
#include <stdint.h>

/* Everything sent in [since_ms, until_ms] has been handled. Deaf while until_ms < since_ms. */
struct hearing {
    int64_t since_ms;
    int64_t until_ms;
};

/* hearing_interrupt forgets what was heard: hearing begins again at now_ms at the earliest. */
void hearing_interrupt(struct hearing *hearing, int64_t now_ms);

/* hearing_confirm notes that a canary sent at sent_ms came back. One from before the last interruption is nothing. */
void hearing_confirm(struct hearing *hearing, int64_t sent_ms);

/* hearing_is_deaf: nothing has been heard since the last interruption. */
bool hearing_is_deaf(const struct hearing *hearing);

enum hearing_verdict {
    HEARING_SILENT,  /* heard throughout, and nothing came: the step may be taken */
    HEARING_TOO_NEW, /* hearing began too late: arm again, for out_rest_ms */
    HEARING_WAIT,    /* not heard up to the deadline yet: ask again after the next canary */
};

/*
 * hearing_judge says whether silence in the duration_ms before deadline_ms was heard as such.
 * out_rest_ms is set with HEARING_TOO_NEW only: how long from now_ms until the whole duration will have been heard.
 */
enum hearing_verdict hearing_judge(const struct hearing *hearing, int64_t deadline_ms, int64_t duration_ms,
                                   int64_t now_ms, int64_t *out_rest_ms);

#endif
