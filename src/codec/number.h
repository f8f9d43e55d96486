/* number.h -- numbers as texts. */
#ifndef MUSTER_CODEC_NUMBER_H
#define MUSTER_CODEC_NUMBER_H

#include "base/text.h"

#include <stdint.h>

/* Redis keeps a real number with ten significant digits. */
enum { NUMBER_TEXT_MAX = 32, NUMBER_KEPT_DIGITS = 10 };

/* Each writes into room and returns what it wrote there: all digits, and so many significant ones of a real number. */
struct text number_of_int(int64_t value, char room[NUMBER_TEXT_MAX]);
struct text number_of_real(double value, int digits, char room[NUMBER_TEXT_MAX]);

#endif
