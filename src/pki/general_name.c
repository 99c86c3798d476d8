/*
 * DNS names and addresses in subjectAltName, both ways.  A dNSName read here is only known to be IA5 text; whether it
 * is a good name is for the caller (core/domain.h) and the lint to say.
 */
#include "pki/general_name.h"

#include "base/address.h"
#include "base/arena.h"

#define NAME_MAX_BYTES 253

res pki_general_names_write(const struct str *names, size_t count, struct buf *out)
{
        struct der_mark whole = der_open(out, DER_SEQUENCE);
        uint8_t address[16];

        ENSURE(count > 0, ERR_FORMAT);
        for (size_t i = 0; i < count; i++) {
                size_t size = address_parse(names[i], address);

                ENSURE(names[i].n > 0 && names[i].n <= NAME_MAX_BYTES, ERR_FORMAT);
                if (size > 0)
                        der_add(out, GENERAL_NAME_IP, bytes_of(address, size));
                else
                        der_add(out, GENERAL_NAME_DNS, bytes_of(names[i].p, names[i].n));
        }
        der_close(out, whole);
        return buf_check(out);
}

static bool is_ia5(struct bytes text)
{
        for (size_t i = 0; i < text.n; i++)
                if (text.p[i] == 0 || text.p[i] >= 0x80)
                        return false;
        return true;
}

static res check_member(const struct der_value *value)
{
        struct bytes content = value->content;

        switch (value->tag) {
        case DER_CONTEXT(1): /* rfc822Name */
        case GENERAL_NAME_DNS:
        case GENERAL_NAME_URI:
                ENSURE(is_ia5(content), ERR_FORMAT);
                return RES_OK;
        case GENERAL_NAME_IP:
                ENSURE(content.n == 4 || content.n == 16, ERR_FORMAT);
                return RES_OK;
        case DER_CONTEXT_CONSTRUCTED(0): /* otherName */
        case DER_CONTEXT_CONSTRUCTED(3): /* x400Address */
        case DER_CONTEXT_CONSTRUCTED(4): /* directoryName */
        case DER_CONTEXT_CONSTRUCTED(5): /* ediPartyName */
        case DER_CONTEXT(8):             /* registeredID */
                return RES_OK;
        default:
                return FAIL(ERR_FORMAT);
        }
}

static res count_members(struct bytes der, size_t *ret_count)
{
        struct der in;
        struct der_value value;
        size_t count = 0;

        TRY(der_enter_all(der, DER_SEQUENCE, &in));
        while (!der_is_end(&in)) {
                TRY(der_read(&in, &value));
                TRY(check_member(&value));
                count++;
        }
        ENSURE(count > 0, ERR_FORMAT);
        *ret_count = count;
        return RES_OK;
}

res pki_general_names_check(struct bytes der)
{
        size_t count = 0;

        return count_members(der, &count);
}

static struct str member_text(const struct der_value *value, struct arena *arena)
{
        char text[ADDRESS_TEXT_SIZE] = "";

        if (value->tag == GENERAL_NAME_DNS)
                return str_dup(arena, (struct str){(const char *)value->content.p, value->content.n});
        address_text(value->content.p, value->content.n, text);
        return str_of(arena_strdup(arena, text));
}

res pki_general_names_text(struct bytes der, struct arena *arena, struct strs *ret_names)
{
        struct der in;
        struct der_value value;
        size_t count = 0, found = 0;
        struct str *names;

        TRY(count_members(der, &count));
        names = arena_array_of(arena, count, struct str);
        TRY(der_enter_all(der, DER_SEQUENCE, &in));
        while (!der_is_end(&in)) {
                TRY(der_read(&in, &value));
                if (value.tag == GENERAL_NAME_DNS || value.tag == GENERAL_NAME_IP)
                        names[found++] = member_text(&value, arena);
        }
        *ret_names = (struct strs){names, found};
        return RES_OK;
}
