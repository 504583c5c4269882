/*
 * fuzz.h - what every fuzzer shares: the entry that libFuzzer calls, and a check that ends the run.
 *
 * A target feeds any bytes to one of the program's parsers and checks what must hold whatever they
 * are; a crash, a sanitizer's report, a broken check and five seconds of work are all findings.
 */
#ifndef KTA_TESTS_FUZZ_H
#define KTA_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "kta/alloc.h"
#include "kta/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #what);              \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
