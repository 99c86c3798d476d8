/*
 * Making and loading the CA.  An issuer is there when its sealed key is.  It is written ahead: certificate and sealed key lie on the
 * disk, the key under a name that is not its own yet, before the log says that the issuer was made; then the key gets its name.  So a
 * start that was cut in between either finds nothing in the log, and makes the issuer again, or finds all of it, and goes on: the
 * log never tells of an issuer whose key nobody has.
 */
#include "signer/authority.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/hex.h"
#include "base/log.h"
#include "pki/name.h"
#include "pki/pem.h"
#include "pki/seal.h"
#include "signer/authority_file.h"

#define RESPONDER_DAYS 90
#define RESPONDER_RENEW_SEC (30 * 86400)
#define KEY_BYTES 16384
#define ENDING_SEALED "sealed"
#define ENDING_MADE "made.sealed" /* not an issuer's yet */

static const struct plan {
        const char *name, *parent, *profile, *title;
        enum pki_key_type key_type;
        int64_t days;
} plans[AUTHORITY_ISSUERS] = {
        {"root-ecc", "", "root", "Chancery private root ECC", PKI_KEY_EC_P384, 9131},
        {"root-rsa", "", "root", "Chancery private root RSA", PKI_KEY_RSA_3072, 9131},
        {"dv-ecc", "root-ecc", "intermediate", "Chancery private DV CA ECC", PKI_KEY_EC_P256, 3653},
        {"dv-rsa", "root-rsa", "intermediate", "Chancery private DV CA RSA", PKI_KEY_RSA_2048, 3653},
};

struct opening { /* what the steps of authority_open() share */
        const struct conf *conf;
        const uint8_t *seal_key;
        struct pki_kit *kit;
        const struct authority_maker *maker;
        struct authority *authority;
        struct buf *why;
};

const struct authority_issuer *authority_find(const struct authority *authority, const char *name)
{
        for (size_t i = 0; i < authority->count; i++)
                if (strcmp(authority->issuer[i].name, name) == 0)
                        return &authority->issuer[i];
        return NULL;
}

/* ---- files ----------------------------------------------------------------------------------------- */

static void key_path(const struct opening *opening, const char *name, const char *ending, char path[PATH_MAX])
{
        snprintf(path, PATH_MAX, "%s/keys/%s.%s", opening->conf->data_dir, name, ending);
}

/* The name is part of what is sealed: one issuer's file put in another's place opens nothing. */
static void seal_aad(const char *name, char aad[64])
{
        snprintf(aad, 64, "ca key|%s|1", name);
}

static res write_ahead(const struct opening *opening, const struct authority_issuer *issuer)
{
        char path[PATH_MAX], aad[64];
        CLEAN(secret_done) struct secret pkcs8 = {0};
        CLEAN(buf_done) struct buf sealed = {0};

        buf_init(&sealed, KEY_BYTES);
        seal_aad(issuer->name, aad);
        TRY(pki_key_to_pkcs8(issuer->key, &pkcs8));
        TRY(pki_seal(opening->seal_key, bytes_of(aad, strlen(aad)), secret_bytes(&pkcs8), &sealed));
        key_path(opening, issuer->name, "der", path);
        TRY(authority_file_write(path, 0444, buf_bytes(&issuer->der)));
        key_path(opening, issuer->name, ENDING_MADE, path);
        return authority_file_write(path, 0400, buf_bytes(&sealed));
}

static res adopt(const struct opening *opening, const struct authority_issuer *issuer)
{
        char from[PATH_MAX], to[PATH_MAX];

        key_path(opening, issuer->name, ENDING_MADE, from);
        key_path(opening, issuer->name, ENDING_SEALED, to);
        return authority_file_rename(from, to);
}

static res load_key(const struct opening *opening, struct authority_issuer *issuer, const char *ending)
{
        char path[PATH_MAX], aad[64];
        CLEAN(secret_done) struct secret pkcs8 = {0};
        CLEAN(buf_done) struct buf sealed = {0};

        buf_init(&sealed, KEY_BYTES);
        key_path(opening, issuer->name, ending, path);
        TRY(authority_file_read(path, &sealed));
        seal_aad(issuer->name, aad);
        if (!res_is_ok(pki_unseal(opening->seal_key, bytes_of(aad, strlen(aad)), buf_bytes(&sealed), &pkcs8))) {
                buf_printf(opening->why,
                           "%s does not open under this master key; bring back the one that it was sealed under", path);
                return FAIL(ERR_CONFIG);
        }
        return pki_key_from_pkcs8(secret_bytes(&pkcs8), &issuer->key);
}

/* ERR_FORMAT: not this key's, or none. */
static res read_certificate(const struct opening *opening, struct authority_issuer *issuer)
{
        char path[PATH_MAX];

        key_path(opening, issuer->name, "der", path);
        TRY(authority_file_read(path, &issuer->der));
        ENSURE(res_is_ok(pki_cert_parse(buf_bytes(&issuer->der), &issuer->cert)), ERR_FORMAT);
        ENSURE(pki_cert_has_key(&issuer->cert, issuer->key), ERR_FORMAT);
        return RES_OK;
}

static res load_certificate(const struct opening *opening, struct authority_issuer *issuer)
{
        char path[PATH_MAX];

        if (res_is_ok(read_certificate(opening, issuer)))
                return RES_OK;
        key_path(opening, issuer->name, "der", path);
        buf_printf(opening->why, "%s is not the certificate of the key beside it; bring it back from the backup", path);
        return FAIL(ERR_CONFIG);
}

/* ---- one issuer ------------------------------------------------------------------------------------- */

static void host_of(const char *url, char host[40])
{
        const char *begin = strstr(url, "://");
        size_t n;

        begin = begin ? begin + 3 : url;
        n = strcspn(begin, begin[0] == '[' ? "]" : ":/");
        snprintf(host, 40, "%.*s", (int)(n > 24 ? 24 : n), begin);
}

/* "Chancery private root ECC host 1a2b3c4d": says what it is, imitates nobody, and is unique to the key. */
static void write_subject(const struct opening *opening, const struct plan *plan, const uint8_t key_id[20],
                          struct buf *subject)
{
        char host[40], digits[2 * 4 + 1], text[128];

        host_of(opening->conf->public_url, host);
        hex_lower(bytes_of(key_id, 4), digits);
        int n = snprintf(text, sizeof(text), "%s %s %s", plan->title, host, digits);
        pki_name_write_cn((struct str){text, (size_t)n > 64 ? 64 : (size_t)n}, subject);
}

static res write_urls(const struct opening *opening, struct authority_issuer *issuer)
{
        const char *base = opening->conf->public_url;
        int n[3] = {
                snprintf(issuer->url[0], sizeof(issuer->url[0]), "%s/ocsp", base),
                snprintf(issuer->url[1], sizeof(issuer->url[1]), "%s/ca/%s.cer", base, issuer->name),
                snprintf(issuer->url[2], sizeof(issuer->url[2]), "%s/crl/%s/", base, issuer->name),
        };

        for (int i = 0; i < 3; i++)
                if (n[i] >= (int)sizeof(issuer->url[i]) - 16) {
                        buf_printf(opening->why, "public.url is too long to go into certificates");
                        return FAIL(ERR_CONFIG);
                }
        return RES_OK;
}

static struct authority_issuer *signer_of(const struct opening *opening, const struct plan *plan,
                                          struct authority_issuer *self)
{
        for (size_t i = 0; i < opening->authority->count; i++)
                if (strcmp(opening->authority->issuer[i].name, plan->parent) == 0)
                        return &opening->authority->issuer[i];
        return self;
}

static res make(const struct opening *opening, const struct plan *plan, struct authority_issuer *issuer)
{
        struct pki_spki spki;
        CLEAN(buf_done) struct buf subject = {0};

        buf_init(&subject, 1024);
        log_line(LOG_INFO, "make_issuer", "name=%s key=%s", plan->name, pki_alg_key_name(plan->key_type));
        TRY(pki_key_generate(plan->key_type, &issuer->key));
        TRY(pki_spki_parse(pki_key_spki(issuer->key), &spki));
        TRY(pki_spki_key_id(opening->kit, &spki, issuer->key_id));
        write_subject(opening, plan, issuer->key_id, &subject);
        issuer->issuer = (struct pki_issuer){
                .name = buf_bytes(&subject), .key_id = bytes_of(issuer->key_id, 20), .alg = pki_key_alg(issuer->key)};
        struct authority_order order = {.issuer = signer_of(opening, plan, issuer),
                                        .profile = plan->profile,
                                        .subject = buf_bytes(&subject),
                                        .spki = pki_key_spki(issuer->key),
                                        .key_id = bytes_of(issuer->key_id, 20),
                                        .days = plan->days};
        TRY(opening->maker->make(opening->maker->context, &order, &issuer->der));
        TRY(pki_cert_parse(buf_bytes(&issuer->der), &issuer->cert));
        TRY(write_ahead(opening, issuer));
        TRY(opening->maker->log(opening->maker->context));
        return adopt(opening, issuer);
}

/* What a start that was cut made: good if the log has it.  ERR_NOT_FOUND: nothing, or nothing that was ever used. */
static res resume(const struct opening *opening, struct authority_issuer *issuer)
{
        bool is_logged = false;

        TRY(load_key(opening, issuer, ENDING_MADE));
        res got = read_certificate(opening, issuer);
        ENSURE(got.err != ERR_FORMAT, ERR_NOT_FOUND); /* cut while it was made again */
        TRY(got);
        TRY(opening->maker->is_logged(opening->maker->context, &issuer->cert, buf_bytes(&issuer->der), &is_logged));
        ENSURE(is_logged, ERR_NOT_FOUND);
        log_line(LOG_INFO, "resume_issuer", "name=%s", issuer->name);
        return adopt(opening, issuer);
}

static res resume_or_make(const struct opening *opening, const struct plan *plan, struct authority_issuer *issuer)
{
        res resumed = resume(opening, issuer);

        if (resumed.err != ERR_NOT_FOUND)
                return resumed;
        pki_key_free(issuer->key);
        issuer->key = NULL;
        buf_clear(&issuer->der);
        return make(opening, plan, issuer);
}

static res know_hashes(const struct opening *opening, struct authority_issuer *issuer)
{
        TRY(pki_spki_key_id(opening->kit, &issuer->cert.spki, issuer->key_id));
        issuer->issuer = (struct pki_issuer){
                .name = issuer->cert.subject, .key_id = bytes_of(issuer->key_id, 20), .alg = pki_key_alg(issuer->key)};
        TRY(pki_ocsp_issuer_hashes(opening->kit, PKI_SHA1, issuer->cert.subject, &issuer->cert.spki,
                                   issuer->name_hash[0], issuer->key_hash[0]));
        return pki_ocsp_issuer_hashes(opening->kit, PKI_SHA256, issuer->cert.subject, &issuer->cert.spki,
                                      issuer->name_hash[1], issuer->key_hash[1]);
}

static res open_issuer(const struct opening *opening, const struct plan *plan, struct authority_issuer *issuer)
{
        issuer->name = plan->name;
        issuer->parent = plan->parent;
        TRY(write_urls(opening, issuer));
        res loaded = load_key(opening, issuer, ENDING_SEALED);
        if (res_is_ok(loaded))
                TRY(load_certificate(opening, issuer));
        else if (loaded.err == ERR_NOT_FOUND)
                TRY(resume_or_make(opening, plan, issuer));
        else
                return loaded;
        opening->authority->count++;
        return know_hashes(opening, issuer);
}

static void authority_clean(struct authority **authority)
{
        authority_free(*authority);
}

MUST res authority_open(const struct conf *conf, const uint8_t *seal_key, struct pki_kit *kit,
                        const struct authority_maker *maker, struct authority **ret_authority, struct buf *why)
{
        CLEAN(authority_clean) struct authority *authority = calloc(1, sizeof(*authority));
        struct opening opening = {conf, seal_key, kit, maker, authority, why};

        ENSURE(authority, ERR_MEMORY);
        for (size_t i = 0; i < AUTHORITY_ISSUERS; i++) {
                buf_init(&authority->issuer[i].der, LIMIT_CERT_BYTES);
                buf_init(&authority->issuer[i].responder_der, LIMIT_CERT_BYTES);
        }
        for (size_t i = 0; i < AUTHORITY_ISSUERS; i++)
                TRY(open_issuer(&opening, &plans[i], &authority->issuer[i]));
        *ret_authority = authority;
        authority = NULL;
        return RES_OK;
}

void authority_free(struct authority *authority)
{
        if (!authority)
                return;
        for (size_t i = 0; i < AUTHORITY_ISSUERS; i++) {
                pki_key_free(authority->issuer[i].key);
                pki_key_free(authority->issuer[i].responder_key);
                buf_done(&authority->issuer[i].der);
                buf_done(&authority->issuer[i].responder_der);
        }
        free(authority);
}

/* ---- responders ---------------------------------------------------------------------------------------- */

static void responder_subject(const struct authority_issuer *issuer, const uint8_t key_id[20], struct buf *subject)
{
        char digits[2 * 4 + 1], text[65];

        hex_lower(bytes_of(key_id, 4), digits);
        int n = snprintf(text, sizeof(text), "Chancery private OCSP responder %s %s", issuer->name, digits);
        pki_name_write_cn((struct str){text, (size_t)n}, subject);
}

/* P-256 under either family: a signature of 30 µs; every client that reads OCSP reads ECDSA. */
MUST res authority_responder(struct authority *authority, const struct authority_issuer *issuer, struct pki_kit *kit,
                             const struct authority_maker *maker, int64_t now)
{
        struct authority_issuer *own = &authority->issuer[issuer - authority->issuer];
        CLEAN(pki_key_free_ptr) struct pki_key *key = NULL;
        CLEAN(buf_done) struct buf subject = {0}, der = {0};
        uint8_t key_id[20];
        struct pki_spki spki;
        struct pki_cert cert;

        buf_init(&subject, 1024);
        buf_init(&der, LIMIT_CERT_BYTES);
        ENSURE(*issuer->parent, ERR_NOT_FOUND);
        if (own->responder_key && own->responder_not_after - now > RESPONDER_RENEW_SEC)
                return RES_OK;
        TRY(pki_key_generate(PKI_KEY_EC_P256, &key));
        TRY(pki_spki_parse(pki_key_spki(key), &spki));
        TRY(pki_spki_key_id(kit, &spki, key_id));
        responder_subject(issuer, key_id, &subject);
        struct authority_order order = {.issuer = issuer,
                                        .profile = "ocsp",
                                        .subject = buf_bytes(&subject),
                                        .spki = pki_key_spki(key),
                                        .key_id = bytes_of(key_id, 20),
                                        .days = RESPONDER_DAYS};
        TRY(maker->make(maker->context, &order, &der));
        TRY(maker->log(maker->context));
        TRY(pki_cert_parse(buf_bytes(&der), &cert));
        pki_key_free(own->responder_key);
        own->responder_key = key;
        key = NULL;
        buf_clear(&own->responder_der);
        buf_add(&own->responder_der, der.p, der.n);
        memcpy(own->responder_key_id, key_id, sizeof(key_id));
        own->responder_not_after = cert.not_after;
        return buf_check(&own->responder_der);
}

MUST res authority_write_roots(const struct authority *authority, const char *data_dir)
{
        char path[PATH_MAX];
        CLEAN(buf_done) struct buf pem = {0}, there = {0};

        buf_init(&pem, AUTHORITY_ISSUERS * LIMIT_CERT_BYTES * 2);
        buf_init(&there, AUTHORITY_ISSUERS * LIMIT_CERT_BYTES * 2);
        for (size_t i = 0; i < authority->count; i++)
                if (!*authority->issuer[i].parent)
                        pki_pem_write(PKI_PEM_CERTIFICATE, buf_bytes(&authority->issuer[i].der), &pem);
        TRY(buf_check(&pem));
        snprintf(path, sizeof(path), "%s/root.pem", data_dir);
        if (res_is_ok(authority_file_read(path, &there)) && str_equal(buf_str(&there), buf_str(&pem)))
                return RES_OK;
        return authority_file_write(path, 0644, buf_bytes(&pem));
}
