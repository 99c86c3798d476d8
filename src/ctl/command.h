/*
 * What a subcommand is: a row with its options, from which parsing, help, completion and the manual pages are
 * made, and a function that runs it.  Options are looked up by name; a name that is not in the row is our own mistake.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/res.h"

#define CTL_VALUES_MAX 64    /* options given in one command: far over the number that exist */
#define CTL_ARGUMENTS_MAX 128 /* ids given to delete or cancel at once */
#define CTL_WHY_SIZE 1024

struct ctl;

struct ctl_option {
        const char *name;    /* "--json"; NULL ends the list */
        char letter;         /* 'o' for -o; 0 = none */
        const char *value;   /* what stands after it, in the help; NULL = a flag */
        const char *choices; /* "dns|file"; NULL = any text */
        const char *help;
};

struct ctl_command {
        const char *name;      /* "apply", "account create"; NULL ends the table */
        const char *arguments; /* "DOMAIN", in the help */
        size_t least_arguments, most_arguments;
        const char *summary;   /* one line */
        const char *text;      /* what else to know; NULL = nothing */
        const struct ctl_option *options;
        res (*run)(struct ctl *ctl); /* NULL: the parent runs it (serve) */
        bool is_client;        /* takes the options of credentials.c too */
};

struct ctl_value {
        const struct ctl_option *option;
        const char *text; /* NULL for a flag */
};

struct ctl {
        struct arena *arena;
        const struct ctl_command *command;
        struct ctl_value values[CTL_VALUES_MAX];
        size_t value_count;
        const char *arguments[CTL_ARGUMENTS_MAX];
        size_t argument_count;
        char why[CTL_WHY_SIZE]; /* the line for stderr when the command fails */
};

/* commands.c */
extern const struct ctl_command ctl_commands[];
extern const struct ctl_option ctl_client_options[]; /* shared by all commands that call the API */

/* args.c.  ERR_USAGE with a sentence in ctl->why. */
MUST res args_parse(struct ctl *ctl, int argc, char **argv);
/* ERR_USAGE: there is no such command; where others begin with the word, those. */
MUST res args_unknown(struct ctl *ctl, const char *word);
/* Step through the options of a command, shared ones included: NULL at the end. */
const struct ctl_option *args_option_at(const struct ctl_command *command, size_t i);
bool args_has(const struct ctl *ctl, const char *name);
const char *args_text(const struct ctl *ctl, const char *name);                 /* the last one given; NULL = not given */
const char *args_text_at(const struct ctl *ctl, const char *name, size_t i);    /* the i-th one given; NULL past the end */
MUST res args_int(struct ctl *ctl, const char *name, int64_t default_value, int64_t *ret_value); /* ERR_USAGE */

/* Note the line for people and return the failure. */
MUST res ctl_fail(struct ctl *ctl, enum err code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The subcommands, each in the file of its name. */
MUST res account_create_run(struct ctl *ctl);
MUST res api_run(struct ctl *ctl);
MUST res apply_run(struct ctl *ctl);
MUST res audit_run(struct ctl *ctl);
MUST res reconcile_run(struct ctl *ctl);
MUST res replace_run(struct ctl *ctl);
MUST res replace_status_run(struct ctl *ctl);
MUST res replace_stop_run(struct ctl *ctl);
MUST res cancel_run(struct ctl *ctl);
MUST res label_run(struct ctl *ctl);
MUST res upload_back_run(struct ctl *ctl);
MUST res project_add_run(struct ctl *ctl);
MUST res project_list_run(struct ctl *ctl);
MUST res project_set_run(struct ctl *ctl);
MUST res completion_run(struct ctl *ctl);
MUST res csr_create_run(struct ctl *ctl);
MUST res csr_delete_run(struct ctl *ctl);
MUST res csr_generate_run(struct ctl *ctl);
MUST res csr_list_run(struct ctl *ctl);
MUST res csr_show_run(struct ctl *ctl);
MUST res delete_run(struct ctl *ctl);
MUST res download_run(struct ctl *ctl);
MUST res eab_create_run(struct ctl *ctl);
MUST res eab_delete_run(struct ctl *ctl);
MUST res eab_list_run(struct ctl *ctl);
MUST res help_run(struct ctl *ctl);
MUST res list_run(struct ctl *ctl);
MUST res show_run(struct ctl *ctl);
MUST res check_chain_run(struct ctl *ctl);
MUST res ignore_run(struct ctl *ctl);
MUST res import_run(struct ctl *ctl);
MUST res upload_run(struct ctl *ctl);
MUST res submit_run(struct ctl *ctl);
MUST res verify_run(struct ctl *ctl);
MUST res version_run(struct ctl *ctl);
MUST res wait_run(struct ctl *ctl);
MUST res account_credit_run(struct ctl *ctl);
MUST res account_home_run(struct ctl *ctl);
MUST res account_package_run(struct ctl *ctl);
MUST res account_approve_run(struct ctl *ctl);
MUST res account_revoke_run(struct ctl *ctl);
MUST res account_set_run(struct ctl *ctl);
MUST res account_show_run(struct ctl *ctl);
MUST res balance_run(struct ctl *ctl);
MUST res buy_run(struct ctl *ctl);
MUST res catalogue_check_run(struct ctl *ctl);
MUST res catalogue_reload_run(struct ctl *ctl);
MUST res catalogue_run(struct ctl *ctl);
MUST res orders_auto_renew_run(struct ctl *ctl);
MUST res orders_close_run(struct ctl *ctl);
MUST res orders_pay_run(struct ctl *ctl);
MUST res orders_refund_run(struct ctl *ctl);
MUST res orders_run(struct ctl *ctl);
MUST res quota_external_run(struct ctl *ctl);
MUST res quota_run(struct ctl *ctl);
MUST res renew_run(struct ctl *ctl);
MUST res upgrade_run(struct ctl *ctl);
/* Life after issue. */
MUST res bind_run(struct ctl *ctl);
MUST res history_run(struct ctl *ctl);
MUST res reissue_run(struct ctl *ctl);
MUST res review_run(struct ctl *ctl);
MUST res revocations_run(struct ctl *ctl);
MUST res revoke_run(struct ctl *ctl);
