/*
 * See import.h.  Each directory is looked at by itself: certbot's and dehydrated's (fullchain.pem and privkey.pem),
 * acme.sh's (fullchain.cer and NAME.key), uacme's (NAME/cert.pem and private/NAME/key.pem), lego's (NAME.crt, NAME.key and
 * NAME.json), and any other one, where certificate and key are told by what is in the files and belong together by their
 * names.  certbot's archive and csr are left out: live has the newest.
 */
#include "ctl/import.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/file.h"
#include "ctl/pem_file.h"

#define FILES_MAX 4096 /* of one directory */

struct entry {
        const char *name, *path;
        bool is_directory, is_used, has_certificate, has_key;
        size_t certificate_count;
};

struct folder {
        struct ctl *ctl;
        struct import_list *list;
        const char *path, *name;
        struct entry *v;
        size_t n;
        size_t depth;
};

static int by_name(const void *a, const void *b)
{
        const struct entry *left = a, *right = b;

        return strcmp(left->name, right->name);
}

static void close_directory(DIR **directory)
{
        if (*directory != NULL)
                (void)closedir(*directory);
}

/* Links to files are followed, as in certbot's live; links to directories are not: they may lead in a circle. */
static bool entry_stat(struct entry *entry)
{
        struct stat st, own;

        if (stat(entry->path, &st) != 0 || lstat(entry->path, &own) != 0)
                return false;
        entry->is_directory = S_ISDIR(own.st_mode);
        return entry->is_directory || (S_ISREG(st.st_mode) && st.st_size > 0 && st.st_size <= PEM_FILE_BYTES);
}

/* How many there may be: certbot's live has a thousand small directories, and each gets the room that it needs. */
static size_t count_files(DIR *directory)
{
        size_t n = 0;

        while (readdir(directory) != NULL)
                n++;
        rewinddir(directory);
        return n < FILES_MAX ? n : FILES_MAX;
}

static res folder_read(struct folder *folder)
{
        CLEAN(close_directory) DIR *directory = opendir(folder->path);
        const char *slash = strrchr(folder->path, '/');
        struct dirent *found;

        if (directory == NULL)
                return ctl_fail(folder->ctl, ERR_IO, "cannot read %s: %s", folder->path, strerror(errno));
        folder->name = slash != NULL && slash[1] != '\0' ? slash + 1 : folder->path;
        const size_t most = count_files(directory);

        folder->v = arena_array_of(folder->ctl->arena, most + 1, struct entry);
        while ((found = readdir(directory)) != NULL) {
                struct entry entry = {.name = found->d_name};

                if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0)
                        continue;
                entry.path = arena_printf(folder->ctl->arena, "%s/%s", folder->path, found->d_name);
                entry.name = arena_strdup(folder->ctl->arena, found->d_name);
                if (!entry_stat(&entry))
                        continue;
                if (folder->n == most)
                        return ctl_fail(folder->ctl, ERR_TOO_LARGE, "%s has more than %d files, or gets more just now",
                                        folder->path, FILES_MAX);
                folder->v[folder->n++] = entry;
        }
        qsort(folder->v, folder->n, sizeof *folder->v, by_name);
        return RES_OK;
}

static struct entry *folder_entry(const struct folder *folder, const char *name)
{
        for (size_t i = 0; i < folder->n; i++)
                if (strcmp(folder->v[i].name, name) == 0)
                        return &folder->v[i];
        return NULL;
}

static bool ends_with(const char *text, const char *end)
{
        return str_ends_with(str_of(text), str_of(end));
}

static const char *without(const struct folder *folder, const char *text, const char *end)
{
        return ends_with(text, end) ? arena_strndup(folder->ctl->arena, text, strlen(text) - strlen(end)) : text;
}

static res add_item(struct folder *folder, const struct import_item *item)
{
        if (folder->list->n == IMPORT_ITEMS_MAX)
                return ctl_fail(folder->ctl, ERR_TOO_LARGE, "there are more than %d certificates", IMPORT_ITEMS_MAX);
        folder->list->v[folder->list->n++] = *item;
        return RES_OK;
}

/* ---- layouts ---- */

static bool folder_is_used(struct folder *folder)
{
        for (size_t i = 0; i < folder->n; i++)
                folder->v[i].is_used = folder->v[i].is_used || !folder->v[i].is_directory;
        return true;
}

/* live/NAME: fullchain.pem, privkey.pem.  dehydrated names them the same, and keeps the request beside them. */
static res find_certbot(struct folder *folder, bool *ret_found)
{
        const struct entry *chain = folder_entry(folder, "fullchain.pem"), *key = folder_entry(folder, "privkey.pem");
        const char *skipped[] = {"archive", "csr", "keys", "accounts", "renewal", "renewal-hooks"};

        if (folder_entry(folder, "live") != NULL && folder_entry(folder, "renewal") != NULL)
                for (size_t i = 0; i < sizeof skipped / sizeof *skipped; i++)
                        if (folder_entry(folder, skipped[i]) != NULL)
                                folder_entry(folder, skipped[i])->is_used = true;
        *ret_found = chain != NULL && key != NULL && folder_is_used(folder);
        if (!*ret_found)
                return RES_OK;
        return add_item(folder, &(struct import_item){
                                        folder->name, folder_entry(folder, "cert.csr") ? "dehydrated" : "certbot", chain->path, NULL, key->path});
}

static bool is_file(const char *path)
{
        struct stat st;

        return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* NAME/cert.pem with its chain; the key lies apart, in private/NAME/key.pem. */
static res find_uacme(struct folder *folder)
{
        struct arena *arena = folder->ctl->arena;
        struct entry *private = folder_entry(folder, "private");

        for (size_t i = 0; private != NULL && private->is_directory && i < folder->n; i++) {
                struct entry *entry = &folder->v[i];
                const char *certificate = arena_printf(arena, "%s/cert.pem", entry->path);
                const char *key = arena_printf(arena, "%s/%s/key.pem", private->path, entry->name);

                if (!entry->is_directory || !is_file(certificate) || !is_file(key))
                        continue;
                entry->is_used = private->is_used = true;
                TRY(add_item(folder, &(struct import_item){entry->name, "uacme", certificate, NULL, key}));
        }
        return RES_OK;
}

/* NAME or NAME_ecc: fullchain.cer, NAME.key. */
static res find_acme_sh(struct folder *folder, bool *ret_found)
{
        const char *name = without(folder, folder->name, "_ecc");
        const struct entry *chain = folder_entry(folder, "fullchain.cer");
        const struct entry *key = folder_entry(folder, arena_printf(folder->ctl->arena, "%s.key", name));

        *ret_found = chain != NULL && key != NULL && folder_is_used(folder);
        if (!*ret_found)
                return RES_OK;
        return add_item(folder, &(struct import_item){folder->name, "acme.sh", chain->path, NULL, key->path});
}

/* NAME.crt (with its chain, or NAME.issuer.crt beside it), NAME.key, NAME.json. */
static res find_lego_one(struct folder *folder, const struct entry *certificate)
{
        struct arena *arena = folder->ctl->arena;
        const char *name = without(folder, certificate->name, ".crt");
        struct entry *key = folder_entry(folder, arena_printf(arena, "%s.key", name));
        struct entry *about = folder_entry(folder, arena_printf(arena, "%s.json", name));
        struct entry *issuer = folder_entry(folder, arena_printf(arena, "%s.issuer.crt", name));
        struct pem_file file = {0};

        if (key == NULL || about == NULL)
                return RES_OK;
        CLEAN(arena_free_ptr) struct arena *scratch_arena = arena_new(PEM_FILE_ARENA);
        struct ctl scratch = {.arena = scratch_arena};

        if (!res_is_ok(pem_file_read(&scratch, certificate->path, &file)))
                return RES_OK; /* the upload will say why */
        const char *chain = issuer != NULL && file.certificate_count == 1 ? issuer->path : NULL;

        key->is_used = about->is_used = true;
        if (issuer != NULL)
                issuer->is_used = true;
        folder_entry(folder, certificate->name)->is_used = true;
        return add_item(folder, &(struct import_item){name, "lego", certificate->path, chain, key->path});
}

static res find_lego(struct folder *folder)
{
        for (size_t i = 0; i < folder->n; i++)
                if (!folder->v[i].is_used && !folder->v[i].is_directory && ends_with(folder->v[i].name, ".crt") &&
                    !ends_with(folder->v[i].name, ".issuer.crt"))
                        TRY(find_lego_one(folder, &folder->v[i]));
        return RES_OK;
}

/* ---- plain files ---- */

static void look_into_files(struct folder *folder)
{
        for (size_t i = 0; i < folder->n; i++) {
                struct entry *entry = &folder->v[i];
                CLEAN(arena_free_ptr) struct arena *arena = arena_new(PEM_FILE_ARENA);
                struct ctl scratch = {.arena = arena};
                struct pem_file file = {0};

                if (entry->is_used || entry->is_directory)
                        continue;
                if (!res_is_ok(pem_file_read(&scratch, entry->path, &file))) /* not ours to read: no reason to stop */
                        continue;
                entry->has_certificate = file.certificate_count > 0;
                entry->certificate_count = file.certificate_count;
                entry->has_key = file.key.n > 0;
        }
}

/* "1_shop.example_bundle.crt" and "2_shop.example.key" are both about shop.example. */
static const char *stem_of(const struct folder *folder, const char *name)
{
        static const char *const ends[] = {".pem", ".crt", ".cer", ".cert", ".key", "_bundle", "_fullchain", "-fullchain",
                                           ".fullchain", "_cert", "-cert", "_key", "-key", "fullchain", "pubcert", "privkey", "cert", "key"};
        const char *stem = name;

        if (stem[0] >= '1' && stem[0] <= '9' && stem[1] == '_')
                stem += 2;
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
                stem = without(folder, stem, ends[i]);
        return stem;
}

static bool is_chain_name(const char *name)
{
        static const char *const words[] = {"chain", "issuer", "intermediate", "ca.", "ca-", "ca_", "root"};

        if (strstr(name, "fullchain") != NULL)
                return false;
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
                if (strstr(name, words[i]) != NULL)
                        return true;
        return false;
}

static const struct entry *chain_beside(const struct folder *folder, const struct entry *certificate)
{
        for (size_t i = 0; certificate->certificate_count == 1 && i < folder->n; i++)
                if (folder->v[i].has_certificate && !folder->v[i].has_key && is_chain_name(folder->v[i].name) &&
                    strstr(folder->v[i].name, "root") == NULL && &folder->v[i] != certificate)
                        return &folder->v[i];
        return NULL;
}

/* By the same stem; else the only key that there is. */
static const struct entry *key_beside(const struct folder *folder, const struct entry *certificate)
{
        const char *stem = stem_of(folder, certificate->name);
        const struct entry *only = NULL;
        size_t keys = 0;

        for (size_t i = 0; i < folder->n; i++) {
                if (!folder->v[i].has_key || folder->v[i].has_certificate)
                        continue;
                if (strcmp(stem_of(folder, folder->v[i].name), stem) == 0)
                        return &folder->v[i];
                only = &folder->v[i];
                keys++;
        }
        return keys == 1 ? only : NULL;
}

static res find_files(struct folder *folder)
{
        look_into_files(folder);
        for (size_t i = 0; i < folder->n; i++) {
                const struct entry *entry = &folder->v[i];

                if (!entry->has_certificate || (is_chain_name(entry->name) && !entry->has_key))
                        continue;
                const struct entry *chain = chain_beside(folder, entry), *key = entry->has_key ? NULL : key_beside(folder, entry);
                const char *stem = stem_of(folder, entry->name);

                TRY(add_item(folder, &(struct import_item){stem[0] != '\0' ? stem : folder->name, "files", entry->path,
                                                           chain ? chain->path : NULL, key ? key->path : NULL}));
        }
        return RES_OK;
}

/* ---- the walk ---- */

static res find_in(struct ctl *ctl, const char *path, size_t depth, struct import_list *list)
{
        struct folder folder = {.ctl = ctl, .list = list, .path = path, .depth = depth};
        bool found = false;

        TRY(folder_read(&folder));
        TRY(find_certbot(&folder, &found));
        if (!found)
                TRY(find_acme_sh(&folder, &found));
        if (!found) {
                TRY(find_uacme(&folder));
                TRY(find_lego(&folder));
                TRY(find_files(&folder));
        }
        for (size_t i = 0; i < folder.n && depth < IMPORT_DEPTH_MAX; i++)
                if (folder.v[i].is_directory && !folder.v[i].is_used)
                        TRY(find_in(ctl, folder.v[i].path, depth + 1, list));
        return RES_OK;
}

res import_find(struct ctl *ctl, const char *path, struct import_list *list)
{
        struct stat st;
        size_t n = strlen(path);

        if (stat(path, &st) != 0)
                return ctl_fail(ctl, ERR_IO, "cannot read %s: %s", path, strerror(errno));
        while (n > 1 && path[n - 1] == '/')
                n--;
        path = arena_strndup(ctl->arena, path, n);
        if (S_ISDIR(st.st_mode))
                return find_in(ctl, path, 0, list);
        struct folder folder = {.ctl = ctl, .list = list, .path = path};
        const char *slash = strrchr(path, '/');

        return add_item(&folder, &(struct import_item){stem_of(&folder, slash ? slash + 1 : path), "files", path, NULL, NULL});
}
