/* See held.h. */
#include "core/held.h"

#include "core/core.h"
#include "core/issuers.h"
#include "pki/cert.h"
#include "pki/der.h"
#include "pki/pem.h"
#include "store/issued.h"
#include "store/upload.h"

#define HELD_PEM_BYTES (1024 * 1024) /* the largest upload is a quarter of it */

bool held_is_uploaded(const struct certificate_row *row)
{
        return str_equals(row->source, HELD_UPLOAD);
}

bool held_is_there(const struct certificate_row *row)
{
        return row->issued_id != 0 || held_is_uploaded(row);
}

static void add_pem(struct buf *pem, struct bytes der)
{
        pki_pem_write(PKI_PEM_CERTIFICATE, der, pem);
}

static const char *pem_of(struct act *act, const struct bytes *ders, size_t n)
{
        CLEAN(buf_done) struct buf pem = {0};

        buf_init(&pem, HELD_PEM_BYTES);
        for (size_t i = 0; i < n; i++)
                add_pem(&pem, ders[i]);
        return n == 0 ? "" : buf_copy(&pem, act->arena);
}

static size_t intermediate_count(const struct held *held)
{
        return held->issuer_count - (held->ends_in_root && held->issuer_count > 0);
}

const char *held_issuers_pem(struct act *act, const struct held *held)
{
        return pem_of(act, held->issuers, intermediate_count(held));
}

const char *held_root_pem(struct act *act, const struct held *held)
{
        size_t n = intermediate_count(held);

        return pem_of(act, held->issuers + n, held->issuer_count - n);
}

const char *held_leaf_pem(struct act *act, const struct held *held)
{
        return pem_of(act, &held->leaf, 1);
}

/* ---- issued here ---- */

static res held_get_issued(struct act *act, const struct certificate_row *row, struct held *held)
{
        const struct issuer *issuer = issuers_find(act->core->issuers, row->issuer);
        size_t most = issuers_count(act->core->issuers);
        struct bytes *issuers = arena_array_of(act->arena, most + 1, struct bytes);
        struct store_conn *conn = NULL;
        struct issued_row issued = {0};

        TRY(store_read(act->core->store, &conn));
        TRY(store_issued_get(conn, act->arena, act->account_id, row->issued_id, &issued));
        held->leaf = issued.der;
        held->issuers = issuers;
        while (issuer && held->issuer_count < most) {
                issuers[held->issuer_count++] = issuer->der;
                held->ends_in_root = issuer->parent[0] == '\0';
                issuer = held->ends_in_root ? NULL : issuers_find(act->core->issuers, str_of(issuer->parent));
        }
        held->public_pem = arena_printf(act->arena, "%s%s", held_leaf_pem(act, held), held_issuers_pem(act, held));
        return RES_OK;
}

/* ---- uploaded ---- */

static bool is_root(struct bytes der)
{
        struct pki_cert cert;

        return res_is_ok(pki_cert_parse(der, &cert)) && der_oid_equal(cert.issuer, cert.subject);
}

static res held_split(struct act *act, struct bytes chain, struct held *held)
{
        size_t most = chain.n / 64 + 1; /* no certificate is shorter */
        struct bytes *ders = arena_array_of(act->arena, most, struct bytes);
        struct der in = der_of(chain);
        struct der_value whole;
        size_t n = 0;

        while (!der_is_end(&in) && n < most) {
                TRY(der_read_tag(&in, DER_SEQUENCE, &whole));
                ders[n++] = whole.whole;
        }
        ENSURE(n > 0, ERR_STORE);
        held->leaf = ders[0];
        held->issuers = ders + 1;
        held->issuer_count = n - 1;
        held->ends_in_root = n > 1 && is_root(ders[n - 1]);
        return RES_OK;
}

static res held_get_uploaded(struct act *act, const struct certificate_row *row, struct held *held)
{
        struct store_conn *conn = NULL;
        struct upload_row upload = {0};

        TRY(store_read(act->core->store, &conn));
        TRY(store_upload_get(conn, act->arena, act->account_id, row->certificate_id, &upload));
        held->public_pem = upload.public_text.p;
        TRY(held_split(act, upload.chain, held));
        if (str_equals(row->certificate_type, "CA")) /* a bundle is no chain: all of it belongs into one file */
                held->ends_in_root = false;
        return RES_OK;
}

res held_get(struct act *act, const struct certificate_row *row, struct held *ret_held)
{
        struct held held = {0};

        ENSURE(held_is_there(row), ERR_NOT_FOUND);
        TRY(held_is_uploaded(row) ? held_get_uploaded(act, row, &held) : held_get_issued(act, row, &held));
        *ret_held = held;
        return RES_OK;
}
