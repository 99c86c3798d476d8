/* The parts of a jail; private to this room. */
#pragma once

#include "sandbox/sandbox.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED 0
#endif

/*
 * The filter of a program, a scmp_filter_ctx that is the caller's: one that lists what is allowed, or one that lists what is
 * forbidden.  ERR_MEMORY, ERR_IO.
 */
MUST res sandbox_filter(enum sandbox_role role, bool forbid, void **ret_filter);
/* Which system calls; for this and all other threads.  ERR_IO. */
MUST res sandbox_seccomp(const struct sandbox_plan *plan);
/* Which files may be opened.  *ret_works is false where the kernel has no Landlock.  ERR_IO. */
MUST res sandbox_landlock(const struct sandbox_plan *plan, bool *ret_works);
/* Test builds: signals that make the program do what it must not.  Others: nothing. */
void sandbox_arm_violations(const struct sandbox_plan *plan);
