/* See package.h. */
#include "core/package.h"

#include <string.h>

#include "base/secret.h"

#define PACKAGE_BYTES (4 * 1024 * 1024)
#define KEYSTORE_BYTES (256 * 1024)

static res package_add(struct pki_zip *zip, const char *path, const char *text)
{
        if (*text == '\0') /* an uploaded chain may have no root, a self-signed one nothing above it */
                return RES_OK;
        return pki_zip_add(zip, path, bytes_of(text, strlen(text)));
}

/* nginx: ssl_certificate wants leaf and intermediates in one file (CON-19). */
static res package_nginx(struct pki_zip *zip, const struct package_parts *p)
{
        const char *bundle = arena_printf(p->arena, "%s%s", p->leaf_pem, p->intermediates_pem);

        TRY(package_add(zip, arena_printf(p->arena, "Nginx/1_%s_bundle.crt", p->name), bundle));
        return p->key_pem ? package_add(zip, arena_printf(p->arena, "Nginx/2_%s.key", p->name), p->key_pem) : RES_OK;
}

/* Apache: SSLCertificateFile, SSLCertificateKeyFile, SSLCertificateChainFile. */
static res package_apache(struct pki_zip *zip, const struct package_parts *p)
{
        TRY(package_add(zip, "Apache/1_root_bundle.crt", p->intermediates_pem));
        TRY(package_add(zip, arena_printf(p->arena, "Apache/2_%s.crt", p->name), p->leaf_pem));
        return p->key_pem ? package_add(zip, arena_printf(p->arena, "Apache/3_%s.key", p->name), p->key_pem) : RES_OK;
}

/* DL-06, PKP-02: beside the keystore that it opens. */
static res package_keystore(struct pki_zip *zip, const struct package_parts *p, const char *folder, const char *type,
                            res (*write)(const struct pki_keystore *store, struct buf *out))
{
        CLEAN(buf_wipe) struct buf keystore = {0};

        if (p->keystore == NULL)
                return RES_OK;
        buf_init(&keystore, KEYSTORE_BYTES);
        TRY(write(p->keystore, &keystore));
        TRY(pki_zip_add(zip, arena_printf(p->arena, "%s/%s.%s", folder, p->name, type), buf_bytes(&keystore)));
        return p->keystore_password
                       ? package_add(zip, arena_printf(p->arena, "%s/keystorePass.txt", folder), p->keystore_password)
                       : RES_OK;
}

static res package_iis(struct pki_zip *zip, const struct package_parts *p)
{
        return package_keystore(zip, p, "IIS", "pfx", pki_keystore_pfx);
}

static res package_tomcat(struct pki_zip *zip, const struct package_parts *p)
{
        return package_keystore(zip, p, "Tomcat", "jks", pki_keystore_jks);
}

static res package_root(struct pki_zip *zip, const struct package_parts *p)
{
        return package_add(zip, "Root/root.crt", p->root_pem);
}

/* Everything else: the parts one by one, and all in one file, as HAProxy wants it. */
static res package_other(struct pki_zip *zip, const struct package_parts *p)
{
        TRY(package_add(zip, arena_printf(p->arena, "Other/%s.crt", p->name), p->leaf_pem));
        TRY(package_add(zip, "Other/chain.crt", p->intermediates_pem));
        if (p->key_pem == NULL)
                return RES_OK;
        TRY(package_add(zip, arena_printf(p->arena, "Other/%s.key", p->name), p->key_pem));
        char *all = arena_printf(p->arena, "%s%s%s", p->leaf_pem, p->intermediates_pem, p->key_pem);

        arena_tie(p->arena, secret_wipe_text, all);
        return package_add(zip, arena_printf(p->arena, "Other/%s_haproxy.crt", p->name), all);
}

/* Some clients take the one entry that ends in .pem (api.md §6). */
static res package_top(struct pki_zip *zip, const struct package_parts *p)
{
        TRY(package_add(zip, arena_printf(p->arena, "%s.pem", p->name),
                        arena_printf(p->arena, "%s%s", p->leaf_pem, p->intermediates_pem)));
        return p->csr_pem ? package_add(zip, arena_printf(p->arena, "%s.csr", p->name), p->csr_pem) : RES_OK;
}

static res (*const package_folders[])(struct pki_zip *zip, const struct package_parts *p) = {
        package_nginx, package_apache, package_iis, package_tomcat, package_root, package_other, package_top,
};

res package_write(const struct package_parts *parts, int64_t now_sec, struct buf *ret_zip)
{
        CLEAN(pki_zip_free_ptr) struct pki_zip *zip = NULL;

        TRY(pki_zip_new(now_sec, PACKAGE_BYTES, &zip));
        for (size_t i = 0; i < sizeof package_folders / sizeof *package_folders; i++)
                TRY(package_folders[i](zip, parts));
        return pki_zip_end(zip, ret_zip);
}
