/* The key of a reissue, and the row that it goes into. */
#include "base/random.h"
#include "core/bind.h"
#include "core/certificate.h"
#include "core/core.h"
#include "core/csr_paste.h"
#include "core/key_kind.h"
#include "core/key_make.h"
#include "core/reissue_inner.h"

static const char *const csr_words[REISSUE_CSR_COUNT] = {
        [REISSUE_CSR_ORIGINAL] = "original", [REISSUE_CSR_UPLOAD] = "upload", [REISSUE_CSR_ONLINE] = "online"};

const char *reissue_csr_word(enum reissue_csr csr)
{
        return csr < REISSUE_CSR_COUNT ? csr_words[csr] : "";
}

/* Samples write "Original"; absent means the original one, but for a free certificate, whose form has only the new key. */
static res csr_choose(struct reissuing *reissuing)
{
        struct str word = reissuing->in->csr_type;
        bool wants_key = reissuing->in->key_algo.n > 0 || reissuing->in->key_parameter.n > 0;
        int i = 0;

        if (word.n == 0)
                word = reissuing->product->is_free || wants_key ? STR("online") : STR("original");
        while (i < REISSUE_CSR_COUNT && !str_equal_nocase(word, str_of(csr_words[i])))
                i++;
        if (i == REISSUE_CSR_COUNT)
                return act_fail(reissuing->act, ERR_PARAM_VALUE, "CsrType must be original, upload or online.");
        if (i == REISSUE_CSR_UPLOAD && reissuing->product->is_free) /* RIS-10 */
                return act_fail(reissuing->act, ERR_PARAM_VALUE,
                                "A free certificate is reissued with a key made here; send CsrType online.");
        reissuing->csr = (enum reissue_csr)i;
        return RES_OK;
}

static res key_of_original(struct reissuing *reissuing)
{
        struct act *act = reissuing->act;
        struct store_conn *conn = NULL;

        TRY(store_read(act->core->store, &conn));
        TRY(store_key_get(conn, act->arena, act->account_id, reissuing->origin.key_id, &reissuing->key));
        reissuing->issuer = str_copy(act->arena, reissuing->origin.issuer);
        reissuing->key_text = str_copy(act->arena, reissuing->origin.key_type);
        return RES_OK;
}

static res key_online(struct reissuing *reissuing)
{
        struct act *act = reissuing->act;
        const struct reissue_new *in = reissuing->in;
        const struct key_choice choice = {"CertCSREncryptAlgo", "CertCSRKeyParameter", in->key_algo, in->key_parameter};
        const struct key_kind *kind = NULL;

        TRY(key_kind_choose(act, reissuing->product, &choice, &kind));
        TRY(key_check_password(act, "CsrkeyPassword", in->key_password));
        reissuing->issuer = key_kind_issuer(reissuing->product, kind);
        reissuing->key_text = kind->text;
        TRY(key_make(act, &(struct key_make){kind->type, in->key_password, reissuing->origin.domain, {0}}, &reissuing->key));
        reissuing->key.used_order = reissuing->origin.order_id;
        return RES_OK;
}

static bool names_have(const struct strs *names, struct str name)
{
        for (size_t i = 0; i < names->n; i++)
                if (str_equal_nocase(names->v[i], name))
                        return true;
        return false;
}

/* RIS-12, CON-09: the names stay as they are; a request that wants others is refused. */
static res paste_check_names(struct reissuing *reissuing, const struct csr_pasted *pasted)
{
        struct act *act = reissuing->act;
        struct strs names = certificate_names(act->arena, reissuing->origin.names);

        if (pasted->common_name.n > 0 && !names_have(&names, pasted->common_name))
                return act_fail(act, ERR_PARAM_VALUE, "The domain cannot change on reissue: the request is for %.*s, the certificate for %.*s.",
                                (int)pasted->common_name.n, pasted->common_name.p, (int)names.v[0].n, names.v[0].p);
        for (size_t i = 0; i < pasted->names.n; i++)
                if (!names_have(&names, pasted->names.v[i]))
                        return act_fail(act, ERR_PARAM_VALUE, "The domain cannot change on reissue: %.*s is not a name of the certificate.",
                                        (int)pasted->names.v[i].n, pasted->names.v[i].p);
        return RES_OK;
}

static res key_pasted(struct reissuing *reissuing)
{
        struct act *act = reissuing->act;
        struct csr_pasted pasted = {0};

        if (reissuing->in->csr_pem.n == 0)
                return act_fail(act, ERR_PARAM_MISSING, "CsrContent is missing: the request in PEM that CsrType upload means.");
        if (reissuing->in->key_password.n > 0)
                return act_fail(act, ERR_PARAM_VALUE, "CsrkeyPassword is for a key made here; the key of a pasted request is yours.");
        TRY(csr_paste(act, reissuing->in->csr_pem, &reissuing->product->csr_keys, &pasted));
        TRY(paste_check_names(reissuing, &pasted));
        reissuing->key = pasted.key;
        reissuing->key.used_order = reissuing->origin.order_id;
        reissuing->issuer = key_kind_issuer(reissuing->product, pasted.kind);
        reissuing->key_text = pasted.kind->text;
        return RES_OK;
}

res reissue_make_key(struct reissuing *reissuing)
{
        TRY(csr_choose(reissuing));
        switch (reissuing->csr) {
        case REISSUE_CSR_ORIGINAL:
                return key_of_original(reissuing);
        case REISSUE_CSR_UPLOAD:
                return key_pasted(reissuing);
        default:
                return key_online(reissuing);
        }
}

void reissue_fill(struct reissuing *reissuing, enum msg_method method)
{
        struct act *act = reissuing->act;
        char id[9];

        random_text(id, 8, RANDOM_ALNUM);
        reissuing->certificate = reissuing->origin;
        struct certificate_row *row = &reissuing->certificate;

        row->seq = 0;
        row->certificate_id = str_of(arena_strdup(act->arena, id));
        row->status = CERT_PENDING;
        row->verify_type = bind_verify_type(method, reissuing->product->is_free ? reissuing->origin.verify_type : reissuing->in->method);
        row->key_type = str_of(reissuing->key_text);
        row->key_id = reissuing->key.key_id;
        row->key_password_set = reissuing->key.password_set;
        row->issuer = str_of(reissuing->issuer);
        row->created_at = row->submitted_at = act->now_sec;
        row->deadline_at = act->now_sec + reissuing->product->deadline_days * 86400; /* CON-01 */
        row->issued_id = row->begin_at = row->end_at = row->revoked_at = row->verified_ask_at = row->ignore_notices = 0;
        row->origin_certificate_id = row->renew_certificate_id = row->replaced_for = STR("");
        row->replaced_by = reissuing->origin.certificate_id;
}

res reissue_check_pasted_key(struct act *act, struct store_conn *conn, const struct cert_key_row *key)
{
        return csr_check_unused(act, conn, key->spki_hash, key->used_order, /* origin_order_id= */ 0);
}
