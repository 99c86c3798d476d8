/*
 * The judgement of one record and of one row.  A record tells of itself (chain, serial, form, signature) and of the
 * database (known, the same bytes, the same issuer); a row tells whether the signer ever signed it.
 */
#include <stdarg.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/hex.h"
#include "base/random.h"
#include "core/audit_inner.h"
#include "core/issuers.h"
#include "pki/lint.h"

#define RECORD_MAX (LIMIT_CERT_BYTES + 1024)

struct serial_text {
        char v[2 * MSG_SERIAL_SIZE + 1];
};

static struct serial_text serial_text(const uint8_t serial[MSG_SERIAL_SIZE])
{
        struct serial_text text = {0};

        hex_lower(bytes_of(serial, MSG_SERIAL_SIZE), text.v);
        return text;
}

/* ---- begin and end ------------------------------------------------------------------------------------ */

res audit_begin(struct audit *audit, struct act *act, const struct issuers *issuers, struct audit_report *report)
{
        *audit = (struct audit){.act = act, .report = report, .profiles = issuers_profiles(issuers)};
        random_bytes(&audit->salt, sizeof audit->salt);
        for (size_t i = 0; i < issuers_count(issuers) && i < AUDIT_ISSUERS; i++) {
                struct audit_issuer *issuer = &audit->issuer[audit->issuer_count++];

                issuer->name = issuers_at(issuers, i)->name;
                TRY(pki_cert_parse(issuers_at(issuers, i)->der, &issuer->cert));
        }
        return RES_OK;
}

void audit_done(struct audit *audit)
{
        audit_set_done(&audit->signed_here);
        audit_set_done(&audit->revoked);
}

void audit_find(struct audit *audit, const char *kind, const char *subject, const char *format, ...)
{
        struct audit_report *report = audit->report;
        va_list args;

        pthread_mutex_lock(&audit->lock);
        report->finding_count++;
        if (report->shown < AUDIT_SHOWN) {
                struct audit_finding *finding = &report->findings[report->shown++];

                finding->kind = kind;
                finding->subject = arena_strdup(audit->act->arena, subject);
                va_start(args, format);
                finding->text = arena_vprintf(audit->act->arena, format, args);
                va_end(args);
        }
        pthread_mutex_unlock(&audit->lock);
}

/* ---- a record by itself --------------------------------------------------------------------------------- */

/* Goes on from what the record says, so that one changed record is one finding. */
res audit_take_chain(struct audit *audit, const struct msg_log_item *item, struct bytes der)
{
        CLEAN(buf_done) struct buf text = {0};
        uint8_t chain[MSG_HASH_SIZE];

        audit->report->signed_count++;
        buf_init(&text, RECORD_MAX);
        buf_add(&text, audit->chain, sizeof audit->chain);
        buf_add(&text, &item->entry, sizeof item->entry);
        buf_add(&text, der.p, der.n);
        TRY(buf_check(&text)); /* out of memory is no finding */
        digest_sha256(buf_bytes(&text), chain);
        if (memcmp(chain, item->chain, sizeof chain) != 0)
                audit_find(audit, "signer_log_changed", serial_text(item->entry.serial).v,
                           "Record %lld of the signer's log, or the one before it, was changed or taken out: the chain breaks here.",
                           (long long)audit->report->signed_count);
        memcpy(audit->chain, item->chain, sizeof audit->chain);
        return RES_OK;
}

static const struct audit_issuer *find_issuer(const struct audit *audit, const char *name)
{
        for (size_t i = 0; i < audit->issuer_count; i++)
                if (strcmp(audit->issuer[i].name, name) == 0)
                        return &audit->issuer[i];
        return NULL;
}

/* The magnitude in the certificate has no leading zeros. */
static bool serial_fits(struct bytes in_certificate, const uint8_t serial[MSG_SERIAL_SIZE])
{
        size_t zeros = 0;

        while (zeros < MSG_SERIAL_SIZE && serial[zeros] == 0)
                zeros++;
        return in_certificate.n == MSG_SERIAL_SIZE - zeros && memcmp(in_certificate.p, serial + zeros, in_certificate.n) == 0;
}

static void check_lint(struct audit *audit, const struct msg_log_entry *entry, struct bytes der, const struct audit_issuer *issuer,
                       struct pki_kit *kit, const char *serial)
{
        const struct pki_profile *profile = pki_profiles_find(audit->profiles, str_of(entry->profile));
        struct pki_finding finding = {0};

        if (profile == NULL) {
                audit_find(audit, "profile_unknown", serial, "It was signed under the profile %s, which the catalogue does not have.",
                           entry->profile);
                return;
        }
        const struct pki_lint_context context = {
                .profile = profile, .kit = kit, .now = 0, .issuer_name = issuer->cert.subject,
                .issuer_key_id = issuer->cert.key_id, .issuer_alg = pki_alg_der(pki_profile_alg(profile, pki_alg_of(issuer->cert.spki.key_type)))};

        if (!res_is_ok(pki_lint_cert(der, &context, &finding)))
                audit_find(audit, finding.name ? finding.name : "lint", serial, "%s (%s, profile %s)",
                           finding.detail ? finding.detail : "The lint could not read it.", finding.rule ? finding.rule : "form", entry->profile);
}

/* Two programs hold the same bytes, each under a user of its own: then a sample is enough. */
static bool is_to_verify(const struct audit *audit, const struct msg_log_entry *entry, struct bytes der, const struct issued_row *row)
{
        uint64_t drawn;

        if (audit->every_signature || row == NULL || !str_equals(row->state, "issued") || !bytes_equal(row->der, der))
                return true;
        memcpy(&drawn, entry->serial, sizeof drawn);
        drawn = (drawn ^ audit->salt) * 0x9e3779b97f4a7c15u;
        return (drawn >> 32) % AUDIT_SAMPLE == 0;
}

static void check_signature(struct audit *audit, const struct audit_issuer *issuer, const struct pki_cert *cert, struct pki_kit *kit, const char *serial)
{
        if (!res_is_ok(pki_cert_verify(kit, cert, &issuer->cert.spki)))
                audit_find(audit, "signature_bad", serial, "The signature is not one of the issuer %s.", issuer->name);
        pthread_mutex_lock(&audit->lock);
        audit->report->verified_count++;
        pthread_mutex_unlock(&audit->lock);
}

static res check_certificate(struct audit *audit, const struct msg_log_entry *entry, struct bytes der, const struct issued_row *row,
                             const char *serial)
{
        const struct audit_issuer *issuer = find_issuer(audit, entry->issuer);
        struct pki_kit *kit = NULL;
        struct pki_cert cert;

        TRY(pki_kit_of_thread(&kit));

        if (issuer == NULL) {
                audit_find(audit, "issuer_unknown", serial, "It was signed by %s, which is not one of the issuers.", entry->issuer);
                return RES_OK;
        }
        if (!res_is_ok(pki_cert_parse(der, &cert))) {
                audit_find(audit, "unreadable", serial, "The signer's log holds no readable certificate for it.");
                return RES_OK;
        }
        if (!serial_fits(cert.serial, entry->serial))
                audit_find(audit, "serial_differs", serial, "The certificate in the signer's log has another serial number than its record.");
        if (is_to_verify(audit, entry, der, row))
                check_signature(audit, issuer, &cert, kit, serial);
        check_lint(audit, entry, der, issuer, kit, serial);
        return RES_OK;
}

/* ---- a record and the database ---------------------------------------------------------------------------- */

bool audit_is_own(const struct audit *audit, const struct msg_log_entry *entry)
{
        const struct pki_profile *profile = pki_profiles_find(audit->profiles, str_of(entry->profile));

        return strcmp(entry->profile, "listener") == 0 || (profile != NULL && profile->kind != PKI_PROFILE_LEAF);
}

void audit_check_row(struct audit *audit, const struct msg_log_entry *entry, struct bytes der, const struct issued_row *row, const char *serial)
{
        if (row == NULL) {
                audit_find(audit, "unknown_to_database", serial, "%s signed it under the profile %s at %lld, and the database does not know it.",
                           entry->issuer, entry->profile, (long long)entry->signed_at);
                return;
        }
        int id_len = (int)row->certificate_id.n;
        const char *id = row->certificate_id.p;

        if (str_equals(row->state, "issued") && !bytes_equal(row->der, der))
                audit_find(audit, "bytes_differ", serial, "The database holds other bytes for certificate %.*s than the signer signed.", id_len, id);
        if (!str_equals(row->issuer, entry->issuer) || !str_equals(row->profile, entry->profile))
                audit_find(audit, "issuer_differs", serial, "The database says that certificate %.*s is of %.*s under %.*s; the signer says %s under %s.",
                           id_len, id, (int)row->issuer.n, row->issuer.p, (int)row->profile.n, row->profile.p, entry->issuer, entry->profile);
        if (str_equals(row->state, "dead") && row->revoked_at == 0)
                audit_find(audit, "given_up_but_signed", serial,
                           "The application %.*s was given up, but the certificate was signed, and it is not revoked.", id_len, id);
}

static bool text_ends(const char *text, size_t size)
{
        return memchr(text, 0, size) != NULL;
}

res audit_take_record(struct audit *audit, const struct msg_log_item *item, struct bytes der, const struct issued_row *row)
{
        const struct msg_log_entry *entry = &item->entry;
        struct serial_text serial = serial_text(entry->serial);
        bool is_new = false, is_own;

        if (!text_ends(entry->issuer, sizeof entry->issuer) || !text_ends(entry->profile, sizeof entry->profile)) {
                audit_find(audit, "unreadable", serial.v, "The record in the signer's log is not of its form.");
                return RES_OK;
        }
        is_own = audit_is_own(audit, entry);
        pthread_mutex_lock(&audit->lock);
        res added = audit_set_add(&audit->signed_here, entry->serial, &is_new);

        audit->report->own_count += is_own;
        pthread_mutex_unlock(&audit->lock);
        TRY(added);
        if (!is_new)
                audit_find(audit, "signed_twice", serial.v, "The signer's log has this serial number twice.");
        TRY(check_certificate(audit, entry, der, row, serial.v));
        if (!is_own)
                audit_check_row(audit, entry, der, row, serial.v);
        return RES_OK;
}

/* ---- a row of the database ------------------------------------------------------------------------------------ */

/* It may have been signed after the log was read: told only when the end of the log does not have it either. */
static void note_missing(struct audit *audit, const struct issued_row *row, const uint8_t serial[MSG_SERIAL_SIZE])
{
        if (audit->missing_count == AUDIT_SHOWN) {
                audit->report->finding_count++;
                return;
        }
        struct audit_missing *missing = &audit->missing[audit->missing_count++];
        size_t n = row->certificate_id.n < sizeof missing->certificate_id ? row->certificate_id.n : sizeof missing->certificate_id - 1;

        memcpy(missing->serial.v, serial, MSG_SERIAL_SIZE);
        memcpy(missing->certificate_id, row->certificate_id.p, n);
        missing->certificate_id[n] = 0;
}

void audit_take_row(struct audit *audit, const struct issued_row *row)
{
        if (str_equals(row->state, "issued"))
                audit->report->issued_count++;
        else if (str_equals(row->state, "signing"))
                audit->report->signing_count++;
        else
                audit->report->dead_count++;
        if (!str_equals(row->state, "issued"))
                return;
        if (row->serial.n != MSG_SERIAL_SIZE)
                audit_find(audit, "serial_bad", arena_printf(audit->act->arena, "row %lld", (long long)row->issued_id),
                           "The database's serial number of certificate %.*s has %zu octets.", (int)row->certificate_id.n,
                           row->certificate_id.p, row->serial.n);
        else if (!audit_set_has(&audit->signed_here, row->serial.p))
                note_missing(audit, row, row->serial.p);
}

void audit_take_missing(struct audit *audit)
{
        for (size_t i = 0; i < audit->missing_count; i++) {
                const struct audit_missing *missing = &audit->missing[i];

                if (!audit_set_has(&audit->signed_here, missing->serial.v))
                        audit_find(audit, "unknown_to_signer", serial_text(missing->serial.v).v,
                                   "Certificate %s is issued in the database, but the signer's log does not have it.", missing->certificate_id);
        }
        audit->missing_count = 0;
}
