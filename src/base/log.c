/* log.c -- formats a line and writes it whole. */
#include "base/log.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { SENTENCE_MAX = 1024, LINE_MAX_BYTES = 7 * SENTENCE_MAX };

static const char *const level_names[] = {"debug", "info", "warn", "error"};

static void format_time(char *out, size_t size)
{
    struct timeval now = {0};
    struct tm utc = {0};
    char seconds[32];
    (void)gettimeofday(&now, NULL);
    (void)gmtime_r(&now.tv_sec, &utc);
    (void)strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(out, size, "%s.%03dZ", seconds, (int)(now.tv_usec / 1000));
}

/* Control bytes never reach a terminal or a log shipper as such: what workers send ends up in these lines. */
static void escape(const char *sentence, enum log_format format, char *out)
{
    size_t len = 0;
    for (const unsigned char *c = (const unsigned char *)sentence; *c != '\0'; c++) {
        if (*c < 0x20 || *c == 0x7f) {
            len += (size_t)sprintf(out + len, format == LOG_JSON ? "\\u%04x" : "\\x%02x", *c);
        } else {
            if (format == LOG_JSON && (*c == '"' || *c == '\\')) {
                out[len++] = '\\';
            }
            out[len++] = (char)*c;
        }
    }
    out[len] = '\0';
}

void log_write(const struct log *log, enum log_level level, const char *format, ...)
{
    if (level < log->level) {
        return;
    }
    char sentence[SENTENCE_MAX];
    char escaped[6 * SENTENCE_MAX + 1];
    char line[LINE_MAX_BYTES];
    char when[48];
    va_list args;
    va_start(args, format);
    int whole = vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    if (whole >= SENTENCE_MAX) {
        sentence[text_whole(sentence, SENTENCE_MAX - 1)] = '\0';
    }
    escape(sentence, log->format, escaped);
    format_time(when, sizeof when);
    int len = log->format == LOG_JSON
                  ? snprintf(line, sizeof line, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":\"%s\"}\n", when,
                             level_names[level], escaped)
                  : snprintf(line, sizeof line, "%s %-5s %s\n", when, level_names[level], escaped);
    if (len > 0) {
        (void)!write(log->fd, line, (size_t)len);
    }
}
