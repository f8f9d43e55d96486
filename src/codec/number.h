/* number.h -- numbers as the texts that Redis keeps them as. */
#ifndef MUSTER_CODEC_NUMBER_H
#define MUSTER_CODEC_NUMBER_H

#include "base/text.h"

#include <stdint.h>

enum { NUMBER_TEXT_MAX = 32 };

/* Each writes into room and returns what it wrote there: all digits, and ten significant ones of a real number. */
struct text number_of_int(int64_t value, char room[NUMBER_TEXT_MAX]);
struct text number_of_real(double value, char room[NUMBER_TEXT_MAX]);

#endif
