/*
 * Waiting for something that another thread will bring about.  Whoever waits takes the bell's count first, looks whether
 * the thing is there already, and then waits for a ring of its key; a ring too many only makes it look again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/res.h"
#include "base/str.h"

struct bell;

MUST res bell_new(struct bell **ret_bell);
void bell_free(struct bell *bell); /* nobody may wait */
uint64_t bell_key(struct str text);
uint64_t bell_count(struct bell *bell, uint64_t key);
/* Until the count differs from `count` or the time (monotonic milliseconds) has come; false: the time has come. */
bool bell_wait(struct bell *bell, uint64_t key, uint64_t count, int64_t until_ms);
void bell_ring(struct bell *bell, uint64_t key); /* NULL is fine */
