/*
 * download: the zip as it comes, or unpacked for one kind of server.  The zip is foreign: names that would leave the
 * target directory are refused, sizes are bounded.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include "base/b64.h"
#include "base/limits.h"
#include "ctl/client.h"
#include "ctl/file.h"
#include "ctl/output.h"

#define DOWNLOAD_ENTRIES 256
#define DOWNLOAD_ENTRY_BYTES (1024UL * 1024)

static void archive_close(zip_t **archive)
{
        if (*archive != NULL)
                zip_discard(*archive);
}

static void entry_close(zip_file_t **entry)
{
        if (*entry != NULL)
                (void)zip_fclose(*entry);
}

static res fetch(struct ctl *ctl, struct client *client, struct buf *zip)
{
        json_auto_t *response = NULL;

        TRY(client_call(client, "DownloadCertificate", json_pack("{s:s}", "CertificateId", ctl->arguments[0]), &response));
        if (!res_is_ok(b64_decode(str_of(json_text(response, "Content")), zip)) || zip->n == 0)
                return ctl_fail(ctl, ERR_FORMAT, "the server's package is no base64 text");
        return buf_check(zip);
}

static const char *zip_path(struct ctl *ctl)
{
        const char *path = args_text(ctl, "--output");
        struct stat st;

        if (path == NULL)
                return arena_printf(ctl->arena, "%s.zip", ctl->arguments[0]);
        if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
                return arena_printf(ctl->arena, "%s/%s.zip", path, ctl->arguments[0]);
        return path;
}

static res say_file(struct ctl *ctl, const char *path)
{
        json_auto_t *json = NULL;

        if (!args_has(ctl, "--json")) {
                (void)printf("%s\n", path);
                return RES_OK;
        }
        json = json_pack("{s:s}", "File", path);
        return output_json(ctl, json, /* pretty= */ false);
}

static res write_zip(struct ctl *ctl, const struct buf *zip)
{
        const char *path = zip_path(ctl);

        if (strcmp(path, "-") == 0) {
                (void)fwrite(zip->p, 1, zip->n, stdout);
                return RES_OK;
        }
        TRY(file_write(ctl, path, buf_bytes(zip), 0600, args_has(ctl, "--force")));
        return say_file(ctl, path);
}

/* "Nginx/a.crt": relative, no "..", at most one folder. */
static bool entry_name_is_safe(const char *name)
{
        const char *slash = name == NULL ? NULL : strchr(name, '/');

        if (name == NULL || name[0] == '/' || name[0] == '\0' || strchr(name, '\\') != NULL || strstr(name, "..") != NULL)
                return false;
        return slash == NULL || strchr(slash + 1, '/') == NULL;
}

static res make_dir(struct ctl *ctl, const char *path)
{
        if (mkdir(path, 0700) == 0 || errno == EEXIST)
                return RES_OK;
        return ctl_fail(ctl, ERR_IO, "cannot make %s: %s", path, strerror(errno));
}

static res read_entry(struct ctl *ctl, zip_t *archive, zip_uint64_t i, struct bytes *ret_bytes)
{
        CLEAN(entry_close) zip_file_t *entry = zip_fopen_index(archive, i, 0);
        zip_stat_t st;
        void *p = NULL;

        if (entry == NULL || zip_stat_index(archive, i, 0, &st) != 0 || st.size > DOWNLOAD_ENTRY_BYTES)
                return ctl_fail(ctl, ERR_FORMAT, "entry %llu of the package is damaged", (unsigned long long)i);
        p = arena_alloc(ctl->arena, st.size + 1);
        if (zip_fread(entry, p, st.size) != (zip_int64_t)st.size)
                return ctl_fail(ctl, ERR_FORMAT, "%s in the package is damaged", zip_get_name(archive, i, 0));
        *ret_bytes = bytes_of(p, st.size);
        return RES_OK;
}

/* Where an entry goes: everything with its folder, or one folder's files without it; NULL = not wanted. */
static const char *target(struct ctl *ctl, const char *dir, const char *folder, const char *name)
{
        const char *slash = strchr(name, '/');

        if (folder == NULL)
                return arena_printf(ctl->arena, "%s/%s", dir, name);
        if (slash == NULL || !str_equal_nocase((struct str){name, (size_t)(slash - name)}, str_of(folder)))
                return NULL;
        return arena_printf(ctl->arena, "%s/%s", dir, slash + 1);
}

static res make_parent(struct ctl *ctl, const char *path)
{
        const char *slash = strrchr(path, '/');

        return make_dir(ctl, arena_strndup(ctl->arena, path, (size_t)(slash - path)));
}

static res unpack_entry(struct ctl *ctl, zip_t *archive, zip_uint64_t i, const char *dir, const char *folder)
{
        const char *name = zip_get_name(archive, i, 0), *path = NULL;
        struct bytes content;

        path = target(ctl, dir, folder, name);
        if (path == NULL || path[strlen(path) - 1] == '/')
                return RES_OK;
        TRY(read_entry(ctl, archive, i, &content));
        TRY(make_parent(ctl, path));
        TRY(file_write(ctl, path, content, 0600, args_has(ctl, "--force")));
        return say_file(ctl, path);
}

static res unpack(struct ctl *ctl, const struct buf *zip, const char *dir, const char *folder)
{
        zip_error_t error;
        zip_source_t *source = zip_source_buffer_create(zip->p, zip->n, 0, &error);
        CLEAN(archive_close) zip_t *archive = source == NULL ? NULL : zip_open_from_source(source, ZIP_RDONLY, &error);
        zip_int64_t count;

        if (archive == NULL) {
                zip_source_free(source);
                return ctl_fail(ctl, ERR_FORMAT, "the server's package is no zip");
        }
        count = zip_get_num_entries(archive, 0);
        if (count > DOWNLOAD_ENTRIES)
                return ctl_fail(ctl, ERR_TOO_LARGE, "the package has more than %d entries", DOWNLOAD_ENTRIES);
        for (zip_int64_t i = 0; i < count; i++)
                if (!entry_name_is_safe(zip_get_name(archive, (zip_uint64_t)i, 0)))
                        return ctl_fail(ctl, ERR_FORMAT, "the package holds an entry with an unsafe name");
        TRY(make_dir(ctl, dir));
        for (zip_int64_t i = 0; i < count; i++)
                TRY(unpack_entry(ctl, archive, (zip_uint64_t)i, dir, folder));
        return RES_OK;
}

res download_run(struct ctl *ctl)
{
        static const struct {
                const char *option, *folder;
        } kinds[] = {{"--nginx", "Nginx"}, {"--apache", "Apache"}, {"--extract", NULL}};
        CLEAN(client_close) struct client *client = NULL;
        CLEAN(buf_wipe) struct buf zip = {0};
        bool unpacked = false;

        buf_init(&zip, LIMIT_REPLY_BYTES);
        TRY(client_open(ctl, &client));
        TRY(fetch(ctl, client, &zip));
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                const char *dir = args_text(ctl, kinds[i].option);

                if (dir == NULL)
                        continue;
                TRY(unpack(ctl, &zip, dir, kinds[i].folder));
                unpacked = true;
        }
        if (unpacked && args_text(ctl, "--output") == NULL)
                return RES_OK;
        return write_zip(ctl, &zip);
}
