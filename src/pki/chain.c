/*
 * Chains of foreign certificates.  Sorting goes by names and key identifiers and is cheap; only then is each link's
 * signature verified, at most PKI_CHAIN_MAX times, so that no file can ask for more work than that.
 */
#include "pki/chain.h"

#include "pki/der.h"
#include "pki/pem.h"

#define CHAIN_BYTES (64 * 1024) /* a certificate chain is under that (standards: 10 certificates) */

static bool same(struct bytes a, struct bytes b)
{
        return der_oid_equal(a, b);
}

static bool is_self_issued(const struct pki_cert *cert)
{
        return same(cert->issuer, cert->subject);
}

/* ---- reading ----------------------------------------------------------------------------------- */

static res read_blocks(struct str pem, struct buf *der, size_t ends[PKI_CHAIN_MAX], size_t *ret_count)
{
        struct str label;
        size_t count = 0;

        for (;;) {
                res result = pki_pem_read(&pem, &label, der);

                if (result.err == ERR_NOT_FOUND)
                        break;
                TRY(result);
                ENSURE(str_equal(label, PKI_PEM_CERTIFICATE), ERR_FORMAT);
                ENSURE(count < PKI_CHAIN_MAX && der->n <= CHAIN_BYTES, ERR_TOO_LARGE);
                ends[count++] = der->n;
        }
        ENSURE(count > 0, ERR_FORMAT);
        *ret_count = count;
        return RES_OK;
}

res pki_chain_from_pem(struct str pem, struct buf *der, struct pki_chain *ret_chain)
{
        struct pki_chain chain = {0};
        size_t ends[PKI_CHAIN_MAX], start = der->n;

        ENSURE(pem.n <= 2 * CHAIN_BYTES, ERR_TOO_LARGE);
        TRY(read_blocks(pem, der, ends, &chain.n));
        for (size_t i = 0; i < chain.n; i++) { /* only now: the buffer moves no more */
                TRY(pki_cert_parse(bytes_of(der->p + start, ends[i] - start), &chain.v[i]));
                start = ends[i];
        }
        *ret_chain = chain;
        return RES_OK;
}

/* ---- order ------------------------------------------------------------------------------------- */

/* Could `issuer` have issued `cert`?  By name, and by key identifier where both have one. */
static bool may_issue(const struct pki_cert *issuer, const struct pki_cert *cert)
{
        if (!same(issuer->subject, cert->issuer))
                return false;
        return issuer->key_id.n == 0 || cert->authority_key_id.n == 0 || same(issuer->key_id, cert->authority_key_id);
}

static res check_no_double(const struct pki_chain *chain)
{
        for (size_t i = 0; i < chain->n; i++)
                for (size_t k = 0; k < i; k++)
                        ENSURE(!same(chain->v[i].der, chain->v[k].der), ERR_FORMAT);
        return RES_OK;
}

/* The leaf is the one that issued none of the others. */
static res find_leaf(const struct pki_chain *chain, size_t *ret_leaf)
{
        size_t leaves = 0;

        for (size_t i = 0; i < chain->n; i++) {
                bool issued = false;

                for (size_t k = 0; k < chain->n; k++)
                        issued = issued || (k != i && may_issue(&chain->v[i], &chain->v[k]));
                if (issued)
                        continue;
                *ret_leaf = i;
                leaves++;
        }
        ENSURE(leaves == 1, ERR_FORMAT);
        return RES_OK;
}

static void swap(struct pki_chain *chain, size_t a, size_t b)
{
        struct pki_cert keep = chain->v[a];

        chain->v[a] = chain->v[b];
        chain->v[b] = keep;
}

res pki_chain_sort(struct pki_chain *chain)
{
        size_t leaf = 0;

        TRY(check_no_double(chain));
        TRY(find_leaf(chain, &leaf));
        swap(chain, 0, leaf);
        for (size_t at = 1; at < chain->n; at++) {
                size_t next = at;

                while (next < chain->n && !may_issue(&chain->v[next], &chain->v[at - 1]))
                        next++;
                ENSURE(next < chain->n, ERR_FORMAT);
                swap(chain, at, next);
        }
        chain->ends_in_root = is_self_issued(&chain->v[chain->n - 1]);
        return RES_OK;
}

/* ---- proof ------------------------------------------------------------------------------------- */

/* A CA certificate may stand here: RFC 5280 §6.1.4 (k) to (n).  `below` CA certificates follow it, self-issued ones not counted. */
static res check_authority(const struct pki_cert *cert, size_t below)
{
        ENSURE(cert->is_ca, ERR_SIGNATURE);
        ENSURE(cert->path_len < 0 || (size_t)cert->path_len >= below, ERR_SIGNATURE);
        ENSURE(!cert->has_key_usage || (cert->key_usage & PKI_KU_KEY_CERT_SIGN), ERR_SIGNATURE);
        return RES_OK;
}

res pki_chain_verify(struct pki_kit *kit, const struct pki_chain *chain)
{
        size_t below = 0;

        for (size_t i = 1; i < chain->n; i++) {
                const struct pki_cert *issuer = &chain->v[i], *cert = &chain->v[i - 1];

                ENSURE(may_issue(issuer, cert), ERR_SIGNATURE);
                TRY(check_authority(issuer, below));
                TRY(pki_cert_verify(kit, cert, &issuer->spki));
                below += !is_self_issued(issuer);
        }
        return RES_OK;
}
