/* A queue under one lock.  Work here costs tens of microseconds at least, so the lock is never what limits. */
#include "http/pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/thread.h"

struct http_pool {
        pthread_mutex_t lock;
        pthread_cond_t filled;
        struct http_job *head, **tail;
        bool stopping;
        unsigned threads;
        pthread_t thread[];
};

static struct http_job *http_pool_next(struct http_pool *pool)
{
        struct http_job *job;

        pthread_mutex_lock(&pool->lock);
        while (!pool->head && !pool->stopping)
                pthread_cond_wait(&pool->filled, &pool->lock);
        job = pool->head;
        if (job) {
                pool->head = job->next;
                if (!pool->head)
                        pool->tail = &pool->head;
        }
        pthread_mutex_unlock(&pool->lock);
        return job;
}

static void *http_pool_work(void *arg)
{
        struct http_pool *pool = arg;
        struct http_job *job;

        while ((job = http_pool_next(pool)))
                job->run(job);
        return NULL;
}

void http_pool_add(struct http_pool *pool, struct http_job *job)
{
        job->next = NULL;
        pthread_mutex_lock(&pool->lock);
        *pool->tail = job;
        pool->tail = &job->next;
        pthread_cond_signal(&pool->filled);
        pthread_mutex_unlock(&pool->lock);
}

struct http_job *http_pool_take_waiting(struct http_pool *pool,
                                        bool (*wants)(const struct http_job *job, const void *arg), const void *arg)
{
        struct http_job *taken = NULL, **taken_tail = &taken;
        struct http_job **at = &pool->head;

        pthread_mutex_lock(&pool->lock);
        while (*at) {
                if (!wants(*at, arg)) {
                        at = &(*at)->next;
                        continue;
                }
                *taken_tail = *at;
                taken_tail = &(*at)->next;
                *at = (*at)->next;
        }
        *taken_tail = NULL;
        pool->tail = at;
        pthread_mutex_unlock(&pool->lock);
        return taken;
}

res http_pool_start(unsigned threads, struct http_pool **ret_pool)
{
        struct http_pool *pool = calloc(1, sizeof(*pool) + threads * sizeof(pool->thread[0]));

        ENSURE(pool, ERR_MEMORY);
        pthread_mutex_init(&pool->lock, NULL);
        pthread_cond_init(&pool->filled, NULL);
        pool->tail = &pool->head;
        for (; pool->threads < threads; pool->threads++) {
                const res started = thread_start(http_pool_work, pool, &pool->thread[pool->threads]);

                if (!res_is_ok(started)) {
                        http_pool_stop(pool);
                        return started;
                }
        }
        *ret_pool = pool;
        return RES_OK;
}

void http_pool_stop(struct http_pool *pool)
{
        if (!pool)
                return;
        pthread_mutex_lock(&pool->lock);
        pool->stopping = true;
        pthread_cond_broadcast(&pool->filled);
        pthread_mutex_unlock(&pool->lock);
        for (unsigned i = 0; i < pool->threads; i++)
                pthread_join(pool->thread[i], NULL);
        pthread_cond_destroy(&pool->filled);
        pthread_mutex_destroy(&pool->lock);
        free(pool);
}
