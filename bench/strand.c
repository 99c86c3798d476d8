/* See strand.h.  ucontext for the stacks, one epoll for all sockets. */
#include "bench/strand.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <ucontext.h>

#include "base/clock.h"

#define STACK_BYTES (256 * 1024)
#define EVENTS 64

struct strand {
        strand_fn *fn;
        void *arg;
        ucontext_t context;
        char *stack;
        struct strand *next; /* in the list of those that may run */
        int64_t wake_at_ms;  /* 0 = does not sleep */
        bool ended, serves, meets;
};

static struct {
        int epoll;
        ucontext_t loop;
        struct strand *now, *ready, **ready_tail;
        struct strand *sleepers[256], *met[256];
        size_t sleeping, meeting, living;
} loop = {.epoll = -1};

static void fail(const char *what)
{
        fprintf(stderr, "strand: %s\n", what);
        exit(1);
}

static void ready(struct strand *strand)
{
        strand->next = NULL;
        *loop.ready_tail = strand;
        loop.ready_tail = &strand->next;
}

static void begin(void)
{
        struct strand *self = loop.now;

        self->fn(self->arg);
        self->ended = true;
        swapcontext(&self->context, &loop.loop);
}

static void add(strand_fn *fn, void *arg, bool serves)
{
        struct strand *strand = calloc(1, sizeof *strand);

        if (loop.epoll < 0) {
                loop.epoll = epoll_create1(EPOLL_CLOEXEC);
                loop.ready_tail = &loop.ready;
        }
        if (!strand || loop.epoll < 0)
                fail("cannot begin");
        *strand = (struct strand){.fn = fn, .arg = arg, .stack = malloc(STACK_BYTES), .serves = serves};
        if (!strand->stack || getcontext(&strand->context) != 0)
                fail("no stack");
        strand->context.uc_stack.ss_sp = strand->stack;
        strand->context.uc_stack.ss_size = STACK_BYTES;
        makecontext(&strand->context, begin, 0);
        loop.living += !serves;
        ready(strand);
}

void strand_new(strand_fn *fn, void *arg)
{
        add(fn, arg, /* serves= */ false);
}

void strand_serve(strand_fn *fn, void *arg)
{
        add(fn, arg, /* serves= */ true);
}

static void give_way(void)
{
        swapcontext(&loop.now->context, &loop.loop);
}

void strand_own(int fd)
{
        struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = loop.now};

        if (epoll_ctl(loop.epoll, EPOLL_CTL_ADD, fd, &event) != 0)
                fail("cannot watch a socket");
}

void strand_wait(void)
{
        give_way();
}

void strand_sleep(int ms)
{
        struct strand *self = loop.now;

        if (loop.sleeping == sizeof loop.sleepers / sizeof *loop.sleepers)
                fail("too many sleep");
        self->wake_at_ms = clock_mono_ms() + ms;
        loop.sleepers[loop.sleeping++] = self;
        while (self->wake_at_ms != 0) /* its socket may have something meanwhile */
                give_way();
}

void strand_meet(void (*then)(void *arg), void *arg)
{
        struct strand *self = loop.now;

        if (loop.meeting + 1 < loop.living) {
                loop.met[loop.meeting++] = self;
                self->meets = true;
                while (self->meets)
                        give_way();
                return;
        }
        then(arg);
        for (; loop.meeting > 0; loop.meeting--) {
                loop.met[loop.meeting - 1]->meets = false;
                ready(loop.met[loop.meeting - 1]);
        }
}

static void wake_sleepers(void)
{
        const int64_t now_ms = clock_mono_ms();

        for (size_t i = 0; i < loop.sleeping;)
                if (loop.sleepers[i]->wake_at_ms <= now_ms) {
                        loop.sleepers[i]->wake_at_ms = 0;
                        ready(loop.sleepers[i]);
                        loop.sleepers[i] = loop.sleepers[--loop.sleeping];
                } else {
                        i++;
                }
}

static void run_one(struct strand *strand)
{
        loop.now = strand;
        swapcontext(&loop.loop, &strand->context);
        if (!strand->ended)
                return;
        loop.living -= !strand->serves;
        free(strand->stack);
        free(strand);
}

static void run_ready(void)
{
        while (loop.ready) {
                struct strand *strand = loop.ready;

                loop.ready = strand->next;
                if (!loop.ready)
                        loop.ready_tail = &loop.ready;
                run_one(strand);
        }
}

void strand_run(void)
{
        struct epoll_event events[EVENTS];

        for (;;) {
                run_ready();
                if (loop.living == 0)
                        return;
                const int n = epoll_wait(loop.epoll, events, EVENTS, loop.sleeping > 0 ? 1 : -1);

                for (int i = 0; i < n; i++)
                        run_one(events[i].data.ptr);
                wake_sleepers();
        }
}
