/* Who may issue, by one CAA record set: rules CAA-02 … CAA-06, SIL-66, RFC 8659 and RFC 8657. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probe/caa.h"

#define RECORDS 4

struct record {
        uint8_t flags;
        const char *tag, *value;
};

struct judged {
        const char *name;
        struct record records[RECORDS];
        bool wildcard;
        const char *account_uri, *method;
        enum caa_judgement expected;
};

static const struct judged cases[] = {
        {"CAA-04 another authority", {{0, "issue", "other.test"}}, false, "", "", CAA_FORBIDS},
        {"nobody", {{0, "issue", ";"}}, false, "", "", CAA_FORBIDS},
        {"empty value", {{0, "issue", ""}}, false, "", "", CAA_FORBIDS},
        {"malformed value", {{0, "issue", "sectigo.com,"}}, false, "", "", CAA_FORBIDS},
        {"part of our name", {{0, "issue", "sectigo.co"}}, false, "", "", CAA_FORBIDS},
        {"our name below another", {{0, "issue", "sectigo.com.other.test"}}, false, "", "", CAA_FORBIDS},
        {"CAA-06 ours", {{0, "issue", "sectigo.com"}}, false, "", "", CAA_PERMITS},
        {"ours, other case", {{0, "ISSUE", "Sectigo.COM"}}, false, "", "", CAA_PERMITS},
        {"our second name", {{0, "issue", "ca.example.test"}}, false, "", "", CAA_PERMITS},
        {"ours and another", {{0, "issue", "other.test"}, {0, "issue", "sectigo.com"}}, false, "", "", CAA_PERMITS},
        {"ours and nobody", {{0, "issue", ";"}, {0, "issue", "sectigo.com"}}, false, "", "", CAA_PERMITS},
        {"ours and malformed", {{0, "issue", "!"}, {0, "issue", "sectigo.com"}}, false, "", "", CAA_PERMITS},
        {"only iodef", {{0, "iodef", "mailto:a@b.test"}}, false, "", "", CAA_PERMITS},
        {"only iodef, critical", {{128, "iodef", "mailto:a@b.test"}}, false, "", "", CAA_PERMITS},
        {"unknown property", {{0, "tbs", "x"}}, false, "", "", CAA_PERMITS},
        {"unknown critical property", {{128, "tbs", "x"}}, false, "", "", CAA_FORBIDS},
        {"unknown critical beside ours", {{0, "issue", "sectigo.com"}, {128, "tbs", "x"}}, false, "", "", CAA_FORBIDS},
        {"other flag bits", {{127, "tbs", "x"}}, false, "", "", CAA_PERMITS},
        {"critical issue for us", {{128, "issue", "sectigo.com"}}, false, "", "", CAA_PERMITS},
        {"SIL-66 issuewild does not concern a plain name",
         {{0, "issuewild", "other.test"}},
         false,
         "",
         "",
         CAA_PERMITS},
        {"SIL-66 wildcard: issuewild forbids",
         {{0, "issue", "sectigo.com"}, {0, "issuewild", ";"}},
         true,
         "",
         "",
         CAA_FORBIDS},
        {"SIL-66 wildcard: issuewild permits",
         {{0, "issue", ";"}, {0, "issuewild", "sectigo.com"}},
         true,
         "",
         "",
         CAA_PERMITS},
        {"SIL-66 wildcard: issue counts without issuewild", {{0, "issue", "other.test"}}, true, "", "", CAA_FORBIDS},
        {"SIL-66 wildcard: issue permits without issuewild", {{0, "issue", "sectigo.com"}}, true, "", "", CAA_PERMITS},
        {"plain: issue forbids in spite of issuewild",
         {{0, "issue", ";"}, {0, "issuewild", "sectigo.com"}},
         false,
         "",
         "",
         CAA_FORBIDS},
        {"RFC 8657 right account",
         {{0, "issue", "sectigo.com; accounturi=https://a/1"}},
         false,
         "https://a/1",
         "",
         CAA_PERMITS},
        {"RFC 8657 other account",
         {{0, "issue", "sectigo.com; accounturi=https://a/1"}},
         false,
         "https://a/2",
         "",
         CAA_FORBIDS},
        {"RFC 8657 prefix of the account",
         {{0, "issue", "sectigo.com; accounturi=https://a/1"}},
         false,
         "https://a/12",
         "",
         CAA_FORBIDS},
        {"RFC 8657 applicant without account",
         {{0, "issue", "sectigo.com; accounturi=https://a/1"}},
         false,
         "",
         "",
         CAA_FORBIDS},
        {"RFC 8657 empty account", {{0, "issue", "sectigo.com; accounturi="}}, false, "", "", CAA_FORBIDS},
        {"RFC 8657 account twice",
         {{0, "issue", "sectigo.com; accounturi=u; accounturi=u"}},
         false,
         "u",
         "",
         CAA_FORBIDS},
        {"RFC 8657 right method",
         {{0, "issue", "sectigo.com; validationmethods=http-01,dns-01"}},
         false,
         "",
         "dns-01",
         CAA_PERMITS},
        {"RFC 8657 other method",
         {{0, "issue", "sectigo.com; validationmethods=http-01"}},
         false,
         "",
         "dns-01",
         CAA_FORBIDS},
        {"RFC 8657 prefix of the method",
         {{0, "issue", "sectigo.com; validationmethods=dns-01x"}},
         false,
         "",
         "dns-01",
         CAA_FORBIDS},
        {"RFC 8657 no method at all",
         {{0, "issue", "sectigo.com; validationmethods="}},
         false,
         "",
         "dns-01",
         CAA_FORBIDS},
        {"RFC 8657 method not told",
         {{0, "issue", "sectigo.com; validationmethods=dns-01"}},
         false,
         "",
         "",
         CAA_FORBIDS},
        {"unknown parameter", {{0, "issue", "sectigo.com; policy=ev"}}, false, "", "", CAA_PERMITS},
        {"one restricted, one not",
         {{0, "issue", "sectigo.com; accounturi=u"}, {0, "issue", "sectigo.com"}},
         false,
         "x",
         "",
         CAA_PERMITS},
        {"issuemail, critical", {{128, "issuemail", ";"}}, false, "", "", CAA_PERMITS},
};

static size_t encode(const struct record *records, uint8_t memory[RECORDS][256], struct bytes *data)
{
        size_t count = 0;
        for (; count < RECORDS && records[count].tag; count++) {
                uint8_t *p = memory[count];
                size_t tag = strlen(records[count].tag), value = strlen(records[count].value);
                p[0] = records[count].flags;
                p[1] = (uint8_t)tag;
                memcpy(p + 2, records[count].tag, tag);
                memcpy(p + 2 + tag, records[count].value, value);
                data[count] = bytes_of(p, 2 + tag + value);
        }
        return count;
}

static void test_cases(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const struct judged *c = &cases[i];
                uint8_t memory[RECORDS][256];
                struct bytes data[RECORDS];
                const char *why = NULL;
                struct arena *arena = arena_new(65536);
                struct caa_question question = {.wildcard = c->wildcard,
                                                .identities = STR("sectigo.com, ca.example.test"),
                                                .account_uri = str_of(c->account_uri),
                                                .method = str_of(c->method)};
                enum caa_judgement judgement =
                        caa_judge(arena, data, encode(c->records, memory, data), &question, &why);
                if (judgement != c->expected || !why)
                        fail_msg("%s: %d (%s)", c->name, (int)judgement, why ? why : "no reason");
                arena_free(arena);
        }
}

static void test_malformed_record_forbids(void **state)
{
        struct bytes data[] = {bytes_of("\x00\x05issuesectigo.com", 18), bytes_of("\x00\x00", 2)};
        struct caa_question question = {.identities = STR("sectigo.com")};
        const char *why = NULL;
        struct arena *arena = arena_new(65536);
        (void)state;
        assert_int_equal(caa_judge(arena, data, 1, &question, &why), CAA_PERMITS);
        assert_int_equal(caa_judge(arena, data, 2, &question, &why), CAA_FORBIDS);
        arena_free(arena);
}

static void test_no_identity_of_ours(void **state)
{
        struct bytes data[] = {bytes_of("\x00\x05issuesectigo.com", 18), bytes_of("\x00\x05issue", 7)};
        struct caa_question question = {.identities = STR(" , ,")};
        const char *why = NULL;
        struct arena *arena = arena_new(65536);
        (void)state;
        assert_int_equal(caa_judge(arena, data, 2, &question, &why), CAA_FORBIDS);
        arena_free(arena);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_malformed_record_forbids),
                cmocka_unit_test(test_no_identity_of_ours),
                cmocka_unit_test(test_cases),
        };
        return cmocka_run_group_tests_name("probe/caa", tests, NULL, NULL);
}
