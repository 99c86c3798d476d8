/* The checks of single settings, and what they store; private to conf.c.  Each `why` is a half sentence: "must be …". */
#pragma once

#include "base/arena.h"
#include "base/conf.h"

/* Each writes its field only on success; ERR_CONFIG with *ret_why otherwise. */
typedef res conf_check(struct arena *arena, const char *text, void *field, const char **ret_why);

conf_check conf_check_listen;   /* struct conf_addr: host:port, [v6]:port; port 0 = any free one */
conf_check conf_check_resolver; /* struct conf_addr: literal address and port, or empty */
conf_check conf_check_names;    /* struct conf_list: host names and addresses */
conf_check conf_check_domains;  /* struct conf_list: domain names */
conf_check conf_check_domain;   /* char *: one domain name, or empty */
conf_check conf_check_words;    /* struct conf_list: letters, digits, '.', '_', '-' */
conf_check conf_check_cidrs;    /* struct conf_list: address or address/bits */
conf_check conf_check_dates;    /* struct conf_list: YYYY-MM-DD */
conf_check conf_check_url;      /* char *: http://…, slashes at the end are cut */
conf_check conf_check_page;     /* char *: http:// or https://…, kept as it is; NULL = empty */
conf_check conf_check_path;     /* char * */
conf_check conf_check_master;   /* char *: path, or credential:NAME */
conf_check conf_check_zone;     /* char *: name of a time zone */
conf_check conf_check_port;     /* uint16_t */
conf_check conf_check_days;     /* int64_t: 1 to 3650 */
conf_check conf_check_uid;      /* int64_t: the first of a few user numbers */
conf_check conf_check_switch;   /* bool: on, off */
conf_check conf_check_required; /* bool: required, optional */
