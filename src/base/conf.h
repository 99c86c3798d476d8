/*
 * Settings: an INI file (--config) and --set section.key=value, the later winning.  The table in
 * conf.c is the list of what exists, with its default and its check; docs/configuration.md is generated
 * from it.  Every program reads the same arguments and takes what concerns it.
 */
#pragma once

#include "base/buf.h"
#include "base/res.h"
#include "base/str.h"

struct conf_addr { /* addr:port, [v6]:port or host:port of a listener */
        char host[256];
        uint16_t port;
};

struct conf_list { /* comma- or blank-separated values */
        char **v;
        size_t n;
};

struct conf {
        char held_data[32], held_catalogue[32]; /* behind data_dir and catalogue_dir where they are held open */
        const char *data_dir; /* --data; what sandbox_take_user() made of it */
        struct conf_addr server_listen, public_listen;
        struct conf_list server_name;         /* empty = localhost, 127.0.0.1, ::1 and the host's name */
        char *public_url;                     /* no slash at the end; default http://<host name>:8080 */
        char *keys_master;                    /* path, or credential:NAME; NULL = DIR/keys/master */
        const char *keys_blocked_list;        /* file of fingerprints; NULL = none */
        const char *catalogue_dir;            /* default: place_of(…) */
        struct conf_addr validation_resolver; /* host "" = iterate from the root */
        char *validation_trust_anchor;        /* file, "none", or NULL = the DNS root's */
        uint16_t validation_http_port, validation_https_port, validation_alpn_port;
        struct conf_list validation_allow; /* CIDRs, checked when read */
        char *validation_cname_zone;       /* NULL = none */
        bool validation_file;
        struct conf_list names_private_suffixes;
        int64_t ca_max_days;
        struct conf_list ca_caa_identities;
        struct conf_list issuance_off; /* issuer, profile or method names */
        bool acme_external_account_required;
        char *acme_terms; /* address of the terms of service; NULL = there are none */
        bool limits_rate;
        char *calendar_zone;
        struct conf_list calendar_holidays;
        int64_t users_base;
        char *test_clock; /* test builds only */
};

/*
 * Read argv from argv[first] on: --data DIR, --config FILE, --set s.k=v.  On failure the sentence for
 * people is in why.  ERR_CONFIG (unknown or bad setting: names it and its place), ERR_USAGE (arguments).
 */
MUST res conf_load(int argc, char **argv, int first, struct conf **ret_conf, struct buf *why);
void conf_free(struct conf *conf);
/* One row of the table, for the documentation and the completion: NULL past the end. */
struct conf_setting {
        const char *name; /* "server.listen" */
        const char *default_text;
        const char *help;
};
const struct conf_setting *conf_setting_at(size_t i);
