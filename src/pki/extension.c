/* The frame around every extension: object identifier, critical flag, value in an OCTET STRING. */
#include "pki/extension.h"

#define EXTENSIONS_MAX 64 /* real certificates have up to about fifteen */

res pki_extension_read(struct der *in, struct extension *ret_extension)
{
        struct der inner;
        struct extension extension = {0};
        struct der_value value;

        TRY(der_enter(in, DER_SEQUENCE, &inner));
        TRY(der_read_oid(&inner, &extension.oid));
        if (der_next_is(&inner, DER_BOOLEAN))
                TRY(der_read_bool(&inner, &extension.is_critical));
        TRY(der_read_tag(&inner, DER_OCTET_STRING, &value));
        TRY(der_end(&inner));
        extension.value = value.content;
        *ret_extension = extension;
        return RES_OK;
}

unsigned pki_extension_id_ce(struct bytes oid)
{
        return oid.n == 3 && oid.p[0] == 0x55 && oid.p[1] == 0x1d ? oid.p[2] : 0;
}

res pki_extension_check_unique(struct bytes list)
{
        struct bytes seen[EXTENSIONS_MAX];
        struct der in;
        struct extension extension;
        size_t count = 0;

        TRY(der_enter_all(list, DER_SEQUENCE, &in));
        while (!der_is_end(&in)) {
                TRY(pki_extension_read(&in, &extension));
                for (size_t i = 0; i < count; i++)
                        ENSURE(!der_oid_equal(seen[i], extension.oid), ERR_FORMAT);
                ENSURE(count < EXTENSIONS_MAX, ERR_TOO_LARGE);
                seen[count++] = extension.oid;
        }
        ENSURE(count > 0, ERR_FORMAT);
        return RES_OK;
}

res pki_extension_enter(struct der *in, uint8_t tag, struct der *ret_list)
{
        struct der outer;
        struct der_value whole;

        TRY(der_enter(in, tag, &outer));
        TRY(der_read_tag(&outer, DER_SEQUENCE, &whole));
        TRY(der_end(&outer));
        TRY(pki_extension_check_unique(whole.whole));
        *ret_list = der_of(whole.content);
        return RES_OK;
}
