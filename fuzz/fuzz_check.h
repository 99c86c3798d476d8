/* What a fuzz target claims: its failure is a crash that says where. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#define FUZZ_CHECK(cond) \
        do { \
                if (!(cond)) { \
                        fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond); \
                        abort(); \
                } \
        } while (0)
