/*
 * Downloading (DL): state, then the record and the key, then the archive.  What held the key is wiped with the arena.
 */
#include "core/download.h"

#include "core/certificate.h"
#include "core/core.h"
#include "core/held.h"
#include "core/key_open.h"
#include "core/keystore.h"
#include "core/log.h"
#include "core/package.h"
#include "pki/pem.h"

#define DOWNLOAD_PEM_BYTES (256 * 1024)

static const char *download_pem(struct act *act, struct str label, struct bytes der)
{
        CLEAN(buf_wipe) struct buf pem = {0};

        buf_init(&pem, DOWNLOAD_PEM_BYTES);
        pki_pem_write(label, der, &pem);
        return buf_copy(&pem, act->arena);
}

/* The domain as a file name; it is LDH and dots but for a wildcard's star, and in an uploaded one whatever its issuer wrote. */
static const char *download_name(struct act *act, struct str domain)
{
        bool is_wildcard = str_starts_with(domain, STR("*."));
        char *name = is_wildcard ? arena_printf(act->arena, "_wildcard%.*s", (int)domain.n - 1, domain.p + 1)
                                 : arena_strndup(act->arena, domain.p, domain.n);

        for (char *c = name; *c; c++)
                if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '-' ||
                      *c == '_' || (*c == '.' && c > name)))
                        *c = '_';
        return *name ? name : "certificate";
}

static res download_key(struct act *act, const struct certificate_row *row, const struct keystore_subject *subject,
                        struct package_parts *parts)
{
        CLEAN(key_opened_done) struct key_opened key = {0};
        CLEAN(buf_wipe) struct buf pem = {0};

        TRY(key_open(act, row, "download", "Certificate downloaded", &key));
        buf_init(&pem, DOWNLOAD_PEM_BYTES);
        key_opened_pem(&key, &pem);
        TRY(buf_check(&pem));
        char *text = buf_copy(&pem, act->arena);

        arena_tie(act->arena, secret_wipe_text, text);
        parts->key_pem = text;
        parts->key_is_encrypted = key.is_encrypted;
        if (key.csr.n > 0)
                parts->csr_pem = download_pem(act, PKI_PEM_CSR, key.csr);
        return keystore_add(act, &key, subject, parts);
}

struct download_record {
        struct act *act;
        const struct certificate_view *view;
};

static res download_log_tx(struct store_tx *tx, void *arg)
{
        const struct download_record *record = arg;

        return act_log(record->act, tx, record->view->row.certificate_id, "download", "Certificate downloaded");
}

static res download_view(struct act *act, struct str certificate_id, struct certificate_view *ret_view)
{
        TRY(certificate_view(act, certificate_id, ret_view));
        if (!ret_view->is_downloadable) /* DL-01, DL-09 */
                return act_fail(act, ERR_CERT_DOWNLOAD_STATE,
                                "Only an issued certificate can be downloaded; the status is %s.",
                                certificate_status_name(ret_view->row.status));
        return RES_OK;
}

/* Everything that any package of this certificate is made of; the record is written on the way. */
static res download_collect(struct act *act, const struct certificate_view *view, struct str key_password,
                            struct package_parts *ret_parts)
{
        struct held held = {0};

        TRY(held_get(act, &view->row, &held));
        *ret_parts = (struct package_parts){
                .arena = act->arena,
                .name = download_name(act, view->row.domain),
                .leaf_pem = held_leaf_pem(act, &held),
                .intermediates_pem = held_issuers_pem(act, &held),
                .root_pem = held_root_pem(act, &held),
        };
        const struct keystore_subject subject = {view->row.domain, &held, key_password};
        res with_key = download_key(act, &view->row, &subject, ret_parts);

        if (with_key.err == ERR_NOT_FOUND) /* the customer kept the key: the download is recorded all the same */
                with_key = store_run(act->core->store, download_log_tx, &(struct download_record){act, view});
        return with_key;
}

res download_package(struct act *act, struct str certificate_id, struct str key_password, struct buf *ret_zip)
{
        struct certificate_view view = {0};
        struct package_parts parts = {0};

        TRY(download_view(act, certificate_id, &view));
        TRY(download_collect(act, &view, key_password, &parts));
        return package_write(&parts, act->now_sec, ret_zip);
}

static res download_check_kind(struct act *act, const struct certificate_view *view, enum package_kind kind)
{
        if (package_kind_is_keystore(kind) && (!view->has_key || view->row.key_password_set))
                return act_fail(
                        act, ERR_DOWNLOAD_KIND,
                        "There is no %s package without the private key in the open; download the whole package with "
                        "KeyPassword instead.",
                        package_kind_word(kind));
        return RES_OK;
}

static const char *download_kind_file(struct act *act, const struct certificate_view *view, enum package_kind kind)
{
        return arena_printf(act->arena, "%s_%s.zip", download_name(act, view->row.domain), package_kind_word(kind));
}

res download_kind_name(struct act *act, struct str certificate_id, enum package_kind kind, const char **ret_name)
{
        struct certificate_view view = {0};

        TRY(download_view(act, certificate_id, &view));
        TRY(download_check_kind(act, &view, kind));
        *ret_name = download_kind_file(act, &view, kind);
        return RES_OK;
}

res download_kind(struct act *act, struct str certificate_id, enum package_kind kind, struct buf *ret_zip,
                  const char **ret_name)
{
        struct certificate_view view = {0};
        struct package_parts parts = {0};

        TRY(download_view(act, certificate_id, &view));
        TRY(download_check_kind(act, &view, kind));
        TRY(download_collect(act, &view, /* key_password= */ STR(""), &parts));
        TRY(package_write_kind(&parts, kind, act->now_sec, ret_zip));
        *ret_name = download_kind_file(act, &view, kind);
        return RES_OK;
}
