/*
 * The gate that every foreign public key passes, whichever door it comes through (BR 6.1.1.3): size, exponent, small
 * factors, ROCA, close primes, points off their curve, and keys whose private half others have: those of Debian's broken
 * generator (weak_file.h) and of the operator's list (weak_list.h).
 */
#pragma once

#include "core/act.h"
#include "pki/spki.h"

/* ERR_KEY_WEAK, the sentence says what is wrong with it and that a new one is needed. */
MUST res key_gate(struct act *act, struct pki_kit *kit, const struct pki_spki *spki);
/*
 * The last of it alone, for keys that are taken whatever their strength: an upload's, an ACME account's.  `spki` is DER; one of
 * a kind that is not read here is on no list.  ERR_KEY_WEAK with a sentence.
 */
MUST res key_gate_known(struct act *act, struct bytes spki);
/*
 * A key that is here already is used again: it may have come into other hands since, and nothing is certified for it from then on.
 * ERR_KEY_BLOCKED, ERR_KEY_WEAK.
 */
struct cert_key_row;
struct store_conn;
MUST res key_gate_again(struct act *act, struct store_conn *conn, const struct cert_key_row *key);
/* Is it one of the gate's two answers, for which the remedy is another key? */
bool key_gate_refuses(enum err err);
