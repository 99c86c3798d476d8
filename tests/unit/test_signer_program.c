/*
 * The signer as a program: asked over its socket, killed, and asked again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/issue_request.h"
#include "../lib/program.h"
#include "base/digest.h"
#include "pki/crl.h"
#include "pki/key.h"
#include "pki/ocsp.h"

#define OK(call) assert_int_equal((call).err, ERR_NONE)

static struct program signer = {.name = "chancery-signer"};
static char *settings[8];
static char config_path[PATH_MAX + 32], url_setting[] = "public.url=http://pki.test";
static struct pki_profiles profiles;
static const struct pki_profile *dv;
static struct pki_kit *kit;
static struct pki_key *key;
static uint8_t info_memory[32 * 1024];
static struct pki_cert issuers[4];
static const char *const issuer_names[4] = {"root-ecc", "root-rsa", "dv-ecc", "dv-rsa"};

static void write_config(const char *text)
{
        FILE *file = fopen(config_path, "we");
        fputs(text, file);
        fclose(file);
}

static void read_profiles(void)
{
        static char text[65536];
        CLEAN(buf_done) struct buf why = {0};
        FILE *file = fopen(TEST_SOURCE_DIR "/catalogue/profiles.ini", "re");

        buf_init(&why, 1000);
        assert_non_null(file);
        size_t n = fread(text, 1, sizeof(text), file);
        fclose(file);
        OK(pki_profiles_parse((struct str){text, n}, &profiles, &why));
        dv = pki_profiles_find(&profiles, STR("dv"));
        assert_non_null(dv);
}

static int start_all(void **state)
{
        (void)state;
        program_make_data(&signer);
        snprintf(config_path, sizeof(config_path), "%s/chancery.conf", signer.data_dir);
        write_config("[issuance]\noff =\n");
        const char *const given[] = {"--config",  config_path, "--set",
                                     url_setting, "--set",     "catalogue.dir=" TEST_SOURCE_DIR "/catalogue"};
        for (size_t i = 0; i < 6; i++)
                settings[i] = (char *)(uintptr_t)given[i];
        signer.settings = settings;
        program_start(&signer);
        read_profiles();
        OK(pki_kit_new(&kit));
        OK(pki_key_generate(PKI_KEY_EC_P256, &key));
        return 0;
}

static int stop_all(void **state)
{
        (void)state;
        assert_int_equal(program_stop(&signer), 0);
        channel_free(signer.channel);
        program_remove_data(&signer);
        pki_key_free(key);
        pki_kit_free(kit);
        return 0;
}

/* ---- asking ---------------------------------------------------------------------------------------- */

static res issue(const struct issue_request *request, struct channel_reply *reply, char *why)
{
        struct channel_request out = issue_request_out(request);
        return channel_ask(signer.channel, &out, 10000, sizeof(struct msg_signer_issue_reply), reply, why);
}

static bool was_repeated(const struct channel_reply *reply)
{
        struct msg_signer_issue_reply body;
        memcpy(&body, reply->body.p, sizeof(body));
        assert_int_equal(body.cert_len, reply->tail.n);
        return body.repeated != 0;
}

static void test_issuers(void **state)
{
        struct channel_reply reply;
        struct channel_request ask = {.type = MSG_SIGNER_INFO};
        size_t at = 0;
        (void)state;

        OK(channel_ask(signer.channel, &ask, 30000, sizeof(struct msg_signer_info_reply), &reply, NULL));
        assert_true(reply.tail.n <= sizeof(info_memory));
        memcpy(info_memory, reply.tail.p, reply.tail.n);
        for (int i = 0; i < 4; i++) {
                struct msg_issuer head;
                memcpy(&head, info_memory + at, sizeof(head));
                assert_string_equal(head.name, issuer_names[i]);
                OK(pki_cert_parse(bytes_of(info_memory + at + sizeof(head), head.cert_len), &issuers[i]));
                const struct pki_cert *parent = *head.parent ? &issuers[i - 2] : &issuers[i];
                assert_string_equal(head.parent, i < 2 ? "" : issuer_names[i - 2]);
                OK(pki_cert_verify(kit, &issuers[i], &parent->spki));
                assert_true(issuers[i].is_ca);
                at += sizeof(head) + head.cert_len;
        }
        channel_reply_done(&reply);
}

/* The same serial and request: the same bytes, before and after kill -9; another request with it: refused. */
static void test_a_serial_is_one_certificate(void **state)
{
        struct channel_reply first, again;
        struct issue_request request, other;
        char why[LIMIT_ERR_DETAIL + 1];
        struct pki_cert cert;
        (void)state;

        for (int i = 2; i < 4; i++) {
                issue_request_make(&request, dv, issuer_names[i], pki_key_spki(key), "example.com");
                OK(issue(&request, &first, why));
                assert_false(was_repeated(&first));
                OK(pki_cert_parse(first.tail, &cert));
                OK(pki_cert_verify(kit, &cert, &issuers[i].spki));
                assert_int_equal(cert.not_after - cert.not_before, 90 * 86400 - 1);
                assert_memory_equal(cert.serial.p, request.body.serial, 16);
                for (int kill_it = 0; kill_it < 2; kill_it++) {
                        if (kill_it) {
                                program_kill(&signer);
                                program_start(&signer);
                        }
                        request.body.caa_checked_at -=
                                9 * 3600; /* a repeat is no new issue: a stale verdict does not matter */
                        OK(issue(&request, &again, why));
                        assert_true(was_repeated(&again));
                        assert_int_equal(again.tail.n, first.tail.n);
                        assert_memory_equal(again.tail.p, first.tail.p, first.tail.n);
                        channel_reply_done(&again);
                }
                issue_request_make(&other, dv, issuer_names[i], pki_key_spki(key), "example.org");
                memcpy(other.body.serial, request.body.serial, sizeof(other.body.serial));
                assert_int_equal(issue(&other, &again, why).err, ERR_ISSUE_REFUSED);
                assert_non_null(strstr(why, "serial"));
                channel_reply_done(&first);
                issue_request_done(&request);
                issue_request_done(&other);
        }
}

/* A rule of the judge, of the lint and of the key gate each: a refusal has a sentence and leaves nothing in the log. */
static void test_refusals(void **state)
{
        struct channel_reply reply;
        struct issue_request request;
        char why[LIMIT_ERR_DETAIL + 1];
        uint8_t off_curve[200];
        (void)state;

        issue_request_make(&request, dv, "dv-ecc", pki_key_spki(key), "under_score.example.com");
        assert_int_equal(issue(&request, &reply, why).err, ERR_ISSUE_REFUSED); /* the judge wants plain letters */
        issue_request_done(&request);
        issue_request_make(&request, dv, "dv-ecc", pki_key_spki(key), "1.2.3.in-addr.arpa");
        assert_int_equal(issue(&request, &reply, why).err, ERR_LINT);
        assert_non_null(strstr(why, "dns_reverse_zone"));
        request.body.serial[3]++;
        assert_int_equal(issue(&request, &reply, why).err, ERR_LINT); /* the batch before left no trace of it */
        issue_request_done(&request);
        struct bytes spki = pki_key_spki(key);
        memcpy(off_curve, spki.p, spki.n);
        off_curve[spki.n - 1] ^= 1;
        issue_request_make(&request, dv, "dv-ecc", bytes_of(off_curve, spki.n), "example.com");
        assert_int_equal(issue(&request, &reply, why).err, ERR_LINT);
        assert_non_null(strstr(why, "key_weak"));
        issue_request_done(&request);
        issue_request_make(&request, dv, "dv-ecc", issuers[2].spki.der, "example.com");
        assert_int_equal(issue(&request, &reply, why).err, ERR_ISSUE_REFUSED);
        assert_non_null(strstr(why, "CA's own"));
        issue_request_done(&request);
        issue_request_make(&request, dv, "root-ecc", pki_key_spki(key), "example.com");
        assert_int_equal(issue(&request, &reply, why).err, ERR_ISSUE_REFUSED);
        issue_request_done(&request);
}

/* Messages of wrong sizes: an error each, and it still works. */
static void test_nonsense(void **state)
{
        static const enum msg_type types[] = {
                MSG_SIGNER_INFO,    MSG_SIGNER_ISSUE, MSG_SIGNER_LISTENER, MSG_SIGNER_CRL_BEGIN, MSG_SIGNER_CRL_ADD,
                MSG_SIGNER_CRL_END, MSG_SIGNER_OCSP,  MSG_SIGNER_LOG,      MSG_SIGNER_HAS, MSG_VAULT_OPEN,       (enum msg_type)12345};
        static uint8_t bytes[4096];
        (void)state;

        for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
                for (size_t n = 1; n < 700; n += 3) {
                        struct channel_reply reply;
                        random_bytes(bytes, sizeof(bytes));
                        if (n % 2)
                                memset(bytes, 0xff, sizeof(bytes));
                        OK(channel_call(signer.channel, types[i], bytes, n, bytes, n * 5, 10000, &reply));
                        assert_int_not_equal(reply.err, ERR_NONE);
                        assert_int_equal(reply.body.n, 0);
                        channel_reply_done(&reply);
                }
        assert_int_equal(program_ended(&signer), -1);
}

/* ---- killed in the middle ----------------------------------------------------------------------------- */

#define ROUND 32

static void reap_and_restart(void)
{
        (void)program_wait(&signer);
        program_start(&signer);
}

/*
 * kill -9 at different moments of a batch.  What was answered is given again with the same bytes; of what was not
 * answered some was logged already (`repeated`), the rest is signed now; and no serial stands twice in the log.
 */
static void test_killed_between_log_and_answer(void **state)
{
        struct issue_request requests[ROUND];
        struct channel_request out[ROUND];
        struct channel_reply before[ROUND], after[ROUND];
        res results[ROUND], again[ROUND];
        int logged_unanswered = 0, rounds = 0;
        (void)state;

        for (; rounds < 60 && (logged_unanswered < 3 || rounds < 10); rounds++) {
                for (size_t i = 0; i < ROUND; i++) {
                        issue_request_make(&requests[i], dv, "dv-ecc", pki_key_spki(key), "example.com");
                        out[i] = issue_request_out(&requests[i]);
                }
                pid_t killer = fork(), victim = signer.pid;
                if (killer == 0) {
                        usleep((useconds_t)(rounds % 20) * 400);
                        kill(victim, SIGKILL);
                        _exit(0);
                }
                channel_call_batch(signer.channel, out, ROUND, 5000, before, results);
                waitpid(killer, NULL, 0);
                reap_and_restart();
                channel_call_batch(signer.channel, out, ROUND, 10000, after, again);
                for (size_t i = 0; i < ROUND; i++) {
                        OK(again[i]);
                        assert_int_equal(after[i].err, ERR_NONE);
                        if (res_is_ok(results[i])) {
                                assert_true(was_repeated(&after[i]));
                                assert_int_equal(after[i].tail.n, before[i].tail.n);
                                assert_memory_equal(after[i].tail.p, before[i].tail.p, before[i].tail.n);
                        } else {
                                logged_unanswered += was_repeated(&after[i]);
                        }
                        channel_reply_done(&before[i]);
                        channel_reply_done(&after[i]);
                        issue_request_done(&requests[i]);
                }
        }
        print_message("%d rounds, %d certificates were logged and not answered\n", rounds, logged_unanswered);
}

static int compare_serials(const void *a, const void *b)
{
        return memcmp(a, b, MSG_SERIAL_SIZE);
}

/* Asked by serial: two that are there, and between them one that is not. */
static void check_has(const uint8_t *one, const uint8_t *other)
{
        const struct msg_signer_has body = {.count = 3};
        uint8_t asked[3 * MSG_SERIAL_SIZE];
        struct channel_request ask = {MSG_SIGNER_HAS, bytes_of(&body, sizeof(body)), bytes_of(asked, sizeof(asked))};
        struct channel_reply reply;

        memcpy(asked, one, MSG_SERIAL_SIZE);
        random_bytes(asked + MSG_SERIAL_SIZE, MSG_SERIAL_SIZE);
        memcpy(asked + (size_t)2 * MSG_SERIAL_SIZE, other, MSG_SERIAL_SIZE);
        OK(channel_ask(signer.channel, &ask, 10000, sizeof(body), &reply, NULL));
        assert_int_equal(reply.tail.n, 3);
        assert_memory_equal(reply.tail.p, "\1\0\1", 3);
        channel_reply_done(&reply);
}

/* The whole log from the outside: the chain holds, every certificate is readable, every serial is there once. */
static void test_log(void **state)
{
        uint8_t chain[MSG_HASH_SIZE] = {0};
        static uint8_t serials[20000][MSG_SERIAL_SIZE];
        struct msg_signer_log body = {.offset = 0};
        size_t count = 0;
        bool more = true;
        CLEAN(buf_done) struct buf text = {0};
        (void)state;

        buf_init(&text, 100000);
        while (more) {
                struct channel_reply reply;
                struct channel_request ask = {MSG_SIGNER_LOG, bytes_of(&body, sizeof(body)), {0}};
                struct msg_signer_log_reply head;
                OK(channel_ask(signer.channel, &ask, 10000, sizeof(head), &reply, NULL));
                memcpy(&head, reply.body.p, sizeof(head));
                const uint8_t *at = reply.tail.p;
                for (uint32_t i = 0; i < head.entry_count; i++) {
                        struct msg_log_item item;
                        struct pki_cert cert;
                        memcpy(&item, at, sizeof(item));
                        at += sizeof(item);
                        buf_clear(&text);
                        buf_add(&text, chain, sizeof(chain));
                        buf_add(&text, &item.entry, sizeof(item.entry));
                        buf_add(&text, at, item.entry.cert_len);
                        digest_sha256(buf_bytes(&text), chain);
                        assert_memory_equal(chain, item.chain, MSG_HASH_SIZE);
                        OK(pki_cert_parse(bytes_of(at, item.entry.cert_len), &cert));
                        assert_memory_equal(cert.serial.p, item.entry.serial, MSG_SERIAL_SIZE);
                        memcpy(serials[count++], item.entry.serial, MSG_SERIAL_SIZE);
                        at += item.entry.cert_len;
                }
                assert_ptr_equal(at, reply.tail.p + reply.tail.n);
                more = head.next_offset != body.offset;
                body.offset = head.next_offset;
                channel_reply_done(&reply);
        }
        assert_true(count > 300);
        qsort(serials, count, MSG_SERIAL_SIZE, compare_serials);
        for (size_t i = 1; i < count; i++)
                assert_memory_not_equal(serials[i - 1], serials[i], MSG_SERIAL_SIZE);
        check_has(serials[0], serials[count - 1]);
}

/* ---- status --------------------------------------------------------------------------------------------- */

static res ask_crl(enum msg_type type, const void *body, size_t body_size, const void *tail, size_t tail_size,
                   size_t reply_size, struct channel_reply *reply)
{
        struct channel_request ask = {type, bytes_of(body, body_size), bytes_of(tail, tail_size)};
        return channel_ask(signer.channel, &ask, 10000, reply_size, reply, NULL);
}

/* The entries `times` times over, joined with what the signer gave: does its signature fit? */
static enum err verify_list(const struct pki_crl_frame *frame, const struct msg_crl_entry *entries, size_t count, int times)
{
        CLEAN(pki_crl_free_ptr) struct pki_crl *crl = NULL;
        struct bytes tbs, der;

        OK(pki_crl_new(1 << 20, &crl));
        for (size_t i = 0; i < count * (size_t)times; i++) {
                const struct msg_crl_entry *entry = &entries[i % count];
                OK(pki_crl_add(crl, bytes_of(entry->serial, sizeof(entry->serial)), entry->revoked_at, entry->reason));
        }
        OK(pki_crl_join(crl, pki_alg_of(PKI_KEY_EC_P256), frame, &tbs, &der));
        return pki_spki_verify(kit, &issuers[2].spki, pki_alg_of(PKI_KEY_EC_P256), tbs, frame->signature).err;
}

static void test_crl(void **state)
{
        int64_t now = clock_now_sec();
        struct msg_signer_crl_begin begin = {.issuer = "dv-ecc",
                                             .entry_count = 5000,
                                             .number = 7,
                                             .this_update = now,
                                             .next_update = now + 7 * 86400};
        static struct msg_crl_entry entries[2500];
        struct msg_signer_crl_add add = {.entry_count = 2500};
        struct msg_signer_crl_end_reply end;
        struct channel_reply reply;
        (void)state;

        for (size_t i = 0; i < 2500; i++) {
                random_bytes(entries[i].serial, sizeof(entries[i].serial));
                pki_serial_fix(entries[i].serial);
                entries[i].revoked_at = (uint32_t)now - 5;
                entries[i].reason = i % 2 ? 4 : 0;
        }
        assert_int_equal(ask_crl(MSG_SIGNER_CRL_END, NULL, 0, NULL, 0, sizeof(end), &reply).err,
                         ERR_IPC_FRAME); /* none begun */
        begin.next_update = now + 11 * 86400;
        assert_int_equal(ask_crl(MSG_SIGNER_CRL_BEGIN, &begin, sizeof(begin), NULL, 0, 0, &reply).err,
                         ERR_ISSUE_REFUSED);
        begin.next_update = now + 7 * 86400;
        OK(ask_crl(MSG_SIGNER_CRL_BEGIN, &begin, sizeof(begin), NULL, 0, 0, &reply));
        channel_reply_done(&reply);
        OK(ask_crl(MSG_SIGNER_CRL_ADD, &add, sizeof(add), entries, sizeof(entries), 0, &reply));
        channel_reply_done(&reply);
        assert_int_equal(ask_crl(MSG_SIGNER_CRL_END, NULL, 0, NULL, 0, sizeof(end), &reply).err,
                         ERR_IPC_FRAME); /* too few */
        OK(ask_crl(MSG_SIGNER_CRL_ADD, &add, sizeof(add), entries, sizeof(entries), 0, &reply));
        channel_reply_done(&reply);
        assert_int_equal(ask_crl(MSG_SIGNER_CRL_ADD, &add, sizeof(add), entries, sizeof(entries), 0, &reply).err,
                         ERR_IPC_FRAME); /* too many */
        OK(ask_crl(MSG_SIGNER_CRL_END, NULL, 0, NULL, 0, sizeof(end), &reply));
        memcpy(&end, reply.body.p, sizeof(end));
        assert_int_equal(end.fields_len + end.extensions_len + end.signature_len, reply.tail.n);
        const struct pki_crl_frame frame = {
                bytes_of(reply.tail.p, end.fields_len), bytes_of(reply.tail.p + end.fields_len, end.extensions_len),
                bytes_of(reply.tail.p + end.fields_len + end.extensions_len, end.signature_len)};
        assert_int_equal(verify_list(&frame, entries, 2500, 2), ERR_NONE);
        assert_int_equal(verify_list(&frame, entries, 2500, 1), ERR_SIGNATURE); /* it is of these entries, and all of them */
        entries[2499].reason ^= 4;
        assert_int_equal(verify_list(&frame, entries, 2500, 2), ERR_SIGNATURE);
        channel_reply_done(&reply);
        assert_int_equal(ask_crl(MSG_SIGNER_CRL_END, NULL, 0, NULL, 0, sizeof(end), &reply).err,
                         ERR_IPC_FRAME); /* a list is signed once */
}

/* A root's list says nothing about a part: programs that look up every certificate of a chain take it for the CAs below. */
static void test_crl_of_root(void **state)
{
        int64_t now = clock_now_sec();
        struct msg_signer_crl_begin begin = {
                .issuer = "root-ecc", .number = 1, .this_update = now, .next_update = now + 86400};
        struct channel_reply reply;
        (void)state;

        OK(ask_crl(MSG_SIGNER_CRL_BEGIN, &begin, sizeof(begin), NULL, 0, 0, &reply));
        channel_reply_done(&reply);
        OK(ask_crl(MSG_SIGNER_CRL_END, NULL, 0, NULL, 0, sizeof(struct msg_signer_crl_end_reply), &reply));
        assert_null(memmem(reply.tail.p, reply.tail.n, "\x55\x1d\x1c", 3)); /* issuingDistributionPoint */
        channel_reply_done(&reply);
}

/* "good" for what was signed here by this issuer, and for nothing else (incident 9, DigiNotar 2011). */
static void test_ocsp(void **state)
{
        int64_t now = clock_now_sec();
        struct issue_request request;
        struct channel_reply reply;
        (void)state;

        issue_request_make(&request, dv, "dv-ecc", pki_key_spki(key), "example.com");
        OK(issue(&request, &reply, NULL));
        channel_reply_done(&reply);
        struct msg_signer_ocsp body = {.issuer = "dv-ecc",
                                       .serial_len = 16,
                                       .hash_alg = 1,
                                       .status = MSG_OCSP_GOOD,
                                       .this_update = now,
                                       .next_update = now + 86400,
                                       .nonce_len = 16};
        memcpy(body.serial + 4, request.body.serial, 16);
        issue_request_done(&request);
        static const struct {
                const char *issuer;
                uint32_t status;
                int64_t life;
                uint8_t flip;
                enum err err;
        } cases[] = {
                {"dv-ecc", MSG_OCSP_GOOD, 86400, 1, ERR_ISSUE_REFUSED},
                {"dv-rsa", MSG_OCSP_GOOD, 86400, 0, ERR_ISSUE_REFUSED},
                {"dv-ecc", MSG_OCSP_GOOD, 11 * 86400, 0, ERR_ISSUE_REFUSED},
                {"root-ecc", MSG_OCSP_UNKNOWN, 86400, 0, ERR_NOT_FOUND},
                {"dv-ecc", 3, 86400, 0, ERR_IPC_FRAME},
                {"dv-ecc", MSG_OCSP_UNKNOWN, 86400, 1, ERR_NONE},
                {"dv-ecc", MSG_OCSP_REVOKED, 86400, 0, ERR_NONE},
                {"dv-ecc", MSG_OCSP_GOOD, 86400, 0, ERR_NONE},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct msg_signer_ocsp ask = body;
                snprintf(ask.issuer, sizeof(ask.issuer), "%s", cases[i].issuer);
                memset(ask.issuer + strlen(ask.issuer), 0, sizeof(ask.issuer) - strlen(ask.issuer));
                ask.status = cases[i].status;
                ask.revoked_at = now - 5;
                ask.next_update = now + cases[i].life;
                ask.serial[19] ^= cases[i].flip;
                struct channel_request out = {MSG_SIGNER_OCSP, bytes_of(&ask, sizeof(ask)),
                                              bytes_of("0123456789abcdef", 16)};
                res asked =
                        channel_ask(signer.channel, &out, 10000, sizeof(struct msg_signer_ocsp_reply), &reply, NULL);
                if (asked.err != cases[i].err)
                        fail_msg("case %zu: %s", i, err_name(asked.err));
                assert_true(!res_is_ok(asked) || reply.tail.n > 500);
                channel_reply_done(&reply);
        }
}

/* ---- the stop button ------------------------------------------------------------------------------------- */

/* As the parent does when the file has changed. */
static void bring_config(void)
{
        int fd = open(config_path, O_RDONLY | O_CLOEXEC);
        OK(control_send_fd(signer.control, MSG_FD_CONFIG, MSG_PEER_PARENT, fd));
        close(fd);
}

/* issuance.off in the configuration file works as soon as the signer has it, without a restart, and ends as fast. */
static void test_issuance_off(void **state)
{
        static const struct {
                const char *config;
                enum err err;
        } steps[] = {{"[issuance]\noff = dv-ecc\n", ERR_ISSUE_OFF},
                     {"[issuance]\noff =\n", ERR_NONE},
                     {"[issuance]\noff = dns, file\n", ERR_ISSUE_OFF},
                     {"[issuance]\noff = dns-txt\nno such line\n", ERR_ISSUE_OFF},
                     {"[issuance]\noff =\n", ERR_NONE}};
        (void)state;

        pid_t before = signer.pid;
        for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
                int64_t since = clock_mono_ms();
                res asked = FAIL(ERR_INTERNAL);
                write_config(steps[i].config);
                bring_config();
                while (asked.err != steps[i].err && clock_mono_ms() - since < 60000) {
                        struct issue_request request;
                        struct channel_reply reply;
                        issue_request_make(&request, dv, "dv-ecc", pki_key_spki(key), "example.com");
                        asked = issue(&request, &reply, NULL);
                        channel_reply_done(&reply);
                        issue_request_done(&request);
                        usleep(50000);
                }
                assert_int_equal(asked.err, steps[i].err);
        }
        assert_int_equal(program_ended(&signer), -1);
        assert_int_equal(signer.pid, before);
}

static void test_listener(void **state)
{
        struct msg_signer_listener body = {.spki_len = (uint32_t)pki_key_spki(key).n};
        struct channel_request ask = {MSG_SIGNER_LISTENER, bytes_of(&body, sizeof(body)), pki_key_spki(key)};
        struct channel_reply reply;
        struct pki_cert cert;
        (void)state;

        OK(channel_ask(signer.channel, &ask, 10000, sizeof(struct msg_signer_issue_reply), &reply, NULL));
        OK(pki_cert_parse(reply.tail, &cert));
        OK(pki_cert_verify(kit, &cert, &issuers[2].spki));
        channel_reply_done(&reply);
}

/* Another master key opens nothing, and says so; nothing is made anew over what is there. */
static void test_wrong_master_key(void **state)
{
        char path[PATH_MAX + 32], kept[PATH_MAX + 32];
        (void)state;

        assert_int_equal(program_stop(&signer), 0);
        snprintf(path, sizeof(path), "%s/keys/master", signer.data_dir);
        snprintf(kept, sizeof(kept), "%s/keys/kept", signer.data_dir);
        assert_int_equal(rename(path, kept), 0);
        int fd = open(path, O_WRONLY | O_CREAT, 0400);
        assert_int_equal(write(fd, "another master key, 32 bytes long", 33), 33);
        close(fd);
        program_start(&signer);
        int status = program_wait(&signer);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
        assert_int_equal(rename(kept, path), 0);
        program_start(&signer);
        test_issuers(NULL);
}

/* ---- a first start that was cut ------------------------------------------------------------------- */

static void file_of(const char *name, char path[PATH_MAX + 32])
{
        snprintf(path, PATH_MAX + 32, "%s/%s", signer.data_dir, name);
}

static void move_file(const char *from_name, const char *to_name)
{
        char from[PATH_MAX + 32], to[PATH_MAX + 32];

        file_of(from_name, from);
        file_of(to_name, to);
        assert_int_equal(rename(from, to), 0);
}

static void cut_dv_ecc(void)
{
        program_kill(&signer);
        move_file("keys/dv-ecc.sealed", "keys/dv-ecc.made.sealed");
}

static bool dv_ecc_stays(void)
{
        static uint8_t before[LIMIT_CERT_BYTES];
        size_t n = issuers[2].der.n;

        assert_true(n <= sizeof(before));
        memcpy(before, issuers[2].der.p, n);
        program_start(&signer);
        test_issuers(NULL);
        return issuers[2].der.n == n && memcmp(issuers[2].der.p, before, n) == 0;
}

/* The record is in the log and the key has no name yet: that issuer it is.  In any other case nobody ever heard of it, and it is made again. */
static void test_cut_while_an_issuer_is_made(void **state)
{
        (void)state;
        test_issuers(NULL);
        cut_dv_ecc();
        assert_true(dv_ecc_stays());

        cut_dv_ecc(); /* while it was made again: the certificate of another key */
        move_file("keys/dv-ecc.der", "keys/kept.der");
        move_file("keys/dv-rsa.der", "keys/dv-ecc.der");
        move_file("keys/dv-rsa.sealed", "keys/dv-rsa.made.sealed");
        assert_false(dv_ecc_stays());

        cut_dv_ecc(); /* before the log had it */
        move_file("log/issued.log", "log/kept.log");
        move_file("log/issued.idx", "log/kept.idx");
        assert_false(dv_ecc_stays());
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_issuers),
                cmocka_unit_test(test_nonsense),
                cmocka_unit_test(test_refusals),
                cmocka_unit_test(test_a_serial_is_one_certificate),
                cmocka_unit_test(test_listener),
                cmocka_unit_test(test_crl),
                cmocka_unit_test(test_crl_of_root),
                cmocka_unit_test(test_ocsp),
                cmocka_unit_test(test_killed_between_log_and_answer),
                cmocka_unit_test(test_log),
                cmocka_unit_test(test_issuance_off),
                cmocka_unit_test(test_wrong_master_key),
                cmocka_unit_test(test_cut_while_an_issuer_is_made),
        };
        signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, start_all, stop_all);
}
