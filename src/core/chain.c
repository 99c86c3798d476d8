/*
 * See chain.h.  The machine's own trusted CAs are read each time: people ask rarely, and the file changes under a
 * running service.  Where a jail hides the file only our own CAs count.
 */
#include "core/chain.h"

#include <stdio.h>

#include "core/core.h"
#include "core/issuers.h"
#include "pki/chain.h"
#include "pki/name.h"
#include "pki/pem.h"

#define CHAIN_DER_BYTES (PKI_CHAIN_MAX * LIMIT_CERT_BYTES)
#define TRUST_FILE "/etc/ssl/certs/ca-certificates.crt" /* as Debian's ca-certificates writes it */
#define TRUST_BYTES (2 * 1024 * 1024)                   /* it has about 220 KB */

static bool bytes_equal(struct bytes a, struct bytes b)
{
        return a.n == b.n && a.n > 0 && memcmp(a.p, b.p, a.n) == 0;
}

/* Is `top` this CA, or signed by it? */
static bool ca_answers_for(struct pki_kit *kit, struct bytes ca_der, const struct pki_cert *top)
{
        struct pki_cert ca;

        if (bytes_equal(ca_der, top->der))
                return true;
        return res_is_ok(pki_cert_parse(ca_der, &ca)) && ca.is_ca && bytes_equal(ca.subject, top->issuer) &&
               res_is_ok(pki_cert_verify(kit, top, &ca.spki));
}

static bool is_ours(const struct act *act, struct pki_kit *kit, const struct pki_cert *top)
{
        for (size_t i = 0; i < issuers_count(act->core->issuers); i++)
                if (ca_answers_for(kit, issuers_at(act->core->issuers, i)->der, top))
                        return true;
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

static bool is_of_the_machine(struct pki_kit *kit, const struct pki_cert *top)
{
        CLEAN(buf_done) struct buf text = {0};
        CLEAN(buf_done) struct buf der = {0};
        struct str rest = {0}, label = {0};

        buf_init(&text, TRUST_BYTES);
        buf_init(&der, LIMIT_CERT_BYTES);
        if (!trust_file_read(&text))
                return false;
        for (rest = buf_str(&text); res_is_ok(pki_pem_read(&rest, &label, &der)); buf_clear(&der))
                if (ca_answers_for(kit, buf_bytes(&der), top))
                        return true;
        return false;
}

static struct strs chain_names(struct act *act, const struct pki_chain *chain)
{
        struct str *names = arena_array_of(act->arena, chain->n, struct str);

        for (size_t i = 0; i < chain->n; i++)
                if (res_is_ok(pki_name_find(chain->v[i].subject, PKI_ATTR_CN, &names[i])))
                        names[i] = str_dup(act->arena, names[i]);
        return (struct strs){names, chain->n};
}

static bool chain_is_in_date(const struct pki_chain *chain, int64_t now_sec)
{
        for (size_t i = 0; i < chain->n; i++)
                if (now_sec < chain->v[i].not_before || now_sec > chain->v[i].not_after)
                        return false;
        return true;
}

res chain_check(struct act *act, struct str pem, struct chain_report *ret_report)
{
        CLEAN(pki_kit_free_ptr) struct pki_kit *kit = NULL;
        CLEAN(buf_done) struct buf der = {0};
        struct pki_chain chain = {0};
        struct chain_report report = {0};

        buf_init(&der, CHAIN_DER_BYTES);
        TRY(pki_kit_new(&kit));
        if (!res_is_ok(pki_chain_from_pem(pem, &der, &chain)) || chain.n == 0)
                return act_fail(act, ERR_CERT_INVALID, "CertificateChain must be 1 to %d certificates in PEM.",
                                PKI_CHAIN_MAX);
        if (res_is_ok(pki_chain_sort(&chain))) {
                const struct pki_cert *top = &chain.v[chain.n - 1];

                report.is_trusted = is_ours(act, kit, top) || is_of_the_machine(kit, top);
                report.is_valid = res_is_ok(pki_chain_verify(kit, &chain)) && chain_is_in_date(&chain, act->now_sec) &&
                                  (chain.ends_in_root || report.is_trusted);
        }
        report.names = chain_names(act, &chain);
        *ret_report = report;
        return RES_OK;
}
