/*
 * From a judged request to a certificate: build, lint, sign, log.  One function makes every certificate of this program,
 * the CA's own included, so that none leaves unlinted or unlogged.
 */
#include <assert.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/random.h"
#include "pki/cert.h"
#include "pki/lint.h"
#include "signer/judge.h"
#include "signer/signer.h"

static_assert((int)MSG_KEY_RSA_2048 == (int)PKI_KEY_RSA_2048 && (int)MSG_KEY_EC_P384 == (int)PKI_KEY_EC_P384 &&
                      (int)MSG_KEY_SM2 == (int)PKI_KEY_SM2 && (int)MSG_KEY_RSA_3072 == (int)PKI_KEY_RSA_3072,
              "the numbers of key types travel in messages");
static_assert(MSG_SERIAL_SIZE == PKI_SERIAL_SIZE, "one serial");

static res build(struct signer *signer, const struct signer_order *order)
{
        char crl_url[sizeof(order->issuer->url[2]) + 16];
        const struct authority_issuer *issuer = order->issuer;
        struct pki_issuer signs = issuer->issuer;
        struct pki_cert_request request = {
                .profile = order->profile,
                .issuer = &signs,
                .not_before = order->not_before,
                .not_after = order->not_after,
                .spki = order->spki,
                .key_id = order->key_id,
                .subject = order->subject,
                .common_name = order->common_name,
                .names = order->names,
                .name_count = order->name_count,
                .ocsp_url = str_of(issuer->url[0]),
                .issuer_url = str_of(issuer->url[1]),
        };

        snprintf(crl_url, sizeof(crl_url), "%s%u.crl", issuer->url[2], order->crl_shard);
        request.crl_url = str_of(crl_url);
        signs.alg = pki_profile_alg(order->profile, signs.alg);
        memcpy(request.serial, order->serial, sizeof(request.serial));
        buf_clear(&signer->tbs);
        TRY(pki_cert_build(&request, &signer->tbs));
        return buf_check(&signer->tbs);
}

static res lint(struct signer *signer, const struct signer_order *order, struct buf *why)
{
        const struct pki_issuer *issuer = &order->issuer->issuer;
        struct pki_lint_context context = {.profile = order->profile,
                                           .kit = signer->kit,
                                           .now = order->now,
                                           .issuer_name = issuer->name,
                                           .issuer_key_id = issuer->key_id,
                                           .issuer_alg = pki_alg_der(pki_profile_alg(order->profile, issuer->alg))};
        struct pki_finding finding = {0};

        res found = pki_lint_tbs(buf_bytes(&signer->tbs), &context, &finding);
        if (!res_is_ok(found))
                buf_printf(why, "%s (%s): %s", finding.name ? finding.name : "unreadable",
                           finding.rule ? finding.rule : "", finding.detail ? finding.detail : "");
        return found;
}

static res log_it(struct signer *signer, const struct signer_order *order)
{
        struct msg_log_entry entry = {.signed_at = order->now};

        memcpy(entry.serial, order->serial, sizeof(entry.serial));
        memcpy(entry.request_hash, order->request_hash, sizeof(entry.request_hash));
        snprintf(entry.issuer, sizeof(entry.issuer), "%s", order->issuer->name);
        snprintf(entry.profile, sizeof(entry.profile), "%s", order->profile->name);
        return journal_add(signer->journal, &entry, buf_bytes(&signer->der));
}

MUST res signer_make(struct signer *signer, const struct signer_order *order, struct buf *why)
{
        TRY(build(signer, order));
        TRY(lint(signer, order, why));
        buf_clear(&signer->der);
        TRY(pki_cert_sign(order->issuer->key, pki_profile_alg(order->profile, order->issuer->issuer.alg), buf_bytes(&signer->tbs), &signer->der));
        TRY(buf_check(&signer->der));
        return log_it(signer, order);
}

/* ---- MSG_SIGNER_ISSUE ------------------------------------------------------------------------------ */

static void reply(struct answer *answer, struct bytes der, bool repeated)
{
        struct msg_signer_issue_reply body = {.cert_len = (uint32_t)der.n, .repeated = repeated};

        buf_add(&answer->body, &body, sizeof(body));
        buf_add(&answer->tail, der.p, der.n);
}

static bool is_off(const void *context, const char *word)
{
        return signer_is_off(context, word);
}

static bool is_own_key(const struct authority *authority, struct bytes spki)
{
        for (size_t i = 0; i < authority->count; i++) {
                struct bytes own = authority->issuer[i].cert.spki.der;
                if (bytes_equal(own, spki))
                        return true;
        }
        return false;
}

static res judge(struct signer *signer, const struct judge_request *request, int64_t now, struct buf *why)
{
        const struct msg_signer_issue *head = request->head;
        const struct authority_issuer *issuer = authority_find(signer->authority, head->issuer);

        if (!issuer || !*issuer->parent) {
                buf_printf(why, "The signer has no issuer of this name that issues certificates.");
                return FAIL(ERR_ISSUE_REFUSED);
        }
        struct judge_view view = {
                .profile = pki_profiles_find(&signer->profiles, str_of(head->profile)),
                .now = now,
                .last_signed_at = journal_last_signed_at(signer->journal),
                .max_days = signer->conf->ca_max_days,
                .issuer_not_after = issuer->cert.not_after,
                .is_off = is_off,
                .context = signer,
        };
        TRY(judge_issue(request, &view, why));
        if (is_own_key(signer->authority, request->spki)) {
                buf_printf(why, "The key is one of the CA's own.");
                return FAIL(ERR_ISSUE_REFUSED);
        }
        return RES_OK;
}

static res issue_new(struct signer *signer, const struct judge_request *request, const uint8_t hash[MSG_HASH_SIZE],
                     struct buf *why)
{
        const struct msg_signer_issue *head = request->head;
        struct signer_order order = {.not_before = head->not_before,
                                     .not_after = head->not_after,
                                     .now = clock_now_sec(),
                                     .crl_shard = head->crl_shard,
                                     .spki = request->spki,
                                     .common_name = request->common_name,
                                     .names = request->names,
                                     .name_count = request->name_count};

        TRY(judge(signer, request, order.now, why));
        order.issuer = authority_find(signer->authority, head->issuer);
        order.profile = pki_profiles_find(&signer->profiles, str_of(head->profile));
        memcpy(order.serial, head->serial, sizeof(order.serial));
        memcpy(order.request_hash, hash, sizeof(order.request_hash));
        return signer_make(signer, &order, why);
}

/* The same bytes for the same request; never another certificate with this serial. */
static res repeat(const struct journal_entry *entry, const uint8_t hash[MSG_HASH_SIZE], struct answer *answer)
{
        if (memcmp(entry->item.entry.request_hash, hash, MSG_HASH_SIZE) != 0)
                return answer_fail(answer, ERR_ISSUE_REFUSED, "The serial number was used for another request.");
        reply(answer, entry->der, /* repeated= */ true);
        return RES_OK;
}

MUST res signer_issue(struct signer *signer, const struct frame *frame, struct answer *answer)
{
        struct judge_request request = {0};
        struct journal_entry entry;
        uint8_t hash[MSG_HASH_SIZE];
        CLEAN(buf_done) struct buf why = {0};

        buf_init(&why, LIMIT_ERR_DETAIL);
        TRY(judge_parse(frame, &request));
        TRY(judge_hash(&request, hash));
        res found = journal_find(signer->journal, request.head->serial, &entry);
        if (res_is_ok(found))
                return repeat(&entry, hash, answer);
        ENSURE(found.err == ERR_NOT_FOUND, found.err);
        res issued = issue_new(signer, &request, hash, &why);
        if (!res_is_ok(issued))
                return answer_fail(answer, issued.err, "%s", why.n ? buf_c(&why) : err_sentence(issued.err));
        reply(answer, buf_bytes(&signer->der), /* repeated= */ false);
        return RES_OK;
}

/* ---- MSG_SIGNER_LISTENER ----------------------------------------------------------------------------- */

#define LISTENER_DAYS 90
#define LISTENER_NAMES 32

static void add_name(struct str *names, size_t *count, struct str name)
{
        for (size_t i = 0; i < *count; i++)
                if (str_equal(names[i], name))
                        return;
        if (*count < LISTENER_NAMES && judge_name_is_plain(name))
                names[(*count)++] = name;
}

/* server.name, or what the machine answers to without being told; never what the server says. */
static size_t listener_names(const struct signer *signer, struct str *names, char host[256])
{
        static const char *const always[] = {"localhost", "127.0.0.1", "::1"};
        const struct conf_list *given = &signer->conf->server_name;
        size_t count = 0;

        for (size_t i = 0; i < given->n; i++)
                add_name(names, &count, str_of(given->v[i]));
        if (given->n > 0)
                return count;
        for (size_t i = 0; i < 3; i++)
                add_name(names, &count, str_of(always[i]));
        if (gethostname(host, 255) == 0) {
                str_lower_ascii(host, strlen(host));
                add_name(names, &count, str_of(host));
        }
        return count;
}

MUST res signer_listener(struct signer *signer, const struct frame *frame, struct answer *answer)
{
        const struct msg_signer_listener *head = FRAME_BODY(frame, struct msg_signer_listener);
        struct str names[LISTENER_NAMES];
        char host[256] = "";
        CLEAN(buf_done) struct buf why = {0};

        buf_init(&why, LIMIT_ERR_DETAIL);
        ENSURE(head && head->spki_len == frame->head.tail, ERR_IPC_FRAME);
        struct signer_order order = {.profile = pki_profiles_find(&signer->profiles, STR("listener")),
                                     .now = clock_now_sec(),
                                     .issuer = authority_find(signer->authority, "dv-ecc"),
                                     .spki = bytes_of(frame->tail, frame->head.tail),
                                     .names = names};
        ENSURE(order.profile && order.issuer, ERR_CONFIG);
        if (order.now < journal_last_signed_at(signer->journal) - SIGNER_CLOCK_BACK_SEC)
                return answer_fail(answer, ERR_ISSUE_REFUSED,
                                   "The clock stands before the last signature; it went back.");
        order.name_count = listener_names(signer, names, host);
        order.common_name = order.name_count ? names[0] : (struct str){0};
        order.not_before = order.now - 3600; /* clients whose clock is a little behind */
        order.not_after = order.not_before + LISTENER_DAYS * 86400LL - 1;
        random_bytes(order.serial, sizeof(order.serial));
        pki_serial_fix(order.serial);
        digest_sha256(order.spki, order.request_hash);
        res made = signer_make(signer, &order, &why);
        if (!res_is_ok(made))
                return answer_fail(answer, made.err, "%s", why.n ? buf_c(&why) : err_sentence(made.err));
        reply(answer, buf_bytes(&signer->der), /* repeated= */ false);
        return RES_OK;
}
