/* Randomness from the kernel (getrandom).  Never fails once it has worked: a failure ends the process. */
#pragma once

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *p, size_t n);
uint64_t random_u64(void);
/* n characters of the alphabet, unbiased, NUL-terminated: out holds n + 1. */
void random_text(char *out, size_t n, const char *alphabet);
#define RANDOM_ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define RANDOM_LOWER36 "abcdefghijklmnopqrstuvwxyz0123456789"
/* RFC 4122 version 4, 36 characters + NUL. */
void random_uuid(char out[37]);
/*
 * A row id: 41 bits of milliseconds since 2020-01-01 and 22 random bits, below 2^63 and rising with
 * time, so that keys sort by age on every node without a shared counter.
 */
int64_t random_row_id(int64_t now_ms);
