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

res pki_chain_from_der(struct bytes der, struct pki_chain *ret_chain)
{
        struct pki_chain chain = {0};
        struct der in = der_of(der);
        struct der_value whole;

        ENSURE(der.n <= CHAIN_BYTES, ERR_TOO_LARGE);
        do {
                ENSURE(chain.n < PKI_CHAIN_MAX, ERR_TOO_LARGE);
                TRY(der_read_tag(&in, DER_SEQUENCE, &whole));
                TRY(pki_cert_parse(whole.whole, &chain.v[chain.n++]));
        } while (!der_is_end(&in));
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

static bool is_root(const struct pki_cert *cert)
{
        return is_self_issued(cert) && may_issue(cert, cert);
}

/* The same CA, certified once more: either way up is good. */
static bool is_same_authority(const struct pki_cert *a, const struct pki_cert *b)
{
        return same(a->subject, b->subject) && same(a->spki.der, b->spki.der);
}

static struct pki_chain_fault find_double(const struct pki_chain *chain)
{
        for (size_t i = 0; i < chain->n; i++)
                for (size_t k = 0; k < i; k++)
                        if (same(chain->v[i].der, chain->v[k].der))
                                return (struct pki_chain_fault){PKI_CHAIN_DOUBLE, i, k};
        return (struct pki_chain_fault){PKI_CHAIN_GOOD, 0, 0};
}

static bool issued_another(const struct pki_chain *chain, size_t at)
{
        for (size_t k = 0; k < chain->n; k++)
                if (k != at && may_issue(&chain->v[at], &chain->v[k]) &&
                    !is_same_authority(&chain->v[at], &chain->v[k]))
                        return true;
        return false;
}

/*
 * The leaf is the one that issued none of the others.  A root whose intermediate is missing has issued none either, so
 * end certificates go before authorities.
 */
static struct pki_chain_fault find_leaf(const struct pki_chain *chain, size_t *ret_leaf)
{
        struct pki_chain_fault fault = {PKI_CHAIN_LOOP, 0, 0};
        bool found_end = false;

        for (size_t i = 0; i < chain->n; i++) {
                bool is_end = !chain->v[i].is_ca && !is_root(&chain->v[i]);

                if (issued_another(chain, i) || (found_end && !is_end))
                        continue;
                if (found_end)
                        return (struct pki_chain_fault){PKI_CHAIN_LEAVES, i, *ret_leaf};
                if (is_end || fault.kind == PKI_CHAIN_LOOP)
                        *ret_leaf = i;
                found_end = is_end;
                fault.kind = PKI_CHAIN_GOOD;
        }
        return fault;
}

static void swap(struct pki_chain *chain, size_t a, size_t b)
{
        struct pki_cert keep = chain->v[a];

        chain->v[a] = chain->v[b];
        chain->v[b] = keep;
}

/* From the leaf at the front upwards, in the order given where there is a choice; how many fit. */
static size_t climb(struct pki_chain *chain)
{
        size_t at = 1;

        for (; at < chain->n && !is_root(&chain->v[at - 1]); at++) {
                size_t next = at;

                while (next < chain->n && !may_issue(&chain->v[next], &chain->v[at - 1]))
                        next++;
                if (next == chain->n)
                        break;
                swap(chain, at, next);
        }
        return at;
}

/* Is v[at] on another way up: a CA of the chain certified once more, or the issuer of one that is? */
static bool is_on_a_way(const struct pki_chain *chain, const bool known[], size_t at)
{
        for (size_t i = 0; i < chain->n; i++)
                if (known[i] && i != at &&
                    (is_same_authority(&chain->v[i], &chain->v[at]) || may_issue(&chain->v[at], &chain->v[i])))
                        return true;
        return false;
}

/* What is left over when the ways up are taken away; chain->n: nothing.  The first `fit` are the way that was climbed. */
static size_t find_stray(const struct pki_chain *chain, size_t fit)
{
        bool known[PKI_CHAIN_MAX] = {false};

        for (size_t i = 0; i < fit; i++)
                known[i] = true;
        for (size_t round = fit; round < chain->n; round++) /* each round finds one, or none is left to find */
                for (size_t i = fit; i < chain->n; i++)
                        known[i] = known[i] || is_on_a_way(chain, known, i);
        for (size_t i = fit; i < chain->n; i++)
                if (!known[i])
                        return i;
        return chain->n;
}

static struct pki_chain_fault arrange(struct pki_chain *chain)
{
        struct pki_chain_fault fault = find_double(chain);
        size_t leaf = 0, fit = 0, stray = 0;

        if (fault.kind == PKI_CHAIN_GOOD)
                fault = find_leaf(chain, &leaf);
        if (fault.kind != PKI_CHAIN_GOOD)
                return fault;
        swap(chain, 0, leaf);
        fit = climb(chain);
        chain->ends_in_root = is_root(&chain->v[fit - 1]);
        stray = find_stray(chain, fit);
        if (stray < chain->n)
                return (struct pki_chain_fault){chain->ends_in_root ? PKI_CHAIN_STRAY : PKI_CHAIN_GAP, stray, fit - 1};
        chain->n = fit;
        return fault;
}

res pki_chain_arrange(struct pki_chain *chain, struct pki_chain_fault *ret_fault)
{
        ENSURE(chain->n > 0, ERR_FORMAT);
        *ret_fault = arrange(chain);
        ENSURE(ret_fault->kind == PKI_CHAIN_GOOD, ERR_FORMAT);
        return RES_OK;
}

res pki_chain_sort(struct pki_chain *chain)
{
        struct pki_chain_fault fault;

        return pki_chain_arrange(chain, &fault);
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
