/*
 * Every RSA key that Debian's OpenSSL could make from 2006 to 2008 (CVE-2008-0166) on i386 and amd64, as fingerprints for
 * weak-keys/ (by tools/weak-list) and for keys.blocked-list.
 *
 * The bug took all that was random out of the generator's pool: what was mixed in counted only by its length.  Left
 * were the process's number, and what the machine and the way of starting decide: the size of `long`, and whether
 * ~/.rnd was there.  (PowerPC's keys are others, by the order of bytes: they are not made, because none was at hand that a
 * generator could be held against.)  So this program is that generator once more, with nothing in it but these: the pool is hashed
 * over itself, primes are drawn and sieved in the order in which OpenSSL 0.9.8 did it, and each process number gives its key.
 *
 *     debian-weak-keys [-m] BITS [FIRST [LAST]]      the keys of the process numbers FIRST to LAST (default 1 to 32767)
 *
 * writes one line a key: the last ten bytes, in hexadecimal, of the SHA-1 of "Modulus=<HEX>\n", as openssl-blacklist did;
 * with -m the modulus itself.
 * A key of 2048 bits takes some 40 ms, so all six kinds take some two hours of one processor; 4096 bits take sixteen times as
 * long, and ranges run side by side.
 */
#include <limits.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_BYTES 20
#define HALF_BYTES (HASH_BYTES / 2)
#define POOL_BYTES 1023     /* STATE_SIZE of md_rand.c */
#define POLL_BYTES 32       /* read from /dev/urandom, for nothing */
#define FILE_BYTES 1024     /* of ~/.rnd */
#define SIEVE_PRIMES 2048   /* NUMPRIMES of bn_prime.h */
#define EXPONENT 65537
#define PROCESS_MOST 32767
#define BITS_MOST 8192

struct machine { /* what lengths and numbers look like in memory */
        const char *name;
        size_t long_bytes, stat_bytes, time_bytes;
};
static const struct machine machines[] = {
        {"i386", 4, 88, 4},
        {"amd64", 8, 144, 8},
};
enum start { START_READ, START_UNREADABLE, START_ABSENT, START_COUNT }; /* of ~/.rnd */

struct pool {
        const struct machine *machine;
        EVP_MD *sha1;
        EVP_MD_CTX *hash;
        uint8_t bytes[POOL_BYTES + HASH_BYTES], digest[HASH_BYTES];
        size_t index, filled;
        uint64_t draws, adds; /* md_count */
        uint32_t process;
        bool is_polled, is_stirred;
};

struct work { /* made once */
        BN_CTX *context;
        BN_MONT_CTX *mont;
        BIGNUM *p, *q, *n, *less, *power, *one, *witness;
        uint16_t primes[SIEVE_PRIMES];
        uint32_t residues[SIEVE_PRIMES];
};

static void must(bool holds)
{
        if (!holds)
                abort();
}

/* ---- the pool (md_rand.c without what Debian took out) ---- */

static void hash_begin(struct pool *pool)
{
        must(EVP_DigestInit_ex(pool->hash, pool->sha1, NULL) == 1);
}

static void hash_bytes(struct pool *pool, const uint8_t *bytes, size_t n)
{
        must(EVP_DigestUpdate(pool->hash, bytes, n) == 1);
}

static void hash_number(struct pool *pool, uint64_t number, size_t n)
{
        uint8_t bytes[8];

        for (size_t i = 0; i < n; i++)
                bytes[i] = (uint8_t)(number >> (8 * i));
        hash_bytes(pool, bytes, n);
}

static void hash_counts(struct pool *pool, uint64_t draws, uint64_t adds)
{
        hash_number(pool, draws, pool->machine->long_bytes);
        hash_number(pool, adds, pool->machine->long_bytes);
}

static void hash_end(struct pool *pool, uint8_t out[HASH_BYTES])
{
        unsigned n = 0;

        must(EVP_DigestFinal_ex(pool->hash, out, &n) == 1 && n == HASH_BYTES);
}

/* n bytes of the pool from `at`, around its end at `size`. */
static void hash_pool(struct pool *pool, size_t at, size_t n, size_t size)
{
        size_t before = at + n > size ? size - at : n;

        hash_bytes(pool, pool->bytes + at, before);
        hash_bytes(pool, pool->bytes, n - before);
}

static void pool_advance(struct pool *pool, size_t n)
{
        pool->index += n;
        if (pool->index >= POOL_BYTES) {
                pool->index %= POOL_BYTES;
                pool->filled = POOL_BYTES;
        } else if (pool->filled < pool->index) {
                pool->filled = pool->index;
        }
}

/* RAND_add of n bytes, whatever they are. */
static void pool_add(struct pool *pool, size_t n)
{
        size_t at = pool->index;
        uint64_t adds = pool->adds;
        uint8_t digest[HASH_BYTES];

        memcpy(digest, pool->digest, sizeof digest);
        pool_advance(pool, n);
        pool->adds += (n + HASH_BYTES - 1) / HASH_BYTES;
        while (n > 0) {
                size_t part = n < HASH_BYTES ? n : HASH_BYTES;

                hash_begin(pool);
                hash_bytes(pool, digest, sizeof digest);
                hash_pool(pool, at, part, POOL_BYTES);
                hash_counts(pool, pool->draws, adds++);
                hash_end(pool, digest);
                for (size_t i = 0; i < part; i++, at = (at + 1) % POOL_BYTES)
                        pool->bytes[at] ^= digest[i];
                n -= part;
        }
        for (size_t i = 0; i < HASH_BYTES; i++)
                pool->digest[i] ^= digest[i];
}

/* RAND_poll: /dev/urandom, then process, user and time. */
static void pool_poll(struct pool *pool)
{
        pool_add(pool, POLL_BYTES);
        for (int i = 0; i < 3; i++)
                pool_add(pool, pool->machine->long_bytes);
        pool->is_polled = true;
}

static void pool_prepare(struct pool *pool)
{
        if (!pool->is_polled)
                pool_poll(pool);
        for (int left = POOL_BYTES; left > 0 && !pool->is_stirred; left -= HASH_BYTES)
                pool_add(pool, HASH_BYTES);
        pool->is_stirred = true;
}

static size_t draw_part(struct pool *pool, uint8_t digest[HASH_BYTES], size_t at, size_t size, uint8_t *out, size_t n)
{
        hash_bytes(pool, digest, HASH_BYTES);
        hash_counts(pool, pool->draws, pool->adds);
        hash_pool(pool, at, HALF_BYTES, size);
        hash_end(pool, digest);
        for (size_t i = 0; i < HALF_BYTES; i++, at = (at + 1) % size) {
                pool->bytes[at] ^= digest[i];
                if (i < n)
                        out[i] = digest[i + HALF_BYTES];
        }
        return at;
}

/* RAND_bytes; the process number is hashed once a call. */
static void pool_draw(struct pool *pool, uint8_t *out, size_t n)
{
        uint8_t digest[HASH_BYTES];

        pool_prepare(pool);
        size_t at = pool->index, size = pool->filled;

        memcpy(digest, pool->digest, sizeof digest);
        pool->index += (n + HALF_BYTES - 1) / HALF_BYTES * HALF_BYTES;
        if (pool->index > pool->filled)
                pool->index %= pool->filled;
        for (size_t done = 0; done < n; done += HALF_BYTES) {
                hash_begin(pool);
                if (done == 0)
                        hash_number(pool, pool->process, 4);
                at = draw_part(pool, digest, at, size, out + done, n - done);
        }
        hash_begin(pool);
        hash_counts(pool, pool->draws, pool->adds);
        hash_bytes(pool, digest, sizeof digest);
        hash_bytes(pool, pool->digest, sizeof pool->digest);
        hash_end(pool, pool->digest);
        pool->draws++;
}

static void pool_start(struct pool *pool, const struct machine *machine, enum start start, uint32_t process)
{
        EVP_MD *sha1 = pool->sha1;
        EVP_MD_CTX *hash = pool->hash;

        *pool = (struct pool){.machine = machine, .sha1 = sha1, .hash = hash, .process = process};
        if (start != START_ABSENT)
                pool_add(pool, machine->stat_bytes);
        if (start == START_READ)
                pool_add(pool, FILE_BYTES);
        else
                pool_poll(pool);
}

/* ---- primes (bn_rand.c, bn_prime.c) ---- */

/* BN_rand: a prime's two highest bits and its lowest are set. */
static void number_draw(struct pool *pool, BIGNUM *number, int bits, bool for_prime)
{
        uint8_t bytes[BITS_MOST / 16];
        size_t n = ((size_t)bits + 7) / 8;

        pool_add(pool, pool->machine->time_bytes);
        pool_draw(pool, bytes, n);
        if (for_prime) {
                bytes[0] |= 0xc0;
                bytes[n - 1] |= 1;
        }
        must(BN_bin2bn(bytes, (int)n, number) != NULL);
}

static bool sieve_passes(const struct work *work, uint32_t delta)
{
        for (size_t i = 1; i < SIEVE_PRIMES; i++)
                if ((work->residues[i] + delta) % work->primes[i] <= 1)
                        return false;
        return true;
}

/* The number's residues: first by products of as many primes as a word holds, then by each. */
static void residues_fill(struct work *work, const BIGNUM *number)
{
        for (size_t i = 1, end; i < SIEVE_PRIMES; i = end) {
                BN_ULONG product = 1;

                for (end = i; end < SIEVE_PRIMES && product <= ULONG_MAX / work->primes[end]; end++)
                        product *= work->primes[end];
                BN_ULONG rest = BN_mod_word(number, product);

                for (size_t k = i; k < end; k++)
                        work->residues[k] = (uint32_t)(rest % work->primes[k]);
        }
}

/* Neither the number nor the one below it has a small factor but 2. */
static void candidate_draw(struct pool *pool, struct work *work, BIGNUM *number, int bits)
{
        uint32_t delta = 0;

        number_draw(pool, number, bits, true);
        residues_fill(work, number);
        while (!sieve_passes(work, delta))
                delta += 2;
        must(BN_add_word(number, delta) == 1);
}

/* Is 2 to the power of number - 1 one?  work->less and work->mont are the number's. */
static bool power_of_two_is_one(struct work *work, const BIGNUM *number)
{
        BIGNUM *power = work->power;

        must(BN_to_montgomery(power, BN_value_one(), work->mont, work->context) == 1);
        must(BN_copy(work->one, power) != NULL);
        for (int bit = BN_num_bits(work->less) - 1; bit >= 0; bit--) {
                must(BN_mod_mul_montgomery(power, power, power, work->mont, work->context) == 1);
                if (BN_is_bit_set(work->less, bit))
                        must(BN_mod_lshift1_quick(power, power, number) == 1);
        }
        return BN_cmp(power, work->one) == 0;
}

/*
 * Miller and Rabin drew a witness a round, and how often decides what is drawn next: a prime took all rounds, a number that
 * is none one (that it should pass a round has a chance that nobody lives to see).  Which it is one power of two tells sooner.
 */
static bool number_is_prime(struct pool *pool, struct work *work, const BIGNUM *number)
{
        int bits = BN_num_bits(number), rounds = bits >= 1300 ? 2 : bits >= 850 ? 3 : bits >= 650 ? 4 : bits >= 550 ? 5 : 6;

        must(BN_copy(work->less, number) && BN_sub_word(work->less, 1) == 1 && BN_MONT_CTX_set(work->mont, number, work->context) == 1);
        bool is_prime = power_of_two_is_one(work, number);

        for (int i = 0; i < (is_prime ? rounds : 1); i++)
                do
                        number_draw(pool, work->witness, bits, false);
                while (BN_cmp(work->witness, work->less) >= 0);
        return is_prime;
}

static void prime_make(struct pool *pool, struct work *work, BIGNUM *prime, int bits)
{
        do
                do
                        candidate_draw(pool, work, prime, bits);
                while (!number_is_prime(pool, work, prime));
        while (BN_mod_word(prime, EXPONENT) == 1);
}

/* ---- keys ---- */

static void fingerprint_print(struct pool *pool, const char *digits)
{
        char line[BITS_MOST / 4 + sizeof "Modulus=\n"];
        uint8_t digest[HASH_BYTES];
        int n = snprintf(line, sizeof line, "Modulus=%s\n", digits);

        hash_begin(pool);
        hash_bytes(pool, (const uint8_t *)line, (size_t)n);
        hash_end(pool, digest);
        for (size_t i = HALF_BYTES; i < HASH_BYTES; i++)
                printf("%02x", digest[i]);
        putchar('\n');
}

static void key_print(struct pool *pool, struct work *work, int bits, bool whole)
{
        prime_make(pool, work, work->p, bits / 2);
        prime_make(pool, work, work->q, bits / 2);
        must(BN_mul(work->n, work->p, work->q, work->context) == 1);
        char *digits = BN_bn2hex(work->n);

        must(digits != NULL);
        if (whole)
                (void)puts(digits);
        else
                fingerprint_print(pool, digits);
        OPENSSL_free(digits);
}

static void primes_fill(uint16_t primes[SIEVE_PRIMES])
{
        size_t n = 0;

        for (unsigned number = 2; n < SIEVE_PRIMES; number++) {
                size_t i = 0;

                while (i < n && number % primes[i] != 0)
                        i++;
                if (i == n)
                        primes[n++] = (uint16_t)number;
        }
}

static void work_begin(struct work *work)
{
        BIGNUM **const numbers[] = {&work->p, &work->q, &work->n, &work->less, &work->power, &work->one, &work->witness};

        work->context = BN_CTX_new();
        work->mont = BN_MONT_CTX_new();
        must(work->context && work->mont);
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
                *numbers[i] = BN_new();
                must(*numbers[i] != NULL);
        }
        primes_fill(work->primes);
}

static void kinds_print(struct pool *pool, struct work *work, int bits, bool whole, uint32_t process)
{
        for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
                for (enum start start = START_READ; start < START_COUNT; start++) {
                        pool_start(pool, &machines[i], start, process);
                        key_print(pool, work, bits, whole);
                }
}

static bool number_of(const char *text, long least, long most, long *ret_number)
{
        char *end = NULL;
        long number = strtol(text, &end, 10);

        if (*text == '\0' || *end != '\0' || number < least || number > most)
                return false;
        *ret_number = number;
        return true;
}

int main(int argc, char **argv)
{
        static struct work work;
        static struct pool pool;
        long bits = 0, first = 1, last = PROCESS_MOST;
        bool whole = argc > 1 && strcmp(argv[1], "-m") == 0;

        argc -= whole;
        argv += whole;
        if (argc < 2 || argc > 4 || !number_of(argv[1], 1024, BITS_MOST, &bits) || bits % 16 != 0 ||
            (argc > 2 && !number_of(argv[2], 1, PROCESS_MOST, &first)) || (argc > 3 && !number_of(argv[3], first, PROCESS_MOST, &last))) {
                (void)fputs("usage: debian-weak-keys [-m] BITS [FIRST [LAST]]   BITS 1024 to 8192, process numbers 1 to 32767\n", stderr);
                return 2;
        }
        pool.sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
        pool.hash = EVP_MD_CTX_new();
        must(pool.sha1 && pool.hash);
        work_begin(&work);
        for (long process = first; process <= last; process++)
                kinds_print(&pool, &work, (int)bits, whole, (uint32_t)process);
        return fflush(stdout) == 0 ? 0 : 1;
}
