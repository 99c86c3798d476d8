/*
 * The gate that every foreign public key passes, whichever door it comes through (BR 6.1.1.3): size, exponent, small
 * factors, ROCA, close primes, points off their curve, and the keys that Debian's broken generator could make.
 */
#pragma once

#include "core/act.h"
#include "pki/spki.h"

/* ERR_KEY_WEAK, the sentence says what is wrong with it and that a new one is needed. */
MUST res key_gate(struct act *act, struct pki_kit *kit, const struct pki_spki *spki);
