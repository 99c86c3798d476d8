/*
 * From a ready order to an issued certificate.  The request is checked and CAA asked again where that is due; then one
 * transaction makes the certificate of the account with all that belongs to it, and the ticket goes to the next round of issue.
 * Should we die in between, a sweep finds what is being signed (issue_sweep).  Whoever calls waits for the round, or does not:
 * nothing here does.
 */
#include <assert.h>

#include "base/digest.h"
#include "base/random.h"
#include "core/acme_csr.h"
#include "core/acme_order_inner.h"
#include "core/acme_renewal.h"
#include "core/bell.h"
#include "core/core.h"
#include "core/domain.h"
#include "core/issue.h"
#include "core/job.h"
#include "core/log.h"
#include "core/look.h"
#include "core/order.h"
#include "core/quota.h"
#include "core/rate.h"
#include "core/term.h"
#include "pki/pem.h"
#include "store/acme_order.h"
#include "store/certificate.h"
#include "store/evidence.h"
#include "store/external_account.h"
#include "store/issued.h"
#include "store/key.h"
#include "store/order.h"
#include "store/tag.h"
#include "store/validation.h"

static_assert((int)PKI_KEY_RSA_2048 == (int)MSG_KEY_RSA_2048 && (int)PKI_KEY_EC_P384 == (int)MSG_KEY_EC_P384 &&
                      (int)PKI_KEY_RSA_3072 == (int)MSG_KEY_RSA_3072,
              "key types are stored by the messages' numbers");

struct acme_finalize {
        struct act *act;
        const struct acme_account *account;
        const struct product *product;
        int64_t order_id;
        struct acme_csr csr;
        struct acme_order order;
        const struct acme_authorization_row *authorizations;
        struct external_account_row external;
        int64_t caa_checked_at;
        bool caa_later; /* too many wait for name servers already: the job asks */
        const char *certificate_id;
        const char *primary;    /* registrable domain of the first name */
        struct order_row bought;
        struct cert_key_row key;
        struct certificate_row certificate;
        struct issued_row issued;
};

/* ---- before the transaction --------------------------------------------------------------------------------- */

static MUST res finalize_authorizations(struct acme_finalize *f)
{
        struct act *act = f->act;
        struct store_conn *reader = NULL;

        TRY(store_read(act->core->store, &reader));
        f->authorizations = f->order.proofs;
        f->caa_checked_at = act->now_sec;
        for (size_t i = 0; i < f->order.names.n; i++)
                if (!f->authorizations[i].is_address && f->authorizations[i].caa_checked_at < f->caa_checked_at)
                        f->caa_checked_at = f->authorizations[i].caa_checked_at;
        if (f->account->external_id == 0)
                return RES_OK;
        return store_external_account_get(reader, act->arena, f->account->account_id, f->account->external_id, &f->external);
}

/* The verdicts of the challenges are fresh as a rule; names that were proved before are asked about now. */
res acme_finalize_ask(struct acme_finalize *f)
{
        struct act *act = f->act;
        const char **methods = arena_array_of(act->arena, f->order.names.n, const char *);
        const struct caa_binding binding = {f->account->uri, methods};
        const char *why = "";

        f->caa_later = !outside_enter(&act->core->outside, act->account_id);
        if (f->caa_later)
                return RES_OK;
        for (size_t i = 0; i < f->order.names.n; i++)
                methods[i] = authorization_method_name(f->authorizations[i].method);
        const enum msg_verdict verdict = look_caa(act, &f->order.names, &f->product->caa_identities, &binding, &why).verdict;

        outside_leave(&act->core->outside, act->account_id);
        f->caa_checked_at = act->now_sec;
        if (verdict == MSG_VERDICT_PASS)
                return RES_OK;
        return act_fail(act, verdict == MSG_VERDICT_FORBIDDEN ? ERR_CAA : ERR_ACME_DNS, "CAA: %s", why);
}

/* Between the order and now its notAfter may have come too near, or the day's rules may have changed. */
static MUST res finalize_end(struct acme_finalize *f)
{
        const int64_t not_after = f->order.row.not_after;
        int64_t latest = 0;

        if (not_after == 0)
                return RES_OK;
        TRY(term_latest(f->act, str_of(f->product->profile), f->product->life_days, &latest));
        if (not_after > latest || not_after < f->act->now_sec + ACME_LIFE_MIN_SEC)
                return act_fail(f->act, ERR_ACME_NOT_READY, "The order's notAfter cannot be kept any more; make another order.");
        return RES_OK;
}

static MUST res finalize_check(struct acme_finalize *f, struct bytes csr)
{
        struct act *act = f->act;

        TRY(acme_order_get(act, f->account, f->order_id, &f->order));
        if (f->order.status != ACME_ORDER_READY || f->product == NULL)
                return act_fail(act, ERR_ACME_NOT_READY, "The order is %s, not ready.", acme_order_status_name(f->order.status));
        TRY(finalize_end(f));
        TRY(acme_csr_check(act, f->account, &f->order.names, csr, &f->csr));
        return finalize_authorizations(f);
}

/* A certificate counts once for each registered domain in it. */
static MUST res finalize_rates(struct acme_finalize *f)
{
        struct act *act = f->act;
        const char **taken = arena_array_of(act->arena, f->order.names.n, const char *);
        size_t n = 0;

        for (size_t i = 0; i < f->order.names.n; i++) {
                const char *name = str_copy(act->arena, f->authorizations[i].name);
                enum domain_space space;
                const char *registrable = f->authorizations[i].is_address ? name : domain_rules_place(act->core->domains, name, &space);
                bool is_taken = false;

                for (size_t k = 0; k < n; k++)
                        is_taken |= strcmp(taken[k], registrable) == 0;
                if (is_taken)
                        continue;
                taken[n++] = registrable;
                TRY(rate_take(act, RATE_ACME_NAME, str_of(registrable)));
        }
        return RES_OK;
}

/* ---- what is stored ------------------------------------------------------------------------------------------- */

static const char *key_text(enum pki_key_type type)
{
        switch (type) {
        case PKI_KEY_EC_P256:
                return "ECC prime256v1";
        case PKI_KEY_EC_P384:
                return "ECC secp384r1";
        case PKI_KEY_RSA_3072:
                return "RSA 3072";
        case PKI_KEY_RSA_4096:
                return "RSA 4096";
        default:
                return "RSA 2048";
        }
}

/* What the certificate is called by: the request's own choice, else the first name that fits a common name. */
static struct str finalize_domain(const struct acme_finalize *f)
{
        const struct strs *names = &f->order.names;

        if (f->csr.common_name.n > 0 && f->csr.common_name.n <= LIMIT_BOUND_NAME_BYTES)
                return f->csr.common_name;
        for (size_t i = 0; i < names->n; i++)
                if (names->v[i].n <= LIMIT_BOUND_NAME_BYTES)
                        return names->v[i];
        return names->v[0];
}

static struct str finalize_names(const struct acme_finalize *f, struct str domain)
{
        const char *text = arena_strndup(f->act->arena, domain.p, domain.n);

        for (size_t i = 0; i < f->order.names.n; i++)
                if (!str_equal(f->order.names.v[i], domain))
                        text = arena_printf(f->act->arena, "%s\n%.*s", text, (int)f->order.names.v[i].n, f->order.names.v[i].p);
        return str_of(text);
}

static int64_t finalize_domain_type(const struct acme_finalize *f)
{
        bool wildcard = false;

        for (size_t i = 0; i < f->order.names.n; i++)
                wildcard |= str_starts_with(f->order.names.v[i], STR("*."));
        return (f->order.names.n > 1 ? 2 : 1) + (wildcard ? 2 : 0);
}

static void finalize_fill_key(struct acme_finalize *f)
{
        struct act *act = f->act;

        f->key = (struct cert_key_row){
                .account_id = f->account->account_id,
                .key_type = (int64_t)f->csr.csr.spki.key_type,
                .spki = f->csr.csr.spki.der,
                .spki_hash = bytes_of(f->csr.spki_hash, sizeof f->csr.spki_hash),
                .csr = f->csr.csr.der,
                .sealed = bytes_of("", 0),
                .created_at = act->now_sec,
        };
        f->bought = (struct order_row){
                .account_id = f->account->account_id,
                .package_type = str_of(f->product->package_type),
                .product = str_of(f->product->text),
                .term_months = f->product->validity_months,
                .term_end_at = f->order.row.not_after ? f->order.row.not_after + 1 : 0,
                .domain_count = (int64_t)f->order.names.n,
                .currency = STR(""),
                .state = str_of(order_state_name(ORDER_ACME)),
                .created_at = act->now_sec,
        };
}

static void finalize_fill_certificate(struct acme_finalize *f)
{
        struct act *act = f->act;
        const struct product *product = f->product;
        const struct str domain = finalize_domain(f);
        const bool ecc = f->csr.csr.spki.family == PKI_FAMILY_ECC;
        const bool by_dns = str_equals(str_of(authorization_method_name(f->authorizations[0].method)), "dns-01");
        enum domain_space space;
        const struct str bare = str_starts_with(domain, STR("*.")) ? (struct str){domain.p + 2, domain.n - 2} : domain;

        f->certificate = (struct certificate_row){
                .certificate_id = str_of(f->certificate_id),
                .account_id = f->account->account_id,
                .source = str_of(product->source),
                .certificate_type = STR("SVR"),
                .package_type = str_of(product->package_type),
                .product_name = str_of(product->name),
                .level = str_of(product->level),
                .domain_type = finalize_domain_type(f),
                .status = CERT_PENDING,
                .status_msg = STR("WAIT-ISSUE"),
                .alias = f->external.label.p ? f->external.label : STR(""),
                .domain = domain,
                .names = finalize_names(f, domain),
                .primary_domain = str_of(f->authorizations[0].is_address
                                                 ? str_copy(act->arena, bare)
                                                 : domain_rules_place(act->core->domains, str_copy(act->arena, bare), &space)),
                .validity_months = str_of(arena_printf(act->arena, "%lld", (long long)product->validity_months)),
                .life_days = product->life_days,
                .verify_type = by_dns ? STR("DNS") : STR("FILE"),
                .email = STR(""),
                .phone = STR(""),
                .key_type = str_of(key_text(f->csr.csr.spki.key_type)),
                .issuer = str_of(ecc ? product->issuer_ecc : product->issuer_rsa),
                .profile = str_of(product->profile),
                .created_at = act->now_sec,
                .submitted_at = act->now_sec,
                .validated_at = act->now_sec,
                .origin_certificate_id = STR(""),
                .renew_certificate_id = STR(""),
                .replaced_by = STR(""),
                .replaced_for = STR(""),
        };
}

static MUST res finalize_validation(struct acme_finalize *f, struct store_tx *tx, size_t i)
{
        const struct acme_authorization_row *row = &f->authorizations[i];

        return store_validation_insert(tx, &(struct validation_row){
                                                   .account_id = f->account->account_id,
                                                   .certificate_id = f->certificate.certificate_id,
                                                   .position = (int64_t)i,
                                                   .name = row->name,
                                                   .zone = f->certificate.primary_domain,
                                                   .method = str_of(authorization_method_name(row->method)),
                                                   .record = STR(""),
                                                   .value = STR(""),
                                                   .state = STR("passed"),
                                                   .checked_at = row->validated_at,
                                                   .verdict = MSG_VERDICT_PASS,
                                                   .detail = STR(""),
                                                   .found = STR(""),
                                                   .evidence_id = row->evidence_id,
                                           });
}

static MUST res finalize_tags(struct acme_finalize *f, struct store_tx *tx)
{
        for (struct str rest = f->external.tags; rest.n > 0;) {
                struct str value = str_cut(&rest, '\n'), key = str_cut(&value, '=');

                TRY(store_tag_put(tx, &(struct tag_row){
                                              .account_id = f->account->account_id,
                                              .certificate_id = f->certificate.certificate_id,
                                              .tag_key = key,
                                              .tag_value = value.p ? value : STR(""),
                                      }));
        }
        return RES_OK;
}

/* ARI's `replaces` links the two, as a renewal in the console does. */
static MUST res finalize_link(struct acme_finalize *f, struct store_tx *tx)
{
        struct issued_row issued = {0};
        struct certificate_row old = {0};

        if (f->order.row.replaces.n == 0)
                return RES_OK;
        TRY(acme_renewal_find(f->act, store_tx_conn(tx), f->order.row.replaces, &issued));
        res found = store_certificate_get(store_tx_conn(tx), f->act->arena, f->account->account_id, issued.certificate_id, &old);

        if (found.err == ERR_NOT_FOUND)
                return RES_OK;
        TRY(found);
        f->certificate.origin_certificate_id = old.certificate_id;
        old.renew_certificate_id = f->certificate.certificate_id;
        return store_certificate_update(tx, &old);
}

/* An authorization says of its evidence what the signer wants to know. */
static MUST res finalize_begin(struct acme_finalize *f, struct store_tx *tx)
{
        struct evidence_row *evidence = arena_array_of(f->act->arena, f->order.names.n, struct evidence_row);
        const struct issue_known known = {.certificate = &f->certificate, .key = &f->key, .evidence = evidence, .evidence_count = f->order.names.n,
                                          .term_end_at = f->bought.term_end_at, .caa_checked_at = f->caa_checked_at};

        for (size_t i = 0; i < f->order.names.n; i++)
                evidence[i] = (struct evidence_row){.evidence_id = f->authorizations[i].evidence_id, .name = f->authorizations[i].name,
                                                    .method = f->authorizations[i].method, .proved_at = f->authorizations[i].validated_at};
        return issue_begin_with(f->act, tx, &known, &f->issued);
}

res acme_finalize_tx(struct store_tx *tx, void *arg)
{
        struct acme_finalize *f = arg;
        struct act *act = f->act;
        struct acme_order now = {0};

        TRY(store_acme_order_get(store_tx_conn(tx), act->arena, f->account->account_id, f->account->acme_id, f->order_id, &now.row));
        TRY(acme_order_fill(act, store_tx_conn(tx), &now)); /* another finalize may have been faster */
        ENSURE(now.status == ACME_ORDER_READY, ERR_ACME_NOT_READY);
        if (f->product->has_quota)
                TRY(quota_reserve(act, tx, f->certificate.certificate_id, f->certificate.primary_domain));
        f->bought.order_id = 0;
        f->key.key_id = 0;
        TRY(store_order_insert(tx, &f->bought));
        TRY(store_key_insert(tx, &f->key));
        f->certificate.order_id = f->bought.order_id;
        f->certificate.key_id = f->key.key_id;
        TRY(finalize_link(f, tx));
        TRY(store_certificate_insert(tx, &f->certificate));
        for (size_t i = 0; i < f->order.names.n; i++)
                TRY(finalize_validation(f, tx, i));
        TRY(finalize_tags(f, tx));
        now.row.state = STR("finalized");
        now.row.certificate_id = f->certificate.certificate_id;
        TRY(store_acme_order_update(tx, &now.row));
        if (f->caa_later)
                TRY(job_put(tx, JOB_ISSUE, f->account->account_id, f->certificate.certificate_id, act->now_sec, act->now_sec));
        else
                TRY(finalize_begin(f, tx));
        return act_log(act, tx, f->certificate.certificate_id, "apply", "Ordered by ACME");
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

res acme_finalize_begin(struct act *act, const struct acme_account *account, int64_t id, struct bytes csr,
                        struct acme_finalize **ret_finalize, bool *ret_asks)
{
        struct acme_finalize *f = arena_new_of(act->arena, struct acme_finalize);
        struct store_conn *reader = NULL;
        char certificate_id[9];

        *f = (struct acme_finalize){.act = act, .account = account, .order_id = id, .product = catalogue_acme(act_catalogue(act))};
        TRY(store_read(act->core->store, &reader));
        TRY(store_snapshot_begin(reader));
        res checked = finalize_check(f, csr);

        store_snapshot_end(reader);
        TRY(checked);
        TRY(finalize_rates(f));
        random_text(certificate_id, 8, RANDOM_ALNUM);
        f->certificate_id = arena_strdup(act->arena, certificate_id);
        finalize_fill_key(f);
        finalize_fill_certificate(f);
        *ret_finalize = f;
        *ret_asks = f->caa_checked_at < act->now_sec - LIMIT_ACME_CAA_FRESH_SEC;
        return RES_OK;
}

uint64_t acme_finalize_key(const struct acme_finalize *f)
{
        return bell_key(str_of(f->certificate_id));
}

bool acme_finalize_waits(const struct acme_finalize *f)
{
        return !f->caa_later;
}

void acme_finalize_push(struct acme_finalize *f)
{
        struct issue_ticket ticket = {.account_id = f->account->account_id, .caa_checked_at = f->caa_checked_at, .is_begun = true};

        if (f->caa_later) {
                job_runner_wake(f->act->core->jobs);
                return;
        }
        ticket.begun = issue_begun_new(&f->certificate, &f->issued);
        memcpy(ticket.certificate_id, f->certificate_id, 8);
        issue_queue_push(f->act->core->issue, &ticket);
}

res acme_finalize_end(struct acme_finalize *f, const struct certificate_row *issued, const struct acme_order **ret_order)
{
        struct act *act = f->act;
        struct store_conn *reader = NULL;

        f->order.row.certificate_id = f->certificate.certificate_id;
        if (issued != NULL && issued->issued_id > 0) {
                f->order.status = ACME_ORDER_VALID;
        } else {
                TRY(store_read(act->core->store, &reader));
                TRY(acme_order_fill(act, reader, &f->order));
        }
        *ret_order = &f->order;
        return RES_OK;
}

res acme_order_binding(struct act *act, const struct certificate_row *row, const char **ret_uri, const char **ret_methods, size_t count)
{
        struct store_conn *reader = NULL;
        struct acme_order order = {0};
        struct acme_account account;

        TRY(store_read(act->core->store, &reader));
        TRY(store_acme_order_get_by_certificate(reader, act->arena, row->account_id, row->certificate_id, &order.row));
        TRY(acme_account_find(act, order.row.acme_id, &account));
        TRY(acme_order_fill(act, reader, &order));
        struct str rest = row->names;

        for (size_t i = 0; i < count && rest.n > 0; i++) {
                struct str name = str_cut(&rest, '\n');

                for (size_t k = 0; k < order.names.n; k++) {
                        struct acme_authorization_row authorization = {0};

                        if (!str_equal(order.names.v[k], name))
                                continue;
                        TRY(store_acme_authorization_get(reader, act->arena, row->account_id, order.authorizations[k], &authorization));
                        ret_methods[i] = authorization_method_name(authorization.method);
                }
        }
        *ret_uri = arena_strdup(act->arena, account.uri);
        return RES_OK;
}
