/*
 * The plan of a fault, in a file that the test writes and every program of the service has mapped: which call of which
 * program fails.  All programs count all their calls, so that a test knows how many there are to fail, and while `record`
 * is set they note each call's site: who called, up to the thread's first function, as a hash that every start gives again.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

enum fault_program { /* as tests/lib/fault.mjs numbers them */
                     FAULT_PARENT,
                     FAULT_SERVER,
                     FAULT_SIGNER,
                     FAULT_VAULT,
                     FAULT_KEYMAKER,
                     FAULT_PROBER,
                     FAULT_OTHER,
                     FAULT_PROGRAM_COUNT
};

enum fault_class {
        FAULT_ALLOC,   /* malloc, calloc, realloc, strdup of our own code: NULL */
        FAULT_WRITE,   /* write, pwrite, writev, ftruncate of a file */
        FAULT_SYNC,    /* fsync, fdatasync */
        FAULT_CONNECT, /* socket, socketpair, connect, accept */
        FAULT_SEND,    /* send, sendto, sendmsg, sendmmsg */
        FAULT_QUERY,   /* a step of a statement, or its preparation */
        FAULT_OPEN,    /* open, openat, and names: rename, link, unlink, mkdir */
        FAULT_CLASS_COUNT
};

#define FAULT_SITES 4096
#define FAULT_WAY 216

struct fault_site {
        _Atomic uint64_t hash; /* of program, class and the way; 0: this place is free */
        uint32_t program, class;
        _Atomic int64_t n;   /* calls */
        char way[FAULT_WAY]; /* "program+0x12ab ...", innermost first, for addr2line */
};

struct fault_plan {
        uint32_t program, class;
        int32_t error;         /* errno, or SQLite's code */
        int32_t burst;         /* so many calls in a row fail; 0 counts as 1 */
        _Atomic int64_t left;  /* the call that fails first, counted down; 0 or less: nothing fails */
        _Atomic int64_t fired; /* how many have failed */
        _Atomic int64_t seen[FAULT_PROGRAM_COUNT][FAULT_CLASS_COUNT];
        _Atomic uint64_t site; /* only calls from there are counted down; 0: all */
        _Atomic uint64_t record;
        _Atomic uint64_t overflow; /* sites that found no place */
        struct fault_site sites[FAULT_SITES];
};

/* Shall this call fail?  Found by the programs' own hook with dlsym(). */
int fault_hit(unsigned class);
