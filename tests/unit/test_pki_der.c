/* DER: one encoding a value, nothing else (X.690 §10, §11); times of RFC 5280 §4.1.2.5. */
#include "pki_help.h"

#include <time.h>

#include "pki/der.h"
#include "pki/der_time.h"

#define BYTES(...) bytes_of(((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__}))

static void test_heads_refused(void **state)
{
        const struct bytes cases[] = {
                BYTES(0x30),                               /* no length */
                BYTES(0x30, 0x80, 0, 0),                   /* indefinite */
                BYTES(0x30, 0x81, 0x01, 0x05),             /* long form of a short length */
                BYTES(0x30, 0x82, 0x00, 0x01, 0x05),       /* leading zero */
                BYTES(0x30, 0x85, 1, 0, 0, 0, 0),          /* five octets of length */
                BYTES(0x30, 0x84, 0xff, 0xff, 0xff, 0xff), /* longer than the input */
                BYTES(0x30, 0x02, 0x05),                   /* cut off */
                BYTES(0x1f, 0x81, 0x01, 0x00),             /* long tag */
                BYTES(0x00, 0x00),                         /* end of contents */
                BYTES(0x30, 0xff),
                BYTES(0x24, 0x00), /* an OCTET STRING in pieces */
                BYTES(0x10, 0x00), /* a SEQUENCE in one */
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct der in = der_of(cases[i]);
                struct der_value value;

                FAILS(ERR_FORMAT, der_read(&in, &value));
                assert_ptr_equal(in.p, cases[i].p); /* the cursor stays */
        }
}

static void test_integers(void **state)
{
        static const struct {
                uint8_t der[12];
                size_t size;
                bool is_good;
                uint64_t value;
        } cases[] = {
                {{2, 1, 0}, 3, true, 0},
                {{2, 1, 0x7f}, 3, true, 127},
                {{2, 2, 0, 0x80}, 4, true, 128},
                {{2, 8, 0x7f, 255, 255, 255, 255, 255, 255, 255}, 10, true, INT64_MAX},
                {{2, 9, 0, 0x80, 0, 0, 0, 0, 0, 0, 0}, 11, false, 0}, /* 2^63 */
                {{2, 0}, 2, false, 0},
                {{2, 1, 0x80}, 3, false, 0},    /* negative */
                {{2, 2, 0, 0x7f}, 4, false, 0}, /* needless zero */
                {{2, 2, 0, 0}, 4, false, 0},
                {{3, 1, 0}, 3, false, 0},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct der in = der_of(bytes_of(cases[i].der, cases[i].size));
                uint64_t value = 99;
                struct buf out;

                if (!cases[i].is_good) {
                        FAILS(ERR_FORMAT, der_read_small(&in, &value));
                        assert_int_equal(value, 99);
                        continue;
                }
                OK(der_read_small(&in, &value));
                OK(der_end(&in));
                assert_true(value == cases[i].value);
                buf_init(&out, 64);
                der_add_small(&out, value);
                assert_int_equal(out.n, cases[i].size);
                assert_memory_equal(out.p, cases[i].der, out.n);
                buf_done(&out);
        }
}

static void test_booleans_and_bits(void **state)
{
        struct der in;
        bool value = false;
        uint32_t bits = 0;
        struct bytes octets;
        const struct bytes bad_bits[] = {BYTES(3, 0),          BYTES(3, 1, 1),       BYTES(3, 2, 8, 0x80),
                                         BYTES(3, 2, 7, 0xc0), BYTES(3, 2, 0, 0x80), BYTES(3, 6, 0, 1, 1, 1, 1, 1)};

        (void)state;
        in = der_of(BYTES(1, 1, 1));
        FAILS(ERR_FORMAT, der_read_bool(&in, &value));
        in = der_of(BYTES(1, 2, 0xff, 0xff));
        FAILS(ERR_FORMAT, der_read_bool(&in, &value));
        in = der_of(BYTES(1, 1, 0xff));
        OK(der_read_bool(&in, &value));
        assert_true(value);
        for (size_t i = 0; i < sizeof(bad_bits) / sizeof(*bad_bits); i++) {
                in = der_of(bad_bits[i]);
                FAILS(ERR_FORMAT, der_read_named_bits(&in, &bits));
        }
        in = der_of(BYTES(3, 2, 1, 0x06)); /* keyCertSign, cRLSign */
        OK(der_read_named_bits(&in, &bits));
        assert_int_equal(bits, 1u << 5 | 1u << 6);
        in = der_of(BYTES(3, 3, 7, 0, 0x80));
        OK(der_read_named_bits(&in, &bits));
        assert_int_equal(bits, 1u << 8);
        in = der_of(BYTES(3, 2, 1, 0xfe));
        FAILS(ERR_FORMAT, der_read_bits(&in, &octets));
        for (uint32_t i = 0; i < 2000; i++) {
                uint32_t want = (uint32_t)random_u64(), got = 0;
                struct buf out;

                want >>= i % 32;
                buf_init(&out, 16);
                der_add_named_bits(&out, want);
                in = der_of(buf_bytes(&out));
                OK(der_read_named_bits(&in, &got));
                assert_int_equal(got, want);
                buf_done(&out);
        }
}

static void test_oids(void **state)
{
        static const char *const good[] = {"0.0",     "1.2.840.113549.1.1.11", "2.5.29.17", "2.23.140.1.2.1",
                                           "2.999.3", "1.39.4294967295"};
        static const char *const bad[] = {
                "", "1", "3.1", "0.40", "1.2.", ".1.2", "1..2", "1.02", "1.2.4294967296", "1.2.x", "1.-2"};
        const struct bytes bad_der[] = {BYTES(6, 0), BYTES(6, 1, 0x80), BYTES(6, 2, 0x55, 0x80),
                                        BYTES(6, 3, 0x55, 0x80, 0x01)};

        (void)state;
        for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
                struct buf oid, text;

                buf_init(&oid, 64);
                buf_init(&text, 256);
                OK(der_oid_parse(str_of(good[i]), &oid));
                OK(der_oid_text(buf_bytes(&oid), &text));
                assert_string_equal(buf_c(&text), good[i]);
                buf_done(&oid);
                buf_done(&text);
        }
        for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
                struct buf oid;

                buf_init(&oid, 64);
                FAILS(ERR_FORMAT, der_oid_parse(str_of(bad[i]), &oid));
                buf_done(&oid);
        }
        for (size_t i = 0; i < sizeof(bad_der) / sizeof(*bad_der); i++) {
                struct der in = der_of(bad_der[i]);
                struct bytes oid;

                FAILS(ERR_FORMAT, der_read_oid(&in, &oid));
        }
}

static struct bytes time_value(uint8_t tag, const char *text, uint8_t room[32])
{
        room[0] = tag;
        room[1] = (uint8_t)strlen(text);
        memcpy(room + 2, text, strlen(text));
        return bytes_of(room, strlen(text) + 2);
}

static void test_times_refused(void **state)
{
        static const struct {
                uint8_t tag;
                const char *text;
        } cases[] = {
                {DER_UTC_TIME, "261118110640"},
                {DER_UTC_TIME, "2611181106Z"},
                {DER_UTC_TIME, "261118110640+0000"},
                {DER_UTC_TIME, "260229000000Z"},
                {DER_UTC_TIME, "261318000000Z"},
                {DER_UTC_TIME, "260018000000Z"},
                {DER_UTC_TIME, "261100000000Z"},
                {DER_UTC_TIME, "261131000000Z"},
                {DER_UTC_TIME, "261118240000Z"},
                {DER_UTC_TIME, "261118236000Z"},
                {DER_UTC_TIME, "261118235960Z"},
                {DER_UTC_TIME, "26111811064aZ"},
                {DER_GENERALIZED_TIME, "20261118110640Z"}, /* must be UTCTime */
                {DER_GENERALIZED_TIME, "20501118110640.5Z"},
                {DER_GENERALIZED_TIME, "21000229000000Z"},
                {DER_GENERALIZED_TIME, "20501118110640"},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                uint8_t room[32];
                struct der in = der_of(time_value(cases[i].tag, cases[i].text, room));
                int64_t sec = 7;

                FAILS(ERR_FORMAT, der_read_time(&in, &sec));
                assert_int_equal(sec, 7);
        }
}

static void test_times(void **state)
{
        static const struct {
                const char *text;
                uint8_t tag;
                int64_t sec;
        } cases[] = {
                {"500101000000Z", DER_UTC_TIME, -631152000},
                {"700101000000Z", DER_UTC_TIME, 0},
                {"991231235959Z", DER_UTC_TIME, 946684799},
                {"000229120000Z", DER_UTC_TIME, 951825600},
                {"380119031408Z", DER_UTC_TIME, 2147483648},
                {"491231235959Z", DER_UTC_TIME, 2524607999},
                {"20500101000000Z", DER_GENERALIZED_TIME, 2524608000},
                {"19491231235959Z", DER_GENERALIZED_TIME, -631152001},
                {"99991231235959Z", DER_GENERALIZED_TIME, 253402300799},
                {"00000101000000Z", DER_GENERALIZED_TIME, -62167219200},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                uint8_t room[32];
                struct bytes der = time_value(cases[i].tag, cases[i].text, room);
                struct der in = der_of(der);
                int64_t sec = 7;
                struct buf out;

                OK(der_read_time(&in, &sec));
                assert_true(sec == cases[i].sec);
                buf_init(&out, 64);
                der_add_time(&out, sec);
                assert_int_equal(out.n, der.n);
                assert_memory_equal(out.p, der.p, der.n);
                buf_done(&out);
        }
}

/* Our calendar against the C library's, over 400 years in odd steps. */
static void test_calendar(void **state)
{
        (void)state;
        for (int64_t sec = -7000000000; sec < 7000000000; sec += 86400 * 3 + 12347) {
                time_t t = (time_t)sec;
                struct tm tm;
                struct der_date date;
                int64_t back = 0;

                assert_non_null(gmtime_r(&t, &tm));
                assert_true(der_date_of(sec, &date));
                assert_int_equal(date.year, tm.tm_year + 1900);
                assert_int_equal(date.month, tm.tm_mon + 1);
                assert_int_equal(date.day, tm.tm_mday);
                assert_int_equal(date.hour * 3600 + date.minute * 60 + date.second,
                                 tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec);
                assert_true(der_date_to_sec(&date, &back) && back == sec);
        }
        assert_false(der_date_of(253402300800, &(struct der_date){0}));
        assert_false(der_date_of(-62167219201, &(struct der_date){0}));
}

/* Lengths around every change of the length's own size. */
static void test_nesting(void **state)
{
        static const size_t sizes[] = {0,   1,   125, 126, 127,   128,   129,   253,
                                       254, 255, 256, 257, 65533, 65535, 65536, 70000};
        static uint8_t content[70000];

        (void)state;
        random_bytes(content, sizeof(content));
        for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
                struct buf out;
                struct der in, inner;
                struct der_value value;
                struct der_mark outer, middle;

                buf_init(&out, 200000);
                outer = der_open(&out, DER_SEQUENCE);
                middle = der_open(&out, DER_SET);
                der_add(&out, DER_OCTET_STRING, bytes_of(content, sizes[i]));
                der_close(&out, middle);
                der_close(&out, outer);
                OK(buf_check(&out));
                OK(der_enter_all(buf_bytes(&out), DER_SEQUENCE, &in));
                OK(der_enter(&in, DER_SET, &inner));
                OK(der_end(&in));
                OK(der_read_tag(&inner, DER_OCTET_STRING, &value));
                OK(der_end(&inner));
                assert_int_equal(value.content.n, sizes[i]);
                assert_true(memcmp(value.content.p, content, sizes[i]) == 0);
                buf_done(&out);
        }
}

/* A full buffer is told at the end and never written over. */
static void test_ceiling(void **state)
{
        (void)state;
        for (size_t ceiling = 0; ceiling < 300; ceiling++) {
                struct buf out;
                struct der_mark outer;
                static const uint8_t content[250];

                buf_init(&out, ceiling);
                outer = der_open(&out, DER_SEQUENCE);
                der_add(&out, DER_OCTET_STRING, bytes_of(content, sizeof(content)));
                der_add_bits(&out, bytes_of(content, 3));
                der_add_unsigned(&out, bytes_of(content, 3));
                der_close(&out, outer);
                assert_int_equal(buf_check(&out).err == ERR_NONE, ceiling >= 266);
                buf_done(&out);
        }
}

/* Values that nobody looks into must still be DER; found by fuzzing beside OpenSSL. */
static void test_skip(void **state)
{
        const struct {
                struct bytes der;
                bool is_good;
        } cases[] = {
                {BYTES(5, 0), true},
                {BYTES(5, 1, 0), false}, /* NULL with content */
                {BYTES(1, 1, 1), false},
                {BYTES(2, 1, 0x80), true},
                {BYTES(2, 2, 0xff, 0x80), false},
                {BYTES(6, 2, 0x55, 0x80), false},
                {BYTES(3, 2, 1, 1), false},
                {BYTES(3, 1, 1), false},
                {BYTES(0x30, 4, 0x31, 2, 5, 0), true},
                {BYTES(0x30, 3, 5, 0, 5), false},
                {BYTES(0x80, 1, 0), true},
                {BYTES(0x30, 14, 0x30, 12, 0x30, 10, 0x30, 8, 0x30, 6, 0x30, 4, 0x30, 2, 5, 0), true},
                {BYTES(0x30, 18, 0x30, 16, 0x30, 14, 0x30, 12, 0x30, 10, 0x30, 8, 0x30, 6, 0x30, 4, 0x30, 2, 0x30, 0),
                 false}, /* deep */
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct der in = der_of(cases[i].der);

                FAILS(cases[i].is_good ? ERR_NONE : ERR_FORMAT, der_skip(&in));
                assert_int_equal(der_is_end(&in), cases[i].is_good);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_heads_refused),     cmocka_unit_test(test_integers),
                cmocka_unit_test(test_booleans_and_bits), cmocka_unit_test(test_oids),
                cmocka_unit_test(test_times_refused),     cmocka_unit_test(test_times),
                cmocka_unit_test(test_calendar),          cmocka_unit_test(test_nesting),
                cmocka_unit_test(test_ceiling),           cmocka_unit_test(test_skip),
        };

        return cmocka_run_group_tests_name("pki_der", tests, NULL, NULL);
}
