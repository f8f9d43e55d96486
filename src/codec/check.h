/* check.h -- is a value what its field wants? If not, one violation says so. Pure. Internal to codec. */
#ifndef MUSTER_CODEC_CHECK_H
#define MUSTER_CODEC_CHECK_H

#include "codec/wire.h"
#include "domain/code.h"
#include "domain/worker.h"

/*
 * Each returns true and sets the output, which stays untouched otherwise. Texts are valid UTF-8 without control
 * characters and at most bytes_max long; they point to where the value is.
 */
bool check_text(const char *field, const struct wire_value *value, size_t bytes_max, struct text *out_text,
                struct violations *out_violations);
bool check_int(const char *field, const struct wire_value *value, struct opt_int *out_int,
               struct violations *out_violations);
bool check_real(const char *field, const struct wire_value *value, struct opt_real *out_real,
                struct violations *out_violations);
bool check_flag(const char *field, const struct wire_value *value, bool *out_flag, struct violations *out_violations);

/* check_word finds the text among names[1] to names[last], and sets its index. */
bool check_word(const char *field, const struct wire_value *value, const char *(*name_of)(unsigned), unsigned last,
                unsigned *out_index, struct violations *out_violations);

/* check_mismatch adds the violation of a value of the wrong type: "port must be a whole number (is "80")". */
void check_mismatch(const char *field, const char *wanted, const struct wire_value *value,
                    struct violations *out_violations);

#endif
