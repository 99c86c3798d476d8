/*
 * Channels against a peer that answers, dies, lies, sleeps and comes back.
 */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/fd.h"
#include "ipc/channel.h"
#include "ipc/frame.h"

#define OK(call) assert_int_equal((call).err, ERR_NONE)

enum manner { ECHO, DIE_AFTER_READING, WRONG_TYPE, WRONG_SLOT, GARBAGE, SLEEP, REFUSE, DIE_AFTER_TEN, HOLD };

struct peer {
        int fd;
        enum manner manner;
        pthread_t thread;
        int served;
        sem_t *go; /* HOLD: each answer waits for it */
};

static bool answer_one(struct peer *peer, const struct frame *in)
{
        struct frame_out out = {.type = in->head.type,
                                .slot = in->head.slot,
                                .body = bytes_of(in->body, in->head.body),
                                .tail = bytes_of(in->tail, in->head.tail)};

        switch (peer->manner) {
        case DIE_AFTER_READING:
                return false;
        case DIE_AFTER_TEN:
                if (++peer->served > 10)
                        return false;
                break;
        case WRONG_TYPE:
                out.type++;
                break;
        case WRONG_SLOT:
                out.slot ^= 0x10000;
                break;
        case GARBAGE:
                return write(peer->fd, "garbage", 7) == 7;
        case SLEEP:
                usleep(1500 * 1000);
                break;
        case REFUSE:
                out = (struct frame_out){.type = in->head.type,
                                         .slot = in->head.slot,
                                         .err = ERR_ISSUE_REFUSED,
                                         .tail = bytes_of("no, because", 11)};
                break;
        case HOLD:
                peer->served++;
                sem_wait(peer->go);
                break;
        case ECHO:
                break;
        }
        return res_is_ok(frame_send_one(peer->fd, &out));
}

static void *peer_run(void *arg)
{
        struct peer *peer = arg;
        struct frame_reader *reader = frame_reader_new(FRAME_MANY);
        const struct frame *frames;
        size_t count;
        bool more = true;

        while (more && res_is_ok(frame_recv(peer->fd, reader, true, &frames, &count)))
                for (size_t i = 0; more && i < count; i++)
                        more = answer_one(peer, &frames[i]);
        close(peer->fd);
        frame_reader_free(reader);
        return NULL;
}

static void peer_start(struct peer *peer, struct channel *channel, enum manner manner)
{
        int pair[2];

        OK(frame_pair(pair));
        *peer = (struct peer){.fd = pair[1], .manner = manner};
        pthread_create(&peer->thread, NULL, peer_run, peer);
        channel_replace_fd(channel, pair[0]);
}

static void test_echo_and_sizes(void **state)
{
        struct channel *channel = channel_new(MSG_PEER_SIGNER);
        struct peer peer;
        static uint8_t big[FRAME_BODY_MAX];
        (void)state;

        peer_start(&peer, channel, ECHO);
        for (size_t n = 0; n <= sizeof(big) - 8; n += 13001) {
                struct channel_reply reply;
                uint64_t body = n;
                memset(big, (int)n, n);
                OK(channel_call(channel, MSG_PROBE, &body, sizeof(body), big, n, 5000, &reply));
                assert_int_equal(reply.body.n, sizeof(body));
                assert_int_equal((uintptr_t)reply.body.p % 16, 0);
                assert_int_equal(reply.tail.n, n);
                assert_memory_equal(reply.tail.p, big, n);
                channel_reply_done(&reply);
        }
        struct channel_reply reply;
        assert_int_equal(channel_call(channel, MSG_PROBE, NULL, 0, big, sizeof(big) + 1, 100, &reply).err,
                         ERR_IPC_FRAME);
        channel_free(channel);
        pthread_join(peer.thread, NULL);
}

/* Each manner of failing ends the call with its error, soon. */
static void test_peers_that_fail(void **state)
{
        static const struct {
                enum manner manner;
                enum err err;
                int within_ms; /* short where it is waited for in vain */
        } cases[] = {{DIE_AFTER_READING, ERR_IPC_LOST, 60000}, {WRONG_TYPE, ERR_IPC_FRAME, 60000}, {WRONG_SLOT, ERR_IPC_TIMEOUT, 200},
                     {GARBAGE, ERR_IPC_LOST, 60000},           {SLEEP, ERR_IPC_TIMEOUT, 200},      {ECHO, ERR_NONE, 60000}};
        (void)state;

        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct channel *channel = channel_new(MSG_PEER_SIGNER);
                struct channel_reply reply;
                struct peer peer;
                int64_t before = clock_mono_ms();

                peer_start(&peer, channel, cases[i].manner);
                assert_int_equal(channel_call(channel, MSG_PROBE, "x", 1, NULL, 0, cases[i].within_ms, &reply).err,
                                 cases[i].err);
                assert_true(clock_mono_ms() - before < 30000);
                channel_reply_done(&reply);
                channel_free(channel);
                pthread_join(peer.thread, NULL);
        }
}

static void test_refusal_brings_its_sentence(void **state)
{
        struct channel *channel = channel_new(MSG_PEER_SIGNER);
        struct channel_request request = {.type = MSG_SIGNER_ISSUE};
        struct channel_reply reply;
        char why[LIMIT_ERR_DETAIL + 1];
        struct peer peer;
        (void)state;

        peer_start(&peer, channel, REFUSE);
        assert_int_equal(channel_ask(channel, &request, 60000, 8, &reply, why).err, ERR_ISSUE_REFUSED);
        assert_string_equal(why, "no, because");
        assert_null(reply.memory);
        channel_free(channel);
        pthread_join(peer.thread, NULL);
}

/* Nobody there yet: the call waits; a peer that died unnoticed: what never left goes to the next one. */
static void *come_later(void *arg)
{
        static struct peer later;

        usleep(150 * 1000);
        peer_start(&later, arg, ECHO);
        pthread_join(later.thread, NULL);
        return NULL;
}

static void test_waits_for_the_next_life(void **state)
{
        (void)state;
        for (int died_before = 0; died_before < 2; died_before++) {
                struct channel *channel = channel_new(MSG_PEER_SIGNER);
                struct channel_reply reply;
                pthread_t starter;

                if (died_before) {
                        int pair[2];
                        OK(frame_pair(pair));
                        channel_replace_fd(channel, pair[0]);
                        close(pair[1]);
                }
                pthread_create(&starter, NULL, come_later, channel);
                OK(channel_call(channel, MSG_PROBE, "x", 1, NULL, 0, 60000, &reply));
                channel_reply_done(&reply);
                channel_free(channel);
                pthread_join(starter, NULL);
        }
}

static void test_nobody_comes(void **state)
{
        struct channel *channel = channel_new(MSG_PEER_SIGNER);
        struct channel_reply reply;
        (void)state;

        assert_int_equal(channel_call(channel, MSG_PROBE, "x", 1, NULL, 0, 100, &reply).err, ERR_IPC_TIMEOUT);
        assert_true(channel_away_ms(channel) > 0);
        channel_close(channel);
        assert_int_equal(channel_call(channel, MSG_PROBE, "x", 1, NULL, 0, 100, &reply).err, ERR_IPC_LOST);
        channel_free(channel);
}

/* A batch larger than the peer's life: some answers, the rest lost, none twice and none forgotten. */
static void test_batch_and_death_in_it(void **state)
{
        struct channel *channel = channel_new(MSG_PEER_SIGNER);
        struct channel_request requests[LIMIT_ISSUE_BATCH];
        struct channel_reply replies[LIMIT_ISSUE_BATCH];
        res results[LIMIT_ISSUE_BATCH];
        uint32_t body[LIMIT_ISSUE_BATCH];
        static uint8_t tail[20000]; /* 64 of them do not fit the socket's buffer at once */
        (void)state;

        for (uint32_t i = 0; i < LIMIT_ISSUE_BATCH; i++) {
                body[i] = i;
                requests[i] =
                        (struct channel_request){MSG_SIGNER_ISSUE, bytes_of(&body[i], 4), bytes_of(tail, sizeof(tail))};
        }
        for (int dies = 0; dies < 2; dies++) {
                struct peer peer;
                size_t good = 0;
                peer_start(&peer, channel, dies ? DIE_AFTER_TEN : ECHO);
                channel_call_batch(channel, requests, LIMIT_ISSUE_BATCH, dies ? 2000 : 60000, replies, results);
                for (uint32_t i = 0; i < LIMIT_ISSUE_BATCH; i++) {
                        if (res_is_ok(results[i])) {
                                assert_int_equal(*(const uint32_t *)(const void *)replies[i].body.p, i);
                                good++;
                        } else {
                                assert_true(dies &&
                                            (results[i].err == ERR_IPC_LOST || results[i].err == ERR_IPC_TIMEOUT));
                                assert_null(replies[i].memory);
                        }
                        channel_reply_done(&replies[i]);
                }
                assert_true(dies ? good <= 10 : good == LIMIT_ISSUE_BATCH);
                if (!dies) {
                        int pair[2];
                        OK(frame_pair(pair)); /* ends the first peer */
                        channel_replace_fd(channel, pair[0]);
                        close(pair[1]);
                }
                pthread_join(peer.thread, NULL);
        }
        channel_free(channel);
}

struct asker {
        struct channel *channel;
        pthread_t thread;
        uint32_t good, lost;
        uint32_t seed;
};

struct posted {
        struct channel_request requests[2];
        struct channel_reply replies[2];
        res results[2];
        struct channel_call *call;
        uint32_t body[2], times;
};

static void post(struct channel_box *box, struct posted *posted, uint32_t number, size_t count, int timeout_ms)
{
        *posted = (struct posted){.body = {number, number + 1}};
        for (size_t i = 0; i < count; i++)
                posted->requests[i] = (struct channel_request){MSG_PROBE, bytes_of(&posted->body[i], 4), {0}};
        assert_true(channel_post(box, posted->requests, count, timeout_ms, posted->replies, posted->results, posted, &posted->call));
}

/* Right, or failed in this way. */
static void posted_check(struct posted *posted, size_t count, enum err err)
{
        for (size_t i = 0; i < count; i++) {
                assert_int_equal(posted->results[i].err, err);
                if (err == ERR_NONE)
                        assert_memory_equal(posted->replies[i].body.p, &posted->body[i], 4);
                channel_reply_done(&posted->replies[i]);
        }
        channel_call_free(posted->call);
}

static void test_posted_calls_end_in_their_box(void **state)
{
        struct channel *channel = channel_new(MSG_PEER_PROBER);
        struct channel_box *box = channel_box_new(channel);
        struct peer peer = {.fd = -1};
        struct posted one, two;
        void *owners[4];
        int pair[2];
        sem_t go;
        (void)state;

        sem_init(&go, 0, 0);
        OK(frame_pair(pair));
        peer = (struct peer){.fd = pair[1], .manner = HOLD, .go = &go};
        post(box, &one, 1, 2, 60000); /* before anybody is there */
        assert_int_equal(channel_box_take(box, 5, 4, owners), 0);
        channel_replace_fd(channel, pair[0]);
        pthread_create(&peer.thread, NULL, peer_run, &peer);
        post(box, &two, 3, 1, 60000);
        sem_post(&go);
        assert_int_equal(channel_box_take(box, 20, 4, owners), 0); /* one of two */
        sem_post(&go);
        assert_int_equal(channel_box_take(box, 60000, 4, owners), 1);
        assert_ptr_equal(owners[0], &one);
        assert_int_equal(channel_box_take(box, 5, 4, owners), 0); /* once */
        sem_post(&go);
        assert_int_equal(channel_box_take(box, 60000, 4, owners), 1);
        assert_ptr_equal(owners[0], &two);
        posted_check(&one, 2, ERR_NONE);
        posted_check(&two, 1, ERR_NONE);
        channel_box_free(box);
        channel_free(channel);
        pthread_join(peer.thread, NULL);
        assert_int_equal(peer.served, 3);
        sem_destroy(&go);
}

static void test_posted_calls_that_fail(void **state)
{
        struct channel *channel = channel_new(MSG_PEER_PROBER);
        struct channel_box *box = channel_box_new(channel);
        const struct channel_request too_long = {MSG_PROBE, {(const uint8_t *)"", FRAME_BODY_MAX + 1}, {0}};
        struct channel_call *none = NULL;
        struct channel_reply reply;
        struct posted late, left, lost, again;
        struct peer peer;
        void *owners[4];
        res result;
        (void)state;

        assert_false(channel_post(box, &too_long, 1, 1000, &reply, &result, &reply, &none));
        assert_int_equal(result.err, ERR_IPC_FRAME);
        channel_call_free(NULL);
        post(box, &late, 1, 2, 10);
        post(box, &left, 3, 2, 60000);
        assert_int_equal(channel_box_take(box, 60000, 4, owners), 1); /* its own time is over */
        posted_check(&late, 2, ERR_IPC_TIMEOUT);
        posted_check(&left, 2, ERR_IPC_TIMEOUT); /* given up */
        peer_start(&peer, channel, DIE_AFTER_READING);
        post(box, &lost, 5, 1, 60000);
        assert_int_equal(channel_box_take(box, 60000, 4, owners), 1);
        posted_check(&lost, 1, ERR_IPC_LOST);
        pthread_join(peer.thread, NULL);
        post(box, &again, 7, 2, 60000);
        channel_close(channel);
        assert_int_equal(channel_box_take(box, 60000, 4, owners), 1);
        posted_check(&again, 2, ERR_IPC_LOST);
        channel_box_free(box);
        channel_free(channel);
}

#define POSTERS 4
#define POSTS 300

struct poster {
        struct channel_box *box;
        pthread_t thread;
        struct posted posts[POSTS];
};

static void *post_many(void *arg)
{
        struct poster *poster = arg;

        for (uint32_t i = 0; i < POSTS; i++)
                post(poster->box, &poster->posts[i], i * 2, 1 + i % 2, 60000);
        return NULL;
}

static bool posted_is_sound(const struct posted *posted, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (posted->results[i].err != ERR_IPC_LOST &&
                    (!res_is_ok(posted->results[i]) || memcmp(posted->replies[i].body.p, &posted->body[i], 4) != 0))
                        return false;
        return true;
}

/* Many post, one takes, a call of the ordinary kind beside them, and the peer is exchanged meanwhile: each ends once, right or lost. */
static void test_many_post_many_lives(void **state)
{
        static struct poster posters[POSTERS];
        struct channel *channel = channel_new(MSG_PEER_PROBER);
        struct channel_box *box = channel_box_new(channel);
        struct peer peers[4];
        void *owners[16];
        size_t lives = 0, done = 0;
        (void)state;

        peer_start(&peers[lives++], channel, ECHO);
        for (size_t i = 0; i < POSTERS; i++) {
                posters[i].box = box;
                pthread_create(&posters[i].thread, NULL, post_many, &posters[i]);
        }
        while (done < (size_t)POSTERS * POSTS) {
                size_t n = channel_box_take(box, 60000, 16, owners);
                const uint32_t body = 9;
                struct channel_reply reply;

                assert_true(n > 0);
                for (size_t i = 0; i < n; i++)
                        ((struct posted *)owners[i])->times++;
                done += n;
                if (lives < 4 && done > lives * POSTS)
                        peer_start(&peers[lives++], channel, ECHO);
                (void)!res_is_ok(channel_call(channel, MSG_PROBE, &body, sizeof body, NULL, 0, 60000, &reply));
                channel_reply_done(&reply);
        }
        for (size_t i = 0; i < POSTERS; i++)
                pthread_join(posters[i].thread, NULL);
        for (size_t i = 0; i < POSTERS; i++)
                for (uint32_t k = 0; k < POSTS; k++) {
                        struct posted *posted = &posters[i].posts[k];

                        assert_int_equal(posted->times, 1);
                        assert_true(posted_is_sound(posted, 1 + k % 2));
                        for (size_t r = 0; r < 2; r++)
                                channel_reply_done(&posted->replies[r]);
                        channel_call_free(posted->call);
                }
        channel_box_free(box);
        channel_free(channel);
        for (size_t i = 0; i < lives; i++)
                pthread_join(peers[i].thread, NULL);
}

static void *ask_much(void *arg)
{
        struct asker *asker = arg;

        for (uint32_t i = 0; i < 400; i++) {
                struct channel_reply reply;
                uint32_t body = asker->seed + i;
                res result = channel_call(asker->channel, MSG_PROBE, &body, sizeof(body), NULL, 0, 60000, &reply);
                if (res_is_ok(result) && reply.body.n == 4 && memcmp(reply.body.p, &body, 4) == 0)
                        asker->good++;
                else if (result.err == ERR_IPC_LOST)
                        asker->lost++;
                channel_reply_done(&reply);
        }
        return NULL;
}

/* Many threads, while the peer is exchanged again and again: every call ends right or lost, none hangs or mixes answers. */
static void test_many_threads_many_lives(void **state)
{
        struct channel *channel = channel_new(MSG_PEER_SIGNER);
        struct asker askers[8];
        struct peer peers[20];
        uint32_t good = 0, lost = 0;
        (void)state;

        for (size_t i = 0; i < 8; i++) {
                askers[i] = (struct asker){.channel = channel, .seed = (uint32_t)i * 100000};
                pthread_create(&askers[i].thread, NULL, ask_much, &askers[i]);
        }
        for (size_t i = 0; i < 20; i++) {
                peer_start(&peers[i], channel, ECHO);
                usleep(3000);
        }
        for (size_t i = 0; i < 8; i++) {
                pthread_join(askers[i].thread, NULL);
                good += askers[i].good;
                lost += askers[i].lost;
        }
        channel_free(channel);
        for (size_t i = 0; i < 20; i++)
                pthread_join(peers[i].thread, NULL);
        assert_int_equal(good + lost, 8 * 400);
        assert_true(good > 2000);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_peers_that_fail),       cmocka_unit_test(test_refusal_brings_its_sentence),
                cmocka_unit_test(test_nobody_comes),          cmocka_unit_test(test_waits_for_the_next_life),
                cmocka_unit_test(test_batch_and_death_in_it), cmocka_unit_test(test_many_threads_many_lives),
                cmocka_unit_test(test_echo_and_sizes),        cmocka_unit_test(test_posted_calls_end_in_their_box),
                cmocka_unit_test(test_posted_calls_that_fail), cmocka_unit_test(test_many_post_many_lives),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
