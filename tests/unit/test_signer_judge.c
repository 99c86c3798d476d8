/*
 * What the signer refuses, one case a rule, and that the rest passes.  The request is built as the server builds it, then
 * spoiled in one place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "ipc/frame.h"
#include "signer/judge.h"
#include "signer/signer.h"

#define NOW 1800000000LL
#define DAY 86400LL

struct proof {
        const char *name;
        uint32_t method;
        int64_t age_sec;
};

struct wish {
        const char *label;
        const char *names[3]; /* up to three */
        struct proof proofs[3];
        const char *common_name;      /* NULL = the first name */
        const char *issuer, *profile; /* NULL = dv-ecc, dv */
        int64_t begin, days, caa_age; /* begin: from now; days 0 = 90 */
        const char *off;              /* a word that is switched off */
        bool hash_differs, last_signed_later;
        uint8_t serial_first; /* 0 = 0x40 */
        int64_t extra_sec;    /* added to the life */
        enum err err;
        const char *why; /* part of the sentence */
};

static const struct wish wishes[] = {
        /* evidence: names ⊆ what was proved */
        {"no evidence",
         {"a.example.com"},
         {{NULL, 0, 0}},
         .err = ERR_ISSUE_REFUSED,
         .why = "no evidence that covers a.example.com"},
        {"another name",
         {"a.example.com"},
         {{"b.example.com", MSG_METHOD_DNS_TXT, 10}},
         .err = ERR_ISSUE_REFUSED,
         .why = "no evidence"},
        /* incident 7 (2025: evidence for a mailbox's domain): the exact name, its parent by DNS, and nothing derived */
        {"a parent's end only",
         {"badexample.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .err = ERR_ISSUE_REFUSED,
         .why = "no evidence"},
        {"a name below proves not the one above",
         {"example.com"},
         {{"a.example.com", MSG_METHOD_DNS_TXT, 10}},
         .err = ERR_ISSUE_REFUSED,
         .why = "no evidence"},
        {"second name unproved",
         {"a.example.com", "example.org"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .err = ERR_ISSUE_REFUSED,
         .why = "example.org"},
        {"third name unproved",
         {"a.example.com", "example.com", "x.org"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .err = ERR_ISSUE_REFUSED,
         .why = "x.org"},
        {"BR 3.2.2.4.18: a file proves no sub-name",
         {"a.example.com"},
         {{"example.com", MSG_METHOD_FILE, 10}},
         .err = ERR_ISSUE_REFUSED,
         .why = "no evidence"},
        {"BR 3.2.2.4.18: a file proves no wildcard",
         {"*.example.com"},
         {{"example.com", MSG_METHOD_FILE, 10}},
         .err = ERR_ISSUE_REFUSED,
         .why = "no evidence"},
        {"http-01 proves no wildcard",
         {"*.example.com"},
         {{"example.com", MSG_METHOD_HTTP_01, 10}},
         .err = ERR_ISSUE_REFUSED,
         .why = "no evidence"},
        {"a wildcard is no evidence",
         {"a.example.com"},
         {{"*.example.com", MSG_METHOD_DNS_TXT, 10}},
         .err = ERR_ISSUE_REFUSED,
         .why = "no evidence"},
        {"a top level proves nothing below",
         {"example.com"},
         {{"com", MSG_METHOD_DNS_TXT, 10}},
         .err = ERR_ISSUE_REFUSED,
         .why = "no evidence"},
        {"no method",
         {"example.com"},
         {{"example.com", MSG_METHOD_NONE, 10}},
         .err = ERR_ISSUE_REFUSED,
         .why = "no evidence"},
        {"unknown method", {"example.com"}, {{"example.com", 99, 10}}, .err = ERR_ISSUE_REFUSED, .why = "no evidence"},
        {"upper case",
         {"Example.com"},
         {{"Example.com", MSG_METHOD_FILE, 10}},
         .err = ERR_ISSUE_REFUSED,
         .why = "no evidence"},
        {"DCV-33: too old",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 397 * DAY + 1}},
         .err = ERR_ISSUE_REFUSED,
         .why = "too old"},
        {"from the future",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, -60}},
         .err = ERR_ISSUE_REFUSED,
         .why = "too old or from the future"},
        {"no name",
         {NULL},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .common_name = "",
         .err = ERR_ISSUE_REFUSED,
         .why = "no name"},
        {"common name is none of the names",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .common_name = "www.example.com",
         .err = ERR_ISSUE_REFUSED,
         .why = "common name"},
        /* CAA: at most 8 h before (BR 4.2.2.1) */
        {"CAA too old",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .caa_age = 8 * 3600 + 1,
         .err = ERR_ISSUE_REFUSED,
         .why = "8 hours"},
        {"CAA from the future",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .caa_age = -60,
         .err = ERR_ISSUE_REFUSED,
         .why = "future"},
        /* profile and issuer; incident 12 (2023: the profile changed between two signatures) */
        {"another hash",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .hash_differs = true,
         .err = ERR_ISSUE_REFUSED,
         .why = "hash"},
        {"no such profile",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .profile = "ev",
         .err = ERR_ISSUE_REFUSED,
         .why = "no profile"},
        {"the listener's profile",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .profile = "listener",
         .err = ERR_ISSUE_REFUSED,
         .why = "ordered"},
        {"a CA's profile",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .profile = "intermediate",
         .err = ERR_ISSUE_REFUSED,
         .why = "ordered"},
        {"issuer of another level",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .issuer = "ov-ecc",
         .err = ERR_ISSUE_REFUSED,
         .why = "level"},
        /* dates */
        {"notBefore too early",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .begin = -48 * 3600 - 1,
         .err = ERR_ISSUE_REFUSED,
         .why = "48 hours"},
        {"notBefore too late",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .begin = 48 * 3600 + 1,
         .err = ERR_ISSUE_REFUSED,
         .why = "48 hours"},
        {"one second too long", /* incident 4 (2021) */
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .days = 200,
         .extra_sec = 1,
         .err = ERR_ISSUE_REFUSED,
         .why = "200 days"},
        {"over already",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .days = 1,
         .begin = -40 * 3600,
         .err = ERR_ISSUE_REFUSED,
         .why = "passed"},
        {"the clock went back",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .last_signed_later = true,
         .err = ERR_ISSUE_REFUSED,
         .why = "went back"},
        /* serial; incident 3 (2019: 63 bits) */
        {"negative serial",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .serial_first = 0xc0,
         .err = ERR_ISSUE_REFUSED,
         .why = "serial"},
        {"short serial",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .serial_first = 0x01,
         .err = ERR_ISSUE_REFUSED,
         .why = "serial"},
        /* the stop button: issuer, profile, method */
        {"issuer off",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .off = "dv-ecc",
         .err = ERR_ISSUE_OFF,
         .why = "dv-ecc"},
        {"profile off",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .off = "dv",
         .err = ERR_ISSUE_OFF,
         .why = "dv"},
        {"everything off",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .off = "all",
         .err = ERR_ISSUE_OFF,
         .why = "all"},
        {"method off", /* incident 8 (TLS-SNI-01, 2018): what it proved before is void too */
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}},
         .off = "dns-txt",
         .err = ERR_ISSUE_OFF,
         .why = "method"},
        {"family of methods off",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_CNAME, 10}},
         .off = "dns",
         .err = ERR_ISSUE_OFF,
         .why = "method"},
        {"file off",
         {"example.com"},
         {{"example.com", MSG_METHOD_FILE, 10}},
         .off = "file",
         .err = ERR_ISSUE_OFF,
         .why = "method"},
        /* what passes */
        {"exact, by DNS", {"example.com"}, {{"example.com", MSG_METHOD_DNS_TXT, 10}}, .err = ERR_NONE},
        {"below, by DNS (BR 3.2.2.4.7)",
         {"www.example.com", "example.com"},
         {{"example.com", MSG_METHOD_DNS_CNAME, 10}},
         .err = ERR_NONE},
        {"wildcard by DNS", {"*.example.com"}, {{"example.com", MSG_METHOD_DNS_01, 10}}, .err = ERR_NONE},
        {"wildcard below", {"*.a.example.com"}, {{"example.com", MSG_METHOD_DNS_TXT, 10}}, .err = ERR_NONE},
        {"exact, by file, each its own",
         {"www.example.com", "example.com"},
         {{"example.com", MSG_METHOD_FILE, 10}, {"www.example.com", MSG_METHOD_FILE, 9}},
         .err = ERR_NONE},
        {"one old, one fresh",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 500 * DAY}, {"example.com", MSG_METHOD_FILE, 10}},
         .err = ERR_NONE},
        {"one method off, another on",
         {"example.com"},
         {{"example.com", MSG_METHOD_DNS_TXT, 10}, {"example.com", MSG_METHOD_FILE, 10}},
         .off = "dns"},
        {"as old as may be", {"example.com"}, {{"example.com", MSG_METHOD_DNS_TXT, 397 * DAY}}, .caa_age = 8 * 3600},
        {"as long as may be", {"example.com"}, {{"example.com", MSG_METHOD_DNS_TXT, 10}}, .days = 200},
        {"no common name", {"example.com"}, {{"example.com", MSG_METHOD_DNS_TXT, 10}}, .common_name = ""},
        {"a single label, itself proved",
         {"intranet"},
         {{"intranet", MSG_METHOD_FILE, 10}},
         .err = ERR_NONE}, /* the lint and the profile judge names */
};

static struct pki_profile leaf = {.name = "dv", .kind = PKI_PROFILE_LEAF, .max_days = 398, .evidence_days = 397, .hash = {1, 2, 3}};
static struct pki_profile listener = {
        .name = "listener", .kind = PKI_PROFILE_LEAF, .max_days = 90, .evidence_days = 397, .internal_names = true, .hash = {1, 2, 3}};
static struct pki_profile ca = {
        .name = "intermediate", .kind = PKI_PROFILE_INTERMEDIATE, .max_days = 90, .evidence_days = 397, .hash = {1, 2, 3}};

static const struct pki_profile *profile_of(const struct wish *wish)
{
        const char *name = wish->profile ? wish->profile : "dv";
        const struct pki_profile *all[] = {&leaf, &listener, &ca};

        for (size_t i = 0; i < 3; i++)
                if (strcmp(all[i]->name, name) == 0)
                        return all[i];
        return NULL;
}

static void make_frame(const struct wish *wish, struct buf *bytes, struct frame *ret_frame)
{
        struct msg_signer_issue *head = calloc(1, sizeof(*head));
        const char *common_name = wish->common_name ? wish->common_name : wish->names[0];
        CLEAN(buf_done) struct buf tail = {0};

        buf_init(&tail, 10000);
        head->serial[0] = wish->serial_first ? wish->serial_first : 0x40;
        head->serial[15] = 1;
        snprintf(head->issuer, sizeof(head->issuer), "%s", wish->issuer ? wish->issuer : "dv-ecc");
        snprintf(head->profile, sizeof(head->profile), "%s", wish->profile ? wish->profile : "dv");
        memcpy(head->profile_hash, leaf.hash, sizeof(head->profile_hash));
        head->profile_hash[31] ^= wish->hash_differs;
        head->not_before = NOW + wish->begin;
        head->not_after = head->not_before + (wish->days ? wish->days : 90) * DAY - 1 + wish->extra_sec;
        head->caa_checked_at = NOW - wish->caa_age;
        buf_add(&tail, "spki", 4);
        head->spki_len = 4;
        buf_add_text(&tail, common_name);
        head->common_name_len = (uint32_t)strlen(common_name);
        for (size_t i = 0; i < 3 && wish->names[i]; i++, head->name_count++) {
                size_t before = tail.n;
                buf_add_byte(&tail, (uint8_t)strlen(wish->names[i]));
                buf_add_text(&tail, wish->names[i]);
                head->names_len += (uint32_t)(tail.n - before);
        }
        for (size_t i = 0; i < 3 && wish->proofs[i].name; i++, head->evidence_count++) {
                struct msg_evidence one = {.proved_at = NOW - wish->proofs[i].age_sec,
                                           .method = wish->proofs[i].method,
                                           .name_len = (uint32_t)strlen(wish->proofs[i].name)};
                buf_add(&tail, &one, sizeof(one));
                buf_add_text(&tail, wish->proofs[i].name);
                head->evidence_len += (uint32_t)sizeof(one) + one.name_len;
        }
        struct msg_head frame_head = {.type = MSG_SIGNER_ISSUE, .body = sizeof(*head), .tail = (uint32_t)tail.n};
        buf_add(bytes, &frame_head, sizeof(frame_head));
        buf_add(bytes, "\0\0\0\0", 4); /* so that the body is aligned */
        buf_add(bytes, head, sizeof(*head));
        buf_add(bytes, tail.p, tail.n);
        *ret_frame = (struct frame){.head = frame_head, .body = bytes->p + 24, .tail = bytes->p + 24 + sizeof(*head)};
        free(head);
}

static bool is_off(const void *context, const char *word)
{
        const struct wish *wish = context;
        return wish->off && strcmp(wish->off, word) == 0;
}

static void test_each_rule(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof(wishes) / sizeof(*wishes); i++) {
                const struct wish *wish = &wishes[i];
                struct judge_request request;
                struct frame frame;
                CLEAN(buf_done) struct buf bytes = {0};
                CLEAN(buf_done) struct buf why = {0};
                struct judge_view view = {.profile = profile_of(wish),
                                          .now = NOW,
                                          .max_days = 200,
                                          .issuer_not_after = NOW + 1000 * DAY,
                                          .last_signed_at =
                                                  wish->last_signed_later ? NOW + SIGNER_CLOCK_BACK_SEC + 1 : NOW,
                                          .is_off = is_off,
                                          .context = wish};

                buf_init(&bytes, 20000);
                buf_init(&why, 1000);
                make_frame(wish, &bytes, &frame);
                assert_int_equal(judge_parse(&frame, &request).err, ERR_NONE);
                res judged = judge_issue(&request, &view, &why);
                if (judged.err != wish->err || (wish->why && !strstr(buf_c(&why), wish->why)))
                        fail_msg("%s: err %s, why: %s", wish->label, err_name(judged.err), buf_c(&why));
        }
}

static void test_life_within_the_issuer(void **state)
{
        struct judge_request request;
        struct frame frame;
        CLEAN(buf_done) struct buf bytes = {0};
        CLEAN(buf_done) struct buf why = {0};
        const struct wish wish = {"", {"example.com"}, {{"example.com", MSG_METHOD_DNS_TXT, 10}}, .err = ERR_NONE};
        struct judge_view view = {.profile = &leaf,
                                  .now = NOW,
                                  .max_days = 398,
                                  .issuer_not_after = NOW + 90 * DAY - 2,
                                  .is_off = is_off,
                                  .context = &wish};

        (void)state;
        buf_init(&bytes, 20000);
        buf_init(&why, 1000);
        make_frame(&wish, &bytes, &frame);
        assert_int_equal(judge_parse(&frame, &request).err, ERR_NONE);
        assert_int_equal(judge_issue(&request, &view, &why).err, ERR_ISSUE_REFUSED);
        view.issuer_not_after++;
        assert_int_equal(judge_issue(&request, &view, &why).err, ERR_NONE);
}

/* A profile of the public web: the day's limits on life and on the age of a proof (BR 6.3.2, 4.2.1). */
static void test_dated_limits(void **state)
{
        static const struct pki_profile public = {
                .name = "dv-public", .kind = PKI_PROFILE_LEAF, .max_days = 398, .evidence_days = 398,
                .max_days_from = {2, {{NOW - 1, 100}, {NOW + 1, 47}}}, .evidence_days_from = {1, {{NOW, 10}}}, .hash = {1, 2, 3}};
        static const struct {
                int64_t days, age_days;
                enum err err;
        } cases[] = {{100, 10, ERR_NONE}, {101, 1, ERR_ISSUE_REFUSED}, {47, 11, ERR_ISSUE_REFUSED}};

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct judge_request request;
                struct frame frame;
                CLEAN(buf_done) struct buf bytes = {0};
                CLEAN(buf_done) struct buf why = {0};
                const struct wish wish = {"", {"example.com"}, {{"example.com", MSG_METHOD_DNS_TXT, cases[i].age_days * DAY}},
                                          .profile = "dv-public", .days = cases[i].days, .err = ERR_NONE};
                const struct judge_view view = {.profile = &public, .now = NOW, .max_days = 398, .issuer_not_after = NOW + 900 * DAY,
                                                .is_off = is_off, .context = &wish};

                buf_init(&bytes, 20000);
                buf_init(&why, 1000);
                make_frame(&wish, &bytes, &frame);
                assert_int_equal(judge_parse(&frame, &request).err, ERR_NONE);
                assert_int_equal(judge_issue(&request, &view, &why).err, cases[i].err);
        }
}

/* Every byte of the lengths spoiled, every cut: refused or read within bounds (a sanitizer watches). */
static void test_lengths(void **state)
{
        const struct wish wish = {
                "", {"a.example.com", "example.com"}, {{"example.com", MSG_METHOD_DNS_TXT, 10}}, .err = ERR_NONE};
        struct judge_request request;
        struct frame frame;
        CLEAN(buf_done) struct buf bytes = {0};

        (void)state;
        buf_init(&bytes, 20000);
        make_frame(&wish, &bytes, &frame);
        for (uint32_t n = 0; n < frame.head.tail; n++) {
                struct frame cut = frame;
                cut.head.tail = n;
                assert_int_equal(judge_parse(&cut, &request).err, ERR_IPC_FRAME);
        }
        size_t first = 24 + offsetof(struct msg_signer_issue, spki_len);
        for (size_t i = first; i < first + 6 * sizeof(uint32_t); i++)
                for (int bit = 0; bit < 8; bit++) {
                        bytes.p[i] ^= (uint8_t)(1 << bit);
                        assert_int_equal(judge_parse(&frame, &request).err, ERR_IPC_FRAME);
                        bytes.p[i] ^= (uint8_t)(1 << bit);
                }
        assert_int_equal(judge_parse(&frame, &request).err, ERR_NONE);
}

/* The hash covers what goes into the certificate, and nothing that a second look may change. */
static void test_hash(void **state)
{
        const struct wish base = {
                "", {"a.example.com", "example.com"}, {{"example.com", MSG_METHOD_DNS_TXT, 10}}, .err = ERR_NONE};
        const struct wish others[] = {
                {"", {"a.example.com", "example.org"}, {{"example.com", MSG_METHOD_DNS_TXT, 10}}, .err = ERR_NONE},
                {"", {"a.example.com", "example.com"}, {{"example.com", MSG_METHOD_DNS_TXT, 10}}, .days = 89},
                {"",
                 {"a.example.com", "example.com"},
                 {{"example.com", MSG_METHOD_DNS_TXT, 10}},
                 .common_name = "example.com"},
                {"", {"a.example.com", "example.com"}, {{"example.com", MSG_METHOD_DNS_TXT, 10}}, .issuer = "dv-rsa"},
                {"", {"a.example.com", "example.com"}, {{"example.com", MSG_METHOD_DNS_TXT, 10}}, .serial_first = 0x41},
                {"",
                 {"a.example.com", "example.com"},
                 {{"example.com", MSG_METHOD_DNS_TXT, 99}},
                 .caa_age = 500}, /* the same request */
        };
        uint8_t hash[7][MSG_HASH_SIZE];

        (void)state;
        for (size_t i = 0; i < 7; i++) {
                struct judge_request request;
                struct frame frame;
                CLEAN(buf_done) struct buf bytes = {0};
                buf_init(&bytes, 20000);
                make_frame(i ? &others[i - 1] : &base, &bytes, &frame);
                assert_int_equal(judge_parse(&frame, &request).err, ERR_NONE);
                assert_int_equal(judge_hash(&request, hash[i]).err, ERR_NONE);
        }
        for (size_t i = 1; i < 6; i++)
                assert_memory_not_equal(hash[0], hash[i], MSG_HASH_SIZE);
        assert_memory_equal(hash[0], hash[6], MSG_HASH_SIZE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lengths),
                cmocka_unit_test(test_each_rule),
                cmocka_unit_test(test_life_within_the_issuer), cmocka_unit_test(test_dated_limits),
                cmocka_unit_test(test_hash),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
