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
/* A time as HTTP writes it, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7), whatever the locale; years 0 to 9999. */
enum { CLOCK_HTTP_SIZE = 30 };
void clock_http_text(int64_t sec, char out[CLOCK_HTTP_SIZE]);
/* ERR_CONFIG in a release build. */
MUST res clock_use_file(const char *path);
