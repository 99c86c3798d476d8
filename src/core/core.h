/*
 * What every act shares: the settings, the store, the conversations with the other programs, and the
 * immutable snapshots.  One struct core lives in the server from start to stop; tests build one of their own.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/res.h"
#include "core/outside.h"

struct account_cache;
struct acme_account_cache;
struct authorization_queue;
struct bell;
struct catalogue;
struct channel;
struct domain_rules;
struct issue_queue;
struct issuers;
struct job_runner;
struct ocsp_cache;
struct rate;
struct store;
struct weak_file;
struct writer;

struct core {
        const struct conf *conf;
        struct store *store;
        struct writer *writer;          /* for those who do not wait until it is stored */
        struct channel *signer, *vault, *keymaker, *prober; /* NULL in tests that need none */
        struct catalogue *catalogue;    /* the current snapshot; acts read it by act_catalogue() */
        pthread_mutex_t catalogue_lock; /* held to take hold of it and to swap it; all zero = unlocked */
        struct domain_rules *domains;   /* public suffix list and names.private-suffixes */
        struct weak_file *weak_keys;    /* of Debian's generator, as installed; NULL in tests that need none */
        struct issuers *issuers;
        struct account_cache *accounts;
        struct issue_queue *issue;
        struct job_runner *jobs;
        struct ocsp_cache *ocsp;        /* NULL: nothing is kept */
        char cname_secret[44];          /* what kept CNAMEs are derived from: 256 bits */
        struct acme_account_cache *acme_accounts;
        struct authorization_queue *authorizations; /* challenges being looked at */
        struct bell *bell;              /* rung when a certificate or an authorization has come to an end */
        struct rate *rate;
        char node[37];                  /* this process' name in leases */
        atomic_bool stopping;           /* what takes long gives up */
        struct outside outside;         /* request threads that wait for the outside world */
        struct outside finishing;       /* and for the round of issue */
        atomic_llong finding_count;     /* what signer and database do not agree about (core/reconcile) */
};
