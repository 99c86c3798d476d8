/* How a certificate is shown: which members are null, empty or filled in which state; the shapes of what has to be shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "api/certificate_out.h"

#define TEXT(literal) {(literal), sizeof(literal) - 1} /* STR() is no constant to gcc */
#define BEGIN 1790000000 /* 2026-09-21 22:13:20 in GMT+8 */

static const struct str names[] = {TEXT("www.maple.com"), TEXT("maple.com")};

static struct certificate_view view_of(int64_t status)
{
        return (struct certificate_view){
                .row = {.certificate_id = STR("abcdEF12"),
                        .source = STR("trustasia"),
                        .certificate_type = STR("SVR"),
                        .package_type = STR("2"),
                        .product_name = STR("P"),
                        .level = STR("DV"),
                        .domain_type = 1,
                        .status = status,
                        .status_msg = STR("PENDING-DCV"),
                        .alias = STR("a\"b"),
                        .domain = STR("www.maple.com"),
                        .validity_months = STR("12"),
                        .verify_type = STR("DNS"),
                        .key_type = STR("ECC prime256v1"),
                        .created_at = BEGIN,
                        .deadline_at = BEGIN + 3 * 86400},
                .names = {names, 2},
                .issuer_name = "",
                .uin = "100000000001",
        };
}

/* The answer as the wire has it, to be looked into by text. */
static const char *shown(struct arena *arena, const struct json_field *fields, const struct certificate_view *view)
{
        struct certificate_out out = {0};
        struct buf *text = arena_new_of(arena, struct buf);

        api_certificate_out_fill(arena, view, &out);
        buf_init(text, 65536);
        arena_tie(arena, (void (*)(void *))buf_done, text);
        json_encode(text, fields, &out);
        return buf_c(text);
}

static void assert_has(const char *text, const char *part)
{
        if (strstr(text, part) == NULL)
                fail_msg("no %s in %s", part, text);
}

static void test_pending(void **state)
{
        struct arena *arena = arena_new(1 << 20);
        const struct validation_row rows[] = {
                {.name = STR("www.maple.com"),
                 .zone = STR("maple.com"),
                 .method = STR("TXT"),
                 .record = STR("_dnsauth.www.maple.com"),
                 .value = STR("v1")},
                {.name = STR("maple.com"),
                 .zone = STR("maple.com"),
                 .method = STR("TXT"),
                 .record = STR("_dnsauth.maple.com"),
                 .value = STR("v2")},
        };
        struct certificate_view view = view_of(CERT_PENDING);
        const char *text = NULL;

        (void)state;
        view.validations = rows;
        view.validation_count = 2;
        text = shown(arena, api_certificate_out_describe, &view);
        assert_has(
                text,
                "\"DvAuthDetail\":{\"DvAuthKey\":\"_dnsauth.www.maple.com\",\"DvAuthValue\":\"v1\",\"DvAuthDomain\":\"maple.com\","
                "\"DvAuthPath\":\"\",\"DvAuthKeySubDomain\":\"_dnsauth.www\",\"DvAuths\":[{\"DvAuthKey\":\"_dnsauth.www.maple.com\","
                "\"DvAuthValue\":\"v1\",\"DvAuthDomain\":\"maple.com\",\"DvAuthPath\":\"\",\"DvAuthSubDomain\":\"_dnsauth.www\","
                "\"DvAuthVerifyType\":\"TXT\",\"Domain\":\"www.maple.com\"},{\"DvAuthKey\":\"_dnsauth.maple.com\",");
        assert_has(text, "\"DvAuthSubDomain\":\"_dnsauth\",");
        assert_has(
                text,
                "\"SubmittedData\":{\"CsrType\":\"online\",\"CsrContent\":null,\"CertificateDomain\":\"www.maple.com\","
                "\"DomainList\":[\"www.maple.com\",\"maple.com\"],\"KeyPassword\":null,");
        assert_has(text, "\"SubjectAltName\":[\"www.maple.com\",\"maple.com\"]");
        assert_has(text, "\"ProjectId\":\"0\"");
        assert_has(text, "\"Alias\":\"a\\\"b\"");
        assert_has(text, "\"InsertTime\":\"2026-09-21 22:13:20\"");
        assert_has(text, "\"CertBeginTime\":\"\",\"CertEndTime\":\"\"");
        assert_has(text, "\"CACommonNames\":[]");
        assert_has(text, "\"OriginCertificateId\":null");
        assert_has(shown(arena, api_certificate_out_detail, &view), "\"SubjectAltName\":[\"maple.com\"]");
        text = shown(arena, api_certificate_out_item, &view);
        assert_has(text, "\"DVAuthDeadline\":\"2026-09-24 22:13:20\",\"ValidationPassedTime\":\"--\"");
        assert_has(text, "\"HostingStatus\":-1");
        assert_has(text, "\"HostingConfig\":null");
        assert_has(text, "\"OwnerUin\":100000000001");      /* a number inside ProjectInfo … */
        assert_has(text, "{\"OwnerUin\":\"100000000001\""); /* … and text outside */
        assert_has(text, "\"AllowDownload\":false");
        arena_free(arena);
}

static void test_issued(void **state)
{
        struct arena *arena = arena_new(1 << 20);
        struct certificate_view view = view_of(CERT_ISSUED);
        const struct tag_pair tags[] = {{STR("k"), STR("v")}};
        const char *text = NULL;

        (void)state;
        view.row.status_msg = STR("");
        view.row.issued_id = 5;
        view.row.begin_at = BEGIN;
        view.row.end_at = BEGIN + 90 * 86400 - 1;
        view.row.validated_at = BEGIN;
        view.issuer_name = "DV ECC";
        view.issuer_end_at = BEGIN + 86400;
        view.tags = tags;
        view.tag_count = 1;
        text = shown(arena, api_certificate_out_describe, &view);
        assert_has(
                text,
                "\"DvAuthDetail\":{\"DvAuthKey\":null,\"DvAuthValue\":null,\"DvAuthDomain\":null,\"DvAuthPath\":null,"
                "\"DvAuthKeySubDomain\":\"\",\"DvAuths\":null}");
        assert_has(text, "\"SubmittedData\":null");
        assert_has(text, "\"CertBeginTime\":\"2026-09-21 22:13:20\",\"CertEndTime\":\"2026-12-20 22:13:19\"");
        assert_has(text, "\"Tags\":[{\"TagKey\":\"k\",\"TagValue\":\"v\"}]");
        assert_has(
                text,
                "\"CAEncryptAlgorithms\":[\"ECC\"],\"CACommonNames\":[\"DV ECC\"],\"CAEndTimes\":[\"2026-09-22 22:13:20\"]");
        assert_has(shown(arena, api_certificate_out_item, &view), "\"ValidationPassedTime\":\"2026-09-21 22:13:20\"");
        arena_free(arena);
}

static const struct {
        const char *what;
        struct validation_row row;
        const char *shown;
} shapes[] = {
        {"DCV-08 CNAME",
         {.name = TEXT("a.maple.com"),
          .zone = TEXT("maple.com"),
          .method = TEXT("CNAME"),
          .record = TEXT("_x.a.maple.com"),
          .value = TEXT("y.z")},
         "{\"DvAuthKey\":\"_x.a.maple.com\",\"DvAuthValue\":\"y.z\",\"DvAuthDomain\":\"maple.com\",\"DvAuthPath\":\"\","
         "\"DvAuthSubDomain\":\"_x.a\",\"DvAuthVerifyType\":\"CNAME\",\"Domain\":\"a.maple.com\"}"},
        {"DCV-15 DCV-16 FILE",
         {.name = TEXT("a.maple.com"),
          .zone = TEXT("maple.com"),
          .method = TEXT("FILE"),
          .record = TEXT("fileauth.txt"),
          .value = TEXT("v")},
         "{\"DvAuthKey\":\"fileauth.txt\",\"DvAuthValue\":\"v\",\"DvAuthDomain\":\"a.maple.com\",\"DvAuthPath\":\"/.well-known/pki-validation/\","
         "\"DvAuthSubDomain\":\"\",\"DvAuthVerifyType\":\"FILE\",\"Domain\":\"a.maple.com\"}"},
        {"the zone itself",
         {.name = TEXT("maple.com"),
          .zone = TEXT("maple.com"),
          .method = TEXT("TXT"),
          .record = TEXT("maple.com"),
          .value = TEXT("v")},
         "\"DvAuthSubDomain\":\"\""},
        {"a name that only ends like the zone",
         {.name = TEXT("xmaple.com"),
          .zone = TEXT("maple.com"),
          .method = TEXT("TXT"),
          .record = TEXT("_dnsauth.xmaple.com"),
          .value = TEXT("v")},
         "\"DvAuthSubDomain\":\"_dnsauth.xmaple.com\""},
};

static void test_shapes(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
                struct arena *arena = arena_new(1 << 20);
                struct certificate_view view = view_of(CERT_PENDING);
                const char *text = NULL;

                view.validations = &shapes[i].row;
                view.validation_count = 1;
                text = shown(arena, api_certificate_out_describe, &view);
                if (strstr(text, shapes[i].shown) == NULL)
                        fail_msg("%s: no %s in %s", shapes[i].what, shapes[i].shown, text);
                arena_free(arena);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_pending),
                cmocka_unit_test(test_issued),
                cmocka_unit_test(test_shapes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
