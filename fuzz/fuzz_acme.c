/*
 * Every signed resource of the ACME server over a real store, with any payload: the program signs what the fuzzer thinks
 * of, so that what is behind the envelope is reached.  Never crashes; an answer is good JSON with a fresh nonce, a refusal a
 * problem document whose type and status are of the table, and nothing is our fault.
 *
 * The input is a resource and, after a line end, the payload; '#' in the resource is an id that fits: order/#/finalize gets a
 * ready order, authz/# and chall/#/http-01 a pending one's.  Nobody looks at challenges and nobody signs certificates.
 */
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "fuzz_check.h"
#include "fuzz_dir.h"

#include "acme/acme.h"
#include "base/b64.h"
#include "base/limits.h"
#include "core/authorization.h"
#include "core/bell.h"
#include "core/catalogue.h"
#include "core/domain.h"
#include "core/issue.h"
#include "core/issuers.h"
#include "core/job.h"
#include "ipc/channel.h"
#include "store/acme_account.h"
#include "store/evidence.h"
#include "store/store.h"

#define FUZZ_RUNS 4096 /* then the database is made anew, so that it stays small */
#define FUZZ_ORDER_READY "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.fuzz-test.com\"}]}"
#define FUZZ_ORDER_PENDING "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"b.fuzz-test.com\"}]}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct conf conf = {.limits_rate = false, .ca_max_days = 398, .acme_terms = (char[]){"https://fuzz/terms"}};
static struct core core = {.conf = &conf};
static struct acme *acme;
static EVP_PKEY *account_key;
static char kid[100];
static struct acme_account_row account_row;
static struct arena *keep;

struct answer {
        int status;
        char text[LIMIT_HTTP_BODY];
        char location[300], nonce[100];
};

/* ---- signing -------------------------------------------------------------------------------------------------------- */

static EVP_PKEY *key_of(uint64_t number)
{
        uint8_t raw[32] = {0};

        memcpy(raw, &number, sizeof number);
        EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, raw, sizeof raw);

        FUZZ_CHECK(key != NULL);
        return key;
}

static void add_b64(struct buf *out, const void *p, size_t n)
{
        b64url_encode(bytes_of(p, n), out);
}

static void add_who(struct buf *out, EVP_PKEY *key, bool by_key)
{
        uint8_t raw[32];
        size_t n = sizeof raw;

        if (!by_key) {
                buf_printf(out, "\"kid\":\"%s\"", kid);
                return;
        }
        FUZZ_CHECK(EVP_PKEY_get_raw_public_key(key, raw, &n) == 1);
        buf_add_text(out, "\"jwk\":{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"");
        add_b64(out, raw, n);
        buf_add_text(out, "\"}");
}

static void sign_request(struct buf *out, const char *path, struct str payload, EVP_PKEY *key, bool by_key, const char *nonce)
{
        CLEAN(buf_done) struct buf head = {0}, signed_text = {0};
        uint8_t signature[64];
        size_t n = sizeof signature;
        EVP_MD_CTX *context = EVP_MD_CTX_new();

        buf_init(&head, 4096);
        buf_init(&signed_text, LIMIT_HTTP_BODY);
        buf_printf(&head, "{\"alg\":\"EdDSA\",\"nonce\":\"%s\",\"url\":\"https://fuzz/acme/%s\",", nonce, path);
        add_who(&head, key, by_key);
        buf_add_text(&head, "}");
        add_b64(&signed_text, head.p, head.n);
        const size_t protected_n = signed_text.n;

        buf_add_text(&signed_text, ".");
        add_b64(&signed_text, payload.p, payload.n);
        FUZZ_CHECK(EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
                  EVP_DigestSign(context, signature, &n, signed_text.p, signed_text.n) == 1);
        EVP_MD_CTX_free(context);
        const char *text = buf_c(&signed_text);

        buf_printf(out, "{\"protected\":\"%.*s\",\"payload\":\"%s\",\"signature\":\"", (int)protected_n, text, text + protected_n + 1);
        add_b64(out, signature, n);
        buf_add_text(out, "\"}");
}

/* ---- asking ---------------------------------------------------------------------------------------------------------- */

static void take_headers(const struct http_reply *reply, struct answer *answer)
{
        for (size_t i = 0; i < reply->header_count; i++) {
                const struct tc3_header *header = &reply->headers[i];

                if (str_equals(header->name, "Location"))
                        snprintf(answer->location, sizeof answer->location, "%.*s", (int)header->value.n, header->value.p);
                if (str_equals(header->name, "Replay-Nonce"))
                        snprintf(answer->nonce, sizeof answer->nonce, "%.*s", (int)header->value.n, header->value.p);
        }
}

static void check_problem(const struct http_reply *reply, json_t *tree)
{
        const char *type = json_string_value(json_object_get(tree, "type"));

        FUZZ_CHECK(strcmp(reply->content_type, "application/problem+json") == 0);
        FUZZ_CHECK(type && strncmp(type, "urn:ietf:params:acme:error:", 27) == 0 && strcmp(type + 27, "serverInternal") != 0);
        FUZZ_CHECK(json_integer_value(json_object_get(tree, "status")) == reply->status);
        FUZZ_CHECK(json_string_length(json_object_get(tree, "detail")) > 0);
}

static void check_reply(const struct http_reply *reply, const struct answer *answer)
{
        const bool ok = reply->status >= 200 && reply->status < 300;

        FUZZ_CHECK(ok || (reply->status >= 400 && reply->status < 500));
        FUZZ_CHECK(strlen(answer->nonce) == 32);
        if (reply->body.n == 0) {
                FUZZ_CHECK(ok);
                return;
        }
        json_t *tree = json_loadb((const char *)reply->body.p, reply->body.n, JSON_REJECT_DUPLICATES, /* error= */ NULL);

        FUZZ_CHECK(tree != NULL);
        if (!ok)
                check_problem(reply, tree);
        json_decref(tree);
}

static void ask(const char *method, const char *path, struct bytes body, struct answer *answer)
{
        const struct tc3_header headers[] = {{STR("Host"), STR("fuzz")}, {STR("Content-Type"), STR("application/jose+json")}};
        struct arena *arena = arena_new(LIMIT_REQUEST_ARENA);
        struct http_request request = {
                .arena = arena,
                .method = str_of(method),
                .path = str_of(arena_printf(arena, "/acme/%s", path)),
                .headers = headers,
                .header_count = 2,
                .body = body,
                .peer = "192.0.2.1",
                .request_id = "fuzz",
        };
        struct http_reply reply = {0};

        *answer = (struct answer){0};
        buf_init(&reply.body, LIMIT_REPLY_BYTES);
        if (!acme_direct(acme, &request, &reply))
                acme_handle(acme, &request, &reply);
        reply.status = reply.status ? reply.status : 200;
        take_headers(&reply, answer);
        check_reply(&reply, answer);
        answer->status = reply.status;
        snprintf(answer->text, sizeof answer->text, "%.*s", (int)reply.body.n, reply.body.p ? (const char *)reply.body.p : "");
        buf_done(&reply.body);
        arena_free(arena);
}

static void post(const char *path, struct str payload, EVP_PKEY *key, bool by_key, struct answer *answer)
{
        CLEAN(buf_done) struct buf body = {0};
        char nonce[sizeof answer->nonce];

        buf_init(&body, LIMIT_HTTP_BODY);
        ask("HEAD", "new-nonce", bytes_of("", 0), answer);
        memcpy(nonce, answer->nonce, sizeof nonce);
        sign_request(&body, path, payload, key, by_key, nonce);
        ask("POST", path, buf_bytes(&body), answer);
        FUZZ_CHECK(strcmp(answer->nonce, nonce) != 0);
}

/* ---- the server ----------------------------------------------------------------------------------------------------- */

static void must(res r)
{
        if (!res_is_ok(r)) {
                fprintf(stderr, "%s\n", err_name(r.err));
                abort();
        }
}

/* What an operator vouched for makes the ready orders. */
static res vouch_tx(struct store_tx *tx, void *arg)
{
        struct evidence_row row = {.account_id = account_row.account_id,
                                   .name = STR("a.fuzz-test.com"),
                                   .method = MSG_METHOD_APPROVED,
                                   .value = STR(""),
                                   .detail = STR(""),
                                   .proved_at = *(const int64_t *)arg,
                                   .expires_at = *(const int64_t *)arg + 300 * 86400};

        return store_evidence_insert(tx, &row);
}

static void open_store(void)
{
        struct store_conn *reader = NULL;
        struct answer answer;
        struct act act;
        struct buf why;
        char path[100];
        int64_t acme_id = 0;

        buf_init(&why, 4096);
        snprintf(path, sizeof path, "%s/db", fuzz_dir);
        must(store_open(path, TEST_SOURCE_DIR "/migrations", &why, &core.store));
        must(acme_account_cache_new(&core.acme_accounts));
        must(authorization_queue_new(&core, &core.authorizations));
        must(acme_new(&core, &acme));
        post("new-account", STR("{\"termsOfServiceAgreed\":true}"), account_key, true, &answer);
        FUZZ_CHECK(answer.status == 201);
        snprintf(kid, sizeof kid, "%s", answer.location);
        arena_free(keep);
        keep = arena_new(64 * 1024);
        must(store_read(core.store, &reader));
        must(str_to_int64(str_of(strrchr(kid, '/') + 1), &acme_id));
        must(store_acme_account_get(reader, keep, acme_id, &account_row));
        act_begin(&act, &core, keep, account_row.account_id);
        must(store_run(core.store, vouch_tx, &act.now_sec));
        buf_done(&why);
}

static void close_store(void)
{
        acme_free(acme);
        authorization_queue_free(core.authorizations);
        acme_account_cache_free(core.acme_accounts);
        store_close(core.store);
        fuzz_dir_remove();
        FUZZ_CHECK(mkdir(fuzz_dir, 0700) == 0);
}

static void begin(void)
{
        struct buf why;
        const struct conf_list none = {0};

        fuzz_dir_make();
        account_key = key_of(1);
        buf_init(&why, 4096);
        must(catalogue_load(TEST_SOURCE_DIR "/catalogue", &core.catalogue, &why));
        must(domain_rules_new(&none, &core.domains, &why));
        must(issuers_new(TEST_SOURCE_DIR "/catalogue", &core.issuers, &why));
        must(bell_new(&core.bell));
        must(job_runner_new(&core, 1, &core.jobs));
        must(issue_queue_new(&core, &core.issue));
        core.vault = channel_new(MSG_PEER_VAULT);
        core.prober = channel_new(MSG_PEER_PROBER);
        channel_close(core.vault);
        channel_close(core.prober);
        core.outside.count = OUTSIDE_MAX; /* so that nobody waits for the outside */
        buf_done(&why);
        open_store();
}

/* ---- an input ------------------------------------------------------------------------------------------------------- */

/* The number behind `before` in an answer. */
static void id_after(const char *text, const char *before, char ret_id[24])
{
        const char *at = strstr(text, before);

        FUZZ_CHECK(at != NULL);
        at += strlen(before);
        snprintf(ret_id, 24, "%.*s", (int)strspn(at, "0123456789"), at);
}

static void id_for(struct str resource, char ret_id[24])
{
        struct answer answer;
        const bool is_order = str_starts_with(resource, STR("order/"));

        if (str_starts_with(resource, STR("acct/"))) {
                snprintf(ret_id, 24, "%s", strrchr(kid, '/') + 1);
                return;
        }
        post("new-order", str_of(is_order ? FUZZ_ORDER_READY : FUZZ_ORDER_PENDING), account_key, false, &answer);
        FUZZ_CHECK(answer.status == 201);
        if (is_order)
                id_after(answer.location, "/order/", ret_id);
        else
                id_after(answer.text, "/authz/", ret_id);
}

static bool fill_in(struct str resource, char path[200])
{
        const char *star = resource.n ? memchr(resource.p, '#', resource.n) : NULL;
        char id[24] = "";

        for (size_t i = 0; i < resource.n; i++) /* it becomes part of a header that is signed */
                if (resource.p[i] <= 0x20 || resource.p[i] >= 0x7f || resource.p[i] == '"' || resource.p[i] == '\\' || resource.p[i] == '?')
                        return false;
        if (resource.n == 0 || resource.n > 150)
                return false;
        if (star)
                id_for(resource, id);
        const size_t head = star ? (size_t)(star - resource.p) : resource.n;

        snprintf(path, 200, "%.*s%s%.*s", (int)head, resource.p, id, (int)(star ? resource.n - head - 1 : 0), star ? star + 1 : "");
        return true;
}

/* Whatever was done to the account is undone: the next input is to find it as it was. */
static res restore_tx(struct store_tx *tx, void *arg)
{
        (void)arg;
        return store_acme_account_update(tx, &account_row);
}

static void drive(struct str resource, struct str payload)
{
        static uint64_t number = 1000;
        struct answer answer;
        char path[200];

        if (!fill_in(resource, path))
                return;
        const bool by_key = str_equals(resource, "new-account");
        EVP_PKEY *key = by_key ? key_of(number++) : NULL;

        post(path, payload, by_key ? key : account_key, by_key, &answer);
        EVP_PKEY_free(key);
        if (answer.status >= 300 || (!str_equals(resource, "key-change") && !str_starts_with(resource, STR("acct/"))))
                return;
        must(store_run(core.store, restore_tx, NULL));
        acme_account_cache_free(core.acme_accounts);
        must(acme_account_cache_new(&core.acme_accounts));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static int runs;
        struct str payload = {(const char *)data, size};

        if (size == 0 || size > 32 * 1024)
                return 0;
        if (acme == NULL)
                begin();
        if (++runs % FUZZ_RUNS == 0) {
                close_store();
                open_store();
        }
        struct str resource = str_cut(&payload, '\n');

        drive(resource, payload.p ? payload : STR(""));
        return 0;
}
