/*
 * An act: one thing that somebody does now.  Every function of core takes it first.  It carries who acts,
 * when (time comes in as a parameter: nothing in core asks a clock), the arena for what the act needs, and,
 * when the act fails, the sentence for people.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/res.h"
#include "base/str.h"

struct catalogue;
struct core;

struct act {
        struct core *core;
        struct arena *arena;
        int64_t now_sec;
        int64_t now_ms;
        int64_t account_id; /* 0 = the installation itself (jobs, operator) */
        int64_t user_id;
        const char *uin; /* the account's, 12 digits */
        const char *user_uin;
        const char *role; /* user, reviewer, operator, auditor */
        const struct catalogue *catalogue; /* NULL until act_catalogue() is asked */
        bool verified;    /* the account's identity is verified (ACC-02) */
        bool must_not_wait; /* on a listener's thread: what would ask another program fails and sets … */
        bool would_wait;    /* … this; the act is done again on a worker's thread */
        int64_t retry_after_sec; /* with ERR_RATE and what else may be tried later; 0 = not said */
        char request_id[37];
        char detail[LIMIT_ERR_DETAIL]; /* "" = err_sentence() of the code */
};

/* Note the sentence and return the failure: `return act_fail(act, ERR_DOMAIN, "…", …)`. Never secrets. */
MUST res act_fail(struct act *act, enum err code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Before a question to another program.  Fails where nobody may wait; the code is of no interest then. */
MUST res act_may_wait(struct act *act);
/* An act of the installation itself (jobs), or the beginning of a request's: takes the time from the clock. */
void act_begin(struct act *act, struct core *core, struct arena *arena, int64_t account_id);
