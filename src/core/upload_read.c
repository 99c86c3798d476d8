/*
 * The certificates of an upload.  The order is: read, sort, is it whole, is it proved – each refusal names the certificate
 * that it is about and what to do.  Dates are not judged: an expired certificate is taken and shown as expired (SIL-64).
 */
#include "core/upload_inner.h"

#include "core/chain.h"
#include "pki/der.h"
#include "pki/path.h"

static const char FIELD[] = "CertificatePublicKey";

static res upload_check_algorithm(struct upload *upload)
{
        const struct pki_spki *spki = &upload->first->spki;

        if (spki->family == PKI_FAMILY_SM2)
                return act_fail(upload->act, ERR_CERT_KIND,
                                "%s is an SM2 certificate; international standard certificates with RSA or ECC keys are "
                                "uploaded here.",
                                chain_name(upload->act, upload->first->subject));
        if (spki->family == PKI_FAMILY_NONE)
                return act_fail(upload->act, ERR_CERT_INVALID,
                                "The key of %s is of a kind that is not supported; use RSA of up to 8192 bits, or ECC on the "
                                "named curves P-256 or P-384.",
                                chain_name(upload->act, upload->first->subject));
        return RES_OK;
}

/* UPL-07, INST-14: a leaf alone breaks clients that do not fetch its issuer. */
static res upload_check_whole(struct upload *upload)
{
        struct act *act = upload->act;
        const struct pki_cert *top = &upload->chain.v[upload->chain.n - 1];
        bool complete = false;

        if (upload->chain.n > 1 || upload->chain.ends_in_root) /* what is above an intermediate may well be its root */
                return RES_OK;
        TRY(chain_is_complete(act, top, &complete));
        if (complete)
                return RES_OK;
        return act_fail(act, ERR_CERT_CHAIN,
                        "The full chain is wanted: the certificate of %s, which issued %s, is missing%s. Add it below.",
                        chain_name(act, top->issuer), chain_name(act, top->subject), chain_issuer_hint(act, top));
}

static res upload_check_proof(struct upload *upload)
{
        struct act *act = upload->act;
        struct pki_path_fault fault = {0};
        res r = pki_path_verify(&upload->chain, /* at_sec= */ -1, /* strict= */ false, &fault);

        if (r.err == ERR_KEY_TYPE)
                return act_fail(act, ERR_CERT_INVALID,
                                "A key in the chain has its curve's parameters written out; only named curves are taken.");
        if (r.err != ERR_SIGNATURE)
                return r;
        return act_fail(act, ERR_CERT_CHAIN,
                        "The chain does not hold at %s: %s. Send the very certificates that its issuer delivered.",
                        chain_name(act, upload->chain.v[fault.at].subject), fault.why);
}

static res upload_read_chain(struct upload *upload)
{
        const struct chain_source source = {FIELD, upload->in->public_key, ERR_CERT_PARSE, PKI_CHAIN_MAX};

        TRY(chain_read(upload->act, &source, &upload->certs));
        TRY(chain_arrange(upload->act, &upload->certs, &upload->chain));
        upload->first = &upload->chain.v[0];
        TRY(upload_check_algorithm(upload));
        TRY(upload_check_whole(upload));
        return upload_check_proof(upload);
}

/* Roots of the first days say by nothing but their own signature that they are CAs. */
static bool is_authority(const struct pki_cert *cert)
{
        return cert->is_ca || (der_oid_equal(cert->subject, cert->issuer) && cert->key_id.n == 0 && !cert->has_key_usage);
}

static res upload_read_bundle(struct upload *upload)
{
        const struct chain_source source = {FIELD, upload->in->public_key, ERR_CERT_PARSE, CHAIN_READ_MAX};

        if (upload->in->private_key.n > 0)
                return act_fail(upload->act, ERR_PARAM,
                                "A bundle of CertificateType CA has no private key; leave CertificatePrivateKey out.");
        TRY(chain_read(upload->act, &source, &upload->certs));
        for (size_t i = 0; i < upload->certs.n; i++)
                if (!is_authority(&upload->certs.v[i]))
                        return act_fail(upload->act, ERR_CERT_CA,
                                        "%s is not a CA certificate; upload it with CertificateType SVR and its private key.",
                                        chain_name(upload->act, upload->certs.v[i].subject));
        upload->first = &upload->certs.v[0];
        return RES_OK;
}

res upload_read(struct upload *upload)
{
        if (!upload->is_bundle && upload->in->public_key.n > UPLOAD_CHAIN_BYTES)
                return act_fail(upload->act, ERR_CERT_PARSE, "%s is larger than %d KiB; send the certificate and its "
                                "intermediates only.", FIELD, UPLOAD_CHAIN_BYTES / 1024);
        return upload->is_bundle ? upload_read_bundle(upload) : upload_read_chain(upload);
}
