#include "base/thread.h"

#include <signal.h>

/* A thread begins with the mask of the one that makes it: so there is no moment in which a signal could come to it. */
res thread_start(void *(*run)(void *arg), void *arg, pthread_t *ret_thread)
{
        sigset_t all, before;
        pthread_t thread;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        const int failed = pthread_create(&thread, NULL, run, arg);

        pthread_sigmask(SIG_SETMASK, &before, NULL);
        ENSURE(failed == 0, ERR_MEMORY);
        *ret_thread = thread;
        return RES_OK;
}
