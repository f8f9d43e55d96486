/* number.c -- writes numbers; a percentage of two decimals, which each heartbeat has two of, without printf. */
#include "codec/number.h"

#include <stdio.h>

static char *write_digits(uint64_t value, char *end)
{
    do {
        *--end = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return end;
}

struct text number_of_int(int64_t value, char room[NUMBER_TEXT_MAX])
{
    char *end = room + NUMBER_TEXT_MAX;
    char *at = write_digits(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, end);
    if (value < 0) {
        *--at = '-';
    }
    return (struct text){at, (size_t)(end - at)};
}

static struct text number_of_hundredths(uint64_t hundredths, char room[NUMBER_TEXT_MAX])
{
    char *end = room + NUMBER_TEXT_MAX;
    char *at = end;
    if (hundredths % 10 != 0) {
        *--at = (char)('0' + hundredths % 10);
    }
    if (hundredths % 100 != 0) {
        *--at = (char)('0' + hundredths / 10 % 10);
        *--at = '.';
    }
    at = write_digits(hundredths / 100, at);
    return (struct text){at, (size_t)(end - at)};
}

struct text number_of_real(double value, int digits, char room[NUMBER_TEXT_MAX])
{
    static const double most = 1000000;
    if (value > 0 && value < most) {
        uint64_t hundredths = (uint64_t)(value * 100 + 0.5);
        if ((double)hundredths / 100 == value) {
            return number_of_hundredths(hundredths, room);
        }
    }
    int len = snprintf(room, NUMBER_TEXT_MAX, "%.*g", digits, value);
    return (struct text){room, (size_t)len};
}
