/*
 * Every message between the programs.  A frame is `struct msg_head`, a fixed struct named by head.type,
 * and a tail of exactly head.tail bytes, whose parts have their lengths in the fixed struct, in the order of
 * the members that name them.  All on one machine and of one build: native byte order, no pointers.
 * The receiver checks everything as if the sender were broken into (ipc/frame.h does the lengths; the values
 * are the receiver's business).  A reply carries the request's slot and type; head.err is the request's result,
 * and when it is not ERR_NONE the body is empty and the tail is a sentence for people.
 *
 * Secrets in a frame are wiped from the buffers by both sides after use.
 */
#pragma once

#include <stdint.h>

#include "base/limits.h"

enum msg_peer { /* programs, and the conversations of the server with each */
                MSG_PEER_PARENT,
                MSG_PEER_SERVER,
                MSG_PEER_SIGNER,
                MSG_PEER_VAULT,
                MSG_PEER_KEYMAKER, /* the second instance of the vault */
                MSG_PEER_PROBER,
                MSG_PEER_COUNT
};

enum msg_type {
        /* server -> signer */
        MSG_SIGNER_INFO = 1, /* what issuers are there */
        MSG_SIGNER_ISSUE,    /* one certificate */
        MSG_SIGNER_LISTENER, /* the listener's own certificate */
        MSG_SIGNER_CRL_BEGIN,
        MSG_SIGNER_CRL_ADD,
        MSG_SIGNER_CRL_END,
        MSG_SIGNER_OCSP,
        MSG_SIGNER_LOG, /* page through the issue log */
        MSG_SIGNER_HAS, /* which of these serial numbers are in it */
        /* server -> vault and key maker */
        MSG_VAULT_SEAL = 100,
        MSG_VAULT_OPEN,
        MSG_VAULT_MAKE_KEY, /* key maker only */
        MSG_VAULT_MAKE_CSR,
        MSG_VAULT_MAKE_SECRET, /* a new API key */
        MSG_VAULT_TC3_KEY,
        MSG_VAULT_V1_SIGN,
        MSG_VAULT_IMPORT_KEY, /* key maker only: reading a stranger's file and its password's rounds block nobody */
        /* server -> prober */
        MSG_PROBE = 200,
        /* parent <-> child, on the control channel */
        MSG_CONTROL_FD = 300, /* carries one descriptor (SCM_RIGHTS) */
        MSG_CONTROL_GO,       /* everything has been handed over: work */
        MSG_CONTROL_READY,    /* child -> parent; tail = text to print */
        MSG_CONTROL_STOP,     /* finish what is in flight and end */
        MSG_CONTROL_USER,     /* before GO: who to be from now on */
};

struct msg_head {
        uint32_t type; /* enum msg_type */
        uint32_t slot; /* chosen by the asker, given back by the answerer */
        uint32_t err;  /* enum err; 0 in requests */
        uint32_t body; /* bytes of the fixed struct */
        uint32_t tail; /* bytes after it */
};

/* ---- control ---------------------------------------------------------------------------------- */

enum msg_fd_kind {
        MSG_FD_PEER, /* one end of a conversation with .peer; replaces an earlier one */
        MSG_FD_TLS_LISTENER,
        MSG_FD_PUBLIC_LISTENER,
        MSG_FD_CONTROL_LISTENER, /* DIR/control.sock */
        MSG_FD_MASTER_KEY,       /* signer, vault and key maker only; read once, then closed */
        MSG_FD_LOCK,             /* DIR/lock, flocked */
        MSG_FD_CONFIG, /* --config's file, each time that it has changed: the signer takes issuance.off from it */
        MSG_FD_KIND_COUNT
};

struct msg_control_fd {
        uint32_t kind; /* enum msg_fd_kind */
        uint32_t peer; /* enum msg_peer */
};

struct msg_control_user { /* never root */
        uint32_t uid, gid;
};

/* ---- common ------------------------------------------------------------------------------------ */

enum msg_method { /* how a name was proved */
                  MSG_METHOD_NONE,
                  MSG_METHOD_DNS_TXT,
                  MSG_METHOD_DNS_CNAME,
                  MSG_METHOD_FILE,        /* http or https, BR 3.2.2.4.18 */
                  MSG_METHOD_HTTP_01,     /* RFC 8555 §8.3 */
                  MSG_METHOD_DNS_01,      /* RFC 8555 §8.4 */
                  MSG_METHOD_TLS_ALPN_01, /* RFC 8737 */
                  MSG_METHOD_APPROVED,    /* an operator's word: for closed networks */
                  MSG_METHOD_COUNT
};
const char *msg_method_name(int64_t method); /* "dns-txt", …: in issuance.off, and to whom an operator speaks; "" = none, unknown */

enum msg_key_type {
        MSG_KEY_NONE,
        MSG_KEY_RSA_2048,
        MSG_KEY_RSA_4096,
        MSG_KEY_EC_P256,
        MSG_KEY_EC_P384,
        MSG_KEY_SM2,      /* room for later */
        MSG_KEY_RSA_3072, /* roots */
        MSG_KEY_TYPE_COUNT
};

#define MSG_SERIAL_SIZE 16
#define MSG_HASH_SIZE 32
#define MSG_ISSUER_NAME 48 /* "dv-ecc": letters, digits, hyphens; NUL-padded */

/* ---- signer ------------------------------------------------------------------------------------- */

/* What the signer makes at its first start, {name, parent}; the catalogue may name these without being asked for more. */
#define MSG_BUILTIN_ISSUERS {{"root-ecc", ""}, {"root-rsa", ""}, {"dv-ecc", "root-ecc"}, {"dv-rsa", "root-rsa"}}

struct msg_signer_info_reply {
        uint32_t issuer_count; /* tail: that many struct msg_issuer, each followed by its certificate's DER */
};

struct msg_issuer {
        char name[MSG_ISSUER_NAME];   /* the issuer's key, in addresses: /ca/<name>.cer */
        char parent[MSG_ISSUER_NAME]; /* "" = a root */
        uint32_t key_type;            /* enum msg_key_type */
        uint32_t cert_len;
        int64_t not_after;
};

/* What the signer needs to judge by itself that a name was proved. */
struct msg_evidence {
        int64_t id;        /* the evidence row */
        int64_t proved_at; /* seconds */
        uint32_t method;   /* enum msg_method */
        uint32_t name_len; /* of the proved name, follows in the tail */
};

/*
 * Tail: spki DER, common name, `name_count` times {u8 length, name}, `evidence_count` times
 * {struct msg_evidence, name}.  A name is the exact A-label form, lower case; wildcard "*.x".
 * The same serial and request again give the same bytes again (from the signer's log).
 */
struct msg_signer_issue {
        uint8_t serial[MSG_SERIAL_SIZE]; /* top bit 0, made by the server, stored before it asks */
        char issuer[MSG_ISSUER_NAME];
        char profile[MSG_ISSUER_NAME];
        uint8_t profile_hash[MSG_HASH_SIZE]; /* SHA-256 of the profile's canonical text as the server knows it */
        int64_t not_before, not_after;       /* inclusive (RFC 5280 §4.1.2.5) */
        int64_t caa_checked_at;              /* time of the permitting verdict */
        uint32_t crl_shard;
        uint32_t spki_len, common_name_len, names_len, name_count, evidence_len, evidence_count;
};

struct msg_signer_issue_reply {
        uint32_t cert_len; /* tail: the certificate's DER */
        uint32_t repeated; /* 1: it was in the log already */
};

/* The listener's certificate: names come from the signer's own copy of server.name. Tail: spki DER. */
struct msg_signer_listener {
        uint32_t spki_len;
};
/* reply: struct msg_signer_issue_reply; tail: leaf DER, chain follows by INFO */

/* One list at a time: BEGIN forgets one that was not ended.  The signer writes the list for itself and gives what stands around the entries. */
struct msg_signer_crl_begin {
        char issuer[MSG_ISSUER_NAME];
        uint32_t shard;
        uint32_t entry_count; /* announced; END checks it */
        uint64_t number;      /* strictly rising a shard (RFC 5280 §5.2.3) */
        int64_t this_update, next_update;
};
struct msg_crl_entry {
        uint8_t serial[MSG_SERIAL_SIZE];
        uint32_t revoked_at; /* seconds since 1970, unsigned */
        uint32_t reason;     /* RFC 5280 §5.3.1; 0 = no extension */
};
struct msg_signer_crl_add {
        uint32_t entry_count; /* tail: that many struct msg_crl_entry */
};
struct msg_signer_crl_end_reply { /* tail: these three (pki/crl.h) */
        uint32_t fields_len, extensions_len, signature_len;
};

enum msg_ocsp_status { MSG_OCSP_GOOD, MSG_OCSP_REVOKED, MSG_OCSP_UNKNOWN };

struct msg_signer_ocsp {
        char issuer[MSG_ISSUER_NAME];
        uint8_t serial[20]; /* as asked, right-aligned */
        uint32_t serial_len;
        uint32_t hash_alg; /* 1 = SHA-1, 256 = SHA-256: of the cert id, echoed */
        uint32_t status;   /* enum msg_ocsp_status */
        uint32_t reason;
        int64_t revoked_at, this_update, next_update;
        uint32_t nonce_len; /* tail: nonce (RFC 9654), 0..32 */
};
struct msg_signer_ocsp_reply {
        uint32_t response_len; /* tail: OCSPResponse DER */
};

struct msg_signer_log {
        uint64_t offset; /* bytes into the issue log; 0 = the beginning */
};
struct msg_signer_log_reply {
        uint64_t next_offset; /* ask on from here; == offset: the end */
        uint32_t entry_count; /* tail: that many {struct msg_log_item, DER} */
};
struct msg_signer_has {
        uint32_t count; /* tail: that many serials; the reply has the same body, and a byte for each: 1 = signed here */
};
struct msg_log_entry { /* as it stands in DIR/log/issued.log, followed by the certificate */
        uint8_t serial[MSG_SERIAL_SIZE];
        uint8_t request_hash[MSG_HASH_SIZE]; /* of what the signer was asked for */
        int64_t signed_at;
        char issuer[MSG_ISSUER_NAME];
        char profile[MSG_ISSUER_NAME]; /* "listener" and "ocsp" are the signer's own: no order stands behind them */
        uint32_t cert_len;
        uint32_t zero;
};
struct msg_log_item {
        uint8_t chain[MSG_HASH_SIZE]; /* SHA-256 of: chain of the item before (zeros for the first), entry, DER */
        struct msg_log_entry entry;
};

/* ---- vault -------------------------------------------------------------------------------------- */

enum msg_object { /* what a ciphertext is; part of the AAD */
                  MSG_OBJECT_CERT_KEY =
                          1, /* PKCS#8 of a certificate's key, perhaps itself encrypted under a password */
                  MSG_OBJECT_API_SECRET,
                  MSG_OBJECT_LISTENER_KEY,
                  MSG_OBJECT_CSR_KEY,
                  MSG_OBJECT_EXTERNAL_KEY, /* HMAC key of an external account binding */
                  MSG_OBJECT_KEY_TEXT, /* a customer's key exactly as it was uploaded */
};

struct msg_vault_aad {
        int64_t account_id;
        int64_t object_id; /* row id of what owns it */
        uint32_t object;   /* enum msg_object */
        uint32_t version;  /* of the sealing, 1 */
};

struct msg_vault_seal { /* tail: plain */
        struct msg_vault_aad aad;
        uint32_t plain_len;
};
/* reply: no body; tail: sealed bytes */

struct msg_vault_open { /* tail: sealed; reply tail: plain.  The server logs the release before it asks. */
        struct msg_vault_aad aad;
        uint32_t sealed_len;
};

struct msg_vault_make_key { /* tail: password (may be empty), common name, subject */
        struct msg_vault_aad aad;
        uint32_t key_type;      /* enum msg_key_type */
        uint32_t password_len;  /* > 0: only the PKCS#8 encrypted under it is kept (PKP-01, CON-39) */
        uint32_t csr_names_len; /* tail after the password: common name's bytes for the CSR; 0 = no CSR */
        uint32_t subject_len;   /* tail after that: DER of the CSR's subject; 0 = the common name alone */
};
struct msg_vault_make_key_reply { /* tail: spki DER, sealed key, CSR DER */
        uint32_t spki_len, sealed_len, csr_len;
};

/*
 * A key that the customer brings, in any form of pki_key_import().  It is sealed twice: as PKCS#8 (under the password
 * again where it was encrypted), and as the text that came, byte for byte.
 */
struct msg_vault_import_key { /* tail: key, password (may be empty) */
        struct msg_vault_aad aad;
        uint32_t key_len, password_len;
};
struct msg_vault_import_key_reply { /* tail: spki DER, sealed PKCS#8, sealed text (object MSG_OBJECT_KEY_TEXT) */
        uint32_t key_type;          /* enum msg_key_type; NONE: RSA of a size that we do not make */
        uint32_t encrypted;         /* 1: opens with the password only */
        uint32_t spki_len, sealed_len, text_len;
};

struct msg_vault_make_csr { /* tail: sealed, common name; reply tail: CSR DER */
        struct msg_vault_aad aad;
        uint32_t sealed_len, common_name_len;
};

struct msg_vault_make_secret {
        struct msg_vault_aad aad;
};
struct msg_vault_make_secret_reply { /* tail: sealed */
        char secret_key[33];         /* 32 alphanumerics, shown once */
        uint32_t sealed_len;
};

struct msg_vault_tc3_key { /* tail: sealed secret, service */
        struct msg_vault_aad aad;
        uint32_t sealed_len, service_len;
        char date[11];
};
struct msg_vault_tc3_key_reply {
        uint8_t key[32];
};

struct msg_vault_v1_sign { /* tail: sealed secret, text to sign */
        struct msg_vault_aad aad;
        uint32_t sealed_len, text_len;
        uint32_t hash; /* 1 = SHA-1, 256 = SHA-256 */
};
struct msg_vault_v1_sign_reply {
        uint8_t mac[32];
        uint32_t mac_len;
};

/* ---- prober ------------------------------------------------------------------------------------- */

enum msg_probe_kind {
        MSG_PROBE_TXT,   /* is `expected` one whole TXT string of `name`? */
        MSG_PROBE_CNAME, /* is `expected` the target of the CNAME at `name`? (case and final dot do not count) */
        MSG_PROBE_FILE, /* http, then https: GET /.well-known/pki-validation/fileauth.txt on `name`, 200, body == expected
                              (blanks and line ends after it do not count), no redirect */
        MSG_PROBE_CAA, /* RFC 8659 for `name` (wildcard "*.x" asks issuewild); identities in `expected`, comma-separated */
        MSG_PROBE_HTTP_01,     /* RFC 8555 §8.3: expected = the key authorization; name may be an address (RFC 8738 §3) */
        MSG_PROBE_TLS_ALPN_01, /* RFC 8737 §3: the same */
        MSG_PROBE_KIND_COUNT
};

enum msg_verdict {
        MSG_VERDICT_PASS,
        MSG_VERDICT_ABSENT,          /* no such record, no such file (404), no CNAME (DIAG-03) */
        MSG_VERDICT_DIFFERENT,       /* there, but with another value (DIAG-02) */
        MSG_VERDICT_UNREACHABLE,     /* time-out, refused, no address, no name servers (DIAG-05) */
        MSG_VERDICT_REDIRECT,        /* 3xx (DIAG-09) */
        MSG_VERDICT_STATUS,          /* another status than 200 */
        MSG_VERDICT_BOGUS,           /* DNSSEC validation failed */
        MSG_VERDICT_REFUSED_ADDRESS, /* every address is one that the prober may not reach */
        MSG_VERDICT_FORBIDDEN,       /* CAA: no */
        MSG_VERDICT_UNKNOWN,         /* CAA: could not be found out, and the zone is not proved insecure */
        MSG_VERDICT_TLS,             /* tls-alpn-01: no such protocol, or a certificate that is not the challenge's */
        MSG_VERDICT_COUNT
};

enum msg_dnssec { MSG_DNSSEC_INSECURE, MSG_DNSSEC_SECURE, MSG_DNSSEC_BOGUS, MSG_DNSSEC_OFF };

struct msg_probe {     /* tail: name, expected, account uri, validation method's name (RFC 8657) */
        uint32_t kind; /* enum msg_probe_kind */
        uint32_t name_len, expected_len, account_uri_len, method_len;
        uint32_t time_ms; /* whole budget, at most LIMIT_PROBE_TOTAL_MS */
};
struct msg_probe_reply {  /* tail: detail, then value_count times {u8 length, value} */
        uint32_t verdict; /* enum msg_verdict */
        uint32_t dnssec;  /* enum msg_dnssec */
        uint32_t http_status;
        uint32_t detail_len;  /* one sentence for people: what was asked where and what came back */
        uint32_t value_count; /* found values, cut to LIMIT_PROBE_VALUE_BYTES */
        uint32_t values_len;
        char address[46]; /* that the answer came from, "" for DNS */
};
