/* See key_kind.h.  The first row of an algorithm is what it means without a parameter. */
#include "core/key_kind.h"

#include "core/catalogue.h"

static const struct key_kind kinds[] = {
        {MSG_KEY_RSA_2048, "RSA", "2048", "RSA 2048", "rsa-2048"},
        {MSG_KEY_RSA_4096, "RSA", "4096", "RSA 4096", "rsa-4096"},
        {MSG_KEY_EC_P256, "ECC", "prime256v1", "ECC prime256v1", "ec-p256"},
        {MSG_KEY_EC_P384, "ECC", "secp384r1", "ECC secp384r1", "ec-p384"},
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

static const char *kinds_of(struct arena *arena, const struct product *product)
{
        const char *text = "";

        for (size_t i = 0; i < KIND_COUNT; i++)
                if (product_has(&product->keys, kinds[i].word))
                        text = arena_printf(arena, "%s%s%s with %s", text, *text ? ", " : "", kinds[i].algo, kinds[i].parameter);
        return text;
}

res key_kind_choose(struct act *act, const struct product *product, const struct key_choice *in, const struct key_kind **ret_kind)
{
        const struct key_kind *kind = key_kind_find(in->algo.n ? in->algo : STR("RSA"), in->parameter);

        if (kind == NULL || !product_has(&product->keys, kind->word))
                return act_fail(act, ERR_PARAM_VALUE, "%s and %s must be %s for this product.", in->algo_field, in->parameter_field,
                                kinds_of(act->arena, product));
        *ret_kind = kind;
        return RES_OK;
}

const char *key_kind_issuer(const struct product *product, const struct key_kind *kind)
{
        return strcmp(kind->algo, "RSA") == 0 ? product->issuer_rsa : product->issuer_ecc;
}
