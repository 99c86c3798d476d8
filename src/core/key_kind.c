/* See key_kind.h.  The first row of an algorithm is what it means without a parameter. */
#include "core/key_kind.h"

static const struct key_kind kinds[] = {
        {MSG_KEY_RSA_2048, "RSA", "2048", "RSA 2048"},
        {MSG_KEY_RSA_4096, "RSA", "4096", "RSA 4096"},
        {MSG_KEY_EC_P256, "ECC", "prime256v1", "ECC prime256v1"},
        {MSG_KEY_EC_P384, "ECC", "secp384r1", "ECC secp384r1"},
};
#define KIND_COUNT (sizeof kinds / sizeof *kinds)

const struct key_kind *key_kind_find(struct str algo, struct str parameter)
{
        if (str_equal_nocase(algo, STR("ECDSA")))
                algo = STR("ECC");
        for (size_t i = 0; i < KIND_COUNT; i++)
                if (str_equal_nocase(algo, str_of(kinds[i].algo)) &&
                    (parameter.n == 0 || str_equal_nocase(parameter, str_of(kinds[i].parameter))))
                        return &kinds[i];
        return NULL;
}

const struct key_kind *key_kind_of(enum msg_key_type type)
{
        for (size_t i = 0; i < KIND_COUNT; i++)
                if (kinds[i].type == type)
                        return &kinds[i];
        return NULL;
}

const char *key_kind_list(struct arena *arena, unsigned set)
{
        const char *text = "";

        for (size_t i = 0; i < KIND_COUNT; i++)
                if (set & KEY_KIND_BIT(kinds[i].type))
                        text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "", kinds[i].text);
        return text;
}
