/* Who may issue, by one CAA record set: rules CAA-02 … CAA-06, SIL-66, RFC 8659 and RFC 8657. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "probe/caa.h"
#include "probe/caa_memory.h"

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

/* What the answers at one name leave behind: `after` ms later, for the name that is asked for then. */
static void test_memory(void **state)
{
        static const struct {
                struct packet_answer answer;
                bool covered;
                const char *name;
                int64_t after;
                bool found;
        } cases[] = {
                {{.state = PACKET_FOUND, .secure = true}, false, "a.test", 0, false},
                {{.state = PACKET_BOGUS}, false, "a.test", 0, false},
                {{.state = PACKET_NO_DATA}, true, "a.test", 0, false}, /* below an anchor, and not validated */
                {{.state = PACKET_NO_DATA, .insecure = true}, true, "a.test", 0, false},
                {{.state = PACKET_FAILED}, true, "a.test", 0, false},
                {{.state = PACKET_NO_DATA, .secure = true}, true, "b.test", 0, false},
                {{.state = PACKET_NO_DATA, .secure = true}, true, "a.test", CAA_MEMORY_MS, false},
                {{.state = PACKET_NO_DATA, .secure = true}, true, "a.test", CAA_MEMORY_MS - 1, true},
                {{.state = PACKET_NO_NAME, .secure = true}, true, "a.test", 0, true},
                {{.state = PACKET_NO_DATA}, false, "a.test", 0, true},
                {{.state = PACKET_FAILED}, false, "a.test", 0, true},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct caa_memory memory = {0};
                struct packet_answer answer = {.state = PACKET_BOGUS};

                caa_memory_keep(&memory, "a.test", &cases[i].answer, cases[i].covered, 1000);
                assert_int_equal(caa_memory_find(&memory, cases[i].name, 1000 + cases[i].after, &answer), cases[i].found);
                if (!cases[i].found)
                        continue;
                assert_int_equal(answer.state, cases[i].answer.state);
                assert_int_equal(answer.secure, cases[i].answer.secure);
                assert_int_equal(answer.count, 0);
        }
}

/* Ten times as many names as there are places: each is found or not, and none is taken for another. */
static void test_memory_of_many(void **state)
{
        struct caa_memory memory = {0};
        struct packet_answer answer;
        size_t found = 0;
        char name[32];

        (void)state;
        for (int i = 0; i < 10 * CAA_MEMORY_NAMES; i++) {
                const struct packet_answer one = {.state = i % 2 ? PACKET_NO_DATA : PACKET_NO_NAME, .secure = i % 3};

                snprintf(name, sizeof(name), "n%d.test", i);
                caa_memory_keep(&memory, name, &one, false, 1000);
                assert_true(caa_memory_find(&memory, name, 1000, &answer));
        }
        for (int i = 0; i < 10 * CAA_MEMORY_NAMES; i++) {
                snprintf(name, sizeof(name), "n%d.test", i);
                if (!caa_memory_find(&memory, name, 1000, &answer))
                        continue;
                found++;
                assert_int_equal(answer.state, i % 2 ? PACKET_NO_DATA : PACKET_NO_NAME);
                assert_int_equal(answer.secure, i % 3 != 0);
        }
        assert_in_range(found, CAA_MEMORY_NAMES / 2, CAA_MEMORY_NAMES);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_malformed_record_forbids),
                cmocka_unit_test(test_no_identity_of_ours),
                cmocka_unit_test(test_cases),
                cmocka_unit_test(test_memory),
                cmocka_unit_test(test_memory_of_many),
        };
        return cmocka_run_group_tests_name("probe/caa", tests, NULL, NULL);
}
