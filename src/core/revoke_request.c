/*
 * Filing a request to revoke, and what becomes of it.  The values to show are made before the transaction; everything that
 * a guard looks at is read inside it, so that two requests at once make one.
 */
#include "core/revoke_request.h"

#include "base/log.h"
#include "base/random.h"
#include "core/apply.h"
#include "core/binding.h"
#include "core/catalogue.h"
#include "core/certificate.h"
#include "core/compromise.h"
#include "core/core.h"
#include "core/job.h"
#include "core/label.h"
#include "core/log.h"
#include "core/renew.h"
#include "store/binding.h"
#include "store/evidence.h"
#include "store/key.h"
#include "store/notice.h"

#define REVOCATION_PROOF_SEC (3LL * 86400) /* CON-01, RVK-17 */

struct filing {
        struct act *act;
        struct str certificate_id, reason;
        enum revoke_reason code;
        const struct product *product; /* NULL = not in the catalogue any more */
        struct validation_row *proofs;
        size_t proof_count;
        int64_t revocation_id;
        const char *why; /* of a guard that refused */
        const struct binding_row *bindings;
        size_t binding_count;
        struct revocation_filed filed;
};

/* ---- facts ---- */

static bool method_is_automatic(struct str verify_type)
{
        return str_equals(verify_type, "DNS_AUTO") || str_equals(verify_type, "DNS_PROXY") || str_equals(verify_type, "FILE_PROXY");
}

/*
 * Automatic validation counts while its proof holds for each name (RVK-32); what no longer qualifies is proved by hand
 * (RVK-21).  Asked for are the names that proofs are about: of a wildcard the name below which it stands.
 */
static res facts_automatic(const struct filing *filing, struct store_conn *conn, const struct certificate_row *row, bool *ret_is)
{
        struct act *act = filing->act;

        *ret_is = method_is_automatic(row->verify_type) && filing->proof_count > 0;
        for (size_t i = 0; *ret_is && i < filing->proof_count; i++) {
                const struct evidence_row *rows = NULL;
                size_t n = 0;

                TRY(store_evidence_list(conn, act->arena, row->account_id, filing->proofs[i].name, act->now_sec, &rows, &n));
                *ret_is = n > 0;
        }
        return RES_OK;
}

static res filing_facts(struct filing *filing, struct store_conn *conn, const struct certificate_row *row,
                        struct revocation_facts *ret_facts)
{
        struct act *act = filing->act;
        struct revocation_facts facts = {
                .status = row->status,
                .begin_at = row->begin_at,
                .end_at = row->end_at,
                .now = act->now_sec,
                .is_uploaded = str_equals(row->source, "upload"),
                .is_wotrus = str_equals(row->source, "wosign"),
                .is_sm2 = str_starts_with(row->key_type, STR("SM2")),
                .is_reissue = row->replaced_by.n > 0,
                .level = str_copy(act->arena, row->level),
                .brand = filing->product ? filing->product->brand : "",
                .domain_type = row->domain_type,
        };

        if (!res_is_ok(str_to_int64(row->validity_months, &facts.validity_months)))
                facts.validity_months = 0;
        TRY(renew_is_taken(act, conn, row, &facts.is_renewed));
        TRY(facts_automatic(filing, conn, row, &facts.is_automatic));
        TRY(store_binding_list(conn, act->arena, row->account_id, row->certificate_id, &filing->bindings, &filing->binding_count));
        facts.binding_count = (int64_t)filing->binding_count;
        *ret_facts = facts;
        return RES_OK;
}

/* ---- filing ---- */

static const char *filing_text(const struct filing *filing)
{
        return arena_printf(filing->act->arena, "Revocation requested (%s)%s%.*s", revoke_reason_name(filing->code),
                            filing->reason.n ? ": " : "", (int)filing->reason.n, filing->reason.p);
}

static res filing_store(struct filing *filing, struct store_tx *tx, const struct certificate_row *row)
{
        struct act *act = filing->act;
        const struct revocation_filed *filed = &filing->filed;
        bool decided = filed->state == REVOCATION_REVOKED;

        TRY(store_revocation_insert(tx, &(struct revocation_row){
                                                .revocation_id = filing->revocation_id,
                                                .account_id = row->account_id,
                                                .certificate_id = row->certificate_id,
                                                .state = str_of(revocation_state_name(filed->state)),
                                                .reason = filing->code,
                                                .reason_text = filing->reason.p ? filing->reason : STR(""),
                                                .filed_by = act->user_id,
                                                .filed_at = act->now_sec,
                                                .deadline_at = filed->deadline_at,
                                                .decided_at = decided ? act->now_sec : 0,
                                                .note = STR(""),
                                        }));
        return act_log(act, tx, row->certificate_id, "revoke", filing_text(filing));
}

static res filing_ask_proof(struct filing *filing, struct store_tx *tx, const struct certificate_row *row)
{
        struct act *act = filing->act;

        filing->filed.deadline_at = act->now_sec + REVOCATION_PROOF_SEC;
        filing->filed.proofs = filing->proofs;
        filing->filed.proof_count = filing->proof_count;
        TRY(store_validation_delete_revocation(tx, act->account_id, row->certificate_id));
        for (size_t i = 0; i < filing->proof_count; i++)
                TRY(store_validation_insert(tx, &filing->proofs[i]));
        TRY(job_put(tx, JOB_VALIDATE, act->account_id, row->certificate_id, act->now_sec + LIMIT_POLL_FAST_SEC, act->now_sec));
        return job_put(tx, JOB_REVOKE, act->account_id, row->certificate_id, filing->filed.deadline_at + 1, act->now_sec);
}

static const struct {
        int64_t status;
        const char *status_msg;
} filed_status[REVOCATION_STATE_COUNT] = {
        [REVOCATION_LETTER] = {CERT_REVOKE_LETTER, ""},
        [REVOCATION_PROVING] = {CERT_REVOKING, "PENDING-DCV"},
        [REVOCATION_REVIEWING] = {CERT_REVOKING, "CA-REVIEWING"},
};

static res filing_enter(struct filing *filing, struct store_tx *tx, const struct certificate_row *row)
{
        struct act *act = filing->act;
        enum revocation_state state = filing->filed.state;

        if (state == REVOCATION_REVOKED) {
                TRY(filing_store(filing, tx, row));
                return revoke_certificate(act, tx, row, filing->code, "at the owner's request");
        }
        if (state == REVOCATION_PROVING)
                TRY(filing_ask_proof(filing, tx, row));
        TRY(store_certificate_set_status(tx, act->account_id, row->certificate_id, row->status, filed_status[state].status,
                                         str_of(filed_status[state].status_msg)));
        return filing_store(filing, tx, row);
}

static res filing_state(struct filing *filing, struct store_conn *conn, enum revocation_event event)
{
        struct revocation_row last = {.state = STR("none")};
        res found = store_revocation_get(conn, filing->act->arena, filing->act->account_id, filing->certificate_id, &last);

        if (found.err != ERR_NOT_FOUND)
                TRY(found);
        ENSURE(revocation_next(revocation_state_find(last.state), event, &filing->filed.state), ERR_CERT_STATE);
        return RES_OK;
}

static res filing_tx(struct store_tx *tx, void *arg)
{
        struct filing *filing = arg;
        struct act *act = filing->act;
        struct store_conn *conn = store_tx_conn(tx);
        struct certificate_row row = {0};
        struct revocation_facts facts = {0};

        filing->filed = (struct revocation_filed){0}; /* it may run again */
        TRY(certificate_own(act, conn, filing->certificate_id, &row));
        TRY(filing_facts(filing, conn, &row, &facts));
        enum err refused = revocation_guard(&facts, &filing->why);

        ENSURE(refused == ERR_NONE, refused);
        enum revocation_event event = revocation_variant(&facts);

        ENSURE(event == REVOCATION_FILE_PROOF || event == REVOCATION_FILE_SKIP || filing->reason.n > 0, ERR_PARAM_MISSING);
        TRY(filing_state(filing, conn, event));
        return filing_enter(filing, tx, &row);
}

/* The same kind of proof as at the application, with values of its own (RVK-16). */
static res filing_make_proofs(struct filing *filing, const struct certificate_row *row)
{
        struct act *act = filing->act;
        struct strs names = certificate_names(act->arena, row->names);
        enum msg_method method = certificate_method(row, filing->product);

        TRY(apply_validations(act, &names, method, str_copy(act->arena, row->certificate_id), &filing->proofs, &filing->proof_count));
        for (size_t i = 0; i < filing->proof_count; i++)
                filing->proofs[i].purpose = VALIDATION_TO_REVOKE;
        return RES_OK;
}

/* The owner says that somebody else may have the key: at once, whatever stands in the way. */
static res filing_compromised(struct filing *filing, const struct certificate_row *row)
{
        struct act *act = filing->act;
        struct store_conn *conn = NULL;
        struct cert_key_row key = {0};
        int64_t count = 0;

        if (str_equals(row->source, "upload"))
                return act_fail(act, ERR_CERT_SOURCE, "An uploaded certificate was issued elsewhere; report the key to its own CA.");
        if (row->issued_id == 0)
                return act_fail(act, ERR_CERT_STATE, "It is not issued; cancel the application.");
        TRY(store_read(act->core->store, &conn));
        TRY(store_key_get(conn, act->arena, act->account_id, row->key_id, &key));
        TRY(compromise_report(act, key.spki_hash, "owner", &count));
        filing->filed = (struct revocation_filed){.state = REVOCATION_REVOKED};
        return RES_OK;
}

res revocation_check_reason(struct act *act, struct str reason, struct str reason_code, enum revoke_reason *ret_code)
{
        if (!label_text_is_short(reason, LIMIT_REASON_CHARS)) /* SIL-22 */
                return act_fail(act, ERR_PARAM_VALUE, "Reason may have at most %d printable characters.", LIMIT_REASON_CHARS);
        if (reason_code.n > 0 && !revoke_reason_find(reason_code, ret_code))
                return act_fail(act, ERR_PARAM_VALUE,
                                "ReasonCode must be unspecified, keyCompromise, affiliationChanged, superseded "
                                "or cessationOfOperation; an operator may say privilegeWithdrawn too.");
        if (reason_code.n == 0 && !revoke_reason_find(reason, ret_code))
                *ret_code = REVOKE_UNSPECIFIED;
        return RES_OK;
}

/* The guard's sentence, put where people read it. */
static res filing_explain(const struct filing *filing, res r)
{
        struct act *act = filing->act;

        if (r.err == ERR_REVOKE_BOUND)
                return act_fail(act, r.err, "The certificate is bound to %s and cannot be revoked; unbind it first (RemoveBinding).",
                                binding_text(act->arena, filing->bindings, filing->binding_count));
        if (r.err == ERR_PARAM_MISSING)
                return act_fail(act, r.err, "Reason is missing: a reviewer decides about this certificate and needs it.");
        if (!res_is_ok(r) && filing->why && filing->why[0])
                return act_fail(act, r.err, "%s", filing->why);
        return r;
}

res revocation_file(struct act *act, struct str certificate_id, struct str reason, struct str reason_code,
                    struct revocation_filed *ret_filed)
{
        struct filing filing = {
                .act = act, .certificate_id = certificate_id, .reason = reason, .revocation_id = random_row_id(act->now_ms)};
        struct store_conn *conn = NULL;
        struct certificate_row row = {0};

        TRY(store_read(act->core->store, &conn));
        TRY(certificate_own(act, conn, certificate_id, &row));
        TRY(revocation_check_reason(act, reason, reason_code, &filing.code));
        if (filing.code == REVOKE_PRIVILEGE_WITHDRAWN) /* BR 4.9.1.1: the CA's own word */
                return act_fail(act, ERR_PARAM_VALUE, "privilegeWithdrawn is said by the operator alone; choose another reason.");
        filing.product = catalogue_product(act_catalogue(act), row.package_type);
        if (filing.code == REVOKE_KEY_COMPROMISE) {
                TRY(filing_compromised(&filing, &row));
        } else {
                TRY(filing_make_proofs(&filing, &row));
                TRY(filing_explain(&filing, store_run(act->core->store, filing_tx, &filing)));
        }
        *ret_filed = filing.filed;
        return RES_OK;
}
