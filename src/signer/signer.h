/*
 * chancery-signer: the only program with CA keys.  It judges every request by its own copy of the profiles, its own
 * clock and its own log, builds the bytes itself, and never signs bytes handed to it.
 */
#pragma once

#include "base/conf.h"
#include "ipc/answer.h"
#include "pki/alg.h"
#include "pki/crl.h"
#include "pki/profile.h"
#include "signer/authority.h"
#include "signer/journal.h"

#define SIGNER_MAGIC 0x5369676eu
#define SIGNER_CLOCK_BACK_SEC \
        300                 /* a clock that went back further than this since the last signature is not believed */
#define SIGNER_FUTURE_SEC 5 /* what is dated later than that is from the future: one machine, one clock */
#define SIGNER_BACKDATE_SEC (48 * 3600) /* BR 7.1.2.7: notBefore within 48 h of signing */

/* The list being built (MSG_SIGNER_CRL_*). */
struct signer_crl {
        struct pki_crl *crl;                   /* its memory serves one list after the other; NULL before the first */
        const struct authority_issuer *issuer; /* NULL: no list was begun */
        uint32_t announced;
};

#define SIGNER_OFF_WORDS 64
#define SIGNER_OFF_BYTES 4096

struct signer_off {                  /* issuance.off as it is in force */
        char text[SIGNER_OFF_BYTES]; /* the words, each with a NUL behind it */
        const char *word[SIGNER_OFF_WORDS];
        size_t count;
        bool pinned; /* given by --set: the file has no say */
};

struct signer {
        uint32_t magic;
        int argc;
        char **argv;
        struct conf *conf;
        struct msg_control_user user; /* to be from before the log is opened on; uid 0: nobody else */
        struct signer_off off;
        struct pki_kit *kit;
        struct pki_profiles profiles;
        struct authority *authority;
        struct journal *journal;
        struct signer_crl crl;
        struct buf tbs, der; /* scratch of the request at hand */
};

/* The whole life of the program. */
int signer_main(int argc, char **argv);

/*
 * Everything between the settings and the jail: profiles, log, CA; what is not there yet is made.  signer->conf is given.
 * signer_done() frees the half-built too, and conf.
 */
MUST res signer_open(struct signer *signer, const uint8_t *seal_key, struct buf *why);
void signer_done(struct signer *signer);

/* One request of any type; context is the signer. */
MUST res signer_handle(void *context, const struct frame *request, struct answer *answer);

/* One request each; the answer is only sent after journal_sync(). */
MUST res signer_issue(struct signer *signer, const struct frame *request, struct answer *answer);
MUST res signer_listener(struct signer *signer, const struct frame *request, struct answer *answer);
MUST res signer_crl_begin(struct signer *signer, const struct frame *request, struct answer *answer);
MUST res signer_crl_add(struct signer *signer, const struct frame *request, struct answer *answer);
MUST res signer_crl_end(struct signer *signer, const struct frame *request, struct answer *answer);
void signer_crl_forget(struct signer *signer);
MUST res signer_ocsp(struct signer *signer, const struct frame *request, struct answer *answer);
MUST res signer_info(struct signer *signer, const struct frame *request, struct answer *answer);
MUST res signer_log(struct signer *signer, const struct frame *request, struct answer *answer);
MUST res signer_has(struct signer *signer, const struct frame *request, struct answer *answer);

/* A responder that is good for a while; makes one when it must. */
MUST res signer_responder(struct signer *signer, const struct authority_issuer *issuer);

/*
 * issuance.off of the settings, and again whenever the parent brings the changed configuration file (MSG_FD_CONFIG).  A file
 * that cannot be read leaves in force what was; more words than there is room for switch off everything.
 */
void signer_off_begin(struct signer *signer);
void signer_off_read(struct signer *signer, int config_fd);
bool signer_is_off(const struct signer *signer, const char *word);

/* What a certificate made in this program is, for building, linting, signing and logging it (issue.c). */
struct signer_order {
        const struct pki_profile *profile;
        const struct authority_issuer *issuer;
        uint8_t serial[MSG_SERIAL_SIZE];
        uint8_t request_hash[MSG_HASH_SIZE];
        int64_t not_before, not_after, now;
        uint32_t crl_shard;
        struct bytes spki;
        struct bytes key_id, subject; /* CA and OCSP kinds */
        struct str common_name;
        const struct str *names;
        size_t name_count;
};
/* Build, lint, sign into signer->der, and add to the journal.  ERR_LINT and ERR_ISSUE_REFUSED say why in `why`. */
MUST res signer_make(struct signer *signer, const struct signer_order *order, struct buf *why);
