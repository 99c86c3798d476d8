/*
 * Certificates as their owner sees them: one, and pages of many.  A view is the row with what hangs on it; the hot path
 * (DescribeCertificate) is two or three reads by key.
 */
#include "core/certificate.h"

#include "core/catalogue.h"
#include "core/core.h"
#include "core/held.h"
#include "core/issuers.h"
#include "core/renew.h"
#include "core/submit.h"
#include "store/binding.h"
#include "store/key.h"
#include "store/project.h"
#include "store/tag.h"

static const char *const status_names[CERT_STATUS_COUNT] = {
        [CERT_PENDING] = "To be validated",
        [CERT_ISSUED] = "Issued",
        [CERT_REVIEW_FAILED] = "Review failed",
        [CERT_EXPIRED] = "Expired",
        [CERT_DNS_AUTO] = "DNS record added, waiting",
        [CERT_PAID] = "Pending submission",
        [CERT_CANCELLING] = "Order being cancelled",
        [CERT_CANCELLED] = "Review canceled",
        [CERT_LETTER] = "Confirmation letter wanted",
        [CERT_REVOKING] = "Revocation in review",
        [CERT_REVOKED] = "Revoked",
        [CERT_REISSUING] = "Reissue in progress",
        [CERT_REVOKE_LETTER] = "Revocation letter wanted",
        [CERT_FREE_UNSUBMITTED] = "Pending submission",
        [CERT_REFUNDED] = "Refunded",
        [CERT_MOVING] = "Being moved",
};

const char *certificate_status_name(int64_t status)
{
        return status >= 0 && status < CERT_STATUS_COUNT ? status_names[status] : "";
}

struct strs certificate_names(struct arena *arena, struct str names)
{
        size_t n = names.n > 0;

        for (size_t i = 0; i < names.n; i++)
                n += names.p[i] == '\n';
        struct str *v = arena_array_of(arena, n + 1, struct str);

        for (size_t i = 0; i < n; i++)
                v[i] = str_cut(&names, '\n');
        return (struct strs){v, n};
}

enum msg_method certificate_method(const struct certificate_row *row, const struct product *product)
{
        if (str_starts_with(row->verify_type, STR("FILE")))
                return MSG_METHOD_FILE;
        if (str_equals(row->verify_type, "DNS_PROXY")) /* a kept CNAME, whatever the product's record is */
                return MSG_METHOD_DNS_CNAME;
        return product != NULL && str_equals(str_of(product->dns_record), "CNAME") ? MSG_METHOD_DNS_CNAME : MSG_METHOD_DNS_TXT;
}

static res view_tags(struct act *act, struct store_conn *conn, struct certificate_view *view)
{
        const struct tag_row *rows = NULL;
        size_t n = 0;

        TRY(store_tag_list(conn, act->arena, act->account_id, view->row.certificate_id, &rows, &n));
        struct tag_pair *tags = arena_array_of(act->arena, n + 1, struct tag_pair);

        for (size_t i = 0; i < n; i++)
                tags[i] = (struct tag_pair){rows[i].tag_key, rows[i].tag_value};
        view->tags = tags;
        view->tag_count = n;
        return RES_OK;
}

static bool status_shows_validations(int64_t status)
{
        return status == CERT_PENDING || status == CERT_DNS_AUTO || status == CERT_REVIEW_FAILED;
}

/* What was handed in for a bought certificate.  Free ones, the many, cost no look. */
static res view_submission(struct act *act, struct store_conn *conn, struct certificate_view *view)
{
        const struct certificate_row *row = &view->row;
        const struct product *product = catalogue_product(act_catalogue(act), row->package_type);
        struct submission_row submission = {0};
        struct cert_key_row key = {0};
        struct submit_form *form = arena_new_of(act->arena, struct submit_form);

        if (row->issued_id != 0 || row->order_id == 0 || row->key_id == 0 || (product && product->is_free))
                return RES_OK;
        res found = store_submission_get(conn, act->arena, act->account_id, row->certificate_id, &submission);

        if (found.err == ERR_NOT_FOUND)
                return RES_OK;
        TRY(found);
        TRY(submit_form_read(act->arena, submission.body, form));
        TRY(store_key_get(conn, act->arena, act->account_id, row->key_id, &key));
        view->form = form;
        view->csr_type = submission.csr_type;
        view->company_type = submission.company_type;
        view->csr_pem = submit_csr_pem(act, key.csr);
        return RES_OK;
}

static res view_project(struct act *act, struct store_conn *conn, struct certificate_view *view)
{
        if (view->row.project_id == 0)
                return RES_OK;
        struct project_row *project = arena_new_of(act->arena, struct project_row);
        res found = store_project_get(conn, act->arena, act->account_id, view->row.project_id, project);

        if (found.err == ERR_NOT_FOUND)
                return RES_OK;
        TRY(found);
        view->project = project;
        return RES_OK;
}

/* What hangs on a row that was read already. */
static res view_fill(struct act *act, struct store_conn *conn, struct certificate_view *view)
{
        const struct certificate_row *row = &view->row;
        const struct issuer *issuer = row->issued_id ? issuers_find(act->core->issuers, row->issuer) : NULL;
        bool uploaded = held_is_uploaded(row);
        bool issued = row->status == CERT_ISSUED && row->end_at > act->now_sec;

        view->names = certificate_names(act->arena, row->names);
        view->is_expiring = issued && row->end_at - act->now_sec <= CERT_RENEW_WINDOW_SEC; /* LIFE-06, SIL-07 */
        if (view->is_expiring && !uploaded)
                TRY(renew_is_open(act, conn, row, &view->is_renewable));
        view->is_deployable = issued && !row->key_password_set; /* PKP-07 */
        view->is_downloadable = held_is_there(row) && (row->status == CERT_ISSUED || row->status == CERT_EXPIRED); /* DL-01, DL-09 */
        view->issuer_name = issuer ? issuer->common_name : uploaded ? row->issuer.p : ""; /* an uploaded one tells it in words */
        view->issuer_end_at = issuer ? issuer->not_after : 0;
        view->uin = act->uin;
        if (status_shows_validations(row->status))
                TRY(store_validation_list(conn, act->arena, act->account_id, row->certificate_id, &view->validations, &view->validation_count));
        if (row->status == CERT_REVOKING)
                TRY(store_validation_list_of(conn, act->arena, act->account_id, row->certificate_id, VALIDATION_TO_REVOKE,
                                             &view->revoke_proofs, &view->revoke_proof_count));
        TRY(store_binding_list(conn, act->arena, act->account_id, row->certificate_id, &view->bindings, &view->binding_count));
        if (view->is_downloadable)
                TRY(store_key_is_here(conn, act->account_id, row->key_id, &view->has_key));
        TRY(view_submission(act, conn, view));
        TRY(view_project(act, conn, view));
        return view_tags(act, conn, view);
}

res certificate_own(struct act *act, struct store_conn *conn, struct str id, struct certificate_row *ret_row)
{
        res found = store_certificate_get(conn, act->arena, act->account_id, id, ret_row);

        return found.err == ERR_NOT_FOUND ? FAIL(ERR_CERT_NOT_FOUND) : found;
}

res certificate_view(struct act *act, struct str id, struct certificate_view *ret_view)
{
        struct store_conn *conn = NULL;
        struct certificate_view view = {0};

        TRY(store_read(act->core->store, &conn));
        TRY(certificate_own(act, conn, id, &view.row));
        TRY(view_fill(act, conn, &view));
        *ret_view = view;
        return RES_OK;
}

/* ---- lists ------------------------------------------------------------------------------------------ */

/* The wire's flags narrow the statuses; two that exclude each other leave none. */
struct status_set {
        bool allowed[CERT_STATUS_COUNT];
        bool narrowed;
};

static void statuses_keep(struct status_set *set, const int64_t *statuses, size_t count)
{
        bool keep[CERT_STATUS_COUNT] = {false};

        for (size_t i = 0; i < count; i++)
                if (statuses[i] >= 0 && statuses[i] < CERT_STATUS_COUNT)
                        keep[statuses[i]] = true;
        for (int i = 0; i < CERT_STATUS_COUNT; i++)
                set->allowed[i] &= keep[i];
        set->narrowed = true;
}

static bool flag_is_set(struct opt_int flag)
{
        return flag.set && flag.v == 1;
}

static const int64_t *query_statuses(struct act *act, const struct certificate_query *query, size_t *ret_count, bool *ret_none)
{
        static const int64_t issued[] = {CERT_ISSUED}, pending[] = {CERT_PENDING, CERT_DNS_AUTO};
        struct status_set set = {.narrowed = false};
        int64_t *v = arena_array_of(act->arena, CERT_STATUS_COUNT, int64_t);
        size_t n = 0;

        for (int i = 0; i < CERT_STATUS_COUNT; i++)
                set.allowed[i] = true;
        if (query->status_count > 0)
                statuses_keep(&set, query->statuses, query->status_count);
        if (flag_is_set(query->deployable) || flag_is_set(query->renew) || flag_is_set(query->expiring) || flag_is_set(query->hostable))
                statuses_keep(&set, issued, 1);
        if (flag_is_set(query->pending_issue))
                statuses_keep(&set, pending, 2);
        for (int i = 0; i < CERT_STATUS_COUNT; i++)
                if (set.narrowed && set.allowed[i])
                        v[n++] = i;
        *ret_none = set.narrowed && n == 0;
        *ret_count = n;
        return v;
}

static enum store_source query_source(const struct certificate_query *query)
{
        if (flag_is_set(query->upload) || str_equals(query->source, "upload"))
                return STORE_SOURCE_UPLOAD;
        return str_equals(query->source, "buy") ? STORE_SOURCE_BUY : STORE_SOURCE_ANY;
}

static const struct store_tag_filter *query_tags(struct act *act, const struct certificate_query *query)
{
        const struct tag_pair *in = query->tags.v;
        struct store_tag_filter *tags = arena_array_of(act->arena, query->tags.n + 1, struct store_tag_filter);

        for (size_t i = 0; i < query->tags.n; i++)
                tags[i] = (struct store_tag_filter){in[i].key, in[i].value};
        return tags;
}

/* Markers are "seq" or, sorted by end, "end:seq". */
static res query_marker(struct act *act, const struct certificate_query *query, struct store_certificate_filter *filter)
{
        struct str rest = query->marker;

        if (rest.n == 0)
                return RES_OK;
        struct str first = str_cut(&rest, ':');
        bool by_end = filter->sort != STORE_SORT_NEWEST;
        res r = str_to_int64(first, by_end ? &filter->marker_end : &filter->marker);

        if (res_is_ok(r) && by_end)
                r = str_to_int64(rest, &filter->marker);
        if (!res_is_ok(r))
                return act_fail(act, ERR_PARAM_VALUE, "Marker must be the NextMarker of an earlier answer to the same question.");
        return RES_OK;
}

static const char *page_marker(struct act *act, const struct store_certificate_filter *filter, const struct store_certificate_page *rows)
{
        if (!rows->has_more || rows->n == 0)
                return "";
        const struct certificate_row *last = &rows->v[rows->n - 1];

        return filter->sort == STORE_SORT_NEWEST ? arena_printf(act->arena, "%lld", (long long)last->seq)
                                                 : arena_printf(act->arena, "%lld:%lld", (long long)last->end_at, (long long)last->seq);
}

static void query_filter(struct act *act, const struct certificate_query *query, struct store_certificate_filter *filter)
{
        *filter = (struct store_certificate_filter){
                .account_id = act->account_id,
                .source = query_source(query),
                .certificate_type = query->certificate_type,
                .project_id = query->project_id.set ? query->project_id.v : -1,
                .ids = query->ids,
                .tags = query_tags(act, query),
                .tag_count = query->tags.n,
                .search = query->search,
                .key_family = flag_is_set(query->is_sm) ? STR("SM2") : (struct str){0},
                .offset = query->offset,
                .limit = query->limit,
        };
        if (flag_is_set(query->expiring) || flag_is_set(query->renew)) {
                filter->ending_after = act->now_sec;
                filter->ending_before = act->now_sec + CERT_RENEW_WINDOW_SEC;
        }
        if (str_equal_nocase(query->expiration_sort, STR("ASC")))
                filter->sort = STORE_SORT_END_ASC;
        else if (str_equal_nocase(query->expiration_sort, STR("DESC")))
                filter->sort = STORE_SORT_END_DESC;
}

res certificate_list(struct act *act, const struct certificate_query *query, struct certificate_page *ret_page)
{
        struct store_conn *conn = NULL;
        struct store_certificate_filter filter;
        struct store_certificate_page rows = {0};
        bool none = false;

        query_filter(act, query, &filter);
        filter.statuses = query_statuses(act, query, &filter.status_count, &none);
        TRY(query_marker(act, query, &filter));
        TRY(store_read(act->core->store, &conn));
        if (!none)
                TRY(store_certificate_list(conn, act->arena, &filter, &rows));
        struct certificate_view *views = arena_array_of(act->arena, rows.n + 1, struct certificate_view);

        for (size_t i = 0; i < rows.n; i++) {
                views[i].row = rows.v[i];
                TRY(view_fill(act, conn, &views[i]));
        }
        *ret_page = (struct certificate_page){views, rows.n, rows.total, page_marker(act, &filter, &rows)};
        return RES_OK;
}
