/* diagnosis.h -- what the doctor makes of what was seen: verdicts with advice. Pure; no I/O, no clock. */
#ifndef MUSTER_CTL_DIAGNOSIS_H
#define MUSTER_CTL_DIAGNOSIS_H

#include "base/err.h"
#include "ctl/table.h"

#include <jansson.h>
#include <stdint.h>

enum verdict { VERDICT_OK, VERDICT_WARN, VERDICT_FAIL };

enum { DIAGNOSIS_MAX = 48, DIAGNOSIS_TEXT_MAX = 512 };

struct finding {
    enum verdict verdict;
    const char *subject;           /* what was looked at: "clock" */
    char text[DIAGNOSIS_TEXT_MAX]; /* what was seen */
    const char *advice;            /* what to do; NULL: nothing */
};

/* All zero is empty; what is beyond the maximum is left out. */
struct diagnosis {
    struct finding findings[DIAGNOSIS_MAX];
    size_t count;
};

/* subject and advice outlive the diagnosis. */
void diagnosis_add(struct diagnosis *diagnosis, enum verdict verdict, const char *subject, const char *advice,
                   const char *format, ...) PRINTF_LIKE(5, 6);

/* diagnosis_worst returns the worst verdict so far. */
enum verdict diagnosis_worst(const struct diagnosis *diagnosis);

/* diagnosis_unreachable judges why there is no connection: by the MQTT reason code, or the library's error. */
void diagnosis_unreachable(struct diagnosis *diagnosis, int reason_code, const char *sentence);

/* diagnosis_presence judges the retained documents of registry/+, a list. */
void diagnosis_presence(struct diagnosis *diagnosis, const json_t *documents, int64_t now_ms);

/* diagnosis_answer judges how long a request took. */
void diagnosis_answer(struct diagnosis *diagnosis, int64_t took_ms);

/* diagnosis_clock judges the difference of two clocks that was read with an uncertainty of +-. */
void diagnosis_clock(struct diagnosis *diagnosis, int64_t theirs_ahead_ms, int64_t uncertainty_ms);

/* diagnosis_canaries judges how many canaries were heard in the time; whoever has a user name may not be allowed to. */
void diagnosis_canaries(struct diagnosis *diagnosis, size_t heard, int64_t during_ms, bool is_anonymous);

/* diagnosis_retained judges the topics that workers write to and that are retained: how many, and the first of them. */
void diagnosis_retained(struct diagnosis *diagnosis, const char *filter, size_t count, const char *first_topic);

/* diagnosis_redis tells from the reply to "config" where Redis is, and who says so. */
void diagnosis_redis(struct diagnosis *diagnosis, const json_t *reply);

/* diagnosis_alerts judges the reply to "alerts", diagnosis_fleet the one to "system-health". */
void diagnosis_alerts(struct diagnosis *diagnosis, const json_t *reply);
void diagnosis_fleet(struct diagnosis *diagnosis, const json_t *reply);

/* diagnosis_append appends a line for each finding, and its advice in a line below. */
void diagnosis_append(struct buf *out, const struct diagnosis *diagnosis, bool colour);

/* diagnosis_json returns {verdict, findings: [{verdict, subject, text, advice}]}, which the caller owns. */
json_t *diagnosis_json(const struct diagnosis *diagnosis);

#endif
