/*
 * A request that a customer made and pastes (APP-02, APP-20, RVW-21, RVW-23): read strictly, its signature verified, its
 * key put through the gate.  Only the key and the names are taken from it; everything else that it asks for is the
 * profile's to say.
 */
#pragma once

#include "core/act.h"
#include "core/key_kind.h"
#include "store/key.h"

struct csr_pasted {
        struct cert_key_row key; /* key_id, spki, spki_hash, csr; sealed is empty: the customer keeps the key.  Not stored. */
        const struct key_kind *kind;
        struct str common_name;  /* as it stands there, "" = none */
        struct strs names;       /* of its SAN, in their order */
};

/*
 * `keys`: the kinds that may come, as the catalogue names them ("rsa-2048"; product->csr_keys).  All in act->arena.
 * ERR_CSR_PARSE, ERR_SIGNATURE, ERR_KEY_TYPE, ERR_KEY_WEAK, with a sentence.
 */
MUST res csr_paste(struct act *act, struct str pem, const struct strs *keys, struct csr_pasted *ret_pasted);
/*
 * CSR-32, CSR-34, RVW-21: may this key serve this order?  Not if any other order was submitted with it; `origin_order_id`
 * is the one exception of CON-16 (reissue, reused configuration, the next certificates of an order), 0 = none.
 * Inside the transaction that submits.  ERR_CSR_USED.
 */
MUST res csr_check_unused(struct act *act, struct store_conn *conn, struct bytes spki_hash, int64_t order_id,
                          int64_t origin_order_id);
