/*
 * The envelope over a real store and the real vault's code: exact text of answers and refusals, gates in their order,
 * which requests are the API's at all.  ACC-02
 */
#include "account_fixture.h"

#include "api/action.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/http.h"

#define HOST "127.0.0.1:8443"
#define RID "11111111-2222-4333-8444-555555555555"
#define HEADERS_MAX 12

struct ask {
        struct http_request request;
        struct http_reply reply;
        struct tc3_header headers[HEADERS_MAX];
};

static void ask_header(struct ask *ask, const char *name, const char *value)
{
        assert_true(ask->request.header_count < HEADERS_MAX);
        ask->headers[ask->request.header_count++] = (struct tc3_header){str_of(name), str_of(value)};
}

static void ask_drop(struct ask *ask, const char *name)
{
        for (size_t i = 0; i < ask->request.header_count; i++)
                if (str_equals(ask->headers[i].name, name))
                        ask->headers[i] = (struct tc3_header){STR("X-Dropped"), STR("")};
}

static void ask_set(struct ask *ask, const char *name, const char *value)
{
        ask_drop(ask, name);
        ask_header(ask, name, value);
}

static void ask_init(struct ask *ask, const char *method, const char *body)
{
        *ask = (struct ask){0};
        ask->request = (struct http_request){
                .arena = arena_new(LIMIT_REQUEST_ARENA),
                .method = str_of(method),
                .path = STR("/"),
                .headers = ask->headers,
                .body = bytes_of(body, strlen(body)),
                .peer = "127.0.0.1",
                .request_id = RID,
        };
        buf_init(&ask->reply.body, LIMIT_REPLY_BYTES);
        ask_header(ask, "Host", HOST);
}

/* A good request; what a case spoils it spoils afterwards. */
static void ask_signed(struct ask *ask, const struct account_made *account, const char *action, const char *body,
                       int64_t now)
{
        struct buf authorization;

        ask_init(ask, "POST", body);
        buf_init(&authorization, 2048);
        tc3_sign_post(str_of(account->secret_id), bytes_of(account->secret_key, strlen(account->secret_key)), STR(HOST), now,
                      ask->request.body, &authorization);
        ask_header(ask, "Content-Type", "application/json");
        ask_header(ask, "X-TC-Action", action);
        ask_header(ask, "X-TC-Version", "2019-12-05");
        ask_header(ask, "X-TC-Timestamp", arena_printf(ask->request.arena, "%lld", (long long)now));
        ask_header(ask, "Authorization", str_copy(ask->request.arena, buf_str(&authorization)));
        buf_done(&authorization);
}

static void ask_done(struct ask *ask)
{
        arena_free(ask->request.arena);
        buf_done(&ask->reply.body);
}

/* The answer's text; the wrapping that every answer has is checked here. */
static const char *ask_send(struct fixture *f, struct ask *ask, bool rate)
{
        struct api *api = NULL;

        assert_true(res_is_ok(api_new(&(struct api_config){.core = &f->core, .rate = rate}, &api)));
        api_handle(api, &ask->request, &ask->reply);
        api_free(api);
        assert_int_equal(ask->reply.status, 200);
        assert_string_equal(ask->reply.content_type, "application/json");
        return buf_c(&ask->reply.body);
}

static void assert_code(const char *what, const char *answer, const char *code)
{
        char begin[200];

        snprintf(begin, sizeof begin, "{\"Response\":{\"Error\":{\"Code\":\"%s\",\"Message\":\"", code);
        if (strncmp(answer, begin, strlen(begin)) != 0)
                fail_msg("%s: %s", what, answer);
        assert_non_null(strstr(answer, "\"},\"RequestId\":\"" RID "\"}}"));
}

static void test_a_good_answer_word_for_word(void **state)
{
        struct fixture *f = *state;
        struct account_made account = make_account(f, "a", "user");
        struct ask ask;

        ask_signed(&ask, &account, "DescribeCertificates", "{}", clock_now_sec());
        assert_string_equal(
                ask_send(f, &ask, false),
                "{\"Response\":{\"TotalCount\":0,\"Certificates\":[],\"NextMarker\":\"\",\"RequestId\":\"" RID "\"}}");
        ask_done(&ask);
}

static void test_an_answer_without_members(void **state)
{
        struct fixture *f = *state;
        struct account_made account = make_account(f, "b", "user");
        struct ask ask;

        ask_signed(&ask, &account, "DescribeHostLiveInstanceList", "{\"whatever\":1}", clock_now_sec());
        assert_string_equal(ask_send(f, &ask, false),
                            "{\"Response\":{\"InstanceList\":[],\"TotalCount\":0,\"RequestId\":\"" RID "\"}}");
        ask_done(&ask);
}

static const struct {
        const char *what, *action, *body, *header, *value /* NULL = without it */, *code;
} refused[] = {
        {"no signature", "DescribeCertificates", "{}", "Authorization", NULL, "AuthFailure.InvalidAuthorization"},
        {"skipped", "DescribeCertificates", "{}", "Authorization", "SKIP", "AuthFailure.InvalidAuthorization"},
        {"time stamp is no number", "DescribeCertificates", "{}", "X-TC-Timestamp", "soon",
         "AuthFailure.SignatureExpire"},
        {"time stamp beyond all clocks", "DescribeCertificates", "{}", "X-TC-Timestamp", "9223372036854775807",
         "AuthFailure.SignatureExpire"},
        {"no time stamp", "DescribeCertificates", "{}", "X-TC-Timestamp", NULL, "MissingParameter"},
        {"temporary credentials", "DescribeCertificates", "{}", "X-TC-Token", "t", "AuthFailure.TokenFailure"},
        {"signed header changed", "DescribeCertificates", "{}", "Content-Type", "text/plain",
         "AuthFailure.SignatureFailure"},
        {"another version", "DescribeCertificates", "{}", "X-TC-Version", "2017-01-01", "NoSuchVersion"},
        {"version of the other service", "DescribeCertificates", "{}", "X-TC-Version", "2018-08-13", "InvalidAction"},
        {"no version", "DescribeCertificates", "{}", "X-TC-Version", NULL, "MissingParameter"},
        {"unknown action", "MakeCoffee", "{}", NULL, NULL, "InvalidAction"},
        {"unknown action, unsigned", "MakeCoffee", "{}", "Authorization", NULL, "InvalidAction"},
        {"not built", "UploadConfirmLetter", "{}", NULL, NULL, "UnsupportedOperation"},
        {"not built, unsigned", "UploadConfirmLetter", "{}", "Authorization", NULL, "AuthFailure.InvalidAuthorization"},
        {"no JSON", "DescribeCertificates", "{", NULL, NULL, "InvalidParameter"},
        {"wrong kind", "DescribeCertificates", "{\"Limit\":\"1\"}", NULL, NULL, "InvalidParameter"},
        {"unknown field", "DescribeCertificates", "{\"Colour\":1}", NULL, NULL, "UnknownParameter"},
        {"missing field", "DescribeCertificate", "{}", NULL, NULL, "MissingParameter"},
        {"no such certificate", "DescribeCertificate", "{\"CertificateId\":\"zzzzzzzz\"}", NULL, NULL,
         "FailedOperation.CertificateNotFound"},
        {"id with a quote", "DescribeCertificate", "{\"CertificateId\":\"' OR 1=1\"}", NULL, NULL,
         "FailedOperation.CertificateNotFound"},
};

static void test_refusals(void **state)
{
        struct fixture *f = *state;
        struct account_made account = make_account(f, "c", "user");

        for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
                struct ask ask;

                ask_signed(&ask, &account, refused[i].action, refused[i].body, clock_now_sec());
                if (refused[i].header != NULL && refused[i].value == NULL)
                        ask_drop(&ask, refused[i].header);
                else if (refused[i].header != NULL)
                        ask_set(&ask, refused[i].header, refused[i].value);
                assert_code(refused[i].what, ask_send(f, &ask, false), refused[i].code);
                ask_done(&ask);
        }
}

static void test_the_clock_window(void **state)
{
        static const struct {
                int off;
                const char *code;
        } cases[] = {
                {-302, "AuthFailure.SignatureExpire"}, {302, "AuthFailure.SignatureExpire"}, {-298, NULL}, {298, NULL}};
        struct fixture *f = *state;
        struct account_made account = make_account(f, "d", "user");

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct ask ask;

                ask_signed(&ask, &account, "DescribeCertificates", "{}", clock_now_sec() + cases[i].off);
                if (cases[i].code != NULL)
                        assert_code("clock", ask_send(f, &ask, false), cases[i].code);
                else
                        assert_null(strstr(ask_send(f, &ask, false), "Error"));
                ask_done(&ask);
        }
}

static void test_methods(void **state)
{
        struct fixture *f = *state;
        struct account_made account = make_account(f, "e", "user");
        static const char *const methods[] = {"PUT", "DELETE", "HEAD", "OPTIONS", "get", ""};

        for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
                struct ask ask;

                ask_signed(&ask, &account, "DescribeCertificates", "", clock_now_sec());
                ask.request.method = str_of(methods[i]);
                assert_code(methods[i], ask_send(f, &ask, false), "UnsupportedProtocol");
                ask_done(&ask);
        }
}

static void test_keys_of_others(void **state)
{
        struct fixture *f = *state;
        struct account_made account = make_account(f, "f", "user"), other = make_account(f, "g", "user");
        struct account_made mixed = {account.uin, account.secret_id, other.secret_key};
        struct account_made nobody = {account.uin, "AKIDnobodynobodynobodynobodynobodynob", other.secret_key};
        struct ask ask;

        ask_signed(&ask, &mixed, "DescribeCertificates", "{}", clock_now_sec());
        assert_code("another's secret", ask_send(f, &ask, false), "AuthFailure.SignatureFailure");
        ask_done(&ask);
        ask_signed(&ask, &nobody, "DescribeCertificates", "{}", clock_now_sec());
        assert_code("nobody's id", ask_send(f, &ask, false), "AuthFailure.SecretIdNotFound");
        ask_done(&ask);
}

static void test_rights_and_identity(void **state)
{
        struct fixture *f = *state;
        struct account_made auditor = make_account(f, "h", "auditor"), unverified;
        struct account_new in = {.name = STR("i"), .role = STR("user"), .verified = false};
        static const char apply[] = "{\"DvAuthMethod\":\"DNS\",\"DomainName\":\"a.maple.com\"}";
        struct ask ask;

        ask_signed(&ask, &auditor, "ApplyCertificate", apply, clock_now_sec());
        assert_code("auditor", ask_send(f, &ask, false), "AuthFailure.UnauthorizedOperation");
        ask_done(&ask);
        assert_true(res_is_ok(account_create(&f->act, &in, &unverified)));
        ask_signed(&ask, &unverified, "ApplyCertificate", apply, clock_now_sec());
        assert_code("ACC-02", ask_send(f, &ask, false), "FailedOperation.NoRealNameAuth");
        ask_done(&ask);
}

static void test_the_rate_is_limited(void **state)
{
        struct fixture *f = *state;
        struct account_made account = make_account(f, "j", "user");
        struct api *api = NULL;
        bool limited = false;

        assert_true(res_is_ok(api_new(&(struct api_config){.core = &f->core, .rate = true}, &api)));
        for (int i = 0; i < 5000 && !limited; i++) {
                struct ask ask;

                ask_signed(&ask, &account, "DescribeCertificates", "{}", clock_now_sec());
                api_handle(api, &ask.request, &ask.reply);
                limited = strstr(buf_c(&ask.reply.body), "RequestLimitExceeded") != NULL;
                ask_done(&ask);
        }
        assert_true(limited);
        api_free(api);
}

static void test_which_requests_are_the_apis(void **state)
{
        static const struct {
                const char *method, *query, *body, *header, *value;
                bool is;
        } cases[] = {
                {"POST", "", "{}", "X-TC-Action", "DescribeCertificates", true},
                {"POST", "", "{}", "x-tc-action", "", true},
                {"GET", "", "", "Authorization", "TC3-HMAC-SHA256 x", true},
                {"GET", "Action=DescribeCertificates", "", NULL, NULL, true},
                {"GET", "a=b&Action=", "", "Accept", "text/html", true},
                {"POST", "", "a=b&Action=X", "Content-Type", "application/x-www-form-urlencoded; charset=utf-8", true},
                {"POST", "", "a=b&Action=X", "Content-Type", "application/json", false},
                {"GET", "action=X", "", NULL, NULL, false},
                {"GET", "", "", "Authorization", "Bearer x", false},
                {"GET", "", "", "Accept", "text/html", false},
        };

        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct ask ask;

                ask_init(&ask, cases[i].method, cases[i].body);
                ask.request.query = str_of(cases[i].query);
                if (cases[i].header != NULL)
                        ask_header(&ask, cases[i].header, cases[i].value);
                if (api_is_request(&ask.request) != cases[i].is)
                        fail_msg("case %zu", i);
                ask_done(&ask);
        }
}

/* Asks on the listener's thread; "" = it was left to a worker, and then nothing is in the reply that a worker would not undo. */
static const char *ask_quick(struct fixture *f, struct ask *ask)
{
        struct api *api = NULL;
        bool answered;

        assert_true(res_is_ok(api_new(&(struct api_config){.core = &f->core}, &api)));
        ask->reply.status = 0;
        answered = api_handle_quick(api, &ask->request, &ask->reply);
        api_free(api);
        assert_true(answered || (ask->reply.status == 0 && ask->reply.header_count == 0));
        return answered ? buf_c(&ask->reply.body) : "";
}

/* What needs the vault, takes long or changes something never runs on the listener's thread. */
static void test_quick_answers(void **state)
{
        static const char body[] = "{\"CertificateId\":\"AbCd1234\"}";
        struct fixture *f = *state;
        struct account_made account = make_account(f, "quick", "user");
        char long_body[LIMIT_QUICK_BODY + 100], *slow;
        struct ask ask;

        ask_signed(&ask, &account, "DescribeCertificate", body, clock_now_sec());
        assert_string_equal(ask_quick(f, &ask), ""); /* the day's key is not in memory */
        slow = strdup(ask_send(f, &ask, false));
        assert_code("by a worker", slow, "FailedOperation.CertificateNotFound");
        assert_string_equal(ask_quick(f, &ask), slow);
        ask_set(&ask, "X-TC-Action", "DescribeCertificates");
        assert_string_equal(ask_quick(f, &ask), "");
        ask_done(&ask);
        free(slow);

        ask_signed(&ask, &account, "DescribeCertificate", "{\"CertificateId\":7}", clock_now_sec());
        assert_code("refused at once", ask_quick(f, &ask), "InvalidParameter");
        ask_done(&ask);

        memset(long_body, ' ', sizeof long_body);
        long_body[sizeof long_body - 1] = '\0';
        memcpy(long_body, body, strlen(body));
        ask_signed(&ask, &account, "DescribeCertificate", long_body, clock_now_sec());
        assert_string_equal(ask_quick(f, &ask), "");
        ask_done(&ask);

        for (size_t i = 0; api_action_at(i) != NULL; i++)
                if (api_action_at(i)->is_quick)
                        assert_int_equal(api_action_at(i)->right, API_LOOKS);
}

static void test_what_is_nobodys(void **state)
{
        struct ask ask;

        (void)state;
        ask_init(&ask, "POST", "{}");
        api_handle_unknown(&ask.request, &ask.reply);
        assert_code("nobody's", buf_c(&ask.reply.body), "InvalidAction");
        ask_done(&ask);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_good_answer_word_for_word),
                cmocka_unit_test(test_an_answer_without_members),
                cmocka_unit_test(test_refusals),
                cmocka_unit_test(test_the_clock_window),
                cmocka_unit_test(test_methods),
                cmocka_unit_test(test_keys_of_others),
                cmocka_unit_test(test_rights_and_identity),
                cmocka_unit_test(test_the_rate_is_limited),
                cmocka_unit_test(test_which_requests_are_the_apis),
                cmocka_unit_test(test_quick_answers),
                cmocka_unit_test(test_what_is_nobodys),
        };

        log_init("test", LOG_ERROR);
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
