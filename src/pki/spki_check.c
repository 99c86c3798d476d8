/*
 * The key gate: which public keys may never be certified (BR 6.1.1.3, 6.1.5, 6.1.6).
 *
 * Small factors: the modulus is reduced once for each group of primes whose product fits 32 bits.
 * ROCA (CVE-2017-15361): the faulty library made primes of the form k * M + 65537^a mod M, so that a modulus is a power
 * of 65537 modulo each small prime; a random modulus fails that within a few primes.
 * Close primes (CVE-2022-26320): Fermat's method finds them at once, because n = a^2 - b^2 with a just above sqrt(n).
 */
#include "pki/spki.h"

#include "pki/kit.h"

#define FERMAT_ROUNDS 100 /* BR 6.1.1.3 (3) */
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192
#define EXPONENT_MIN 65537 /* BR 6.1.6: should be at least this; smaller ones are refused */
#define EXPONENT_BYTES_MAX 32
#define ROCA_PRIME_MAX 167

static const uint16_t odd_primes[] = {
        /* below 752 */
        3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,  47,  53,  59,  61,  67,  71,  73,  79,  83,
        89,  97,  101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197,
        199, 211, 223, 227, 229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307, 311, 313, 317, 331,
        337, 347, 349, 353, 359, 367, 373, 379, 383, 389, 397, 401, 409, 419, 421, 431, 433, 439, 443, 449, 457, 461,
        463, 467, 479, 487, 491, 499, 503, 509, 521, 523, 541, 547, 557, 563, 569, 571, 577, 587, 593, 599, 601, 607,
        613, 617, 619, 631, 641, 643, 647, 653, 659, 661, 673, 677, 683, 691, 701, 709, 719, 727, 733, 739, 743, 751,
};
#define PRIME_COUNT (sizeof(odd_primes) / sizeof(*odd_primes))

static uint32_t residue(struct bytes number, uint32_t modulus)
{
        uint64_t rest = 0;
        size_t i = 0;

        for (; i < number.n % 4; i++)
                rest = (rest << 8 | number.p[i]) % modulus;
        for (; i < number.n; i += 4)
                rest = (rest << 32 | (uint32_t)number.p[i] << 24 | (uint32_t)number.p[i + 1] << 16 |
                        (uint32_t)number.p[i + 2] << 8 | number.p[i + 3]) %
                       modulus;
        return (uint32_t)rest;
}

/* The modulus reduced by every small prime, one pass a group. */
static void reduce(struct bytes modulus, uint16_t residues[PRIME_COUNT])
{
        for (size_t first = 0, next = 0; first < PRIME_COUNT; first = next) {
                uint64_t product = 1;
                uint32_t rest;

                for (next = first; next < PRIME_COUNT && product * odd_primes[next] <= UINT32_MAX; next++)
                        product *= odd_primes[next];
                rest = residue(modulus, (uint32_t)product);
                for (size_t i = first; i < next; i++)
                        residues[i] = (uint16_t)(rest % odd_primes[i]);
        }
}

static bool has_small_factor(struct bytes modulus, const uint16_t residues[PRIME_COUNT])
{
        if (!(modulus.p[modulus.n - 1] & 1))
                return true;
        for (size_t i = 0; i < PRIME_COUNT; i++)
                if (residues[i] == 0)
                        return true;
        return false;
}

static bool is_power_of_65537(uint32_t number, uint32_t prime)
{
        uint32_t power = 1;

        do {
                if (power == number)
                        return true;
                power = (uint32_t)((uint64_t)power * 65537 % prime);
        } while (power != 1);
        return false;
}

static bool is_roca(const uint16_t residues[PRIME_COUNT])
{
        for (size_t i = 0; i < PRIME_COUNT && odd_primes[i] <= ROCA_PRIME_MAX; i++)
                if (!is_power_of_65537(residues[i], odd_primes[i]))
                        return false;
        return true;
}

/* floor(sqrt(n)) by Newton from above: each step is smaller until the root is reached. */
static res square_root(const BIGNUM *n, BIGNUM *root, BIGNUM *next, BN_CTX *context)
{
        BN_zero(root);
        if (BN_is_zero(n))
                return RES_OK;
        BN_zero(next);
        ENSURE(BN_set_bit(next, (BN_num_bits(n) + 1) / 2), ERR_CRYPTO);
        do {
                ENSURE(BN_copy(root, next) && BN_div(next, NULL, n, root, context), ERR_CRYPTO);
                ENSURE(BN_add(next, next, root) && BN_rshift1(next, next), ERR_CRYPTO);
        } while (BN_cmp(next, root) < 0);
        return RES_OK;
}

/* Cheap tests that nearly every number that is no square fails: its last bits, then a few small primes. */
static bool may_be_square(const BIGNUM *n)
{
        static const uint8_t primes[] = {3, 5, 7, 11, 13, 17, 19, 23};
        BN_ULONG low = BN_is_zero(n) ? 0 : BN_mod_word(n, 16), rest = BN_mod_word(n, 111546435);

        if (low != 0 && low != 1 && low != 4 && low != 9)
                return false;
        for (size_t i = 0; i < sizeof(primes); i++) {
                unsigned target = (unsigned)(rest % primes[i]), root = 0;

                while (root < primes[i] && root * root % primes[i] != target)
                        root++;
                if (root == primes[i])
                        return false;
        }
        return true;
}

struct fermat {
        BIGNUM *n, *a, *b2, *root, *work;
};

/* a runs up from sqrt(n); b2 = a^2 - n grows by 2a + 1 with each step. */
static res run_fermat(struct fermat *f, BN_CTX *context, bool *ret_close)
{
        TRY(square_root(f->n, f->a, f->work, context));
        ENSURE(BN_sqr(f->b2, f->a, context), ERR_CRYPTO);
        if (BN_cmp(f->b2, f->n) < 0)
                ENSURE(BN_add_word(f->a, 1) && BN_sqr(f->b2, f->a, context), ERR_CRYPTO);
        ENSURE(BN_sub(f->b2, f->b2, f->n), ERR_CRYPTO);
        for (int i = 0; i < FERMAT_ROUNDS; i++) {
                if (may_be_square(f->b2)) {
                        TRY(square_root(f->b2, f->root, f->work, context));
                        ENSURE(BN_sqr(f->root, f->root, context), ERR_CRYPTO);
                        if (BN_cmp(f->root, f->b2) == 0) {
                                *ret_close = true;
                                return RES_OK;
                        }
                }
                ENSURE(BN_add(f->b2, f->b2, f->a) && BN_add(f->b2, f->b2, f->a) && BN_add_word(f->b2, 1), ERR_CRYPTO);
                ENSURE(BN_add_word(f->a, 1), ERR_CRYPTO);
        }
        *ret_close = false;
        return RES_OK;
}

static res check_close_primes(struct pki_kit *kit, struct bytes modulus, bool *ret_close)
{
        struct fermat f;
        res result = FAIL(ERR_MEMORY);

        BN_CTX_start(kit->bn);
        f.n = BN_CTX_get(kit->bn);
        f.a = BN_CTX_get(kit->bn);
        f.b2 = BN_CTX_get(kit->bn);
        f.root = BN_CTX_get(kit->bn);
        f.work = BN_CTX_get(kit->bn);
        if (f.work && BN_bin2bn(modulus.p, (int)modulus.n, f.n))
                result = run_fermat(&f, kit->bn, ret_close);
        BN_CTX_end(kit->bn);
        return result;
}

static const char *judge_exponent(struct bytes exponent)
{
        uint64_t value = 0;

        if (!(exponent.p[exponent.n - 1] & 1))
                return "The RSA exponent is even.";
        if (exponent.n > EXPONENT_BYTES_MAX)
                return "The RSA exponent is larger than 2^256.";
        for (size_t i = 0; i < exponent.n && exponent.n <= 4; i++)
                value = value << 8 | exponent.p[i];
        return exponent.n <= 4 && value < EXPONENT_MIN ? "The RSA exponent is below 65537." : NULL;
}

static const char *judge_modulus(const struct pki_spki *spki)
{
        uint16_t residues[PRIME_COUNT];

        if (spki->bits < RSA_BITS_MIN || spki->bits > RSA_BITS_MAX)
                return "The RSA key must have 2048 to 8192 bits.";
        if (spki->bits % 8 != 0)
                return "The RSA key's size is no multiple of 8.";
        reduce(spki->modulus, residues);
        if (has_small_factor(spki->modulus, residues))
                return "The RSA modulus has a factor below 752.";
        return is_roca(residues) ? "The RSA key comes from a faulty library (ROCA) and can be broken." : NULL;
}

static res judge_rsa(struct pki_kit *kit, const struct pki_spki *spki, const char **ret_why)
{
        bool close = false;
        const char *why = judge_exponent(spki->exponent);

        if (!why)
                why = judge_modulus(spki);
        if (!why) {
                TRY(check_close_primes(kit, spki->modulus, &close));
                why = close ? "The RSA primes are too close to each other; the key can be broken." : NULL;
        }
        *ret_why = why;
        return RES_OK;
}

/* Decoding a point includes the curve equation (SEC 1 §2.3.4); the cofactor of our curves is 1, so no more is needed. */
static res judge_curve(struct pki_kit *kit, const struct pki_spki *spki, const char **ret_why)
{
        const EC_GROUP *group = kit->curves[spki->key_type];
        EC_POINT *point = EC_POINT_new(group);

        ENSURE(point, ERR_MEMORY);
        if (EC_POINT_oct2point(group, point, spki->point.p, spki->point.n, kit->bn) != 1)
                *ret_why = "The EC point does not lie on its curve.";
        EC_POINT_free(point);
        return RES_OK;
}

res pki_spki_check(struct pki_kit *kit, const struct pki_spki *spki, const char **ret_why)
{
        const char *why = NULL;

        ENSURE(spki->family != PKI_FAMILY_NONE, ERR_KEY_TYPE);
        if (spki->family == PKI_FAMILY_RSA)
                TRY(judge_rsa(kit, spki, &why));
        else
                TRY(judge_curve(kit, spki, &why));
        if (!why)
                return RES_OK;
        if (ret_why)
                *ret_why = why;
        return FAIL(ERR_KEY_WEAK);
}
