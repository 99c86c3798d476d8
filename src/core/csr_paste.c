/* See csr_paste.h. */
#include "core/csr_paste.h"

#include <assert.h>

#include "base/random.h"
#include "core/catalogue.h"
#include "core/key_gate.h"
#include "core/key_make.h"
#include "pki/csr.h"

static_assert((int)MSG_KEY_RSA_2048 == (int)PKI_KEY_RSA_2048 && (int)MSG_KEY_RSA_4096 == (int)PKI_KEY_RSA_4096 &&
                      (int)MSG_KEY_EC_P256 == (int)PKI_KEY_EC_P256 && (int)MSG_KEY_EC_P384 == (int)PKI_KEY_EC_P384,
              "the numbers of key types travel in messages");

#define PASTE_AGAIN "make it with `openssl req -new -nodes -sha256 -newkey rsa:2048 -keyout SSL.KEY -out SSL.CSR`" /* CSR-29 */

static res paste_read(struct act *act, struct str pem, struct pki_csr *ret_csr)
{
        CLEAN(buf_done) struct buf der = {0};

        if (str_trim(pem).n == 0)
                return act_fail(act, ERR_CSR_PARSE, "There is no CSR; paste it from -----BEGIN CERTIFICATE REQUEST----- to its END line, or "
                                                    "have one generated online.");
        if (pem.n > LIMIT_CSR_BYTES)
                return act_fail(act, ERR_CSR_PARSE, "The CSR has more than %d bytes; " PASTE_AGAIN ".", LIMIT_CSR_BYTES);
        buf_init(&der, LIMIT_CSR_BYTES);
        res read = pki_csr_from_pem(pem, &der);
        if (read.err == ERR_MEMORY)
                return read;
        if (!res_is_ok(read))
                return act_fail(act, ERR_CSR_PARSE, "The CSR is no PEM text of one certificate request; paste it whole, from "
                                                    "-----BEGIN CERTIFICATE REQUEST----- to its END line, and nothing else.");
        struct bytes copy = bytes_of(arena_copy(act->arena, der.p, der.n), der.n);
        res parsed = pki_csr_parse(copy, ret_csr);

        if (parsed.err == ERR_KEY_TYPE)
                return act_fail(act, ERR_KEY_TYPE, "The CSR's key is of a kind that is not supported here; " PASTE_AGAIN ".");
        if (!res_is_ok(parsed))
                return act_fail(act, ERR_CSR_PARSE, "The CSR is damaged, or signed with an algorithm that is not accepted; " PASTE_AGAIN ".");
        return RES_OK;
}

static res paste_check_kind(struct act *act, const struct pki_csr *csr, const struct strs *keys, const struct key_kind **ret_kind)
{
        const struct key_kind *kind = key_kind_of((enum msg_key_type)csr->spki.key_type);
        const char *name = pki_alg_key_name(csr->spki.key_type), *may = "";

        if (kind && product_has(keys, name)) {
                *ret_kind = kind;
                return RES_OK;
        }
        for (size_t i = 0; i < keys->n; i++)
                may = arena_printf(act->arena, "%s%s%.*s", may, i ? ", " : "", (int)keys->v[i].n, keys->v[i].p);
        return act_fail(act, ERR_KEY_TYPE,
                        "A pasted CSR may have a key of %s here, this one has %u bits of another kind or size; " PASTE_AGAIN
                        ", or have the key generated online.",
                        may, csr->spki.bits); /* CON-15 */
}

static res paste_verify(struct act *act, const struct pki_csr *csr)
{
        CLEAN(pki_kit_free_ptr) struct pki_kit *kit = NULL;

        TRY(pki_kit_new(&kit));
        TRY(key_gate(act, kit, &csr->spki));
        if (!res_is_ok(pki_csr_verify(kit, csr)))
                return act_fail(act, ERR_SIGNATURE, "The CSR's signature does not fit its key; it was changed after it was made. " PASTE_AGAIN ".");
        return RES_OK;
}

res csr_paste(struct act *act, struct str pem, const struct strs *keys, struct csr_pasted *ret_pasted)
{
        struct csr_pasted pasted = {0};
        struct pki_csr csr;

        TRY(paste_read(act, pem, &csr));
        TRY(paste_check_kind(act, &csr, keys, &pasted.kind));
        TRY(paste_verify(act, &csr));
        if (!res_is_ok(pki_csr_common_name(&csr, &pasted.common_name)) || !res_is_ok(pki_csr_names(&csr, act->arena, &pasted.names)))
                return act_fail(act, ERR_CSR_PARSE, "The CSR's common name or its names are not written in UTF-8; " PASTE_AGAIN "."); /* CSR-26 */
        pasted.key = (struct cert_key_row){
                .key_id = random_row_id(act->now_ms),
                .account_id = act->account_id,
                .key_type = pasted.kind->type,
                .spki = csr.spki.der,
                .spki_hash = key_hash(act, csr.spki.der),
                .csr = csr.der,
                .seal_version = 1,
                .created_at = act->now_sec,
        };
        *ret_pasted = pasted;
        return RES_OK;
}

res csr_check_unused(struct act *act, struct store_conn *conn, struct bytes spki_hash, int64_t order_id, int64_t origin_order_id)
{
        bool used = false;

        TRY(store_key_is_used(conn, spki_hash, order_id, origin_order_id ? origin_order_id : order_id, &used));
        if (used)
                return act_fail(act, ERR_CSR_USED,
                                "This CSR's key was used in another order already; every certificate has a key pair of its own. Make a new CSR, "
                                "or have one generated online.");
        return RES_OK;
}
