/*
 * Two sorted arrays, one of ten bytes an entry and one of thirty-two: all of Debian's keys of one size are three
 * megabytes, and a look costs two hashes and forty comparisons.
 */
#include "core/weak_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/hex.h"
#include "base/limits.h"
#include "base/mapping.h"

#define TAIL_BYTES WEAK_TAIL_BYTES
#define TAIL_DIGITS 20
#define MODULUS_DIGITS 40
#define SPKI_DIGITS 64
#define RSA_BYTES_MOST 1024 /* the key gate takes 8192 bits */

struct weak_list {
        uint8_t (*tails)[TAIL_BYTES];
        uint8_t (*spkis)[DIGEST_SHA256_SIZE];
        size_t tail_count, spki_count;
};

static void weak_list_free_ptr(struct weak_list **list)
{
        weak_list_free(*list);
}

void weak_list_free(struct weak_list *list)
{
        if (!list)
                return;
        free(list->tails);
        free(list->spkis);
        free(list);
}

size_t weak_list_count(const struct weak_list *list)
{
        return list ? list->tail_count + list->spki_count : 0;
}

static int compare_tail(const void *a, const void *b)
{
        return memcmp(a, b, TAIL_BYTES);
}

static int compare_spki(const void *a, const void *b)
{
        return memcmp(a, b, DIGEST_SHA256_SIZE);
}

/* ---- reading ---- */

static bool list_add(struct weak_list *list, struct str entry)
{
        uint8_t bytes[DIGEST_SHA256_SIZE];

        if ((entry.n != TAIL_DIGITS && entry.n != MODULUS_DIGITS && entry.n != SPKI_DIGITS) ||
            !res_is_ok(hex_decode(entry, bytes, entry.n / 2)))
                return false;
        if (entry.n == SPKI_DIGITS)
                memcpy(list->spkis[list->spki_count++], bytes, DIGEST_SHA256_SIZE);
        else
                memcpy(list->tails[list->tail_count++], bytes + entry.n / 2 - TAIL_BYTES, TAIL_BYTES);
        return true;
}

/* A line has at least so many bytes, so there are at most so many entries of each length. */
static MUST res list_new(struct str text, struct weak_list **ret_list)
{
        CLEAN(weak_list_free_ptr) struct weak_list *list = calloc(1, sizeof *list);

        ENSURE(list, ERR_MEMORY);
        list->tails = calloc(text.n / TAIL_DIGITS + 1, sizeof *list->tails);
        list->spkis = calloc(text.n / SPKI_DIGITS + 1, sizeof *list->spkis);
        ENSURE(list->tails && list->spkis, ERR_MEMORY);
        *ret_list = list;
        list = NULL;
        return RES_OK;
}

res weak_list_parse(const char *path, struct str text, struct weak_list **ret_list, struct buf *why)
{
        CLEAN(weak_list_free_ptr) struct weak_list *list = NULL;

        TRY(list_new(text, &list));
        for (size_t line = 1; text.n > 0; line++) {
                struct str rest = str_cut(&text, '\n'), entry = str_trim(str_cut(&rest, '#'));

                if (entry.n == 0 || list_add(list, entry))
                        continue;
                buf_printf(why, "%s:%zu: a line holds 20, 40 or 64 hexadecimal digits; docs/operating.md tells of what.", path, line);
                return FAIL(ERR_CONFIG);
        }
        qsort(list->tails, list->tail_count, sizeof *list->tails, compare_tail);
        qsort(list->spkis, list->spki_count, sizeof *list->spkis, compare_spki);
        *ret_list = list;
        list = NULL;
        return RES_OK;
}

res weak_list_load(const char *path, struct weak_list **ret_list, struct buf *why)
{
        CLEAN(mapping_done) struct mapping mapping = {0};

        if (path && path[0] != '\0' && !mapping_open(&mapping, path, LIMIT_WEAK_LIST_BYTES)) {
                buf_printf(why, "%s: %s; keys.blocked-list must name a file of fingerprints, or be empty.", path, strerror(errno));
                return FAIL(ERR_CONFIG);
        }
        return weak_list_parse(path ? path : "", (struct str){mapping.p, mapping.n}, ret_list, why);
}

/* ---- looking ---- */

res weak_tail(struct pki_kit *kit, struct bytes modulus, uint8_t out[TAIL_BYTES])
{
        CLEAN(buf_done) struct buf text = {0};
        char digits[RSA_BYTES_MOST * 2 + 1];
        uint8_t hash[PKI_DIGEST_MAX];

        ENSURE(modulus.n <= RSA_BYTES_MOST, ERR_KEY_TYPE);
        hex_upper(modulus, digits);
        buf_init(&text, sizeof digits + sizeof "Modulus=\n");
        buf_printf(&text, "Modulus=%s\n", digits);
        TRY(buf_check(&text));
        TRY(pki_kit_hash(kit, PKI_SHA1, buf_bytes(&text), hash));
        memcpy(out, hash + 20 - TAIL_BYTES, TAIL_BYTES);
        return RES_OK;
}

res weak_list_find(const struct weak_list *list, struct pki_kit *kit, const struct pki_spki *spki, bool *ret_listed)
{
        uint8_t tail[TAIL_BYTES], hash[DIGEST_SHA256_SIZE];

        *ret_listed = false;
        if (weak_list_count(list) == 0)
                return RES_OK;
        digest_sha256(spki->der, hash);
        *ret_listed = bsearch(hash, list->spkis, list->spki_count, sizeof *list->spkis, compare_spki) != NULL;
        if (*ret_listed || spki->family != PKI_FAMILY_RSA)
                return RES_OK;
        TRY(weak_tail(kit, spki->modulus, tail));
        *ret_listed = bsearch(tail, list->tails, list->tail_count, sizeof *list->tails, compare_tail) != NULL;
        return RES_OK;
}
