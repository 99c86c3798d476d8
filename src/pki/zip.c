/*
 * Zip archives through libzip, into a memory source.  Dates are set in DOS form from the parameter, because libzip's own
 * conversion follows the machine's time zone and would make the bytes depend on it.
 */
#include "pki/zip.h"

#include <stdlib.h>

#include <zip.h>

#include "pki/der_time.h"

#define ENTRIES_MAX 64
#define NAME_MAX_BYTES 300 /* a folder and a domain name */
#define YEAR_DOS 1980

struct pki_zip {
        zip_t *archive;
        zip_source_t *memory;
        struct buf contents[ENTRIES_MAX]; /* libzip reads them only at the end */
        size_t n, ceiling;
        zip_uint16_t dos_time, dos_date;
};

void pki_zip_free(struct pki_zip *zip)
{
        if (!zip)
                return;
        if (zip->archive)
                zip_discard(zip->archive);
        if (zip->memory)
                zip_source_free(zip->memory);
        for (size_t i = 0; i < zip->n; i++)
                buf_wipe(&zip->contents[i]);
        free(zip);
}

void pki_zip_free_ptr(struct pki_zip **zip)
{
        pki_zip_free(*zip);
}

static bool set_time(struct pki_zip *zip, int64_t sec)
{
        struct der_date date;

        if (!der_date_of(sec, &date) || date.year < YEAR_DOS || date.year > YEAR_DOS + 127)
                return false;
        zip->dos_time = (zip_uint16_t)(date.hour << 11 | date.minute << 5 | date.second / 2);
        zip->dos_date = (zip_uint16_t)((date.year - YEAR_DOS) << 9 | date.month << 5 | date.day);
        return true;
}

res pki_zip_new(int64_t mtime_sec, size_t ceiling_bytes, struct pki_zip **ret_zip)
{
        CLEAN(pki_zip_free_ptr) struct pki_zip *zip = calloc(1, sizeof(*zip));

        ENSURE(zip, ERR_MEMORY);
        zip->ceiling = ceiling_bytes;
        ENSURE(set_time(zip, mtime_sec), ERR_FORMAT);
        zip->memory = zip_source_buffer_create(NULL, 0, 0, NULL);
        ENSURE(zip->memory, ERR_MEMORY);
        zip_source_keep(zip->memory); /* one for the archive, one for us */
        zip->archive = zip_open_from_source(zip->memory, ZIP_CREATE | ZIP_TRUNCATE, NULL);
        if (!zip->archive)
                zip_source_free(zip->memory);
        ENSURE(zip->archive, ERR_MEMORY);
        *ret_zip = zip;
        zip = NULL;
        return RES_OK;
}

/* Whoever unpacks must never be led outside the folder. */
static bool name_is_good(struct str name)
{
        struct str rest = name;

        if (name.n == 0 || name.n > NAME_MAX_BYTES)
                return false;
        for (size_t i = 0; i < name.n; i++)
                if (name.p[i] < ' ' || name.p[i] > '~' || strchr("\\:*?\"<>|", name.p[i]))
                        return false;
        while (rest.p) {
                struct str part = str_cut(&rest, '/');

                if (part.n == 0 || str_equals(part, ".") || str_equals(part, ".."))
                        return false;
        }
        return true;
}

res pki_zip_add(struct pki_zip *zip, const char *name, struct bytes content)
{
        struct buf *copy = &zip->contents[zip->n];
        zip_source_t *source;
        zip_int64_t index;

        ENSURE(name_is_good(str_of(name)), ERR_FORMAT);
        ENSURE(zip->n < ENTRIES_MAX, ERR_TOO_LARGE);
        ENSURE(zip_name_locate(zip->archive, name, 0) < 0, ERR_FORMAT);
        zip->n++;
        buf_init(copy, zip->ceiling);
        buf_add(copy, content.p, content.n);
        TRY(buf_check(copy));
        source = zip_source_buffer(zip->archive, copy->p, copy->n, 0);
        ENSURE(source, ERR_MEMORY);
        index = zip_file_add(zip->archive, name, source, 0);
        if (index < 0)
                zip_source_free(source);
        ENSURE(index >= 0, ERR_MEMORY);
        ENSURE(zip_file_set_dostime(zip->archive, (zip_uint64_t)index, zip->dos_time, zip->dos_date, 0) == 0, ERR_IO);
        return RES_OK;
}

static res copy_out(zip_source_t *memory, size_t ceiling, struct buf *out)
{
        zip_stat_t stat;
        uint8_t *room;
        zip_int64_t n = -1;

        ENSURE(zip_source_stat(memory, &stat) == 0 && (stat.valid & ZIP_STAT_SIZE), ERR_IO);
        ENSURE(stat.size <= ceiling, ERR_TOO_LARGE);
        room = buf_grow(out, stat.size);
        TRY(buf_check(out));
        ENSURE(zip_source_open(memory) == 0, ERR_IO);
        n = zip_source_read(memory, room, stat.size);
        zip_source_close(memory);
        ENSURE(n == (zip_int64_t)stat.size, ERR_IO);
        return RES_OK;
}

res pki_zip_end(struct pki_zip *zip, struct buf *out)
{
        ENSURE(zip->n > 0 && zip->archive, ERR_FORMAT);
        ENSURE(zip_close(zip->archive) == 0, ERR_IO);
        zip->archive = NULL;
        return copy_out(zip->memory, zip->ceiling, out);
}
