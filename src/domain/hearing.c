/* hearing.c -- the hearing rule (contract, section 6, invariant 1). */
#include "domain/hearing.h"

void hearing_interrupt(struct hearing *hearing, int64_t now_ms)
{
    hearing->since_ms = now_ms;
    hearing->until_ms = now_ms - 1;
}

void hearing_confirm(struct hearing *hearing, int64_t sent_ms)
{
    if (sent_ms >= hearing->since_ms && sent_ms > hearing->until_ms) {
        hearing->until_ms = sent_ms;
    }
}

bool hearing_is_deaf(const struct hearing *hearing)
{
    return hearing->until_ms < hearing->since_ms;
}

enum hearing_verdict hearing_judge(const struct hearing *hearing, int64_t deadline_ms, int64_t duration_ms,
                                   int64_t now_ms, int64_t *out_rest_ms)
{
    if (hearing->since_ms > deadline_ms - duration_ms) {
        int64_t rest_ms = hearing->since_ms + duration_ms - now_ms;
        *out_rest_ms = rest_ms > 1 ? rest_ms : 1;
        return HEARING_TOO_NEW;
    }
    return hearing->until_ms >= deadline_ms ? HEARING_SILENT : HEARING_WAIT;
}
