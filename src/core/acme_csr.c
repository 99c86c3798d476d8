/* See acme_csr.h.  From the cheap to the dear: form, names, key, and the signature last. */
#include "core/acme_csr.h"

#include "base/digest.h"
#include "core/compromise.h"
#include "core/core.h"
#include "core/key_gate.h"
#include "pki/der.h"
#include "store/key.h"

static struct str lowered(struct act *act, struct str s)
{
        char *text = arena_strndup(act->arena, s.p ? s.p : "", s.n);

        str_lower_ascii(text, s.n);
        return (struct str){text, s.n};
}

static bool is_among(const struct strs *names, struct str name)
{
        for (size_t i = 0; i < names->n; i++)
                if (str_equal(names->v[i], name))
                        return true;
        return false;
}

/* Members of the SAN, of whatever kind: a mail address beside the names is refused, not overlooked. */
static MUST res count_names(const struct pki_csr *csr, size_t *ret_count)
{
        struct der names;
        size_t count = 0;

        *ret_count = 0;
        if (csr->san.n == 0)
                return RES_OK;
        TRY(der_enter_all(csr->san, DER_SEQUENCE, &names));
        for (; !der_is_end(&names); count++)
                TRY(der_skip(&names));
        *ret_count = count;
        return RES_OK;
}

static MUST res check_names(struct act *act, const struct strs *names, struct acme_csr *csr)
{
        struct strs asked = {0};
        struct str common_name = {0};
        size_t members = 0;
        bool *found = arena_array_of(act->arena, names->n + 1, bool);

        if (!res_is_ok(count_names(&csr->csr, &members)) || !res_is_ok(pki_csr_names(&csr->csr, act->arena, &asked)) ||
            !res_is_ok(pki_csr_common_name(&csr->csr, &common_name)))
                return act_fail(act, ERR_ACME_CSR, "The names of the certificate request cannot be read.");
        if (members != asked.n)
                return act_fail(act, ERR_ACME_CSR, "The certificate request asks for names that are neither DNS names nor addresses.");
        csr->common_name = lowered(act, common_name);
        for (size_t i = 0; i <= asked.n; i++) {
                const struct str name = i < asked.n ? lowered(act, asked.v[i]) : csr->common_name;

                if (i == asked.n && name.n == 0)
                        break;
                if (!is_among(names, name))
                        return act_fail(act, ERR_ACME_CSR, "The certificate request holds a name that the order does not: %.*s.",
                                        name.n < 100 && str_is_utf8(name) ? (int)name.n : 0, name.p);
                for (size_t k = 0; k < names->n; k++)
                        found[k] |= str_equal(names->v[k], name);
        }
        for (size_t k = 0; k < names->n; k++)
                if (!found[k])
                        return act_fail(act, ERR_ACME_CSR, "The certificate request lacks the order's name %.*s.", (int)names->v[k].n,
                                        names->v[k].p);
        return RES_OK;
}

/* RFC 8555 §11.1: the key that signs requests is not the key that serves TLS; nor is any other account's. */
static MUST res check_not_account(struct act *act, struct store_conn *reader, struct bytes spki)
{
        struct jws_key key = {0};
        struct acme_account_row row = {0};
        char thumbprint[JWS_THUMBPRINT_SIZE];

        if (!res_is_ok(jws_key_from_spki(spki, &key)))
                return RES_OK;
        TRY(jws_key_thumbprint(&key, thumbprint));
        res found = store_acme_account_get_by_key(reader, act->arena, str_of(thumbprint), &row);

        if (res_is_ok(found))
                return act_fail(act, ERR_ACME_CSR, "The certificate request has the key of an ACME account; make a key of its own.");
        return found.err == ERR_NOT_FOUND ? RES_OK : found;
}

static MUST res check_key(struct act *act, const struct acme_account *account, struct pki_kit *kit, struct acme_csr *csr)
{
        const struct pki_spki *spki = &csr->csr.spki;
        struct store_conn *reader = NULL;
        bool others = false;
        res checked = key_gate(act, kit, spki);

        if (checked.err == ERR_KEY_WEAK)
                return FAIL(ERR_ACME_CSR); /* the sentence stands */
        if (res_is_ok(checked) || checked.err != ERR_KEY_TYPE)
                TRY(checked);
        if (!res_is_ok(checked) || spki->key_type == PKI_KEY_NONE || spki->family == PKI_FAMILY_SM2)
                return act_fail(act, ERR_ACME_CSR, "The key must be RSA of 2048, 3072 or 4096 bits, or EC on P-256 or P-384.");
        digest_sha256(spki->der, csr->spki_hash);
        TRY(store_read(act->core->store, &reader));
        TRY(check_not_account(act, reader, spki->der));
        res known = compromise_check(act, spki->der);

        if (known.err == ERR_KEY_BLOCKED)
                return act_fail(act, ERR_ACME_CSR, "The key of the certificate request was reported as compromised; make a new one.");
        TRY(known);
        TRY(store_key_is_others(reader, bytes_of(csr->spki_hash, sizeof csr->spki_hash), account->account_id, &others));
        if (others)
                return act_fail(act, ERR_ACME_CSR, "The key of the certificate request is in use by somebody else; make a new one.");
        return RES_OK;
}

bool acme_csr_is_quick(struct bytes der)
{
        struct pki_csr csr;

        return der.n > LIMIT_CSR_BYTES || !res_is_ok(pki_csr_parse(der, &csr)) || csr.spki.key_type == PKI_KEY_EC_P256;
}

res acme_csr_check(struct act *act, const struct acme_account *account, const struct strs *names, struct bytes der,
                   struct acme_csr *ret_csr)
{
        struct pki_kit *kit = NULL;
        struct acme_csr csr = {0};

        if (der.n > LIMIT_CSR_BYTES)
                return act_fail(act, ERR_ACME_CSR, "The certificate request is larger than %d bytes.", LIMIT_CSR_BYTES);
        res parsed = pki_csr_parse(der, &csr.csr);

        if (!res_is_ok(parsed))
                return act_fail(act, ERR_ACME_CSR, parsed.err == ERR_KEY_TYPE ? "The key must be RSA of 2048, 3072 or 4096 bits, or EC on P-256 or P-384."
                                                                              : "The certificate request is not PKCS#10 in DER.");
        TRY(check_names(act, names, &csr));
        TRY(pki_kit_of_thread(&kit));
        TRY(check_key(act, account, kit, &csr));
        res verified = pki_csr_verify(kit, &csr.csr);

        if (verified.err == ERR_MEMORY || verified.err == ERR_CRYPTO)
                return verified;
        if (!res_is_ok(verified))
                return act_fail(act, ERR_ACME_CSR, "The signature of the certificate request does not fit its key.");
        *ret_csr = csr;
        return RES_OK;
}
