/*
 * What lists and details show of an uploaded certificate, read out of it once.  Its texts are a stranger's: whatever is no
 * plain host name is cleaned of control characters, because names are kept one a line.
 */
#include "core/upload_inner.h"

#include "base/digest.h"
#include "core/core.h"
#include "core/domain.h"
#include "core/held.h"
#include "ipc/msg.h"
#include "pki/cert_about.h"
#include "pki/name.h"
#include "pki/pem.h"

#define DAYS_PER_MONTH 30.44

static bool is_host_text(struct str name)
{
        for (size_t i = 0; i < name.n; i++) {
                const char c = name.p[i];

                if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      memchr("-._*:", c, 5) != NULL))
                        return false;
        }
        return name.n > 0 && name.n <= LIMIT_NAME_BYTES;
}

static struct str lower(struct act *act, struct str name)
{
        char *copy = str_copy(act->arena, name);

        str_lower_ascii(copy, name.n);
        return (struct str){copy, name.n};
}

/* Common name where it is a host name, then the others; no doubles. */
struct names {
        struct act *act;
        struct str *v;
        size_t n;
};

static void names_add(struct names *names, struct str name)
{
        if (!is_host_text(name))
                return;
        name = lower(names->act, name);
        for (size_t i = 0; i < names->n; i++)
                if (str_equal(names->v[i], name))
                        return;
        names->v[names->n++] = name;
}

static struct names upload_names(struct upload *upload)
{
        struct act *act = upload->act;
        struct strs alternative = {0};
        struct str common = {0};
        struct names names = {.act = act};

        if (!res_is_ok(pki_cert_names(upload->first, act->arena, &alternative)))
                alternative = (struct strs){0};
        names.v = arena_array_of(act->arena, alternative.n + 1, struct str);
        if (upload->is_bundle)
                return names;
        if (res_is_ok(pki_name_find(upload->first->subject, PKI_ATTR_CN, &common)))
                names_add(&names, common);
        for (size_t i = 0; i < alternative.n; i++)
                names_add(&names, alternative.v[i]);
        return names;
}

static struct str joined(struct act *act, const struct names *names)
{
        CLEAN(buf_done) struct buf text = {0};

        buf_init(&text, LIMIT_CERT_BYTES * 2);
        for (size_t i = 0; i < names->n; i++) {
                if (i > 0)
                        buf_add_byte(&text, '\n');
                buf_add_str(&text, names->v[i]);
        }
        return names->n == 0 ? STR("") : buf_dup(&text, act->arena);
}

/* For certificates that name no host: the subject, short and on one line. */
static struct str subject_text(struct act *act, struct bytes name_der)
{
        CLEAN(buf_done) struct buf text = {0};
        size_t n;

        buf_init(&text, LIMIT_CERT_BYTES * 4);
        if (!res_is_ok(pki_cert_subject_text(name_der, &text)))
                return STR("");
        n = text.n < LIMIT_NAME_BYTES ? text.n : LIMIT_NAME_BYTES;
        while (n > 0 && n < text.n && (text.p[n] & 0xC0) == 0x80)
                n--;
        return str_dup(act->arena, (struct str){(const char *)text.p, n});
}

static struct str primary_domain(struct act *act, struct str domain)
{
        enum domain_space space = DOMAIN_PUBLIC;
        struct str host = str_starts_with(domain, STR("*.")) ? (struct str){domain.p + 2, domain.n - 2} : domain;

        if (act->core->domains == NULL || !is_host_text(host) || memchr(host.p, ':', host.n) || memchr(host.p, '*', host.n))
                return domain;
        return str_of(domain_rules_place(act->core->domains, str_copy(act->arena, host), &space));
}

static int64_t domain_type(const struct names *names)
{
        bool wild = false;

        for (size_t i = 0; i < names->n; i++)
                wild = wild || str_starts_with(names->v[i], STR("*."));
        return names->n > 1 ? (wild ? 4 : 2) : (wild ? 3 : 1);
}

static struct str key_type_text(struct act *act, const struct pki_spki *spki)
{
        switch (spki->family) {
        case PKI_FAMILY_RSA:
                return str_of(arena_printf(act->arena, "RSA %u", spki->bits));
        case PKI_FAMILY_ECC:
                return spki->key_type == PKI_KEY_EC_P384 ? STR("ECC secp384r1") : STR("ECC prime256v1");
        default:
                return STR("");
        }
}

/* Of a bundle the first end that is still to come counts, so that its notice comes in time. */
static int64_t end_of(const struct upload *upload)
{
        int64_t now = upload->act->now_sec, next = INT64_MAX, last = 0;

        if (!upload->is_bundle)
                return upload->first->not_after;
        for (size_t i = 0; i < upload->certs.n; i++) {
                int64_t end = upload->certs.v[i].not_after;

                next = end > now && end < next ? end : next;
                last = end > last ? end : last;
        }
        return next < INT64_MAX ? next : last;
}

static struct str months_text(struct act *act, int64_t begin_at, int64_t end_at)
{
        double days = (double)(end_at - begin_at) / 86400;

        return str_of(arena_printf(act->arena, "%.0f", days > 0 ? days / DAYS_PER_MONTH : 0));
}

static void describe_row(struct upload *upload)
{
        struct act *act = upload->act;
        const struct pki_cert *first = upload->first;
        struct names names = upload_names(upload);
        struct certificate_row *row = &upload->row;

        row->source = STR(HELD_UPLOAD);
        row->certificate_type = upload->is_bundle ? STR("CA") : STR("SVR");
        row->product_name = row->issuer = subject_text(act, first->issuer);
        row->level = str_of(pki_cert_level(first));
        row->domain_type = domain_type(&names);
        row->domain = names.n > 0 ? names.v[0] : subject_text(act, first->subject);
        row->names = names.n > 0 ? joined(act, &names) : row->domain; /* it is searched by */
        row->primary_domain = primary_domain(act, row->domain);
        row->key_type = key_type_text(act, &first->spki);
        row->key_id = upload->key.key_id;
        row->key_password_set = upload->key.password_set;
        row->begin_at = first->not_before;
        row->end_at = end_of(upload);
        row->status = row->end_at > act->now_sec ? CERT_ISSUED : CERT_EXPIRED; /* SIL-64 */
        row->life_days = (row->end_at - row->begin_at + 1) / 86400;
        row->validity_months = months_text(act, row->begin_at, row->end_at);
}

static struct str public_text(struct upload *upload)
{
        CLEAN(buf_done) struct buf pem = {0};
        const struct pki_cert *v = upload->is_bundle ? upload->certs.v : upload->chain.v;
        const size_t n = upload->is_bundle ? upload->certs.n : upload->chain.n;

        if (upload->certs.is_pem)
                return upload->in->public_key;
        buf_init(&pem, 2 * LIMIT_HTTP_BODY);
        for (size_t i = 0; i < n; i++)
                pki_pem_write(PKI_PEM_CERTIFICATE, v[i].der, &pem);
        return buf_dup(&pem, upload->act->arena);
}

static struct bytes sorted_bytes(struct upload *upload)
{
        size_t n = 0;
        uint8_t *der;

        if (upload->is_bundle)
                return upload->certs.der;
        for (size_t i = 0; i < upload->chain.n; i++)
                n += upload->chain.v[i].der.n;
        der = arena_alloc(upload->act->arena, n);
        n = 0;
        for (size_t i = 0; i < upload->chain.n; i++) {
                memcpy(der + n, upload->chain.v[i].der.p, upload->chain.v[i].der.n);
                n += upload->chain.v[i].der.n;
        }
        return bytes_of(der, n);
}

void upload_describe(struct upload *upload)
{
        uint8_t *hash = arena_alloc(upload->act->arena, MSG_HASH_SIZE);

        describe_row(upload);
        digest_sha256(upload->is_bundle ? upload->certs.der : upload->first->der, hash);
        upload->bytes = (struct upload_row){
                .account_id = upload->act->account_id,
                .cert_hash = bytes_of(hash, MSG_HASH_SIZE),
                .public_text = public_text(upload),
                .chain = sorted_bytes(upload),
                .key_text = upload->key_text,
                .seal_version = 1,
                .created_at = upload->act->now_sec,
        };
}
