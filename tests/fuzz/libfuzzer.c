/* libfuzzer.c -- one target for libFuzzer: FUZZ_TARGET says which. */
#include "targets.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_TARGET((struct text){(const char *)data, size});
    return 0;
}
