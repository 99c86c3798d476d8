/*
 * A disk as POSIX promises it and no better: bytes are there once their file was synced, names once their directory was.
 * Whatever came later may be there or not, bytes sector by sector, names one by one or up to some moment.
 */
#pragma once

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/cut.h"
#include "base/buf.h"

#define DISK_SECTOR 512
#define DISK_FILE_MAX (64u * 1024 * 1024)

struct disk_write { /* n == 0 and bytes == NULL: a truncation to offset */
        struct disk_write *next;
        uint64_t offset, n;
        const uint8_t *bytes; /* in the trace */
};

struct disk_file {
        struct disk_file *next;
        struct buf synced;
        struct disk_write *later, **last;
};

struct disk_name { /* file == NULL: a directory */
        struct disk_name *next;
        char *path;
        struct disk_file *file;
        bool is_gone; /* as an act: the name was taken away */
};

struct disk {
        struct disk_file *files;
        struct disk_name *now;     /* as the programs see it, the newest first */
        struct disk_name *durable; /* what was synced, the newest first */
        struct disk_name *later;   /* acts since, oldest first */
        uint64_t seed;
};

static inline uint64_t disk_random(struct disk *disk, uint64_t n)
{
        disk->seed ^= disk->seed << 13;
        disk->seed ^= disk->seed >> 7;
        disk->seed ^= disk->seed << 17;
        return disk->seed % n;
}

static inline void *disk_new(size_t n)
{
        void *p = calloc(1, n);

        if (!p)
                abort();
        return p;
}

static inline struct disk_name *disk_find(struct disk_name *list, const char *path)
{
        while (list && strcmp(list->path, path) != 0)
                list = list->next;
        return list && !list->is_gone ? list : NULL;
}

static inline struct disk_name *disk_put(struct disk_name *list, const char *path, struct disk_file *file, bool is_gone)
{
        struct disk_name *name = disk_new(sizeof(*name));

        *name = (struct disk_name){.next = list, .path = strdup(path), .file = file, .is_gone = is_gone};
        return name;
}

static inline void disk_free_names(struct disk_name *list)
{
        for (struct disk_name *next; list; list = next) {
                next = list->next;
                free(list->path);
                free(list);
        }
}

static inline void disk_act(struct disk *disk, const char *path, struct disk_file *file, bool is_gone)
{
        struct disk_name **end = &disk->later;

        disk->now = disk_put(disk->now, path, file, is_gone);
        while (*end)
                end = &(*end)->next;
        *end = disk_put(NULL, path, file, is_gone);
}

static inline bool disk_is_in(const char *path, const char *dir)
{
        const size_t n = strlen(dir);

        return strncmp(path, dir, n) == 0 && path[n] == '/' && !strchr(path + n + 1, '/');
}

static inline void disk_sync_dir(struct disk *disk, const char *dir)
{
        for (struct disk_name **at = &disk->later; *at;) {
                struct disk_name *act = *at;

                if (!disk_is_in(act->path, dir)) {
                        at = &act->next;
                        continue;
                }
                *at = act->next;
                act->next = disk->durable;
                disk->durable = act;
        }
}

static inline void disk_apply(struct buf *bytes, const struct disk_write *write, uint64_t from, uint64_t n)
{
        const uint64_t end = write->bytes ? write->offset + from + n : write->offset;

        if (bytes->n < end)
                (void)buf_grow(bytes, end - bytes->n);
        if (write->bytes)
                memcpy(bytes->p + write->offset + from, write->bytes + from, n);
        else
                bytes->n = end;
}

static inline void disk_sync(struct disk_file *file)
{
        for (struct disk_write *next, *at = file->later; at; at = next) {
                next = at->next;
                disk_apply(&file->synced, at, 0, at->n);
                free(at);
        }
        file->later = NULL;
        file->last = &file->later;
}

static inline void disk_write(struct disk_file *file, uint64_t offset, const uint8_t *bytes, uint64_t n)
{
        struct disk_write *write = disk_new(sizeof(*write));

        *write = (struct disk_write){.offset = offset, .n = n, .bytes = bytes};
        *file->last = write;
        file->last = &write->next;
}

static inline struct disk_file *disk_file_new(struct disk *disk)
{
        struct disk_file *file = disk_new(sizeof(*file));

        buf_init(&file->synced, DISK_FILE_MAX);
        file->last = &file->later;
        file->next = disk->files;
        disk->files = file;
        return file;
}

/* One record of the trace happens. */
static inline void disk_do(struct disk *disk, const struct cut_record *record, const char *path, const char *path2,
                           const uint8_t *data)
{
        struct disk_name *name = disk_find(disk->now, path);
        struct disk_file *file = name ? name->file : NULL;

        switch ((enum cut_kind)record->kind) {
        case CUT_MKDIR:
                disk_act(disk, path, NULL, false);
                break;
        case CUT_CREATE:
                disk_act(disk, path, disk_file_new(disk), false);
                break;
        case CUT_WRITE:
                if (file)
                        disk_write(file, record->offset, data, record->n);
                break;
        case CUT_TRUNCATE:
                if (file)
                        disk_write(file, record->offset, NULL, 0);
                break;
        case CUT_RENAME:
                disk_act(disk, path2, file, false);
                disk_act(disk, path, file, true);
                break;
        case CUT_LINK:
                disk_act(disk, path2, file, false);
                break;
        case CUT_UNLINK:
                disk_act(disk, path, file, true);
                break;
        case CUT_SYNC:
                if (file)
                        disk_sync(file);
                break;
        case CUT_SYNC_DIR:
                disk_sync_dir(disk, path);
                break;
        }
}

static inline void disk_done(struct disk *disk)
{
        for (struct disk_file *next, *file = disk->files; file; file = next) {
                next = file->next;
                disk_sync(file);
                buf_done(&file->synced);
                free(file);
        }
        disk_free_names(disk->now);
        disk_free_names(disk->durable);
        disk_free_names(disk->later);
}

/* ---- after the power went ------------------------------------------------------------------------------------ */

static inline void disk_image(struct disk *disk, const struct disk_file *file, struct buf *image)
{
        const uint64_t kept_in_8 = disk_random(disk, 9);

        buf_add(image, file->synced.p, file->synced.n);
        for (const struct disk_write *at = file->later; at; at = at->next) {
                if (!at->bytes && disk_random(disk, 8) < kept_in_8)
                        disk_apply(image, at, 0, 0);
                for (uint64_t from = 0; from < at->n; from += DISK_SECTOR)
                        if (disk_random(disk, 8) < kept_in_8)
                                disk_apply(image, at, from, at->n - from < DISK_SECTOR ? at->n - from : DISK_SECTOR);
        }
}

/* The names that survive: what was synced, and of the rest all, none, those up to a moment, or any. */
static inline struct disk_name *disk_names(struct disk *disk)
{
        struct disk_name *kept = NULL;
        size_t acts = 0, i = 0;

        for (const struct disk_name *at = disk->later; at; at = at->next)
                acts++;
        const uint64_t mode = disk_random(disk, 3), until = disk_random(disk, acts + 1);
        for (const struct disk_name *at = disk->later; at; at = at->next, i++)
                if (mode == 0 ? disk_random(disk, 2) : mode == 1 ? i < until : 0)
                        kept = disk_put(kept, at->path, at->file, at->is_gone);
        struct disk_name **end = &kept;
        while (*end)
                end = &(*end)->next;
        *end = disk->durable; /* borrowed: the caller frees what stands before it */
        return kept;
}

static inline bool disk_is_newest(struct disk_name *list, const struct disk_name *name)
{
        while (strcmp(list->path, name->path) != 0)
                list = list->next;
        return list == name && !name->is_gone;
}

/* Make it so below `to`; `root` is what the trace's paths begin with.  Directories were named before what is in them. */
static inline void disk_write_out(struct disk *disk, const char *root, const char *to)
{
        struct disk_name *names = disk_names(disk);
        char path[4096];

        for (int files = 0; files < 2; files++) {
                for (bool again = true; again;) {
                        again = false;
                        for (struct disk_name *at = names; at; at = at->next) {
                                if ((at->file != NULL) != files || !disk_is_newest(names, at))
                                        continue;
                                snprintf(path, sizeof(path), "%s%s", to, at->path + strlen(root));
                                if (!files) {
                                        again = mkdir(path, 0700) == 0 || again;
                                        continue;
                                }
                                CLEAN(buf_done) struct buf image = {.ceiling = DISK_FILE_MAX};
                                const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
                                disk_image(disk, at->file, &image);
                                if (fd >= 0 && write(fd, image.p, image.n) != (ssize_t)image.n)
                                        abort();
                                if (fd >= 0) /* its directory may be lost */
                                        close(fd);
                        }
                }
        }
        while (names != disk->durable) {
                struct disk_name *next = names->next;
                free(names->path);
                free(names);
                names = next;
        }
}
