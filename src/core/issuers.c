/*
 * The snapshot of issuers.  Everything that answers need of them (PEM, hashes, texts) is computed once here, so that
 * no request parses a CA certificate again.
 */
#include "core/issuers.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "ipc/channel.h"
#include "pki/cert.h"
#include "pki/name.h"
#include "pki/ocsp.h"
#include "pki/pem.h"

#define ISSUERS_START_MS 120000 /* a first start waits for the CA's RSA keys: 35 s on a machine with ten times its load */
#define ISSUERS_ARENA (1024 * 1024)
#define ISSUERS_MAX 64            /* a root and an intermediate for each level and family, several generations */
#define PROFILES_BYTES (64 * 1024)

struct issuers {
        struct arena *arena;
        struct issuer v[ISSUERS_MAX];
        size_t n;
        struct pki_profiles profiles;
};

static const char *issuer_algorithm(uint32_t key_type)
{
        switch (key_type) {
        case MSG_KEY_RSA_2048: return "RSA 2048";
        case MSG_KEY_RSA_3072: return "RSA 3072";
        case MSG_KEY_RSA_4096: return "RSA 4096";
        case MSG_KEY_EC_P256: return "ECC prime256v1";
        case MSG_KEY_EC_P384: return "ECC secp384r1";
        default: return "";
        }
}

static const char *issuer_pem(struct arena *arena, struct bytes der)
{
        CLEAN(buf_done) struct buf pem = {0};

        buf_init(&pem, LIMIT_CERT_BYTES * 2);
        pki_pem_write(PKI_PEM_CERTIFICATE, der, &pem);
        return buf_copy(&pem, arena);
}

static res issuer_texts(struct issuers *issuers, struct issuer *issuer, const struct pki_cert *cert)
{
        CLEAN(buf_done) struct buf text = {0};
        struct str common_name = {0};

        buf_init(&text, LIMIT_CERT_BYTES);
        TRY(pki_name_text(cert->subject, &text));
        TRY(buf_check(&text));
        issuer->subject = buf_copy(&text, issuers->arena);
        TRY(pki_name_find(cert->subject, PKI_ATTR_CN, &common_name));
        issuer->common_name = str_copy(issuers->arena, common_name);
        return RES_OK;
}

static res issuer_read(struct issuers *issuers, struct pki_kit *kit, const struct msg_issuer *head, struct bytes der)
{
        ENSURE(issuers->n < ISSUERS_MAX, ERR_IPC_FRAME);
        ENSURE(memchr(head->name, 0, sizeof head->name) && memchr(head->parent, 0, sizeof head->parent), ERR_IPC_FRAME);
        struct issuer *issuer = &issuers->v[issuers->n];
        struct pki_cert cert;

        issuer->name = arena_strdup(issuers->arena, head->name);
        issuer->parent = arena_strdup(issuers->arena, head->parent);
        issuer->algorithm = issuer_algorithm(head->key_type);
        issuer->der = bytes_of(arena_copy(issuers->arena, der.p, der.n), der.n);
        TRY(pki_cert_parse(issuer->der, &cert));
        issuer->not_before = cert.not_before;
        issuer->not_after = cert.not_after;
        issuer->pem = issuer_pem(issuers->arena, issuer->der);
        TRY(issuer_texts(issuers, issuer, &cert));
        TRY(pki_cert_fingerprint(kit, &cert, PKI_SHA1, issuer->fingerprint_sha1));
        TRY(pki_ocsp_issuer_hashes(kit, PKI_SHA1, cert.subject, &cert.spki, issuer->name_sha1, issuer->key_sha1));
        TRY(pki_ocsp_issuer_hashes(kit, PKI_SHA256, cert.subject, &cert.spki, issuer->name_sha256, issuer->key_sha256));
        issuers->n++;
        return RES_OK;
}

static res issuers_read_all(struct issuers *issuers, const struct channel_reply *reply)
{
        CLEAN(pki_kit_free_ptr) struct pki_kit *kit = NULL;
        struct msg_signer_info_reply head;
        struct bytes rest = reply->tail;

        TRY(pki_kit_new(&kit));
        memcpy(&head, reply->body.p, sizeof head);
        for (uint32_t i = 0; i < head.issuer_count; i++) {
                struct msg_issuer issuer;

                ENSURE(rest.n >= sizeof issuer, ERR_IPC_FRAME);
                memcpy(&issuer, rest.p, sizeof issuer);
                rest = bytes_of(rest.p + sizeof issuer, rest.n - sizeof issuer);
                ENSURE(rest.n >= issuer.cert_len, ERR_IPC_FRAME);
                TRY(issuer_read(issuers, kit, &issuer, bytes_of(rest.p, issuer.cert_len)));
                rest = bytes_of(rest.p + issuer.cert_len, rest.n - issuer.cert_len);
        }
        return RES_OK;
}

static res profiles_read(struct issuers *issuers, const char *dir, struct buf *why)
{
        char path[PATH_MAX];
        CLEAN(buf_done) struct buf text = {0};

        buf_init(&text, PROFILES_BYTES);
        snprintf(path, sizeof path, "%s/profiles.ini", dir);
        FILE *file = fopen(path, "re");

        if (file == NULL) {
                buf_printf(why, "%s cannot be read: %s", path, strerror(errno));
                return FAIL(ERR_CONFIG);
        }
        char block[4096];
        size_t got;

        while ((got = fread(block, 1, sizeof block, file)) > 0)
                buf_add(&text, block, got);
        fclose(file);
        TRY(buf_check(&text));
        return pki_profiles_parse(buf_str(&text), &issuers->profiles, why);
}

res issuers_new(const char *catalogue_dir, struct issuers **ret_issuers, struct buf *why)
{
        struct issuers *issuers = calloc(1, sizeof *issuers);

        ENSURE(issuers != NULL, ERR_MEMORY);
        issuers->arena = arena_new(ISSUERS_ARENA);
        res r = profiles_read(issuers, catalogue_dir, why);

        if (res_is_ok(r))
                *ret_issuers = issuers;
        else
                issuers_free(issuers);
        return r;
}

res issuers_ask(struct issuers *issuers, struct channel *signer, struct buf *why)
{
        const struct channel_request request = {.type = MSG_SIGNER_INFO};
        CLEAN(channel_reply_done) struct channel_reply reply = {0};
        char sentence[LIMIT_ERR_DETAIL + 1] = "";
        res r = channel_ask(signer, &request, ISSUERS_START_MS, sizeof(struct msg_signer_info_reply), &reply, sentence);

        if (!res_is_ok(r))
                buf_printf(why, "the signer does not answer: %s", sentence[0] ? sentence : err_sentence(r.err));
        else
                r = issuers_read_all(issuers, &reply);
        return r;
}

void issuers_suppose(struct issuers *issuers)
{
        static const struct {
                const char *name, *parent;
        } made[] = MSG_BUILTIN_ISSUERS;

        for (size_t i = 0; i < sizeof made / sizeof *made; i++)
                issuers->v[issuers->n++] = (struct issuer){.name = made[i].name, .parent = made[i].parent};
}

void issuers_free(struct issuers *issuers)
{
        if (issuers == NULL)
                return;
        arena_free(issuers->arena);
        free(issuers);
}

size_t issuers_count(const struct issuers *issuers)
{
        return issuers->n;
}

const struct issuer *issuers_at(const struct issuers *issuers, size_t i)
{
        return &issuers->v[i];
}

const struct issuer *issuers_find(const struct issuers *issuers, struct str name)
{
        for (size_t i = 0; i < issuers->n; i++)
                if (str_equals(name, issuers->v[i].name))
                        return &issuers->v[i];
        return NULL;
}

const struct issuer *issuers_root_of(const struct issuers *issuers, const struct issuer *issuer)
{
        for (size_t steps = 0; issuer && issuer->parent[0] && steps < ISSUERS_MAX; steps++)
                issuer = issuers_find(issuers, str_of(issuer->parent));
        return issuer;
}

void issuers_add_chain_pem(const struct issuers *issuers, const struct issuer *issuer, struct buf *pem)
{
        for (; issuer && issuer->parent[0]; issuer = issuers_find(issuers, str_of(issuer->parent)))
                buf_add_text(pem, issuer->pem);
}

const struct pki_profile *issuers_profile(const struct issuers *issuers, struct str name)
{
        return pki_profiles_find(&issuers->profiles, name);
}

const struct pki_profiles *issuers_profiles(const struct issuers *issuers)
{
        return &issuers->profiles;
}
