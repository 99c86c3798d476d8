/*
 * See chain_read.h.  Nothing here verifies a signature: reading and sorting go by bytes and names, so that their cost is
 * bounded by the request's size and PKI_CHAIN_MAX.
 */
#include "core/chain_read.h"

#include <stdlib.h>

#include "pki/cert_about.h"
#include "pki/der.h"
#include "pki/pem.h"

#define NAME_SHOWN 100

struct reading {
        struct act *act;
        const struct chain_source *source;
        struct buf der;
        size_t ends[CHAIN_READ_MAX];
        size_t n;
};

static void reading_done(struct reading *reading)
{
        buf_done(&reading->der);
}

const char *chain_name(struct act *act, struct bytes name_der)
{
        CLEAN(buf_done) struct buf text = {0};
        size_t n;

        buf_init(&text, LIMIT_CERT_BYTES * 4);
        if (!res_is_ok(pki_cert_subject_text(name_der, &text)) || text.n == 0)
                return "(no name)";
        n = text.n < NAME_SHOWN ? text.n : NAME_SHOWN;
        while (n > 0 && n < text.n && (text.p[n] & 0xC0) == 0x80)
                n--;
        return arena_printf(act->arena, "\"%.*s%s\"", (int)n, (const char *)text.p, n < text.n ? "…" : "");
}

const char *chain_issuer_hint(struct act *act, const struct pki_cert *cert)
{
        struct str url = {0};

        if (!res_is_ok(pki_cert_issuer_url(cert, &url)) || url.n > LIMIT_LOG_VALUE)
                return "";
        return arena_printf(act->arena, ", which is at %.*s", (int)url.n, url.p);
}

/* ---- reading ---- */

static res reading_fail(const struct reading *reading, const char *what)
{
        return act_fail(reading->act, reading->source->code, "%s: %s", reading->source->field, what);
}

static res reading_end_one(struct reading *reading)
{
        if (reading->n == reading->source->most)
                return act_fail(reading->act, reading->source->code,
                                "%s holds more than %zu certificates; send the certificate and its intermediates only.",
                                reading->source->field, reading->source->most);
        reading->ends[reading->n++] = reading->der.n;
        return RES_OK;
}

static res refuse_label(const struct reading *reading, struct str label)
{
        if (str_ends_with(label, PKI_PEM_KEY))
                return reading_fail(reading, "a private key stands in it; only certificates belong here.");
        return act_fail(reading->act, reading->source->code, "%s: a block %.*s stands in it; only CERTIFICATE belongs here.",
                        reading->source->field, (int)label.n, label.p);
}

static res read_pem(struct reading *reading, struct str rest)
{
        for (;;) {
                struct str label = {0};
                res r = pki_pem_read(&rest, &label, &reading->der);

                if (r.err == ERR_NOT_FOUND)
                        return RES_OK;
                if (r.err == ERR_MEMORY)
                        return r;
                if (!res_is_ok(r))
                        return act_fail(reading->act, reading->source->code,
                                        "%s: block %zu is not PEM. Each certificate goes from -----BEGIN CERTIFICATE----- to "
                                        "-----END CERTIFICATE-----, base64 between, and nothing outside of them.",
                                        reading->source->field, reading->n + 1);
                if (!str_equal(label, PKI_PEM_CERTIFICATE))
                        return refuse_label(reading, label);
                TRY(reading_end_one(reading));
        }
}

static res read_der(struct reading *reading, struct str text)
{
        struct der_value whole;

        res r = pki_pem_read_bare(text, &reading->der);

        if (r.err == ERR_MEMORY)
                return r;
        if (!res_is_ok(r) || reading->der.n == 0)
                return reading_fail(reading, "this is neither PEM nor DER in base64.");
        const size_t total = reading->der.n;
        struct der in = der_of(buf_bytes(&reading->der));

        while (!der_is_end(&in)) {
                if (!res_is_ok(der_read_tag(&in, DER_SEQUENCE, &whole)))
                        return reading_fail(reading, "this is neither PEM nor DER in base64.");
                reading->der.n = (size_t)(in.p - reading->der.p);
                TRY(reading_end_one(reading));
        }
        reading->der.n = total;
        return RES_OK;
}

static bool looks_like_pem(struct str text)
{
        while (text.n > 0 && (text.p[0] == ' ' || (text.p[0] >= '\t' && text.p[0] <= '\r')))
                text = (struct str){text.p + 1, text.n - 1};
        return str_starts_with(text, STR("-----"));
}

static res parse_all(const struct reading *reading, struct chain_certs *certs)
{
        struct arena *arena = reading->act->arena;
        struct pki_cert *v = arena_array_of(arena, reading->n, struct pki_cert);
        size_t start = 0;

        certs->der = bytes_of(arena_copy(arena, reading->der.p, reading->der.n), reading->der.n);
        for (size_t i = 0; i < reading->n; start = reading->ends[i++]) {
                const struct bytes der = bytes_of(certs->der.p + start, reading->ends[i] - start);

                if (der.n > LIMIT_CERT_BYTES || !res_is_ok(pki_cert_parse(der, &v[i])))
                        return act_fail(reading->act, reading->source->code,
                                        "%s: certificate %zu is damaged, or is no X.509 certificate in DER of at most %d bytes.",
                                        reading->source->field, i + 1, LIMIT_CERT_BYTES);
        }
        certs->v = v;
        certs->n = reading->n;
        return RES_OK;
}

res chain_read(struct act *act, const struct chain_source *source, struct chain_certs *ret_certs)
{
        CLEAN(reading_done) struct reading reading = {.act = act, .source = source};
        struct chain_certs certs = {.is_pem = looks_like_pem(source->text)};

        buf_init(&reading.der, source->text.n + 1);
        TRY(certs.is_pem ? read_pem(&reading, source->text) : read_der(&reading, source->text));
        if (reading.n == 0)
                return reading_fail(&reading, "there is no certificate in it.");
        TRY(parse_all(&reading, &certs));
        *ret_certs = certs;
        return RES_OK;
}

/* ---- order ---- */

static res arrange_fail(struct act *act, const struct pki_chain *chain, const struct pki_chain_fault *fault)
{
        const struct pki_cert *at = &chain->v[fault->at], *other = &chain->v[fault->other];
        const char *name = chain_name(act, at->subject);

        switch (fault->kind) {
        case PKI_CHAIN_DOUBLE:
                return act_fail(act, ERR_CERT_CHAIN, "The certificate %s is there twice; send it once.", name);
        case PKI_CHAIN_LEAVES:
                return act_fail(act, ERR_CERT_CHAIN,
                                "%s and %s are both end certificates; send one of them with its own chain.", name,
                                chain_name(act, other->subject));
        case PKI_CHAIN_STRAY:
                return act_fail(act, ERR_CERT_CHAIN, "%s does not belong to the chain of %s; leave it out.", name,
                                chain_name(act, chain->v[0].subject));
        case PKI_CHAIN_GAP:
                return act_fail(act, ERR_CERT_CHAIN,
                                "The chain is broken: the certificate of %s, which issued %s, is missing%s. Add it, or leave out %s "
                                "if it belongs elsewhere.",
                                chain_name(act, other->issuer), chain_name(act, other->subject),
                                chain_issuer_hint(act, other), name);
        default:
                return act_fail(act, ERR_CERT_CHAIN,
                                "There is no end certificate: each of them was issued by another one here.");
        }
}

res chain_arrange(struct act *act, const struct chain_certs *certs, struct pki_chain *ret_chain)
{
        struct pki_chain_fault fault = {0};

        ENSURE(certs->n > 0 && certs->n <= PKI_CHAIN_MAX, ERR_INTERNAL);
        *ret_chain = (struct pki_chain){.n = certs->n};
        memcpy(ret_chain->v, certs->v, certs->n * sizeof *certs->v);
        if (res_is_ok(pki_chain_arrange(ret_chain, &fault)))
                return RES_OK;
        return arrange_fail(act, ret_chain, &fault);
}
