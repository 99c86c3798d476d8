/*
 * Every limit, with its reason.  Anything that a client can make grow has one here.
 */
#pragma once

/* -- text and logs -- */
#define LIMIT_LOG_VALUE 200  /* longest foreign value in a log line: enough to see it, too short to flood */
#define LIMIT_ERR_DETAIL 512 /* longest sentence for people in an error */

/* -- HTTP -- */
#define LIMIT_HTTP_BODY \
        (256 * 1024) /* largest JSON body: a full submission is under 32 KB, a certificate chain under 64 KB */
#define LIMIT_QUICK_BODY 4096 /* of what is answered on the listener's thread: read and hashed in 15 µs */
/*
 * A body over that is read to its end and thrown away up to here, so that its sender hears why: whoever is cut off while
 * sending sees a broken connection instead.  The public API takes 10 MB.
 */
#define LIMIT_HTTP_DRAIN (16 * 1024 * 1024)
#define LIMIT_HTTP_URI (32 * 1024)         /* the API promises 32 KB for GET (api.md §1.1) */
#define LIMIT_HTTP_CONNECTIONS 8192        /* the most costly one holds 64 KB of a request and 64 KB of records: 1 GB at worst */
#define LIMIT_HTTP_REFUSED_CONNECTIONS 256 /* beyond the limit, so that they hear 503 instead of nothing */
#define LIMIT_HTTP_CONNECTION_BYTES \
        (64 * 1024) /* an address of 32 KB and the headers */
#define LIMIT_HTTP_PUBLIC_BYTES (20 * 1024) /* an OCSP request in an address and the headers */
#define LIMIT_HTTP_HEADERS 500              /* of one request: each is looked through for each that is asked for */
#define LIMIT_HTTP_CHUNK_DIGITS 8           /* of the size of one chunk, in hexadecimal */
#define LIMIT_HTTP_CHUNK_EXTRA 4096         /* bytes of chunk extensions and trailers of one body, which nobody here reads */
#define LIMIT_HTTP_REQUEST_MS 120000        /* for one whole request: a client that trickles is not idle */
#define LIMIT_HTTP_IDLE_SEC 60 /* as long as an SDK keeps a connection; a reply goes on by LIMIT_HTTP_SLICE in it */
#define LIMIT_HTTP_SLICE (64 * 1024) /* of a reply is made into records, or must be taken, at a time */
#define LIMIT_HTTP_LINGER_MS 5000    /* for a client that was refused in the middle to stop sending and read why */
#define LIMIT_REQUEST_ARENA (16 * 1024 * 1024) /* a list of 1,000 certificates is about 3 MB */
#define LIMIT_REPLY_BYTES (16 * 1024 * 1024)
#define LIMIT_JSON_DEPTH 16 /* the deepest message of the API has 5 levels */

/* -- authentication (api.md §1.1) -- */
#define LIMIT_AUTH_WINDOW_SEC 300
#define LIMIT_AUTH_HEADER 2048
#define LIMIT_KEY_CACHE_SEC 60       /* a key disabled on another node stops working within a minute */
#define LIMIT_KEY_CACHE_ENTRIES 4096 /* keys in use within a minute; more only cost a look into the database */
#define LIMIT_ACCOUNT_NAME_BYTES 200

/* -- ipc -- */
#define LIMIT_IPC_FRAME (128 * 1024) /* SOCK_SEQPACKET needs the whole frame in the socket buffer at once */
#define LIMIT_IPC_SLOTS 1024         /* requests in flight on one channel */
#define LIMIT_IPC_SIGN_MS 10000
/* A probe ends by itself within 10 s; SDKs give up after 60 s (api.md §10.13), and a client that gave up may ask twice. */
#define LIMIT_IPC_PROBE_MS 30000
#define LIMIT_IPC_KEY_MS 30000 /* RSA-4096 takes seconds on a busy machine; well below 60 s for the same reason */

/* -- names -- */
#define LIMIT_NAME_BYTES 253         /* RFC 1035 §2.3.4 */
#define LIMIT_BOUND_NAME_BYTES 64    /* DOM-16, CON-10 */
#define LIMIT_TYPED_NAME_BYTES 1024  /* 253 characters as a person types them, before A-labels */
#define LIMIT_CERTIFICATE_ID_TEXT 64 /* an id has 8 characters; what is longer than this is a mistake */
#define LIMIT_NAME_LEVELS 100        /* DOM-17 */
#define LIMIT_NAMES_PER_CERT 100     /* SIL-47 */
#define LIMIT_ALIAS_CHARS 200        /* FREE-13 */
#define LIMIT_REASON_CHARS 200       /* SIL-22: of a revocation, a reissue, a reviewer's note */
#define LIMIT_EMAIL_BYTES 254        /* RFC 5321 §4.5.3.1.3 */
#define LIMIT_PASSWORD_BYTES 64      /* key password: keytool and IIS take no more in their dialogs */
#define LIMIT_PROJECTS 1000          /* of an account: what the public API lists at once */
#define LIMIT_PROJECT_CHARS 64       /* its name; what it is for may be as long as an alias */
#define LIMIT_TAGS 50
#define LIMIT_TAG_BYTES 128

/* -- orders -- */
#define LIMIT_ORDER_UNPAID_SEC (7 * 86400LL) /* an order that nobody pays closes after a week; its price stands so long */
#define LIMIT_ORDER_SWEEP_SEC 60
#define LIMIT_CLIENT_TOKEN_BYTES 64
#define LIMIT_MONEY_MINOR (1000000000000LL) /* ten thousand millions: far below where sums of them overflow */

/* -- validation -- */
#define LIMIT_TOKEN_RANDOM 40      /* SIL-51: 40 of 36 letters = 206 random bits, over the 112 of BR 1.6.1 */
#define LIMIT_DEADLINE_FREE_DAYS 3 /* CON-01 */
#define LIMIT_POLL_FAST_SEC 60     /* SIL-10: every minute in the first hour … */
#define LIMIT_POLL_SLOW_SEC 600    /* … every ten minutes later */
#define LIMIT_POLL_FAST_FOR_SEC 3600
#define LIMIT_VERIFY_BUTTON_SEC 10   /* SIL-10: a person may ask once in 10 s */
#define LIMIT_CAA_AGE_SEC (8 * 3600) /* BR 4.2.2.1 */
#define LIMIT_EVIDENCE_AGE_SEC \
        (397LL * 86400) /* the product's 13 months (DCV-33); a public profile will say 200/100/10 days */
#define LIMIT_PROBE_BODY (64 * 1024)
#define LIMIT_PROBE_HEADERS (16 * 1024)
#define LIMIT_PROBE_TOTAL_MS 10000
#define LIMIT_PROBE_CNAMES 10
#define LIMIT_PROBES_RUNNING 384 /* a hostile peer costs up to 150 KB for 10 s: under 60 MB */
#define LIMIT_PROBE_VALUES 8     /* found values shown to the customer */
#define LIMIT_PROBE_VALUE_BYTES 100

/* -- certificates -- */
#define LIMIT_CERT_BYTES (32 * 1024) /* 100 names of 64 bytes and every extension are under 9 KB */
#define LIMIT_CSR_BYTES (16 * 1024)
#define LIMIT_WEAK_LIST_BYTES (256 * 1024 * 1024) /* Debian's keys of one size are 6 MB of text; all that were ever published fit */
#define LIMIT_CSR_ENTRIES 10000 /* an account's library: its list is sorted and counted by index alone */
#define LIMIT_BINDINGS 1000   /* of a certificate: one row each, read whole before it is revoked or deleted */
#define LIMIT_RESOURCE_TYPE_BYTES 32
#define LIMIT_RESOURCE_ID_CHARS 200
#define LIMIT_TASK_CERTIFICATES 100 /* the public API's own bound for look-ups and deletions */
#define LIMIT_CRL_SHARD 50000 /* certificates a CRL shard: about 2 MB when all are revoked */
#define LIMIT_OCSP_CACHE 16384 /* signed answers in memory, about 1.3 KB each: 21 MB when full */
#define LIMIT_OCSP_WAITING 1024 /* questions that wait for a signature: what is signed in 50 ms */
#define LIMIT_ISSUE_BATCH 64  /* certificates that one issue round carries */

/* -- ACME -- */
#define LIMIT_ACME_CONTACTS 10
#define LIMIT_ACME_ORDER_SEC (7 * 86400)          /* an order that nobody finishes */
#define LIMIT_ACME_PENDING_SEC (7 * 86400)        /* an authorization that nobody proves */
#define LIMIT_ACME_VALID_SEC (30LL * 86400)       /* and one that was proved: after it, the evidence is asked */
#define LIMIT_ACME_CAA_FRESH_SEC 3600             /* a CAA verdict from the challenge serves finalize this long (BR 4.2.2.1 allows 8 h) */
#define LIMIT_ACME_LOOKS 4096                     /* challenges looked at or waiting for it, 1 KB each; more hear rateLimited */
#define LIMIT_ACME_LOOKS_WAITING 128              /* of them of one account */
#define LIMIT_ACME_LOOKS_ACCOUNT 16               /* of them at once of one account, so that a hostile target holds up its owner alone */
#define LIMIT_ACME_NONCES (1 << 20)               /* nonces that are good at once: minutes of the highest rate, 128 KB */
#define LIMIT_ACME_WRITING 4096                   /* requests that write or wait for an outcome, some 30 KB each; half for whoever comes … */
#define LIMIT_ACME_WRITING_ACCOUNT 256            /* … and of the other half an account has these; more hear 503 */
#define LIMIT_EXTERNAL_ACCOUNTS 100               /* of one account */

/* -- lists (api.md §6) -- */
#define LIMIT_LIST_DEFAULT 10
#define LIMIT_LIST_MAX 1000
#define LIMIT_LOGS_DEFAULT 20
#define LIMIT_LOGS_DAYS 15
