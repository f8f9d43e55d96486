/* diagnosis.c -- see diagnosis.h. */
#include "ctl/diagnosis.h"

#include "ctl/figure.h"
#include "ctl/glyph.h"
#include "ctl/member.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOW_MS = 1000,
    CLOCK_WARN_MS = 1000,
    CLOCK_FAIL_MS = 60000,
    PRESENCE_OLD_MS = 20 * 60 * 1000, /* it is told every ten minutes */
    CANARIES_FEW_PER_S = 5,           /* about fifty are sent */
    SUBJECT_WIDTH = 14,
};

static const char *const verdict_names[] = {[VERDICT_OK] = "ok", [VERDICT_WARN] = "warn", [VERDICT_FAIL] = "fail"};

void diagnosis_add(struct diagnosis *diagnosis, enum verdict verdict, const char *subject, const char *advice,
                   const char *format, ...)
{
    if (diagnosis->count == DIAGNOSIS_MAX) {
        return;
    }
    struct finding *finding = &diagnosis->findings[diagnosis->count++];
    *finding = (struct finding){.verdict = verdict, .subject = subject, .advice = advice};
    va_list args;
    va_start(args, format);
    (void)vsnprintf(finding->text, sizeof finding->text, format, args);
    va_end(args);
}

enum verdict diagnosis_worst(const struct diagnosis *diagnosis)
{
    enum verdict worst = VERDICT_OK;
    for (size_t i = 0; i < diagnosis->count; i++) {
        worst = diagnosis->findings[i].verdict > worst ? diagnosis->findings[i].verdict : worst;
    }
    return worst;
}

void diagnosis_unreachable(struct diagnosis *diagnosis, int reason_code, const char *sentence)
{
    enum { OLD_VERSION_3 = 0x01, VERSION = 0x84, CREDENTIALS = 0x86, NOT_AUTHORIZED = 0x87, BANNED = 0x8a };
    const char *subject = "broker";
    const char *advice = "is the broker running, and --uri right? a firewall, or tcp:// for a port with TLS, looks so";
    switch (reason_code) {
    case OLD_VERSION_3:
    case VERSION:
        subject = "mqtt 5";
        advice = "the broker has to speak MQTT 5: mosquitto does from 1.6 on";
        break;
    case CREDENTIALS:
    case NOT_AUTHORIZED:
        advice = "look at --username and --password-file, and at the broker's list of users";
        break;
    case BANNED:
        advice = "the broker has banned this user or address";
        break;
    default:
        break;
    }
    diagnosis_add(diagnosis, VERDICT_FAIL, subject, advice, "%s", sentence);
}

/* ---- the registry */

struct presence {
    size_t active;
    size_t standby;
    const json_t *latest_active;
};

static void judge_one(struct diagnosis *diagnosis, const json_t *document, int64_t now_ms, struct presence *presence)
{
    const char *instance = member_string(document, "instance", "?");
    bool is_active = strcmp(member_string(document, "role", ""), "active") == 0;
    char age[FIGURE_MAX];
    int64_t age_ms = now_ms - member_integer(document, "at", now_ms);
    if (strcmp(member_string(document, "state", ""), "online") != 0) {
        diagnosis_add(diagnosis, VERDICT_WARN, "registry", "its log tells why; this is forgotten within an hour",
                      "%s has ended without a goodbye", instance);
        return;
    }
    if (age_ms > PRESENCE_OLD_MS) {
        figure_age(age_ms, age);
        diagnosis_add(diagnosis, VERDICT_WARN, "registry", "it tells so every ten minutes: does it hang?",
                      "%s told that it is online %s ago", instance, age);
    }
    presence->active += is_active ? 1 : 0;
    presence->standby += is_active ? 0 : 1;
    presence->latest_active = is_active ? document : presence->latest_active;
}

void diagnosis_presence(struct diagnosis *diagnosis, const json_t *documents, int64_t now_ms)
{
    struct presence presence = {0};
    size_t i = 0;
    const json_t *document = NULL;
    json_array_foreach(documents, i, document)
    {
        judge_one(diagnosis, document, now_ms, &presence);
    }
    if (presence.active == 1) {
        diagnosis_add(diagnosis, VERDICT_OK, "registry", NULL, "%s is active, %zu standing by",
                      member_string(presence.latest_active, "instance", "?"), presence.standby);
    } else if (presence.active > 1) {
        diagnosis_add(diagnosis, VERDICT_WARN, "registry",
                      "they change over, or use different Redis servers or redis.prefix on one topic root",
                      "%zu say that they are active", presence.active);
    } else if (presence.standby > 0) {
        diagnosis_add(diagnosis, VERDICT_FAIL, "registry",
                      "a standby takes over within daemon.lease_ms unless Redis is away; its log tells",
                      "none is active, %zu standing by", presence.standby);
    } else {
        diagnosis_add(diagnosis, VERDICT_FAIL, "registry",
                      "start musterd; is its mqtt.topic_root this --topic-root, and may this user read registry/+?",
                      "no registry is online here");
    }
}

void diagnosis_answer(struct diagnosis *diagnosis, int64_t took_ms)
{
    bool slow = took_ms >= SLOW_MS;
    diagnosis_add(diagnosis, slow ? VERDICT_WARN : VERDICT_OK, "answer",
                  slow ? "look at the load of the broker, of Redis and of musterd" : NULL,
                  "a request was answered in %" PRId64 " ms", took_ms);
}

void diagnosis_clock(struct diagnosis *diagnosis, int64_t theirs_ahead_ms, int64_t uncertainty_ms)
{
    int64_t distance_ms = theirs_ahead_ms < 0 ? -theirs_ahead_ms : theirs_ahead_ms;
    distance_ms = distance_ms > uncertainty_ms ? distance_ms - uncertainty_ms : 0;
    enum verdict verdict = VERDICT_OK;
    if (distance_ms >= CLOCK_WARN_MS) {
        verdict = distance_ms >= CLOCK_FAIL_MS ? VERDICT_FAIL : VERDICT_WARN;
    }
    if (distance_ms == 0) {
        diagnosis_add(diagnosis, VERDICT_OK, "clock", NULL,
                      "the registry's clock and this one agree (give or take %" PRId64 " ms)", uncertainty_ms);
        return;
    }
    char apart[FIGURE_MAX];
    figure_age(theirs_ahead_ms < 0 ? -theirs_ahead_ms : theirs_ahead_ms, apart);
    diagnosis_add(diagnosis, verdict, "clock",
                  verdict != VERDICT_OK ? "let both hosts follow a time server: ages shown here are wrong by that"
                                        : NULL,
                  "the registry's clock is %s %s this one (give or take %" PRId64 " ms)", apart,
                  theirs_ahead_ms < 0 ? "behind" : "ahead of", uncertainty_ms);
}

void diagnosis_canaries(struct diagnosis *diagnosis, size_t heard, int64_t during_ms, bool is_anonymous)
{
    bool few = (int64_t)heard * 1000 < during_ms * CANARIES_FEW_PER_S;
    if (heard == 0 && !is_anonymous) {
        diagnosis_add(diagnosis, VERDICT_OK, "hearing", NULL,
                      "this user hears no canary, as is usual; an alert would tell of a deaf registry");
        return;
    }
    diagnosis_add(diagnosis, few ? VERDICT_WARN : VERDICT_OK, "hearing",
                  few ? "while the registry does not hear itself, silence counts against nobody: its log tells why"
                      : NULL,
                  "%zu canaries of the registry in %" PRId64 " ms", heard, during_ms);
}

void diagnosis_retained(struct diagnosis *diagnosis, const char *filter, size_t count, const char *first_topic)
{
    if (count == 0) {
        diagnosis_add(diagnosis, VERDICT_OK, "retained", NULL, "nothing that is seen from here is retained on %s",
                      filter);
        return;
    }
    diagnosis_add(diagnosis, VERDICT_WARN, "retained",
                  "the registry ignores them; whoever sends so sets the retain flag by mistake. Delete one with: "
                  "mosquitto_pub -r -n -t TOPIC",
                  "%zu retained message%s on %s, such as %s", count, count == 1 ? "" : "s", filter, first_topic);
}

/* ---- what the registry itself says */

static const char *setting(const json_t *reply, const char *key)
{
    size_t i = 0;
    const json_t *one = NULL;
    json_array_foreach(json_object_get(reply, "config"), i, one)
    {
        if (strcmp(member_string(one, "key", ""), key) == 0) {
            return member_string(one, "value", "");
        }
    }
    return "";
}

void diagnosis_redis(struct diagnosis *diagnosis, const json_t *reply)
{
    const char *sentinel = setting(reply, "redis.sentinel");
    diagnosis_add(diagnosis, VERDICT_OK, "redis", NULL, "%s%s%s", member_string(reply, "redis", "?"),
                  sentinel[0] != '\0' ? ", the master as redis.sentinel names it: " : "", sentinel);
}

void diagnosis_alerts(struct diagnosis *diagnosis, const json_t *reply)
{
    size_t raised = 0;
    size_t i = 0;
    const json_t *alert = NULL;
    json_array_foreach(json_object_get(reply, "alerts"), i, alert)
    {
        const char *severity = member_string(alert, "severity", "warning");
        if (strcmp(member_string(alert, "state", ""), "raised") != 0) {
            continue;
        }
        bool is_critical = strcmp(severity, "critical") == 0;
        bool is_info = strcmp(severity, "info") == 0;
        enum verdict verdict = is_critical ? VERDICT_FAIL : is_info ? VERDICT_OK : VERDICT_WARN;
        raised++;
        diagnosis_add(diagnosis, verdict, "alert", NULL, "%s: %s", member_string(alert, "rule", "?"),
                      member_string(alert, "message", severity));
    }
    if (raised == 0) {
        diagnosis_add(diagnosis, VERDICT_OK, "alert", NULL, "none is raised");
    }
}

void diagnosis_fleet(struct diagnosis *diagnosis, const json_t *reply)
{
    const json_t *percent = json_object_get(reply, "systemHealthPercentage");
    int64_t total = member_integer(reply, "totalWorkers", 0);
    diagnosis_add(diagnosis, VERDICT_OK, "fleet", NULL,
                  "%" PRId64 " worker%s, %" PRId64 " unhealthy, system health %.1f%%", total, total == 1 ? "" : "s",
                  member_integer(reply, "unhealthyWorkerCount", 0), json_number_value(percent));
}

/* ---- showing */

void diagnosis_append(struct buf *out, const struct diagnosis *diagnosis, bool colour)
{
    static const enum table_ink inks[] = {
        [VERDICT_OK] = INK_GOOD, [VERDICT_WARN] = INK_WARNING, [VERDICT_FAIL] = INK_BAD};
    for (size_t i = 0; i < diagnosis->count; i++) {
        const struct finding *finding = &diagnosis->findings[i];
        if (colour) {
            table_append_ink(out, inks[finding->verdict]);
        }
        buf_printf(out, "%-4s", verdict_names[finding->verdict]);
        if (colour) {
            table_append_ink(out, INK_PLAIN);
        }
        buf_printf(out, "  %-*s  ", SUBJECT_WIDTH, finding->subject);
        (void)glyph_append(out, text_of(finding->text), 0);
        buf_append_string(out, "\n");
        if (finding->advice != NULL) {
            buf_printf(out, "      %-*s  -> %s\n", SUBJECT_WIDTH, "", finding->advice);
        }
    }
}

json_t *diagnosis_json(const struct diagnosis *diagnosis)
{
    json_t *findings = json_array();
    for (size_t i = 0; i < diagnosis->count; i++) {
        const struct finding *finding = &diagnosis->findings[i];
        json_t *entry = json_pack("{s:s, s:s, s:s}", "verdict", verdict_names[finding->verdict], "subject",
                                  finding->subject, "text", finding->text);
        if (finding->advice != NULL) {
            (void)json_object_set_new(entry, "advice", json_string(finding->advice));
        }
        (void)json_array_append_new(findings, entry);
    }
    return json_pack("{s:s, s:o}", "verdict", verdict_names[diagnosis_worst(diagnosis)], "findings", findings);
}
