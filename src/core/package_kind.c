/* See package_kind.h.  A kind is a row of the table: its word and the function that writes its folder. */
#include "core/package_kind.h"

#include <string.h>

#define PACKAGE_BYTES (4 * 1024 * 1024)
#define KEYSTORE_BYTES (256 * 1024)

struct folder {
        struct pki_zip *zip;
        const struct package_parts *parts;
        const char *path; /* <name>_<kind> */
};

static res folder_add(const struct folder *folder, const char *name, const char *text)
{
        if (text == NULL || *text == '\0')
                return RES_OK;
        return pki_zip_add(folder->zip, arena_printf(folder->parts->arena, "%s/%s", folder->path, name),
                           bytes_of(text, strlen(text)));
}

static const char *named(const struct folder *folder, const char *end)
{
        return arena_printf(folder->parts->arena, "%s%s", folder->parts->name, end);
}

static res add_key_and_csr(const struct folder *folder)
{
        TRY(folder_add(folder, named(folder, ".key"), folder->parts->key_pem));
        return folder_add(folder, named(folder, ".csr"), folder->parts->csr_pem);
}

static res write_nginx(const struct folder *folder)
{
        const struct package_parts *p = folder->parts;
        const char *bundle = arena_printf(p->arena, "%s%s", p->leaf_pem, p->intermediates_pem);

        TRY(folder_add(folder, named(folder, "_bundle.crt"), bundle));
        TRY(folder_add(folder, named(folder, "_bundle.pem"), bundle));
        return add_key_and_csr(folder);
}

static res write_apache(const struct folder *folder)
{
        TRY(folder_add(folder, "root_bundle.crt", folder->parts->intermediates_pem));
        TRY(folder_add(folder, named(folder, ".crt"), folder->parts->leaf_pem));
        return add_key_and_csr(folder);
}

static res write_other(const struct folder *folder)
{
        TRY(folder_add(folder, named(folder, ".crt"), folder->parts->leaf_pem));
        TRY(folder_add(folder, "chain.crt", folder->parts->intermediates_pem));
        return add_key_and_csr(folder);
}

static res write_root(const struct folder *folder)
{
        return folder_add(folder, "root.crt", folder->parts->root_pem);
}

static res write_keystore(const struct folder *folder, const char *end,
                          res (*write)(const struct pki_keystore *store, struct buf *out))
{
        CLEAN(buf_wipe) struct buf keystore = {0};
        const struct package_parts *p = folder->parts;

        ENSURE(p->keystore != NULL, ERR_DOWNLOAD_KIND);
        buf_init(&keystore, KEYSTORE_BYTES);
        TRY(write(p->keystore, &keystore));
        TRY(pki_zip_add(folder->zip, arena_printf(p->arena, "%s/%s%s", folder->path, p->name, end),
                        buf_bytes(&keystore)));
        return folder_add(folder, "keystorePass.txt", p->keystore_password);
}

static res write_pfx(const struct folder *folder)
{
        return write_keystore(folder, ".pfx", pki_keystore_pfx);
}

static res write_jks(const struct folder *folder)
{
        return write_keystore(folder, ".jks", pki_keystore_jks);
}

static const struct kind {
        const char *word;
        bool is_keystore;
        res (*write)(const struct folder *folder);
} kinds[PACKAGE_KIND_COUNT] = {
        [PACKAGE_NGINX] = {"nginx", false, write_nginx}, [PACKAGE_APACHE] = {"apache", false, write_apache},
        [PACKAGE_TOMCAT] = {"tomcat", true, write_pfx},  [PACKAGE_IIS] = {"iis", true, write_pfx},
        [PACKAGE_JKS] = {"jks", true, write_jks},        [PACKAGE_OTHER] = {"other", false, write_other},
        [PACKAGE_ROOT] = {"root", false, write_root},
};

enum package_kind package_kind_find(struct str word)
{
        enum package_kind kind = PACKAGE_NGINX;

        if (str_is_empty(word))
                return kind;
        while (kind < PACKAGE_KIND_COUNT && !str_equal_nocase(word, str_of(kinds[kind].word)))
                kind++;
        return kind;
}

const char *package_kind_word(enum package_kind kind)
{
        return kinds[kind].word;
}

bool package_kind_is_keystore(enum package_kind kind)
{
        return kinds[kind].is_keystore;
}

res package_write_kind(const struct package_parts *parts, enum package_kind kind, int64_t now_sec, struct buf *ret_zip)
{
        CLEAN(pki_zip_free_ptr) struct pki_zip *zip = NULL;

        TRY(pki_zip_new(now_sec, PACKAGE_BYTES, &zip));
        const struct folder folder = {
                .zip = zip,
                .parts = parts,
                .path = arena_printf(parts->arena, "%s_%s", parts->name, kinds[kind].word),
        };
        res written = kinds[kind].write(&folder);

        return res_is_ok(written) ? pki_zip_end(zip, ret_zip) : written;
}
