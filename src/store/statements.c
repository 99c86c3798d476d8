/* Every statement of the store, table by table: for the check at start and for the tests that walk them. */
#include "store/sqlite.h"

const struct sql_set *const sql_sets[SQL_SET_END] = {
        [SQL_SET_STORE] = &sql_store,
        [SQL_SET_ACCOUNT] = &sql_account,
        [SQL_SET_API_KEY] = &sql_api_key,
        [SQL_SET_PROJECT] = &sql_project,
        [SQL_SET_ORDER] = &sql_order,
        [SQL_SET_CERTIFICATE] = &sql_certificate,
        [SQL_SET_CERTIFICATE_LIST] = &sql_certificate_list,
        [SQL_SET_SEARCH] = &sql_search,
        [SQL_SET_SEARCH_FIND] = &sql_search_find,
        [SQL_SET_FACET] = &sql_facet,
        [SQL_SET_COUNT] = &sql_count,
        [SQL_SET_KEY] = &sql_key,
        [SQL_SET_ISSUED] = &sql_issued,
        [SQL_SET_CRL_SHARD] = &sql_crl_shard,
        [SQL_SET_VALIDATION] = &sql_validation,
        [SQL_SET_EVIDENCE] = &sql_evidence,
        [SQL_SET_QUOTA] = &sql_quota,
        [SQL_SET_LEDGER] = &sql_ledger,
        [SQL_SET_LOG] = &sql_log,
        [SQL_SET_JOB] = &sql_job,
        [SQL_SET_NOTICE] = &sql_notice,
        [SQL_SET_TAG] = &sql_tag,
        [SQL_SET_INSTANCE] = &sql_instance,
        [SQL_SET_BENEFIT] = &sql_benefit,
        [SQL_SET_CSR] = &sql_csr,
        [SQL_SET_SUBMISSION] = &sql_submission,
        [SQL_SET_REVOCATION] = &sql_revocation,
        [SQL_SET_BLOCKED_KEY] = &sql_blocked_key,
        [SQL_SET_REISSUE] = &sql_reissue,
        [SQL_SET_BINDING] = &sql_binding,
        [SQL_SET_LIFE_TASK] = &sql_life_task,
        [SQL_SET_ACME_ACCOUNT] = &sql_acme_account,
        [SQL_SET_EXTERNAL_ACCOUNT] = &sql_external_account,
        [SQL_SET_ACME_ORDER] = &sql_acme_order,
        [SQL_SET_ACME_AUTHORIZATION] = &sql_acme_authorization,
        [SQL_SET_UPLOAD] = &sql_upload,
        [SQL_SET_FINDING] = &sql_finding,
        [SQL_SET_REPLACEMENT] = &sql_replacement,
};

const struct store_statement *store_statement_at(size_t i)
{
        for (size_t set = 0; set < SQL_SET_END; set++) {
                if (i < sql_sets[set]->n)
                        return &sql_sets[set]->v[i].statement;
                i -= sql_sets[set]->n;
        }
        return NULL;
}
