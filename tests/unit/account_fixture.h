/*
 * A real store and the real vault's own code behind a real channel: what the tests of accounts and of the log stand on.
 * The vault's loop runs in a thread of the test instead of a program of its own.
 */
#pragma once

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/random.h"
#include "core/account.h"
#include "core/account_cache.h"
#include "core/core.h"
#include "ipc/channel.h"
#include "place.h"
#include "store/account.h"
#include "vault/vault.h"

#define NOW 1800000000LL

struct fixture {
        struct core core;
        struct act act;
        struct vault vault;
        pthread_t vault_thread;
        int vault_fd;
        struct place place;
};

static inline void vault_answer(struct fixture *f, const struct frame *request)
{
        struct answer answer = {0};
        struct frame_out out = {.type = request->head.type, .slot = request->head.slot};
        res r;

        buf_init(&answer.body, LIMIT_IPC_FRAME / 4);
        buf_init(&answer.tail, LIMIT_IPC_FRAME / 2);
        r = vault_handle(&f->vault, request, &answer);
        out.err = (uint32_t)(answer.err != ERR_NONE ? answer.err : r.err);
        if (out.err == ERR_NONE) {
                out.body = buf_bytes(&answer.body);
                out.tail = buf_bytes(&answer.tail);
        }
        (void)frame_send_one(f->vault_fd, &out).err;
        buf_wipe(&answer.body);
        buf_wipe(&answer.tail);
}

static inline void *vault_loop(void *arg)
{
        struct fixture *f = arg;
        struct frame_reader *reader = frame_reader_new(1);
        const struct frame *frames;
        size_t count;

        while (res_is_ok(frame_recv(f->vault_fd, reader, true, &frames, &count)))
                for (size_t i = 0; i < count; i++)
                        vault_answer(f, &frames[i]);
        close(f->vault_fd);
        frame_reader_free(reader);
        return NULL;
}

static inline void vault_start(struct fixture *f)
{
        int pair[2];

        assert_int_equal(frame_pair(pair).err, ERR_NONE);
        f->vault.magic = VAULT_MAGIC;
        random_bytes(f->vault.key, sizeof f->vault.key);
        f->core.vault = channel_new(MSG_PEER_VAULT);
        assert_non_null(f->core.vault);
        f->vault_fd = pair[1];
        channel_replace_fd(f->core.vault, pair[0]);
        assert_int_equal(pthread_create(&f->vault_thread, NULL, vault_loop, f), 0);
}

static inline int set_up(void **state)
{
        struct fixture *f = calloc(1, sizeof *f);

        place_open_at(&f->place, place_parent());
        f->core.store = f->place.store;
        assert_int_equal(account_cache_new(&f->core.accounts).err, ERR_NONE);
        vault_start(f);
        f->act = (struct act){.core = &f->core, .now_sec = NOW, .now_ms = NOW * 1000};
        f->act.arena = arena_new(16 * 1024 * 1024);
        *state = f;
        return 0;
}

static inline int tear_down(void **state)
{
        struct fixture *f = *state;

        channel_close(f->core.vault);
        channel_free(f->core.vault);
        pthread_join(f->vault_thread, NULL);
        arena_free(f->act.arena);
        account_cache_free(f->core.accounts);
        place_close(&f->place);
        free(f);
        return 0;
}

static inline struct account_made make_account(struct fixture *f, const char *name, const char *role)
{
        struct account_new in = {.name = str_of(name), .role = str_of(role), .verified = true};
        struct account_made made;

        if (!res_is_ok(account_create(&f->act, &in, &made)))
                fail_msg("%s", f->act.detail);
        return made;
}
