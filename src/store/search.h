/*
 * Search by any part of a certificate's id, alias or names (case of ASCII letters aside).
 *
 * An account's certificates, in order of seq, are cut into segments of SEARCH_SEGMENT; for each segment and each
 * gram (three bytes of text) one row holds the set of members that have it.  A search of three bytes and more
 * intersects the sets of its grams and checks the rows that remain; what is newer than the last segment is read
 * directly, and so is everything when the text is shorter than three bytes (at most SEARCH_SCAN_MAX rows).
 * Segments are made after a commit by the thread that inserted the last row needed (store_search_seal).
 */
#pragma once

#include "store/certificate.h"

#define SEARCH_SEGMENT 2048    /* certificates: 256 bytes a set; a tail of as many rows is read in 4 ms */
#define SEARCH_VERIFY_MAX 2000 /* rows checked for one count or skip; beyond, a row that has every gram counts as found */
#define SEARCH_SCAN_MAX 20000  /* rows read for a text shorter than three bytes */
