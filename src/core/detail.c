/*
 * What only the detail shows: the certificate as PEM, its chain, and the private key, whose release is logged before the
 * vault is asked (key_open.h).
 */
#include "core/certificate.h"

#include "base/hex.h"
#include "core/core.h"
#include "core/issuers.h"
#include "core/key_open.h"
#include "pki/cert.h"
#include "pki/name.h"
#include "pki/pem.h"
#include "store/issued.h"

#define DETAIL_PEM_BYTES (256 * 1024) /* a leaf with 100 names and three CA certificates are under 40 KB */

static const char *detail_pem_chain(struct act *act, struct bytes leaf, const struct issuer *issuer)
{
        CLEAN(buf_done) struct buf pem = {0};

        buf_init(&pem, DETAIL_PEM_BYTES);
        pki_pem_write(PKI_PEM_CERTIFICATE, leaf, &pem);
        issuers_add_chain_pem(act->core->issuers, issuer, &pem);
        return str_copy(act->arena, buf_str(&pem));
}

static res detail_chain_leaf(struct act *act, struct pki_kit *kit, struct bytes der, struct chain_info *ret_info)
{
        CLEAN(buf_done) struct buf subject = {0}, issuer = {0};
        char *fingerprint = arena_alloc(act->arena, 41);
        struct pki_cert cert;

        buf_init(&subject, LIMIT_CERT_BYTES);
        buf_init(&issuer, LIMIT_CERT_BYTES);
        TRY(pki_cert_parse(der, &cert));
        TRY(pki_name_text(cert.subject, &subject));
        TRY(pki_name_text(cert.issuer, &issuer));
        TRY(pki_cert_fingerprint(kit, &cert, PKI_SHA1, fingerprint));
        str_lower_ascii(fingerprint, 40);
        *ret_info = (struct chain_info){
                .subject = str_copy(act->arena, buf_str(&subject)), .issuer = str_copy(act->arena, buf_str(&issuer)),
                .fingerprint_lower = fingerprint, .valid_from = cert.not_before, .valid_to = cert.not_after,
        };
        return RES_OK;
}

/* The leaf and every CA above it, root included: what a person compares with the browser's view. */
static res detail_chain(struct act *act, struct pki_kit *kit, struct bytes leaf, const struct issuer *issuer,
                        struct certificate_detail *detail)
{
        struct chain_info *chain = arena_array_of(act->arena, issuers_count(act->core->issuers) + 2, struct chain_info);
        size_t n = 0;

        TRY(detail_chain_leaf(act, kit, leaf, &chain[n++]));
        for (; issuer; issuer = issuer->parent[0] ? issuers_find(act->core->issuers, str_of(issuer->parent)) : NULL)
                TRY(detail_chain_leaf(act, kit, issuer->der, &chain[n++]));
        detail->chain = chain;
        detail->chain_count = n;
        return RES_OK;
}

static res detail_key(struct act *act, const struct certificate_row *row, const char **ret_pem)
{
        CLEAN(key_opened_done) struct key_opened key = {0};
        CLEAN(buf_wipe) struct buf pem = {0};
        res opened = key_open(act, row, "download", "Private key shown in the certificate's details", &key);

        if (opened.err == ERR_NOT_FOUND)
                return RES_OK;
        TRY(opened);
        buf_init(&pem, DETAIL_PEM_BYTES);
        key_opened_pem(&key, &pem);
        TRY(buf_check(&pem));
        char *text = str_copy(act->arena, buf_str(&pem));

        arena_tie(act->arena, secret_wipe_text, text);
        *ret_pem = text;
        return RES_OK;
}

static bool detail_may_show_key(const struct certificate_row *row)
{
        return row->status == CERT_ISSUED || row->status == CERT_EXPIRED; /* DL-09: not once revocation is filed */
}

static res detail_issued(struct act *act, struct certificate_detail *detail)
{
        const struct certificate_row *row = &detail->view.row;
        const struct issuer *issuer = issuers_find(act->core->issuers, row->issuer);
        CLEAN(pki_kit_free_ptr) struct pki_kit *kit = NULL;
        struct store_conn *conn = NULL;
        struct issued_row issued = {0};
        char *fingerprint = arena_alloc(act->arena, 41);
        struct pki_cert cert;

        TRY(store_read(act->core->store, &conn));
        TRY(store_issued_get(conn, act->arena, act->account_id, row->issued_id, &issued));
        TRY(pki_kit_new(&kit));
        TRY(pki_cert_parse(issued.der, &cert));
        TRY(pki_cert_fingerprint(kit, &cert, PKI_SHA1, fingerprint));
        detail->fingerprint_sha1 = fingerprint;
        detail->chain_pem = detail_pem_chain(act, issued.der, issuer);
        const struct issuer *root = issuers_root_of(act->core->issuers, issuer);

        detail->root_pem = root ? root->pem : NULL;
        TRY(detail_chain(act, kit, issued.der, issuer, detail));
        return detail_may_show_key(row) ? detail_key(act, row, &detail->key_pem) : RES_OK;
}

res certificate_detail(struct act *act, struct str id, struct certificate_detail *ret_detail)
{
        struct certificate_detail detail = {0};

        TRY(certificate_view(act, id, &detail.view));
        if (detail.view.row.issued_id > 0)
                TRY(detail_issued(act, &detail));
        *ret_detail = detail;
        return RES_OK;
}
