/*
 * PKCS#10 requests.  Of a foreign request only the key and the names are taken; everything else that it asks for is
 * the profile's to say.
 */
#include "pki/csr.h"

#include "pki/der.h"
#include "pki/extension.h"
#include "pki/general_name.h"
#include "pki/name.h"
#include "pki/pem.h"

#define INFO_MAX (16 * 1024)

static const uint8_t extension_request[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e};
static const uint8_t microsoft_request[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x01, 0x0e};
static const uint8_t san_oid[] = {0x55, 0x1d, 0x11};

/* ---- ours -------------------------------------------------------------------------------------- */

static res write_san(const struct str *names, size_t count, struct buf *out)
{
        struct der_mark extension = der_open(out, DER_SEQUENCE), value;

        der_add_oid(out, bytes_of(san_oid, sizeof(san_oid)));
        value = der_open(out, DER_OCTET_STRING);
        TRY(pki_general_names_write(names, count, out));
        der_close(out, value);
        der_close(out, extension);
        return RES_OK;
}

static res write_attributes(const struct str *names, size_t count, struct buf *out)
{
        struct der_mark attributes = der_open(out, DER_CONTEXT_CONSTRUCTED(0)), attribute, set, list;

        attribute = der_open(out, DER_SEQUENCE);
        der_add_oid(out, bytes_of(extension_request, sizeof(extension_request)));
        set = der_open(out, DER_SET);
        list = der_open(out, DER_SEQUENCE);
        TRY(write_san(names, count, out));
        der_close(out, list);
        der_close(out, set);
        der_close(out, attribute);
        der_close(out, attributes);
        return RES_OK;
}

static res write_info(const struct pki_key *key, struct bytes subject, const struct str *names, size_t count,
                      struct buf *out)
{
        struct der_mark info = der_open(out, DER_SEQUENCE);

        der_add_small(out, 0);
        buf_add(out, subject.p, subject.n);
        buf_add(out, pki_key_spki(key).p, pki_key_spki(key).n);
        TRY(write_attributes(names, count, out));
        der_close(out, info);
        return buf_check(out);
}

static res make(struct pki_key *key, struct bytes subject, const struct str *names, size_t name_count, struct buf *out)
{
        CLEAN(buf_done) struct buf info = {0}, signature = {0};
        struct der_mark whole;
        struct pki_alg alg = pki_key_alg(key);

        buf_init(&info, INFO_MAX);
        buf_init(&signature, INFO_MAX);
        TRY(write_info(key, subject, names, name_count, &info));
        TRY(pki_key_sign(key, alg, buf_bytes(&info), &signature));
        whole = der_open(out, DER_SEQUENCE);
        buf_add(out, info.p, info.n);
        buf_add(out, pki_alg_der(alg).p, pki_alg_der(alg).n);
        der_add_bits(out, buf_bytes(&signature));
        der_close(out, whole);
        return buf_check(out);
}

res pki_csr_make(struct pki_key *key, struct str common_name, const struct str *names, size_t name_count,
                 struct buf *out)
{
        CLEAN(buf_done) struct buf subject = {0};

        buf_init(&subject, INFO_MAX);
        pki_name_write_cn(common_name.n <= 64 ? common_name : (struct str){NULL, 0}, &subject);
        TRY(buf_check(&subject));
        if (name_count == 0)
                return make(key, buf_bytes(&subject), &common_name, 1, out);
        return make(key, buf_bytes(&subject), names, name_count, out);
}

res pki_csr_make_named(struct pki_key *key, struct bytes subject, struct str name, struct buf *out)
{
        TRY(pki_name_check(subject));
        return make(key, subject, &name, 1, out);
}

/* ---- foreign ----------------------------------------------------------------------------------- */

static res read_extensions(struct bytes list, struct pki_csr *csr)
{
        struct der in;
        struct extension extension;

        TRY(pki_extension_check_unique(list));
        TRY(der_enter_all(list, DER_SEQUENCE, &in));
        while (!der_is_end(&in)) {
                TRY(pki_extension_read(&in, &extension));
                if (pki_extension_id_ce(extension.oid) != EXT_SAN)
                        continue;
                TRY(pki_general_names_check(extension.value));
                csr->san = extension.value;
        }
        csr->extensions = list;
        return RES_OK;
}

static bool asks_for_extensions(struct bytes oid)
{
        return der_oid_equal(oid, bytes_of(extension_request, sizeof(extension_request))) ||
               der_oid_equal(oid, bytes_of(microsoft_request, sizeof(microsoft_request)));
}

static res read_attribute(struct der *attributes, struct pki_csr *csr)
{
        struct der attribute, set;
        struct bytes oid;
        struct der_value value;

        TRY(der_enter(attributes, DER_SEQUENCE, &attribute));
        TRY(der_read_oid(&attribute, &oid));
        TRY(der_enter(&attribute, DER_SET, &set));
        TRY(der_end(&attribute));
        if (!asks_for_extensions(oid)) {
                while (!der_is_end(&set))
                        TRY(der_skip(&set));
                return RES_OK;
        }
        TRY(der_read_tag(&set, DER_SEQUENCE, &value));
        TRY(der_end(&set));
        ENSURE(csr->extensions.n == 0, ERR_FORMAT);
        return read_extensions(value.whole, csr);
}

static res read_info(struct bytes info, struct pki_csr *csr)
{
        struct der in, attributes;
        uint64_t version = 0;
        struct der_value subject, spki;

        TRY(der_enter_all(info, DER_SEQUENCE, &in));
        TRY(der_read_small(&in, &version));
        ENSURE(version == 0, ERR_FORMAT);
        TRY(der_read_tag(&in, DER_SEQUENCE, &subject));
        TRY(pki_name_check(subject.whole));
        csr->subject = subject.whole;
        TRY(der_read_tag(&in, DER_SEQUENCE, &spki));
        TRY(pki_spki_parse(spki.whole, &csr->spki));
        if (der_is_end(&in)) /* some programs leave the empty [0] out */
                return RES_OK;
        TRY(der_enter(&in, DER_CONTEXT_CONSTRUCTED(0), &attributes));
        TRY(der_end(&in));
        while (!der_is_end(&attributes))
                TRY(read_attribute(&attributes, csr));
        return RES_OK;
}

res pki_csr_parse(struct bytes der, struct pki_csr *ret_csr)
{
        struct pki_csr csr = {.der = der};
        struct der in;
        struct der_value info, algorithm;

        TRY(der_enter_all(der, DER_SEQUENCE, &in));
        TRY(der_read_tag(&in, DER_SEQUENCE, &info));
        TRY(der_read_tag(&in, DER_SEQUENCE, &algorithm));
        TRY(der_read_bits(&in, &csr.signature));
        TRY(der_end(&in));
        TRY(pki_alg_parse(algorithm.whole, &csr.alg));
        csr.info = info.whole;
        TRY(read_info(info.whole, &csr));
        /* SM2 keys sign with SM2 and no others do, whatever the request says. */
        ENSURE(csr.alg.family == csr.spki.family, ERR_FORMAT);
        *ret_csr = csr;
        return RES_OK;
}

res pki_csr_from_pem(struct str pem, struct buf *out)
{
        struct str rest = pem, label;

        TRY(pki_pem_read(&rest, &label, out));
        ENSURE(str_equal(label, PKI_PEM_CSR) || str_equal(label, STR("NEW CERTIFICATE REQUEST")), ERR_FORMAT);
        return pki_pem_end(rest);
}

res pki_csr_verify(struct pki_kit *kit, const struct pki_csr *csr)
{
        return pki_spki_verify(kit, &csr->spki, csr->alg, csr->info, csr->signature);
}

res pki_csr_names(const struct pki_csr *csr, struct arena *arena, struct strs *ret_names)
{
        if (csr->san.n == 0) {
                *ret_names = (struct strs){NULL, 0};
                return RES_OK;
        }
        return pki_general_names_text(csr->san, arena, ret_names);
}

res pki_csr_common_name(const struct pki_csr *csr, struct str *ret_name)
{
        struct str name = {"", 0};
        res result = pki_name_find(csr->subject, PKI_ATTR_CN, &name);

        if (!res_is_ok(result) && result.err != ERR_NOT_FOUND)
                return result;
        *ret_name = name;
        return RES_OK;
}
