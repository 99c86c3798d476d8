/*
 * What only the detail shows: the certificate as PEM, its chain, and the private key, whose release is logged before the
 * vault is asked (key_open.h).
 */
#include "core/certificate.h"

#include "base/hex.h"
#include "core/core.h"
#include "core/held.h"
#include "core/key_open.h"
#include "pki/cert.h"
#include "pki/name.h"

#define DETAIL_PEM_BYTES (256 * 1024) /* a leaf with 100 names and three CA certificates are under 40 KB */

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
                .subject = buf_copy(&subject, act->arena), .issuer = buf_copy(&issuer, act->arena),
                .fingerprint_lower = fingerprint, .valid_from = cert.not_before, .valid_to = cert.not_after,
        };
        return RES_OK;
}

/* The leaf and every CA above it, root included: what a person compares with the browser's view. */
static res detail_chain(struct act *act, struct pki_kit *kit, const struct held *held,
                        struct certificate_detail *detail)
{
        struct chain_info *chain = arena_array_of(act->arena, held->issuer_count + 1, struct chain_info);
        size_t n = 0;

        TRY(detail_chain_leaf(act, kit, held->leaf, &chain[n++]));
        for (size_t i = 0; i < held->issuer_count; i++)
                TRY(detail_chain_leaf(act, kit, held->issuers[i], &chain[n++]));
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
        char *text = buf_copy(&pem, act->arena);

        arena_tie(act->arena, secret_wipe_text, text);
        *ret_pem = text;
        return RES_OK;
}

static bool detail_may_show_key(const struct certificate_row *row)
{
        return row->status == CERT_ISSUED || row->status == CERT_EXPIRED; /* DL-09: not once revocation is filed */
}

static res detail_held(struct act *act, struct certificate_detail *detail)
{
        const struct certificate_row *row = &detail->view.row;
        CLEAN(pki_kit_free_ptr) struct pki_kit *kit = NULL;
        char *fingerprint = arena_alloc(act->arena, 41);
        struct held held = {0};
        struct pki_cert cert;

        TRY(held_get(act, row, &held));
        TRY(pki_kit_new(&kit));
        TRY(pki_cert_parse(held.leaf, &cert));
        TRY(pki_cert_fingerprint(kit, &cert, PKI_SHA1, fingerprint));
        detail->fingerprint_sha1 = fingerprint;
        detail->chain_pem = held.public_pem;
        detail->root_pem = held.ends_in_root ? held_root_pem(act, &held) : NULL;
        TRY(detail_chain(act, kit, &held, detail));
        return detail_may_show_key(row) ? detail_key(act, row, &detail->key_pem) : RES_OK;
}

res certificate_detail(struct act *act, struct str id, struct certificate_detail *ret_detail)
{
        struct certificate_detail detail = {0};

        TRY(certificate_view(act, id, &detail.view));
        if (held_is_there(&detail.view.row))
                TRY(detail_held(act, &detail));
        *ret_detail = detail;
        return RES_OK;
}
