/* Threads that leave signals to the thread that waits for them. */
#pragma once

#include <pthread.h>

#include "base/res.h"

/* With every signal blocked.  ERR_MEMORY: there is none to be had; *ret_thread is untouched. */
MUST res thread_start(void *(*run)(void *arg), void *arg, pthread_t *ret_thread);
