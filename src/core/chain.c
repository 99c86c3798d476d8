/*
 * See chain.h.  The machine's own trusted CAs are read each time: people ask rarely, and the file changes under a
 * running service.  Where a jail hides the file only our own CAs count.
 */
#include "core/chain.h"

#include <stdio.h>

#include "core/core.h"
#include "core/issuers.h"
#include "pki/name.h"
#include "pki/path.h"
#include "pki/pem.h"

#define TRUST_FILE "/etc/ssl/certs/ca-certificates.crt" /* as Debian's ca-certificates writes it */
#define TRUST_BYTES (2 * 1024 * 1024)                   /* it has about 220 KB */

/* Is `top` this CA, or signed by it? */
static bool ca_answers_for(struct pki_kit *kit, struct bytes ca_der, const struct pki_cert *top)
{
        struct pki_cert ca;

        if (bytes_equal(ca_der, top->der))
                return true;
        return res_is_ok(pki_cert_parse(ca_der, &ca)) && ca.is_ca && bytes_equal(ca.subject, top->issuer) &&
               res_is_ok(pki_cert_verify(kit, top, &ca.spki));
}

static bool bytes_are_root(struct bytes der)
{
        struct pki_cert cert;

        return res_is_ok(pki_cert_parse(der, &cert)) && bytes_equal(cert.issuer, cert.subject);
}

/* One of our own CAs; its certificate goes to `anchor`. */
static bool is_ours(const struct act *act, struct pki_kit *kit, const struct pki_cert *top, struct buf *anchor)
{
        for (size_t i = 0; i < issuers_count(act->core->issuers); i++) {
                const struct bytes der = issuers_at(act->core->issuers, i)->der;

                if (!ca_answers_for(kit, der, top))
                        continue;
                buf_add(anchor, der.p, der.n);
                return true;
        }
        return false;
}

static void file_close(FILE **file)
{
        if (*file != NULL)
                fclose(*file);
}

static bool trust_file_read(struct buf *out)
{
        CLEAN(file_close) FILE *file = fopen(TRUST_FILE, "re");
        char piece[16384];
        size_t n = 0;

        while (file != NULL && (n = fread(piece, 1, sizeof piece, file)) > 0)
                buf_add(out, piece, n);
        return file != NULL && ferror(file) == 0 && res_is_ok(buf_check(out));
}

/* The file holds roots; a private one that somebody put there without being one counts all the same. */
static bool is_of_the_machine(struct pki_kit *kit, const struct pki_cert *top, struct buf *anchor)
{
        CLEAN(buf_done) struct buf text = {0};
        struct str rest = {0}, label = {0};

        buf_init(&text, TRUST_BYTES);
        if (!trust_file_read(&text))
                return false;
        for (rest = buf_str(&text); res_is_ok(pki_pem_read(&rest, &label, anchor)); buf_clear(anchor))
                if (ca_answers_for(kit, buf_bytes(anchor), top))
                        return true;
        buf_clear(anchor);
        return false;
}

/* What `top` is, or is signed by, of all that is trusted here. */
static bool find_anchor(const struct act *act, struct pki_kit *kit, const struct pki_cert *top, struct buf *anchor)
{
        return is_ours(act, kit, top, anchor) || is_of_the_machine(kit, top, anchor);
}

res chain_is_complete(struct act *act, const struct pki_cert *top, bool *ret_complete)
{
        CLEAN(pki_kit_free_ptr) struct pki_kit *kit = NULL;
        CLEAN(buf_done) struct buf anchor = {0};

        buf_init(&anchor, LIMIT_CERT_BYTES);
        TRY(pki_kit_new(&kit));
        *ret_complete = bytes_are_root(top->der) ||
                        (find_anchor(act, kit, top, &anchor) && bytes_are_root(buf_bytes(&anchor)));
        return RES_OK;
}

static struct strs chain_names(struct act *act, const struct pki_cert *certs, size_t n)
{
        struct str *names = arena_array_of(act->arena, n, struct str);

        for (size_t i = 0; i < n; i++)
                if (res_is_ok(pki_name_find(certs[i].subject, PKI_ATTR_CN, &names[i])))
                        names[i] = str_dup(act->arena, names[i]);
        return (struct strs){names, n};
}

/* The anchor takes part in the proof, for what it demands of those below it. */
static bool chain_is_proved(const struct pki_chain *chain, struct bytes anchor, int64_t now_sec)
{
        struct pki_chain whole = *chain;
        struct pki_path_fault fault;

        if (anchor.n > 0 && whole.n < PKI_CHAIN_MAX && !bytes_equal(anchor, whole.v[whole.n - 1].der) &&
            res_is_ok(pki_cert_parse(anchor, &whole.v[whole.n])))
                whole.n++;
        return res_is_ok(pki_path_verify(&whole, now_sec, /* strict= */ true, &fault));
}

res chain_check(struct act *act, struct str text, struct chain_report *ret_report)
{
        const struct chain_source source = {"CertificateChain", text, ERR_CERT_INVALID, PKI_CHAIN_MAX};
        CLEAN(pki_kit_free_ptr) struct pki_kit *kit = NULL;
        CLEAN(buf_done) struct buf anchor = {0};
        struct chain_certs certs = {0};
        struct pki_chain chain = {0};

        buf_init(&anchor, LIMIT_CERT_BYTES);
        TRY(pki_kit_new(&kit));
        TRY(chain_read(act, &source, &certs));
        ret_report->names = chain_names(act, certs.v, certs.n);
        ret_report->is_valid = ret_report->is_trusted = false;
        if (!res_is_ok(chain_arrange(act, &certs, &chain)))
                return RES_OK;
        ret_report->names = chain_names(act, chain.v, chain.n);
        ret_report->is_trusted = find_anchor(act, kit, &chain.v[chain.n - 1], &anchor);
        if (chain.ends_in_root) /* nothing stands above a root, though an older one of the same key may be trusted too */
                buf_clear(&anchor);
        ret_report->is_valid = (chain.ends_in_root || ret_report->is_trusted) &&
                               chain_is_proved(&chain, buf_bytes(&anchor), act->now_sec);
        return RES_OK;
}
