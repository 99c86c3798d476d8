/*
 * What the programs of a service did to the files below one directory, in order: written by cut.c, read by
 * powercut_check.c, which makes from it what a disk may hold after the power went.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

enum cut_kind {
        CUT_MKDIR,
        CUT_CREATE,
        CUT_WRITE,
        CUT_TRUNCATE,
        CUT_RENAME,
        CUT_LINK,
        CUT_UNLINK,
        CUT_SYNC,
        CUT_SYNC_DIR
};

struct cut_record { /* then path, path2 and data, filled up to 8 bytes */
        uint32_t kind;
        uint32_t path_len, path2_len;
        uint32_t zero;
        uint64_t offset; /* CUT_TRUNCATE: the new size */
        uint64_t n;      /* bytes of data */
};

#define CUT_ROOM (64u << 20)
struct cut_trace {
        atomic_flag lock;
        _Atomic uint64_t used; /* bytes in record[], and how much a client has seen the effects of */
        _Atomic uint64_t lost; /* did not fit */
        uint8_t record[CUT_ROOM];
};
