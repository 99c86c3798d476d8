/*
 * Certificates: the strict reader never crashes, what it takes OpenSSL takes and reads alike, and the lint survives any
 * bytes.  What the lint lets pass must at least be readable.
 */
#include "pki_fuzz.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/arena.h"
#include "pki/cert.h"
#include "pki/lint.h"
#include "pki/name.h"

static struct pki_profiles profiles;
static struct pki_kit *kit;

static void start(void)
{
        static const char text[] =
                "[dv]\nkind = leaf\nkeys = rsa-2048, rsa-4096, ec-p256, ec-p384\nmax-days = 398\nkey-usage-rsa = digitalSignature, keyEncipherment\n"
                "key-usage-ec = digitalSignature\nextended-key-usage = serverAuth\npolicy = 2.23.140.1.2.1\ncommon-name = yes\nip-names = yes\n"
                "ocsp-url = yes\nissuer-url = yes\ncrl-url = yes\n";
        struct buf why;

        if (kit)
                return;
        buf_init(&why, 1024);
        FUZZ_CHECK(res_is_ok(pki_profiles_parse(str_of(text), &profiles, &why)));
        buf_done(&why);
        FUZZ_CHECK(res_is_ok(pki_kit_new(&kit)));
}

static int64_t seconds(const ASN1_TIME *time)
{
        ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
        int days = 0, rest = 0;

        FUZZ_CHECK(ASN1_TIME_diff(&days, &rest, epoch, time) == 1);
        ASN1_TIME_free(epoch);
        return (int64_t)days * 86400 + rest;
}

static void compare(const struct pki_cert *cert)
{
        const unsigned char *p = cert->der.p;
        X509 *x509 = d2i_X509(NULL, &p, (long)cert->der.n);
        unsigned char *key = NULL;
        int key_size;

        FUZZ_CHECK(x509 && p == cert->der.p + cert->der.n);
        FUZZ_CHECK(seconds(X509_get0_notBefore(x509)) == cert->not_before);
        FUZZ_CHECK(seconds(X509_get0_notAfter(x509)) == cert->not_after);
        key_size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &key);
        FUZZ_CHECK((size_t)key_size == cert->spki.der.n && memcmp(key, cert->spki.der.p, cert->spki.der.n) == 0);
        OPENSSL_free(key);
        if (cert->has_key_usage &&
            X509_get_key_usage(x509) != 0) /* 0: an extension that we do not look into is broken */
                FUZZ_CHECK(((X509_get_key_usage(x509) & KU_DIGITAL_SIGNATURE) != 0) ==
                           ((cert->key_usage & PKI_KU_DIGITAL_SIGNATURE) != 0));
        X509_free(x509);
        ERR_clear_error();
}

static void read_all(const struct pki_cert *cert)
{
        struct arena *arena = arena_new(1024 * 1024);
        struct strs names;
        struct buf text;

        buf_init(&text, 1024 * 1024);
        FUZZ_CHECK(res_is_ok(pki_cert_names(cert, arena, &names)));
        FUZZ_CHECK(res_is_ok(pki_name_text(cert->subject, &text)) && res_is_ok(pki_name_text(cert->issuer, &text)));
        FUZZ_CHECK(str_is_utf8(buf_str(&text)));
        for (size_t i = 0; i < text.n; i++)
                FUZZ_CHECK(text.p[i] >= ' ' && text.p[i] != 0x7f);
        buf_done(&text);
        arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct pki_lint_context context;
        struct pki_finding finding;
        struct pki_cert cert;
        struct buf der;
        bool is_read, passes;

        start();
        fuzz_der(data, size, &der);
        is_read = res_is_ok(pki_cert_parse(buf_bytes(&der), &cert));
        context = (struct pki_lint_context){.profile = &profiles.v[0], .kit = kit};
        passes = res_is_ok(pki_lint_cert(buf_bytes(&der), &context, &finding));
        FUZZ_CHECK(passes == (finding.name == NULL));
        FUZZ_CHECK(!passes || is_read);
        if (is_read) {
                compare(&cert);
                read_all(&cert);
        }
        buf_done(&der);
        return 0;
}
