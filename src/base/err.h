/* err.h -- what can go wrong, as a code and a sentence. Knows nothing of workers. */
#ifndef MUSTER_BASE_ERR_H
#define MUSTER_BASE_ERR_H

#include <stdarg.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, first_at) __attribute__((format(printf, format_at, first_at)))

enum err {
    ERR_OK = 0,
    ERR_NO_MEMORY,
    ERR_INVALID,   /* malformed: cannot be understood */
    ERR_RANGE,     /* understood, and outside its limits */
    ERR_FULL,      /* a cap was reached */
    ERR_NOT_FOUND, /* named, and not there */
    ERR_CLOSED,    /* not connected, or being closed */
    ERR_REFUSED,   /* the other side said no */
    ERR_TIMEOUT,   /* no answer in time */
    ERR_IO,        /* the operating system said no */
};

/* err_name returns the code's name for logs ("no_memory"); static, never NULL. */
const char *err_name(enum err code);

/* One failure: its code, and one sentence that names the field, the value and the limit. All zero: no failure. */
struct fault {
    enum err code;
    char text[320];
};

/* fault_set fills the fault (which may be NULL) and returns code, so that a caller can return what it set. */
enum err fault_set(struct fault *fault, enum err code, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
