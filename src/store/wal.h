/*
 * The write-ahead log's file.  SQLite writes a commit's frames one by one, each in two calls, its header and its page;
 * here they wait in memory and leave in one write with the commit's last frame, so before SQLite syncs and tells the
 * readers.
 */
#pragma once

#define WAL_GATHER_BYTES (124 * 1024) /* of a commit's frames in memory: SQLite's files take less than 128 KB at once */

/*
 * The name of a VFS that is `base` (NULL = the system's) but for the write-ahead log's file; made and registered when first
 * asked for, and kept.  NULL: there is no such base, or there are too many.  Thread-safe.
 */
const char *wal_vfs_over(const char *base);
