/* See submit_ahead.h. */
#include "core/submit_ahead.h"

#include "core/core.h"
#include "core/submit_inner.h"

/* The applicant as told for the old one; a machine's or an old row without any has its contact's address at least. */
static res ahead_applicant(struct act *act, const struct certificate_row *origin, struct submit_info *info)
{
        struct store_conn *conn = NULL;
        struct submission_row row = {0};

        TRY(store_read(act->core->store, &conn));
        res found = store_submission_get(conn, act->arena, act->account_id, origin->certificate_id, &row);

        info->company_type = SUBMIT_PERSON;
        info->form.contact_email = origin->email;
        if (found.err == ERR_NOT_FOUND)
                return RES_OK;
        TRY(found);
        info->company_type = row.company_type;
        return submit_form_read(act->arena, row.body, &info->form);
}

static void ahead_names(struct act *act, const struct submit_ahead *in, const struct certificate_row *origin, struct submit_info *info)
{
        char sep = in->names.n ? ',' : '\n';
        struct str rest = in->names.n ? in->names : origin->names, *v = arena_array_of(act->arena, LIMIT_NAMES_PER_CERT * 2, struct str);
        size_t n = 0;

        while (rest.n > 0 && n < LIMIT_NAMES_PER_CERT * 2)
                v[n++] = str_trim(str_cut(&rest, sep));
        info->common_name = in->names.n ? v[0] : origin->domain;
        info->names = (struct strs){v, n};
}

static res ahead_way(struct act *act, const struct submit_ahead *in, struct submit_info *info)
{
        static const char *const ways[][2] = {{"original", "original"}, {"upload", "parse"}, {"online", "online"}};

        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
                if (str_equal_nocase(in->csr_method, str_of(ways[i][0])))
                        info->csr_type = str_of(ways[i][1]);
        if (info->csr_type.n == 0)
                return act_fail(act, ERR_RENEW_METHOD, "RenewGenCsrMethod is original (the old key), upload (RenewCsr) or online (made here).");
        if (str_equals(info->csr_type, "parse") != (in->csr.n > 0))
                return act_fail(act, ERR_RENEW_CSR, "RenewCsr is sent with RenewGenCsrMethod upload, and only then.");
        return RES_OK;
}

static bool is_of_csr(enum err err)
{
        return err == ERR_CSR_PARSE || err == ERR_CSR_NAME || err == ERR_CSR_USED || err == ERR_KEY_WEAK || err == ERR_KEY_TYPE || err == ERR_SIGNATURE;
}

res submit_ahead(struct act *act, const struct submit_ahead *in, const struct submit_ahead_of *of, struct submit_prepared **ret_prepared)
{
        struct submit_info info = {
                .certificate_id = of->certificate_id,
                .csr = in->csr,
                .key_password = in->key_password,
                .key_algo = in->key_algo,
                .key_parameter = in->key_parameter,
                .key_field = "",
                .password_field = "RenewKeyPass",
                .method = in->method,
                .state_error = ERR_CERT_STATE,
                .domain_error = ERR_DOMAIN,
        };
        const struct submit_target target = {
                .row = {.certificate_id = of->certificate_id, .account_id = act->account_id, .origin_certificate_id = of->origin->certificate_id},
                .order = *of->order,
                .product = of->product,
                .origin_order_id = of->origin->order_id,
        };

        TRY(ahead_way(act, in, &info));
        TRY(ahead_applicant(act, of->origin, &info));
        ahead_names(act, in, of->origin, &info);
        res prepared = submit_info_prepare(act, &info, &target, ret_prepared);

        return is_of_csr(prepared.err) && in->csr.n > 0 ? FAIL(ERR_RENEW_CSR) : prepared; /* the sentence stands */
}
