/* histogram.c -- counting values by range. */
#include "base/histogram.h"

const struct histogram_scale histogram_of_us = {
    .unit = 1e-6,
    .count = 15,
    .bounds = {50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000}};

const struct histogram_scale histogram_of_ms = {
    .unit = 1e-3, .count = 14, .bounds = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 60000}};

const struct histogram_scale histogram_of_sizes = {
    .unit = 1, .count = 10, .bounds = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000}};

void histogram_add(struct histogram *histogram, int64_t value, uint64_t times)
{
    const struct histogram_scale *scale = histogram->scale;
    uint64_t counted = value > 0 ? (uint64_t)value : 0;
    size_t range = 0;
    while (range < scale->count && counted > scale->bounds[range]) {
        range++;
    }
    histogram->counts[range] += times;
    histogram->sum += counted * times;
    histogram->count += times;
}
