/* See weak_file.h. */
#include "core/weak_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/b64.h"
#include "base/mapping.h"
#include "core/weak_list.h"

#define ENTRY_BYTES 6
#define ENTRY_CHARS 8
#define KEY_BITS 2048

struct weak_file {
        struct mapping mapping;
        size_t lines;
};

static res file_fail(const char *path, const char *wrong, struct buf *why)
{
        buf_printf(why, "%s: %s; it is a part of the installation, install it again.", path, wrong);
        return FAIL(ERR_CONFIG);
}

res weak_file_open(const char *path, size_t lines, struct weak_file **ret_file, struct buf *why)
{
        CLEAN(mapping_done) struct mapping mapping = {0};
        struct weak_file *file = NULL;

        if (!mapping_open(&mapping, path, lines * WEAK_FILE_LINE))
                return file_fail(path, errno == EFBIG ? "it has more lines than keys" : strerror(errno), why);
        if (mapping.n != lines * WEAK_FILE_LINE)
                return file_fail(path, "it was cut short", why);
        file = calloc(1, sizeof *file);
        ENSURE(file, ERR_MEMORY);
        *file = (struct weak_file){mapping, lines};
        mapping = (struct mapping){0};
        *ret_file = file;
        return RES_OK;
}

void weak_file_free(struct weak_file *file)
{
        if (!file)
                return;
        mapping_done(&file->mapping);
        free(file);
}

static int compare_entry(const void *a, const void *b)
{
        return memcmp(a, b, ENTRY_CHARS);
}

res weak_file_find(const struct weak_file *file, struct pki_kit *kit, const struct pki_spki *spki, bool *ret_listed)
{
        CLEAN(buf_done) struct buf entry = {0};
        uint8_t tail[WEAK_TAIL_BYTES];

        *ret_listed = false;
        if (!file || spki->family != PKI_FAMILY_RSA || spki->bits != KEY_BITS)
                return RES_OK;
        TRY(weak_tail(kit, spki->modulus, tail));
        buf_init(&entry, ENTRY_CHARS);
        b64url_encode(bytes_of(tail + WEAK_TAIL_BYTES - ENTRY_BYTES, ENTRY_BYTES), &entry);
        TRY(buf_check(&entry));
        *ret_listed = bsearch(entry.p, file->mapping.p, file->lines, WEAK_FILE_LINE, compare_entry) != NULL;
        return RES_OK;
}
