/*
 * The one clock.  Wall time in Unix seconds for everything with a date; monotonic milliseconds for
 * timers and time-outs.  Test builds (-Dtest_clock=true) can be moved: the file named by `test.clock`
 * holds a decimal offset in seconds that is added to wall time; it is read again each time.  It stays open
 * (a jailed program opens nothing), so it must be there at the start and is changed in place.
 */
#pragma once

#include "base/res.h"

#include <stdint.h>

int64_t clock_now_sec(void);
int64_t clock_now_ms(void);  /* wall */
int64_t clock_mono_ms(void); /* never moved by tests */
/* ERR_CONFIG in a release build. */
MUST res clock_use_file(const char *path);
