/*
 * The log file.  Written first, synced, and only then entered into the index file: so the index never knows more
 * than the log.  At start the log is read from the last record that the index knows; what follows is either whole
 * (the crash came before the index was written) or torn (it came before the sync: nobody has the certificate).
 */
#include "signer/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/fd.h"
#include "base/limits.h"
#include "signer/journal_index.h"

#define RECORD_MAGIC 0x6c616573u
#define PENDING_MAX (128u * (LIMIT_CERT_BYTES + 1024)) /* two batches of the largest certificates */
#define TORN_MAX PENDING_MAX                           /* a crash tears one batch at most */

struct record_head {
        uint32_t magic;
        uint32_t size;            /* of the whole record */
        struct msg_log_item item; /* then the DER */
};

struct journal {
        int fd;
        char *log_dir;
        uint64_t end; /* bytes that are synced */
        uint8_t synced_chain[MSG_HASH_SIZE], chain[MSG_HASH_SIZE];
        int64_t synced_last_at, last_at;
        struct journal_index *index;
        struct buf pending; /* records added since the last sync */
        size_t pending_count;
        struct buf read; /* the record that a caller looks at */
};

static bool head_is_good(const struct record_head *head)
{
        return head->magic == RECORD_MAGIC && head->item.entry.cert_len > 0 &&
               head->item.entry.cert_len <= LIMIT_CERT_BYTES &&
               head->size == sizeof(*head) + head->item.entry.cert_len && head->item.entry.zero == 0;
}

/* chain after = SHA-256(chain before, entry, DER) */
static res chain_on(const uint8_t before[MSG_HASH_SIZE], const struct msg_log_entry *entry, struct bytes der,
                    struct buf *scratch, uint8_t ret_chain[MSG_HASH_SIZE])
{
        buf_clear(scratch);
        buf_add(scratch, before, MSG_HASH_SIZE);
        buf_add(scratch, entry, sizeof(*entry));
        buf_add(scratch, der.p, der.n);
        TRY(buf_check(scratch));
        digest_sha256(buf_bytes(scratch), ret_chain);
        return RES_OK;
}

static bool read_at(int fd, void *p, size_t n, uint64_t offset)
{
        return pread(fd, p, n, (off_t)offset) == (ssize_t)n;
}

/* What stands before the certificate; errors as load() has them. */
static res load_head(const struct journal *journal, uint64_t offset, struct record_head *ret_head)
{
        const bool pending = offset >= journal->end;

        ENSURE(!pending || offset - journal->end + sizeof(*ret_head) <= journal->pending.n, ERR_NOT_FOUND);
        if (pending)
                memcpy(ret_head, journal->pending.p + (offset - journal->end), sizeof(*ret_head));
        else
                ENSURE(read_at(journal->fd, ret_head, sizeof(*ret_head), offset), ERR_IO);
        ENSURE(head_is_good(ret_head) && (pending || ret_head->size <= journal->end - offset), ERR_FORMAT);
        return RES_OK;
}

/*
 * The record at offset into journal->read; from the file, or from what is not written yet.  ERR_FORMAT: what lies there is no
 * record.  Anything else says nothing about the log.
 */
static res load(struct journal *journal, uint64_t offset, struct journal_entry *ret_entry)
{
        struct record_head head;

        TRY(load_head(journal, offset, &head));
        buf_clear(&journal->read);
        uint8_t *der = buf_grow(&journal->read, head.item.entry.cert_len);
        ENSURE(der, ERR_MEMORY);
        if (offset >= journal->end)
                memcpy(der, journal->pending.p + (offset - journal->end) + sizeof(head), head.item.entry.cert_len);
        else
                ENSURE(read_at(journal->fd, der, head.item.entry.cert_len, offset + sizeof(head)), ERR_IO);
        *ret_entry = (struct journal_entry){.item = head.item, .der = buf_bytes(&journal->read)};
        return RES_OK;
}

static uint32_t record_size(const struct journal_entry *entry)
{
        return (uint32_t)(sizeof(struct record_head) + entry->der.n);
}

/* ---- start ------------------------------------------------------------------------------------- */

/* The state behind the record at place n of the index: its chain and its time. */
static res resume_behind(struct journal *journal, uint64_t n)
{
        struct journal_place place;
        struct journal_entry entry;

        TRY(journal_index_at(journal->index, n, &place));
        TRY(load(journal, place.offset, &entry));
        ENSURE(memcmp(entry.item.entry.serial, place.serial, MSG_SERIAL_SIZE) == 0 && record_size(&entry) == place.size,
               ERR_FORMAT);
        memcpy(journal->chain, entry.item.chain, MSG_HASH_SIZE);
        journal->last_at = entry.item.entry.signed_at;
        return RES_OK;
}

/* Trust the index but for its last record, which is read again with what follows. Where it lies, all is read again. */
static res find_start(struct journal *journal, uint64_t *ret_at)
{
        uint64_t count = journal_index_count(journal->index);
        struct journal_place last;

        *ret_at = 0;
        if (count < 2)
                return journal_index_cut(journal->index, 0);
        TRY(journal_index_at(journal->index, count - 1, &last));
        if (!res_is_ok(resume_behind(journal, count - 2))) {
                journal->last_at = 0;
                memset(journal->chain, 0, MSG_HASH_SIZE);
                return journal_index_cut(journal->index, 0);
        }
        *ret_at = last.offset;
        return journal_index_cut(journal->index, count - 1);
}

/* What cannot be read just now, or for want of memory, is not damaged: it must not be set aside. */
static res record_check(struct journal *journal, uint64_t at, uint64_t size, struct journal_entry *ret_entry,
                        struct buf *scratch, bool *ret_whole)
{
        uint8_t chain[MSG_HASH_SIZE];

        *ret_whole = false;
        if (size - at < sizeof(struct record_head))
                return RES_OK;
        res loaded = load(journal, at, ret_entry);
        if (loaded.err == ERR_FORMAT)
                return RES_OK;
        TRY(loaded);
        TRY(chain_on(journal->chain, &ret_entry->item.entry, ret_entry->der, scratch, chain));
        *ret_whole = memcmp(chain, ret_entry->item.chain, MSG_HASH_SIZE) == 0;
        return RES_OK;
}

static res read_on(struct journal *journal, uint64_t *at, uint64_t size)
{
        struct journal_entry entry;
        CLEAN(buf_done) struct buf scratch = {0};

        buf_init(&scratch, LIMIT_CERT_BYTES + 1024);
        while (*at < size) {
                bool whole;
                TRY(record_check(journal, *at, size, &entry, &scratch, &whole));
                if (!whole)
                        break;
                if (journal_index_waiting(journal->index) == JOURNAL_INDEX_FRESH)
                        TRY(journal_index_write(journal->index));
                TRY(journal_index_add(journal->index, entry.item.entry.serial, *at, record_size(&entry)));
                memcpy(journal->chain, entry.item.chain, MSG_HASH_SIZE);
                journal->last_at = entry.item.entry.signed_at;
                *at += record_size(&entry);
        }
        return journal_index_write(journal->index);
}

static res set_aside(struct journal *journal, uint64_t at, uint64_t size)
{
        char path[PATH_MAX];
        CLEAN(fd_close) int fd = -1;
        size_t n = (size_t)(size - at);

        buf_clear(&journal->pending);
        uint8_t *torn = buf_grow(&journal->pending, n);
        ENSURE(torn && read_at(journal->fd, torn, n, at), ERR_IO);
        snprintf(path, sizeof(path), "%s/issued.torn.%llu", journal->log_dir, (unsigned long long)at);
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        ENSURE(fd >= 0 && write(fd, torn, n) == (ssize_t)n && fsync(fd) == 0, ERR_IO);
        buf_clear(&journal->pending);
        ENSURE(ftruncate(journal->fd, (off_t)at) == 0 && fsync(journal->fd) == 0, ERR_IO);
        return RES_OK;
}

static res recover(struct journal *journal, uint64_t size, struct buf *why)
{
        uint64_t at;

        journal->end = size; /* all of it may be read */
        TRY(find_start(journal, &at));
        TRY(read_on(journal, &at, size));
        if (size - at > TORN_MAX) {
                buf_printf(
                        why,
                        "%s/issued.log is damaged at byte %llu, and more follows than a crash can have cut; bring it "
                        "back from the backup",
                        journal->log_dir, (unsigned long long)at);
                return FAIL(ERR_CONFIG);
        }
        if (at < size)
                TRY(set_aside(journal, at, size));
        journal->end = at;
        journal->synced_last_at = journal->last_at;
        memcpy(journal->synced_chain, journal->chain, MSG_HASH_SIZE);
        return RES_OK;
}

static res open_log(struct journal *journal, struct buf *why)
{
        char path[PATH_MAX];
        struct stat info;

        snprintf(path, sizeof(path), "%s/issued.log", journal->log_dir);
        journal->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (journal->fd < 0 || fstat(journal->fd, &info) != 0) {
                buf_printf(why, "cannot open %s: %s", path, strerror(errno));
                return FAIL(ERR_IO);
        }
        TRY(journal_index_open(journal->log_dir, (uint64_t)info.st_size, &journal->index));
        TRY(recover(journal, (uint64_t)info.st_size, why));
        CLEAN(fd_close) int dir = open(journal->log_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ENSURE(dir >= 0 && fsync(dir) == 0, ERR_IO); /* the file itself must survive a power cut */
        return RES_OK;
}

MUST res journal_open(const char *log_dir, struct journal **ret_journal, struct buf *why)
{
        CLEAN(journal_free_ptr) struct journal *journal = calloc(1, sizeof(*journal));

        ENSURE(journal, ERR_MEMORY);
        journal->fd = -1;
        buf_init(&journal->pending, PENDING_MAX);
        buf_init(&journal->read, LIMIT_CERT_BYTES + 1024);
        journal->log_dir = strdup(log_dir);
        ENSURE(journal->log_dir, ERR_MEMORY);
        TRY(open_log(journal, why));
        *ret_journal = journal;
        journal = NULL;
        return RES_OK;
}

void journal_free(struct journal *journal)
{
        if (!journal)
                return;
        journal_index_free(journal->index);
        buf_done(&journal->pending);
        buf_done(&journal->read);
        fd_close(&journal->fd);
        free(journal->log_dir);
        free(journal);
}

void journal_free_ptr(struct journal **journal)
{
        journal_free(*journal);
        *journal = NULL;
}

/* ---- looking and adding ------------------------------------------------------------------------- */

MUST res journal_find(struct journal *journal, const uint8_t serial[MSG_SERIAL_SIZE], struct journal_entry *ret_entry)
{
        uint64_t cursor = 0, offset;

        while (journal_index_find(journal->index, serial, &cursor, &offset)) {
                TRY(load(journal, offset, ret_entry));
                if (memcmp(ret_entry->item.entry.serial, serial, MSG_SERIAL_SIZE) == 0)
                        return RES_OK;
        }
        return FAIL(ERR_NOT_FOUND);
}

bool journal_has(struct journal *journal, const uint8_t serial[MSG_SERIAL_SIZE], const char *issuer)
{
        uint64_t cursor = 0, offset;
        struct record_head head;

        while (journal_index_find(journal->index, serial, &cursor, &offset))
                if (res_is_ok(load_head(journal, offset, &head)) && memcmp(head.item.entry.serial, serial, MSG_SERIAL_SIZE) == 0)
                        return strncmp(head.item.entry.issuer, issuer, MSG_ISSUER_NAME) == 0;
        return false;
}

MUST res journal_add(struct journal *journal, const struct msg_log_entry *entry, struct bytes der)
{
        struct record_head head = {.magic = RECORD_MAGIC, .size = (uint32_t)(sizeof(head) + der.n)};
        uint64_t offset = journal->end + journal->pending.n;

        ENSURE(der.n > 0 && der.n <= LIMIT_CERT_BYTES && journal->pending.n + head.size <= PENDING_MAX, ERR_TOO_LARGE);
        head.item.entry = *entry;
        head.item.entry.cert_len = (uint32_t)der.n;
        head.item.entry.zero = 0;
        TRY(buf_make_room(&journal->pending, head.size));
        TRY(chain_on(journal->chain, &head.item.entry, der, &journal->read, head.item.chain));
        TRY(journal_index_add(journal->index, entry->serial, offset, head.size));
        journal->pending_count++;
        buf_add(&journal->pending, &head, sizeof(head));
        buf_add(&journal->pending, der.p, der.n);
        memcpy(journal->chain, head.item.chain, MSG_HASH_SIZE);
        journal->last_at = entry->signed_at;
        return buf_check(&journal->pending);
}

static void forget_pending(struct journal *journal)
{
        journal_index_undo(journal->index, journal->pending_count);
        journal->pending_count = 0;
        buf_clear(&journal->pending);
        memcpy(journal->chain, journal->synced_chain, MSG_HASH_SIZE);
        journal->last_at = journal->synced_last_at;
}

MUST res journal_sync(struct journal *journal)
{
        if (journal->pending.n == 0)
                return RES_OK;
        ssize_t n = pwrite(journal->fd, journal->pending.p, journal->pending.n, (off_t)journal->end);
        if (n != (ssize_t)journal->pending.n) {
                bool full = n >= 0 || errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
                forget_pending(journal);
                ENSURE(ftruncate(journal->fd, (off_t)journal->end) == 0, ERR_IO);
                return FAIL(full ? ERR_STORE_FULL : ERR_IO);
        }
        ENSURE(fdatasync(journal->fd) == 0, ERR_IO);
        journal->end += journal->pending.n;
        journal->synced_last_at = journal->last_at;
        memcpy(journal->synced_chain, journal->chain, MSG_HASH_SIZE);
        journal->pending_count = 0;
        buf_clear(&journal->pending);
        (void)journal_index_write(journal->index).err; /* the log has it; the index file catches up later */
        return RES_OK;
}

MUST res journal_read(struct journal *journal, uint64_t offset, struct journal_entry *ret_entry, uint64_t *ret_next)
{
        ENSURE(offset < journal->end, ERR_NOT_FOUND);
        TRY(load(journal, offset, ret_entry));
        *ret_next = offset + record_size(ret_entry);
        return RES_OK;
}

int64_t journal_last_signed_at(const struct journal *journal)
{
        return journal->last_at;
}

uint64_t journal_count(const struct journal *journal)
{
        return journal_index_count(journal->index);
}
