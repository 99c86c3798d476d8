/*
 * A TBSCertificate that a test can break in any way: every part is bytes, put together by a builder that judges nothing.
 */
#pragma once

#include "pki_help.h"

#include "base/hex.h"
#include "pki/der.h"
#include "pki_weak.h"

enum { EXT_AKI, EXT_KU, EXT_EKU, EXT_CP, EXT_SAN, EXT_AIA, EXT_CRL, EXT_EXTRA, EXT_COUNT };

struct extension_spec {
        uint8_t oid[12];
        size_t oid_size;
        int critical; /* 0 absent, 1 TRUE, 2 FALSE written out */
        uint8_t value[8192];
        size_t value_size;
        int times;
};

struct spec {
        uint8_t version[8], serial[64], alg[32], validity[64], subject[512], after_spki[8];
        size_t version_size, serial_size, alg_size, validity_size, subject_size, after_spki_size;
        struct bytes issuer, spki;
        struct extension_spec extensions[EXT_COUNT];
        bool no_extensions, long_length;
        const struct pki_profile *profile;
        int64_t now;
};

/* ---- builder ----------------------------------------------------------------------------------- */

#define SET(field, ...) \
        do { \
                static const uint8_t bytes_[] = {__VA_ARGS__}; \
                memcpy((field), bytes_, sizeof(bytes_)); \
                field##_size = sizeof(bytes_); \
        } while (0)

static inline void set_buf(uint8_t *to, size_t *size, struct buf *from)
{
        OK(buf_check(from));
        memcpy(to, from->p, from->n);
        *size = from->n;
        buf_done(from);
}

static inline void set_names(struct spec *spec, const uint8_t *tags, const struct str *names, size_t count)
{
        struct extension_spec *san = &spec->extensions[EXT_SAN];
        struct buf out;
        struct der_mark list;

        buf_init(&out, sizeof(san->value));
        list = der_open(&out, DER_SEQUENCE);
        for (size_t i = 0; i < count; i++)
                der_add(&out, tags ? tags[i] : DER_CONTEXT(2), bytes_of(names[i].p, names[i].n));
        der_close(&out, list);
        set_buf(san->value, &san->value_size, &out);
}

static inline void set_subject(struct spec *spec, const char *text)
{
        struct buf out;

        buf_init(&out, sizeof(spec->subject));
        pki_name_write_cn(str_of(text), &out);
        set_buf(spec->subject, &spec->subject_size, &out);
}

static inline void set_validity(struct spec *spec, int64_t not_before, int64_t not_after)
{
        struct buf out;
        struct der_mark validity;

        buf_init(&out, sizeof(spec->validity));
        validity = der_open(&out, DER_SEQUENCE);
        der_add_time(&out, not_before);
        der_add_time(&out, not_after);
        der_close(&out, validity);
        set_buf(spec->validity, &spec->validity_size, &out);
}

static inline struct extension_spec extension_of(int n)
{
        return (struct extension_spec){.oid = {0x55, 0x1d, (uint8_t)n}, .oid_size = 3, .times = 1};
}

static inline struct spec *spec_new(const struct help *help, const struct pki_key *key)
{
        struct spec *spec = calloc(1, sizeof(*spec));
        struct extension_spec *e = spec->extensions;
        const struct str name = STR("example.com");
        struct bytes alg = pki_alg_der(help->intermediate.issuer.alg);

        spec->profile = help_profile(help, "dv");
        spec->now = HELP_NOW;
        SET(spec->version, 0xa0, 3, 2, 1, 2);
        SET(spec->serial, 2, 16, 0x51, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
        memcpy(spec->alg, alg.p, alg.n);
        spec->alg_size = alg.n;
        spec->issuer = help->intermediate.issuer.name;
        set_validity(spec, HELP_NOW, HELP_NOW + 90 * HELP_DAY - 1);
        set_subject(spec, "example.com");
        spec->spki = pki_key_spki(key);
        e[EXT_AKI] = extension_of(35);
        SET(e[EXT_AKI].value, 0x30, 22, 0x80, 20);
        memcpy(e[EXT_AKI].value + 4, help->intermediate.key_id, 20);
        e[EXT_AKI].value_size = 24;
        e[EXT_KU] = extension_of(15);
        e[EXT_KU].critical = 1;
        SET(e[EXT_KU].value, 3, 2, 7, 0x80);
        e[EXT_EKU] = extension_of(37);
        SET(e[EXT_EKU].value, 0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1);
        e[EXT_CP] = extension_of(32);
        SET(e[EXT_CP].value, 0x30, 10, 0x30, 8, 6, 6, 0x67, 0x81, 0x0c, 1, 2, 1);
        e[EXT_SAN] = extension_of(17);
        set_names(spec, NULL, &name, 1);
        e[EXT_AIA] = (struct extension_spec){.oid = {0x2b, 6, 1, 5, 5, 7, 1, 1}, .oid_size = 8, .times = 1};
        SET(e[EXT_AIA].value, 0x30, 46, 0x30, 21, 6, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 0x86, 9, 'h', 't', 't', 'p', ':',
            '/', '/', 'a', 'b', 0x30, 21, 6, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 2, 0x86, 9, 'h', 't', 't', 'p', ':', '/',
            '/', 'a', 'c');
        e[EXT_CRL] = extension_of(31);
        SET(e[EXT_CRL].value, 0x30, 17, 0x30, 15, 0xa0, 13, 0xa0, 11, 0x86, 9, 'h', 't', 't', 'p', ':', '/', '/', 'a',
            'd');
        return spec;
}

static inline void write_extension(const struct extension_spec *e, struct buf *out)
{
        struct der_mark whole = der_open(out, DER_SEQUENCE);

        der_add_oid(out, bytes_of(e->oid, e->oid_size));
        if (e->critical)
                der_add(out, DER_BOOLEAN, bytes_of(e->critical == 1 ? "\xff" : "\0", 1));
        der_add(out, DER_OCTET_STRING, bytes_of(e->value, e->value_size));
        der_close(out, whole);
}

static inline void build(const struct spec *spec, struct buf *out)
{
        struct der_mark tbs = der_open(out, DER_SEQUENCE), outer, list;

        buf_add(out, spec->version, spec->version_size);
        buf_add(out, spec->serial, spec->serial_size);
        buf_add(out, spec->alg, spec->alg_size);
        buf_add(out, spec->issuer.p, spec->issuer.n);
        buf_add(out, spec->validity, spec->validity_size);
        buf_add(out, spec->subject, spec->subject_size);
        buf_add(out, spec->spki.p, spec->spki.n);
        buf_add(out, spec->after_spki, spec->after_spki_size);
        if (!spec->no_extensions) {
                outer = der_open(out, DER_CONTEXT_CONSTRUCTED(3));
                list = der_open(out, DER_SEQUENCE);
                for (int i = 0; i < EXT_COUNT; i++)
                        for (int k = 0; k < spec->extensions[i].times; k++)
                                write_extension(&spec->extensions[i], out);
                der_close(out, list);
                der_close(out, outer);
        }
        der_close(out, tbs);
}

/* SubjectPublicKeyInfo of an RSA key with this modulus of 2048 bits. */
static inline void weak_spki_write(const char *modulus, struct buf *out)
{
        struct der_mark whole = der_open(out, DER_SEQUENCE);
        static const uint8_t alg[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                      0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
        struct buf key;
        struct der_mark inner;
        uint8_t n[256];

        OK(hex_decode(str_of(modulus), n, sizeof(n)));
        buf_init(&key, 1024);
        inner = der_open(&key, DER_SEQUENCE);
        der_add_unsigned(&key, bytes_of(n, sizeof(n)));
        der_add_small(&key, 65537);
        der_close(&key, inner);
        buf_add(out, alg, sizeof(alg));
        der_add_bits(out, buf_bytes(&key));
        der_close(out, whole);
        buf_done(&key);
}
