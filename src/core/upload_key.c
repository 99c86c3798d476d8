/* The private key of an upload: read by the key maker, and does it belong to the certificate? */
#include "core/upload_inner.h"

#include "core/core.h"
#include "core/key_gate.h"
#include "core/key_import.h"

/* A key that belongs to one of the CAs is a slip of its own. */
static res key_check_match(struct upload *upload)
{
        struct act *act = upload->act;
        const struct pki_chain *chain = &upload->chain;

        if (bytes_equal(chain->v[0].spki.der, upload->key.spki))
                return RES_OK;
        for (size_t i = 1; i < chain->n; i++)
                if (bytes_equal(chain->v[i].spki.der, upload->key.spki))
                        return act_fail(act, ERR_CERT_MATCH, "The private key is that of the CA %s, not that of %s.",
                                        chain_name(act, chain->v[i].subject), chain_name(act, chain->v[0].subject));
        return act_fail(act, ERR_CERT_MATCH,
                        "The private key does not belong to %s; send the one that its request was made with.",
                        chain_name(act, chain->v[0].subject));
}

res upload_take_key(struct upload *upload)
{
        const struct key_import in = {upload->in->private_key, upload->in->key_password, "CertificatePrivateKey", "KeyPassword"};
        struct key_imported imported = {0};

        if (upload->is_bundle)
                return RES_OK;
        if (in.text.n == 0)
                return act_fail(upload->act, ERR_PARAM,
                                "CertificatePrivateKey is missing; only a bundle of CertificateType CA comes without.");
        TRY(key_import(upload->act, &in, &imported));
        TRY(key_gate_known(upload->act, imported.key.spki));
        upload->key = imported.key;
        upload->key_text = imported.text;
        return key_check_match(upload);
}
