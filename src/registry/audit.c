/* audit.c -- what is refused before the store hears of it is written down there all the same, within bounds. */
#include "registry/audit.h"

#include "base/clock.h"
#include "base/throttle.h"
#include "codec/utf8.h"
#include "registry/internal.h"
#include "store/operate.h"

enum { REFUSED_EVERY_MS = 60000 };

struct text audit_words(struct registry *registry, const struct violations *violations)
{
    struct buf *words = &registry->payload;
    buf_clear(words);
    for (size_t i = 0; i < violations_kept(violations); i++) {
        struct text sentence = text_of(violations->texts[i]);
        buf_append_string(words, i > 0 ? "; " : "");
        buf_append(words, sentence.data, utf8_valid_bytes(sentence));
    }
    return words->failed ? (struct text){0} : buf_text(words);
}

static bool is_allowed(struct registry *registry, struct text who)
{
    struct buf *name = &registry->topic;
    buf_clear(name);
    buf_printf(name, "refused/%.*s", TEXT_ARG(who));
    return !name->failed &&
           throttle_allows(&registry->throttle, buf_text(name), REFUSED_EVERY_MS, clock_monotonic_ms());
}

void audit_refusal(struct registry *registry, const struct store_refusal *refusal)
{
    struct store_refusal known = *refusal;
    if (!worker_id_valid(known.worker_id)) {
        known.worker_id = (struct text){0};
    }
    struct text who = known.worker_id.len > 0 ? known.worker_id : known.by;
    if (who.len > 0 && is_allowed(registry, who)) {
        store_refuse(registry->store, &known);
    }
}
