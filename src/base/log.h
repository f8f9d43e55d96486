/* log.h -- one line per occurrence, as text or JSON, to a file descriptor. Only programs log; libraries return errors.
 */
#ifndef MUSTER_BASE_LOG_H
#define MUSTER_BASE_LOG_H

#include "base/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

struct log {
    enum log_level level; /* what is below it is not written */
    enum log_format format;
    int fd;
};

/* log_write writes one line: time, level, sentence. One write call; a line is cut at 1 KiB. Any thread. */
void log_write(const struct log *log, enum log_level level, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
