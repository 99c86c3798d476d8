/*
 * For fuzz targets over DER: seeds are kept as PEM text, and the mutator turns them into the bytes inside before it
 * changes anything.
 */
#pragma once

#include "pki/pem.h"
#include "fuzz_check.h"

#define FUZZ_DER_MAX (64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
extern size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));

/* The DER inside a PEM seed, or the bytes as they are. */
static inline void fuzz_der(const uint8_t *data, size_t size, struct buf *out)
{
        struct str text = {(const char *)data, size}, label;

        buf_init(out, FUZZ_DER_MAX);
        if (size > 10 && memcmp(data, "-----BEGIN", 10) == 0 && res_is_ok(pki_pem_read(&text, &label, out)))
                return;
        buf_clear(out);
        buf_add(out, data, size);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
        struct buf der;

        (void)seed;
        fuzz_der(data, size, &der);
        if (der.n > 0 && der.n <= max_size) {
                memcpy(data, der.p, der.n);
                size = der.n;
        }
        buf_done(&der);
        return LLVMFuzzerMutate ? LLVMFuzzerMutate(data, size, max_size) : size;
}
