/* Filling certificate_out.h from what core knows.  What Chancery has no such thing as (boxes for scans, other services' switches) stays empty. */
#include "api/certificate_out.h"
#include "core/submit.h"
#include "store/project.h"

#define FILE_PATH "/.well-known/pki-validation/" /* api.md §6 */

static struct str absent_if_empty(struct str s)
{
        return str_is_empty(s) ? (struct str){0} : s;
}

static const struct extra_out *extra_of(struct arena *arena, const struct certificate_view *view)
{
        const struct certificate_row *row = &view->row;
        struct extra_out *extra = arena_new_of(arena, struct extra_out);
        bool is_single = row->domain_type == 1 || row->domain_type == 3;

        extra->domain_number = api_number_text(arena, is_single ? 1 : (int64_t)view->names.n);
        extra->origin_certificate_id = absent_if_empty(row->origin_certificate_id);
        extra->replaced_by = absent_if_empty(row->replaced_by);
        extra->replaced_for = absent_if_empty(row->replaced_for);
        extra->renew_order = absent_if_empty(row->renew_certificate_id);
        extra->company_type = api_int(view->company_type ? view->company_type : str_equals(row->level, "DV") ? 1 : 2);
        return extra;
}

/* The record's name relative to the zone; "" when it is the zone itself. */
static struct str relative_name(struct str full, struct str zone)
{
        if (full.n > zone.n && str_ends_with(full, zone) && full.p[full.n - zone.n - 1] == '.')
                return (struct str){full.p, full.n - zone.n - 1};
        return str_equal(full, zone) ? STR("") : full;
}

/* A file lies on a host, so its entry names the host; a record lies in a zone. */
static struct dv_auth_out dv_auth_of(const struct validation_row *row)
{
        bool is_file = str_equals(row->method, "FILE");

        return (struct dv_auth_out){
                .key = row->record,
                .value = row->value,
                .domain = is_file ? row->name : row->zone,
                .path = is_file ? STR(FILE_PATH) : STR(""),
                .sub_domain = is_file ? STR("") : relative_name(row->record, row->zone),
                .verify_type = row->method,
                .full_name = row->name,
        };
}

static const struct dv_auth_detail_out *dv_auth_detail_of(struct arena *arena, const struct certificate_view *view)
{
        struct dv_auth_detail_out *detail = arena_new_of(arena, struct dv_auth_detail_out);
        struct dv_auth_out *auths = NULL;

        if (view->validation_count == 0)
                return detail;
        auths = arena_array_of(arena, view->validation_count, struct dv_auth_out);
        for (size_t i = 0; i < view->validation_count; i++)
                auths[i] = dv_auth_of(&view->validations[i]);
        *detail = (struct dv_auth_detail_out){
                .key = auths->key,
                .value = auths->value,
                .domain = auths->domain,
                .path = auths->path,
                .key_sub_domain = auths->sub_domain,
                .auths = {auths, view->validation_count},
        };
        return detail;
}

/* While a revocation waits to be proved (RVK-16). */
static struct objs revoke_auths_of(struct arena *arena, const struct certificate_view *view)
{
        struct dv_auth_out *auths = arena_array_of(arena, view->revoke_proof_count + 1, struct dv_auth_out);

        for (size_t i = 0; i < view->revoke_proof_count; i++)
                auths[i] = dv_auth_of(&view->revoke_proofs[i]);
        return (struct objs){auths, view->revoke_proof_count};
}

/* The kinds of what serves it, each once: bindings come sorted by kind. */
static struct strs bound_types_of(struct arena *arena, const struct certificate_view *view)
{
        struct str *types = arena_array_of(arena, view->binding_count + 1, struct str);
        size_t n = 0;

        for (size_t i = 0; i < view->binding_count; i++)
                if (n == 0 || !str_equal(types[n - 1], view->bindings[i].resource_type))
                        types[n++] = view->bindings[i].resource_type;
        return (struct strs){types, n};
}

/* What a bought certificate's owner told about himself; never the password, which is nowhere (PKP-03). */
static void fill_form(const struct submit_form *form, struct submitted_out *out)
{
        out->organization_name = form->org_name;
        out->organization_division = form->org_division;
        out->organization_address = form->org_address;
        out->organization_country = form->org_country;
        out->organization_city = form->org_city;
        out->organization_region = form->org_region;
        out->postal_code = form->postal_code;
        out->phone_area_code = form->phone_area;
        out->phone_number = form->phone;
        out->admin_first_name = form->admin_first;
        out->admin_last_name = form->admin_last;
        out->admin_phone = form->admin_phone;
        out->admin_email = form->admin_email;
        out->admin_position = form->admin_position;
        out->contact_first_name = form->contact_first;
        out->contact_last_name = form->contact_last;
        out->contact_position = form->contact_position;
}

/* Whatever was handed in for review; gone once there is nothing left to review. */
static const struct submitted_out *submitted_of(struct arena *arena, const struct certificate_view *view)
{
        struct submitted_out *submitted = NULL;

        if (view->row.status == CERT_ISSUED || view->row.issued_id != 0 || str_equals(view->row.source, "upload"))
                return NULL;
        submitted = arena_new_of(arena, struct submitted_out);
        submitted->csr_type = STR("online");
        submitted->domain = view->row.domain;
        submitted->domains = view->names;
        submitted->contact_email = absent_if_empty(view->row.email);
        submitted->contact_number = absent_if_empty(view->row.phone);
        submitted->verify_type = view->row.verify_type;
        if (view->form) {
                fill_form(view->form, submitted);
                submitted->csr_type = view->csr_type;
                submitted->csr_content = str_of(view->csr_pem);
        }
        return submitted;
}

static const struct project_out *project_of(struct arena *arena, const struct certificate_view *view)
{
        struct project_out *project = arena_new_of(arena, struct project_out);
        int64_t uin = 0;

        if (!res_is_ok(str_to_int64(str_of(view->uin), &uin)))
                uin = 0;
        project->name = STR("Default project");
        if (view->project != NULL) {
                project->name = view->project->name;
                project->resume = view->project->info;
                project->create_time = api_time(arena, view->project->created_at);
        }
        project->creator_uin = project->owner_uin = api_int(uin);
        project->project_id = api_number_text(arena, view->row.project_id);
        return project;
}

/* Keystores need the key; where KeyPasswordCustomFlag is set, its password has to be told as well (PKP-01, PKP-03). */
static const struct download_types_out *download_types_of(struct arena *arena, const struct certificate_view *view)
{
        struct download_types_out *types = arena_new_of(arena, struct download_types_out);

        types->nginx = types->apache = types->other = types->root = api_bool(view->is_downloadable);
        types->tomcat = types->iis = types->jks = api_bool(view->has_key);
        return types;
}

static struct objs tags_of(struct arena *arena, const struct certificate_view *view)
{
        struct tag_out *tags = arena_array_of(arena, view->tag_count, struct tag_out);

        for (size_t i = 0; i < view->tag_count; i++)
                tags[i] = (struct tag_out){view->tags[i].key, view->tags[i].value};
        return (struct objs){tags, view->tag_count};
}

static struct strs one_str(struct arena *arena, struct str s)
{
        return (struct strs){arena_copy(arena, &s, sizeof s), 1};
}

static void fill_issuer(struct arena *arena, const struct certificate_view *view, struct certificate_out *out)
{
        struct str rest = view->row.key_type;

        if (view->issuer_name == NULL || *view->issuer_name == '\0')
                return;
        out->ca_encrypt_algorithms = one_str(arena, str_cut(&rest, ' '));
        out->ca_common_names = one_str(arena, str_of(view->issuer_name));
        if (view->issuer_end_at > 0)
                out->ca_end_times = one_str(arena, api_time(arena, view->issuer_end_at));
}

static void fill_times(struct arena *arena, const struct certificate_row *row, struct certificate_out *out)
{
        out->begin_time = api_time(arena, row->begin_at);
        out->end_time = api_time(arena, row->end_at);
        out->insert_time = api_time(arena, row->created_at);
        out->deadline = api_time(arena, row->deadline_at);
        out->validation_passed_time = row->validated_at > 0 ? api_time(arena, row->validated_at) : STR("--");
        out->revoked_time = api_time(arena, row->revoked_at);
}

static void fill_row(struct arena *arena, const struct certificate_row *row, struct certificate_out *out)
{
        out->project_id = api_number_text(arena, row->project_id);
        out->from = row->source;
        out->package_type = row->package_type;
        out->certificate_type = row->certificate_type;
        out->product_name = out->type_name = row->product_name;
        out->domain = row->domain;
        out->alias = row->alias;
        out->status = api_int(row->status);
        out->status_name = str_of(certificate_status_name(row->status));
        out->status_msg = row->status_msg;
        out->verify_type = row->verify_type;
        out->vulnerability_status = STR("INACTIVE");
        out->validity_period = row->validity_months;
        out->order_id = api_number_text(arena, row->order_id);
        out->certificate_id = row->certificate_id;
        out->encrypt_algorithm = row->key_type;
        out->cert_type = row->level;
        out->domain_type = api_int(row->domain_type);
        out->is_dv = api_bool(str_equals(row->level, "DV"));
        out->is_wildcard = api_bool(row->domain_type == 3 || row->domain_type == 4);
        out->is_ignore = api_bool(row->ignore_notices != 0);
        out->has_renew_order = row->renew_certificate_id;
        out->key_password_custom_flag = api_bool(row->key_password_set != 0);
        out->hosting_status = api_int(-1);
        fill_times(arena, row, out);
}

void api_certificate_out_fill(struct arena *arena, const struct certificate_view *view, struct certificate_out *ret_out)
{
        struct certificate_out out = {0};

        fill_row(arena, &view->row, &out);
        fill_issuer(arena, view, &out);
        out.owner_uin = str_of(view->uin);
        out.names = view->names;
        if (view->names.n > 0)
                out.other_names = (struct strs){view->names.v + 1, view->names.n - 1};
        out.renew_able = api_bool(view->is_renewable);
        out.deployable = api_bool(view->is_deployable);
        out.allow_download = api_bool(view->is_downloadable);
        out.is_expiring = api_bool(view->is_expiring);
        out.tags = tags_of(arena, view);
        out.extra = extra_of(arena, view);
        out.dv_auth = dv_auth_detail_of(arena, view);
        out.revoke_auths = revoke_auths_of(arena, view);
        out.bound_resource = bound_types_of(arena, view);
        out.submitted = submitted_of(arena, view);
        out.project = project_of(arena, view);
        out.pre_audit = arena_new_of(arena, struct pre_audit_out);
        out.download_types = download_types_of(arena, view);
        *ret_out = out;
}

static struct objs chain_of(struct arena *arena, const struct certificate_detail *detail)
{
        struct chain_out *chain = arena_array_of(arena, detail->chain_count, struct chain_out);

        for (size_t i = 0; i < detail->chain_count; i++)
                chain[i] = (struct chain_out){
                        .issuer = str_of(detail->chain[i].issuer),
                        .subject = str_of(detail->chain[i].subject),
                        .fingerprint = str_of(detail->chain[i].fingerprint_lower),
                        .valid_from = api_time(arena, detail->chain[i].valid_from),
                        .valid_to = api_time(arena, detail->chain[i].valid_to),
                };
        return (struct objs){chain, detail->chain_count};
}

void api_certificate_out_fill_detail(struct arena *arena, const struct certificate_detail *detail,
                                     struct certificate_out *ret_out)
{
        struct root_out *root = arena_new_of(arena, struct root_out);

        root->standard = str_of(detail->root_pem);
        ret_out->root = root;
        ret_out->private_key = str_of(detail->key_pem);
        ret_out->public_key = str_of(detail->chain_pem);
        ret_out->fingerprint = str_of(detail->fingerprint_sha1);
        ret_out->chain = chain_of(arena, detail);
}
