/* Threads that run jobs first in, first out.  The jobs are embedded in what they work on; nothing is allocated. */
#pragma once

#include "http/http.h"

struct http_job {
        struct http_job *next;
        void (*run)(struct http_job *job);
};

/* http_pool_start() is in http.h.  Every job that was added has run when http_pool_stop() returns. */
void http_pool_add(struct http_pool *pool, struct http_job *job);
/* Unlink the jobs that no thread has begun and for which wants() is true; returns their chain. */
struct http_job *http_pool_take_waiting(struct http_pool *pool,
                                        bool (*wants)(const struct http_job *job, const void *arg), const void *arg);
