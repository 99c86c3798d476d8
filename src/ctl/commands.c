/*
 * The table of subcommands.  Help, completion and the manual pages are made from it, so what stands here is
 * what people read.
 */
#include "ctl/command.h"
#include "ctl/eab_lines.h"

#define JSON_OPTION {"--json", 0, NULL, NULL, "Print JSON instead of text for people."}
#define END_OPTION {NULL, 0, NULL, NULL, NULL}

const struct ctl_option ctl_client_options[] = {
        {"--credentials", 0, "FILE", NULL, "Where SecretId and SecretKey stand (default ~/.config/chancery/credentials)."},
        {"--endpoint", 0, "URL", NULL, "The server (default https://127.0.0.1:8443)."},
        {"--ca", 0, "FILE", NULL, "The root that the server's certificate must lead to (default DIR/root.pem)."},
        {"--data", 0, "DIR", NULL, "A server's data directory on this machine, to find root.pem in."},
        JSON_OPTION,
        END_OPTION,
};

static const struct ctl_option serve_options[] = {
        {"--data", 0, "DIR", NULL, "Where everything is kept; made when missing."},
        {"--config", 0, "FILE", NULL, "Settings in INI form; see `chancery help settings`."},
        {"--set", 0, "SECTION.KEY=VALUE", NULL, "One setting; a later one wins."},
        END_OPTION,
};

static const struct ctl_option account_create_options[] = {
        {"--data", 0, "DIR", NULL, "The data directory of the running server."},
        {"--name", 0, "NAME", NULL, "The account's name."},
        {"--role", 0, "ROLE", "user|reviewer|operator|auditor", "Role of its first user (default user)."},
        {"--identity", 0, "KIND", "individual|enterprise", "Kind of applicant (default individual)."},
        {"--level", 0, "LEVEL", "standard|v1|v2", "Membership level (default standard)."},
        {"--verified", 0, NULL, NULL, "The identity has been verified."},
        {"--balance", 0, "MINOR-UNITS", NULL, "Money on the account, in the smallest unit (default 0)."},
        {"--save", 0, "FILE", NULL, "Write a credentials file as well."},
        {"--endpoint", 0, "URL", NULL, "The server's address for that file (default: as the server names itself)."},
        JSON_OPTION,
        END_OPTION,
};

#define OPERATOR_DATA {"--data", 0, "DIR", NULL, "The data directory of the running server."}

static const struct ctl_option account_set_options[] = {
        OPERATOR_DATA,
        {"--identity", 0, "KIND", "individual|enterprise", "Kind of applicant."},
        {"--level", 0, "LEVEL", "standard|v1|v2", "Membership level."},
        {"--name", 0, "NAME", NULL, "The account's name."},
        {"--verified", 0, "ANSWER", "yes|no", "The identity has been verified."},
        {"--older-allowance", 0, "ANSWER", "yes|no", "An enterprise that keeps its older allowance of free certificates."},
        {"--free-packages", 0, "NUMBER", NULL, "Free certificates on top of the allowance."},
        {"--disabled", 0, "ANSWER", "yes|no", "Its keys stop working."},
        JSON_OPTION,
        END_OPTION,
};

static const struct ctl_option account_credit_options[] = {
        OPERATOR_DATA,
        {"--note", 0, "TEXT", NULL, "What for; the account reads it."},
        JSON_OPTION,
        END_OPTION,
};

static const struct ctl_option account_home_options[] = {
        OPERATOR_DATA,
        {"--add", 0, "DOMAIN", NULL, "May be given more than once."},
        {"--remove", 0, "DOMAIN", NULL, "May be given more than once."},
        JSON_OPTION,
        END_OPTION,
};

static const struct ctl_option account_package_options[] = {
        OPERATOR_DATA,
        {"--days", 0, "NUMBER", NULL, "Until it expires (default three years)."},
        JSON_OPTION,
        END_OPTION,
};

static const struct ctl_option account_approve_options[] = {
        OPERATOR_DATA,
        {"--days", 0, "NUMBER", NULL, "For how long, 1 to 397 (default 90)."},
        JSON_OPTION,
        END_OPTION,
};

static const struct ctl_option account_revoke_options[] = {
        OPERATOR_DATA,
        {"--reason", 0, "TEXT", NULL, "Why; the owner reads it. Wanted."},
        {"--code", 0, "WORD", NULL, "What the list says: unspecified, keyCompromise, affiliationChanged, superseded, …"},
        JSON_OPTION,
        END_OPTION,
};

static const struct ctl_option operator_options[] = {
        OPERATOR_DATA,
        JSON_OPTION,
        END_OPTION,
};

static const struct ctl_option buy_options[] = {
        {"--names", 0, "NUMBER", NULL, "How many names it may bind (default 1)."},
        {"--years", 0, "NUMBER", NULL, "For how many years (default 1)."},
        {"--auto-renew", 0, NULL, NULL, "Buy the next term by itself when the balance covers it."},
        {"--unpaid", 0, NULL, NULL, "Order only; `chancery orders pay` pays within a week."},
        {"--project", 0, "NUMBER", NULL, "Project id."},
        {"--tag", 0, "KEY=VALUE", NULL, "A tag for the certificate; may be given more than once."},
        {"--token", 0, "TEXT", NULL, "The same token again gives the first order back instead of a second one."},
        END_OPTION,
};

static const struct ctl_option orders_options[] = {
        {"--state", 0, "STATE", "unpaid|paid|refunded|closed", "Only these."},
        {"--limit", 'n', "NUMBER", NULL, "How many at most (default 20)."},
        {"--offset", 0, "NUMBER", NULL, "How many to pass over."},
        END_OPTION,
};

static const struct ctl_option renew_options[] = {
        {"--years", 0, "NUMBER", NULL, "For how many years (default: as before)."},
        END_OPTION,
};

static const struct ctl_option upgrade_options[] = {
        {"--product", 0, "NUMBER", NULL, "A DV product for one name or a wildcard (default: the recommended one)."},
        {"--years", 0, "NUMBER", NULL, "For how many years (default 1)."},
        END_OPTION,
};

static const struct ctl_option balance_options[] = {
        {"--limit", 'n', "NUMBER", NULL, "How many entries at most (default 10)."},
        END_OPTION,
};

static const struct ctl_option catalogue_options[] = {
        {"--type", 0, "TYPE", "DV|OV|EV", "Only this type."},
        {"--brand", 0, "NAME", NULL, "Only this brand."},
        {"--buyable", 0, NULL, NULL, "Only what can be bought here."},
        END_OPTION,
};

static const struct ctl_option replace_options[] = {
        OPERATOR_DATA,
        {"--method", 0, "METHOD", "dns-txt|dns-cname|file|http-01|dns-01|tls-alpn-01|approved", "Those that this method proved a name of."},
        {"--issuer", 0, "NAME", NULL, "Those of this issuer, such as dv-ecc."},
        {"--profile", 0, "NAME", NULL, "Those of this profile."},
        {"--from", 0, "TIME", NULL, "Those issued from then on: \"2026-11-21 08:00:00\", GMT+8."},
        {"--to", 0, "TIME", NULL, "Those issued before then."},
        {"--reason", 0, "TEXT", NULL, "Why; the owners read it. Wanted."},
        {"--code", 0, "WORD", NULL, "What the list says of the old ones (default superseded)."},
        {"--per-minute", 0, "NUMBER", NULL, "How many are begun a minute, 12 to 60000 (default 600)."},
        {"--grace-hours", 0, "HOURS", NULL, "From a successor's issue to the revocation of the old one (default 24)."},
        {"--deadline-hours", 0, "HOURS", NULL, "What is not replaced by then is revoked all the same (default 120); 0: all, at once."},
        {"--dry-run", 0, NULL, NULL, "Only count."},
        {"--no-wait", 0, NULL, NULL, "Do not look on until it is done."},
        JSON_OPTION,
        END_OPTION,
};

static const struct ctl_option reconcile_options[] = {
        OPERATOR_DATA,
        JSON_OPTION,
        END_OPTION,
};

static const struct ctl_option audit_options[] = {
        {"--data", 0, "DIR", NULL, "The data directory of the running server."},
        {"--signatures", 0, NULL, NULL, "Verify every signature, which takes three times as long, and not a sample."},
        JSON_OPTION,
        END_OPTION,
};

static const struct ctl_option apply_options[] = {
        {"--method", 'm', "METHOD", "dns|file", "How control is shown: a DNS record or a file (default dns)."},
        {"--product", 0, "NUMBER", NULL, "PackageType of the free product: 2 shows a TXT record, 83 a CNAME."},
        {"--validity", 0, "MONTHS", NULL, "ValidityPeriod (default: what the product has)."},
        {"--key", 'k', "ALGORITHM", "rsa|ecc", "RSA 2048 or ECC prime256v1 (default rsa)."},
        {"--email", 0, "ADDRESS", NULL, "Where the applicant is reached."},
        {"--alias", 0, "TEXT", NULL, "A name for the certificate."},
        {"--project", 0, "NUMBER", NULL, "Project id."},
        {"--renew", 0, "ID", NULL, "The certificate that this one takes the place of."},
        {"--password-file", 0, "FILE", NULL, "First line: password for the private key, '-' = standard input. It cannot be recovered."},
        {"--no-wait", 0, NULL, NULL, "Do not wait for the certificate; `chancery wait ID` goes on."},
        {"--timeout", 0, "SECONDS", NULL, "How long to wait (default: until the certificate's deadline)."},
        END_OPTION,
};

static const struct ctl_option wait_options[] = {
        {"--timeout", 0, "SECONDS", NULL, "How long to wait (default: until the certificate's deadline)."},
        END_OPTION,
};

static const struct ctl_option label_options[] = {
        {"--alias", 0, "TEXT", NULL, "Its name; '' takes it away."},
        {"--project", 0, "NUMBER", NULL, "Put into this project; 0 is the default one."},
        {"--tag", 0, "KEY=VALUE", NULL, "Set a tag; may be given more than once."},
        {"--untag", 0, "KEY", NULL, "Take a tag away; may be given more than once."},
        END_OPTION,
};

static const struct ctl_option project_list_options[] = {
        {"--all", 0, NULL, NULL, "Closed ones too."},
        END_OPTION,
};

static const struct ctl_option project_add_options[] = {
        {"--info", 0, "TEXT", NULL, "What it is for."},
        END_OPTION,
};

static const struct ctl_option project_set_options[] = {
        {"--name", 0, "TEXT", NULL, "Its new name."},
        {"--info", 0, "TEXT", NULL, "What it is for."},
        {"--close", 0, NULL, NULL, "It keeps its certificates and takes nothing more."},
        {"--open", 0, NULL, NULL, "It takes certificates again."},
        END_OPTION,
};

static const struct ctl_option list_options[] = {
        {"--search", 's', "TEXT", NULL, "Part of an id, alias or domain."},
        {"--status", 0, "NUMBER", NULL, "Only this status; may be given more than once."},
        {"--limit", 'n', "NUMBER", NULL, "How many at most (default 20)."},
        {"--offset", 0, "NUMBER", NULL, "How many to pass over."},
        {"--expiring", 0, NULL, NULL, "Only those that end within 30 days."},
        {"--project", 0, "NUMBER", NULL, "Only those of this project."},
        {"--tag", 0, "KEY=VALUE", NULL, "Only those with this tag; may be given more than once."},
        END_OPTION,
};

static const struct ctl_option download_options[] = {
        {"--output", 'o', "FILE", NULL, "Zip file or existing directory (default ID.zip); '-' = standard output."},
        {"--nginx", 0, "DIR", NULL, "Put the Nginx files into DIR."},
        {"--apache", 0, "DIR", NULL, "Put the Apache files into DIR."},
        {"--extract", 'x', "DIR", NULL, "Unpack everything into DIR."},
        {"--force", 'f', NULL, NULL, "Replace files that are there."},
        END_OPTION,
};

static const struct ctl_option eab_create_options[] = {
        {"--label", 0, "TEXT", NULL, "A name for the key; its certificates get it as alias."},
        {"--name", 0, "DOMAIN", NULL, "Allow this name and what is below it; may be given more than once (default: any)."},
        {"--tag", 0, "KEY=VALUE", NULL, "Put this tag on each certificate; may be given more than once."},
        {"--for", 0, "CLIENT", EAB_CLIENTS, "Print what to type for this client, with everything filled in."},
        {"--domain", 0, "DOMAIN", NULL, "The name in those lines (default: the first --name)."},
        {"--email", 0, "ADDRESS", NULL, "The contact in those lines (default you@example.com)."},
        END_OPTION,
};

static const struct ctl_option upload_options[] = {
        {"--chain", 0, "FILE", NULL, "Intermediates that lie in a file of their own; may be given more than once."},
        {"--type", 0, "TYPE", "svr|ca", "A server's certificate, or a bundle of CAs without key (default svr)."},
        {"--alias", 0, "TEXT", NULL, "A name for the certificate."},
        {"--project", 0, "NUMBER", NULL, "Project id."},
        {"--password-file", 0, "FILE", NULL, "First line: password that opens the private key, '-' = standard input. It is not kept."},
        {"--again", 0, NULL, NULL, "Store it although the same certificate is there already."},
        {"--replace", 0, "ID", NULL, "Put it in the place of this uploaded certificate; id, alias, project and tags stay."},
        END_OPTION,
};

static const struct ctl_option check_chain_options[] = {
        {"--chain", 0, "FILE", NULL, "More certificates of the chain; may be given more than once."},
        END_OPTION,
};

static const struct ctl_option import_options[] = {
        {"--project", 0, "NUMBER", NULL, "Project id."},
        {"--password-file", 0, "FILE", NULL, "First line: password that opens encrypted private keys."},
        {"--dry-run", 0, NULL, NULL, "Only show what is found."},
        END_OPTION,
};

static const struct ctl_option ignore_options[] = {
        {"--off", 0, NULL, NULL, "Hear of them again."},
        END_OPTION,
};

static const struct ctl_option help_options[] = {
        {"--markdown", 0, NULL, NULL, "With `settings`: the text of docs/configuration.md."},
        {"--man", 0, NULL, NULL, "The manual page in man form: chancery(1), `serve`: chancery-serve(8), `settings`: chancery.conf(5)."},
        END_OPTION,
};

static const struct ctl_option revoke_options[] = {
        {"--reason", 0, "TEXT", NULL, "Why; keyCompromise revokes at once, with every certificate of the key."},
        {"--code", 0, "WORD", NULL, "What the list says: unspecified, affiliationChanged, superseded, cessationOfOperation, …"},
        {"--key-proof", 0, "FILE", NULL, "Instead of ID: a request that a compromised key signed, '-' = standard input."},
        END_OPTION,
};

static const struct ctl_option review_options[] = {
        {"--pass", 0, NULL, NULL, "Revoke the certificate now."},
        {"--refuse", 0, NULL, NULL, "Leave it issued; needs --note."},
        {"--note", 0, "TEXT", NULL, "Why, for the owner."},
        END_OPTION,
};

static const struct ctl_option reissue_options[] = {
        {"--method", 'm', "METHOD", "dns|file|kept", "How control is shown if it has to be (default dns); kept: a CNAME that stays."},
        {"--key", 'k', "ALGORITHM", "rsa|ecc", "Make a new key: RSA 2048 or ECC prime256v1 (default rsa)."},
        {"--keep-key", 0, NULL, NULL, "Keep the key."},
        {"--csr", 0, "FILE", NULL, "Take the key of this request, '-' = standard input; for bought certificates."},
        {"--reason", 0, "TEXT", NULL, "Why."},
        {"--no-wait", 0, NULL, NULL, "Do not wait for the certificate; `chancery wait ID` goes on."},
        {"--timeout", 0, "SECONDS", NULL, "How long to wait (default: until the certificate's deadline)."},
        END_OPTION,
};

static const struct ctl_option csr_create_options[] = {
        {"--organization", 0, "NAME", NULL, "Legally registered name."},
        {"--department", 0, "NAME", NULL, "Organisational unit."},
        {"--province", 0, "NAME", NULL, "State or province."},
        {"--city", 0, "NAME", NULL, "City or locality."},
        {"--country", 0, "CODE", NULL, "Two letters of ISO 3166."},
        {"--email", 0, "ADDRESS", NULL, "An address in the request."},
        {"--key", 'k', "KIND", "rsa-2048|rsa-4096|ecc-prime256v1|ecc-secp384r1", "The key (default rsa-2048)."},
        {"--remark", 0, "TEXT", NULL, "A note of your own."},
        {"--password-file", 0, "FILE", NULL, "First line: password for the private key, '-' = standard input. It cannot be recovered."},
        {"--draft", 0, NULL, NULL, "Keep the entry without making a key; `chancery csr generate ID` makes it."},
        END_OPTION,
};

static const struct ctl_option csr_generate_options[] = {
        {"--password-file", 0, "FILE", NULL, "First line: password for the private key, '-' = standard input. It cannot be recovered."},
        END_OPTION,
};

static const struct ctl_option csr_list_options[] = {
        {"--search", 's', "TEXT", NULL, "Part of the domain."},
        {"--limit", 'n', "NUMBER", NULL, "How many at most (default 20)."},
        {"--offset", 0, "NUMBER", NULL, "How many to pass over."},
        END_OPTION,
};

static const struct ctl_option csr_show_options[] = {
        {"--csr", 0, "FILE", NULL, "Write the request into FILE, such as SSL.CSR."},
        {"--private-key", 0, "FILE", NULL, "Write the private key into FILE, such as SSL.KEY; mode 0600."},
        {"--force", 'f', NULL, NULL, "Replace files that are there."},
        END_OPTION,
};

static const struct ctl_option submit_options[] = {
        {"--method", 'm', "METHOD", "dns|file|kept", "How control is shown: a DNS record, a file, or a CNAME that stays (default dns)."},
        {"--email", 0, "ADDRESS", NULL, "Where the contact is reached; needed."},
        {"--key", 'k', "KIND", "rsa-2048|rsa-4096|ecc-prime256v1", "The key that is made (default rsa-2048); the product has the last word."},
        {"--hash", 0, "HASH", "sha256|sha384", "Of the signature (default sha256)."},
        {"--csr", 0, "FILE", NULL, "A request of your own instead; its names are taken when none are given."},
        {"--private-key", 0, "FILE", NULL, "The private key of --csr, to be kept and delivered too; --password-file opens it where it is encrypted."},
        {"--csr-id", 0, "NUMBER", NULL, "An entry of the CSR library instead."},
        {"--reuse", 0, NULL, NULL, "The key of the certificate that this one renews."},
        {"--password-file", 0, "FILE", NULL, "First line: password for the private key, '-' = standard input. It cannot be recovered."},
        {"--organization", 0, "NAME", NULL, "The applicant is an organisation; it needs the next ones too."},
        {"--department", 0, "NAME", NULL, "Of the organisation; may be left out."},
        {"--address", 0, "TEXT", NULL, "Street and number."},
        {"--city", 0, "NAME", NULL, "City."},
        {"--province", 0, "NAME", NULL, "State or province."},
        {"--country", 0, "CODE", NULL, "Two letters."},
        {"--phone", 0, "NUMBER", NULL, "Landline, which the CA calls."},
        {"--admin-first", 0, "NAME", NULL, "First name of the administrator."},
        {"--admin-last", 0, "NAME", NULL, "Last name of the administrator."},
        {"--admin-phone", 0, "NUMBER", NULL, "Telephone of the administrator."},
        {"--admin-email", 0, "ADDRESS", NULL, "Address of the administrator."},
        {"--again", 0, NULL, NULL, "Open a failed or cancelled one again first; without names it is committed as it was."},
        {"--no-wait", 0, NULL, NULL, "Do not wait for the certificate; `chancery wait ID` goes on."},
        {"--timeout", 0, "SECONDS", NULL, "How long to wait (default: until the certificate's deadline)."},
        END_OPTION,
};

static const struct ctl_option bind_options[] = {
        {"--region", 0, "NAME", NULL, "Where the resource is."},
        {"--name", 0, "TEXT", NULL, "Its name for people."},
        {"--domain", 0, "HOST", NULL, "The host that it serves."},
        {"--remove", 0, NULL, NULL, "It serves the certificate no more."},
        END_OPTION,
};

static const struct ctl_option delete_options[] = {
        {"--bound", 0, NULL, NULL, "Delete it whatever it is bound to; without this a bound one is refused."},
        END_OPTION,
};

const struct ctl_command ctl_commands[] = {
        {.name = "serve", .arguments = "", .summary = "Run the service in the foreground.",
         .text = "Prints one line that begins with `ready` and ends in the console's address once it takes requests.\n"
                 "SIGTERM finishes what is in flight and stops. As long as nobody is operator, a set-up link stands above\n"
                 "it, good for one use within 24 hours. The log goes to standard error.",
         .options = serve_options},
        {.name = "account create", .arguments = "", .summary = "Make an account with its first user and API key.",
         .text = "Asks the server that runs on --data through DIR/control.sock, and prints Account, SecretId and\n"
                 "SecretKey as JSON. The SecretKey is shown this once.",
         .options = account_create_options, .run = account_create_run},
        {.name = "account show", .arguments = "ACCOUNT", .least_arguments = 1, .most_arguments = 1,
         .summary = "Show what an operator sees of an account.", .options = operator_options, .run = account_show_run},
        {.name = "account set", .arguments = "ACCOUNT", .least_arguments = 1, .most_arguments = 1,
         .summary = "Set an account's kind, level, verification or allowance.",
         .text = "What is not given stays as it is. It takes effect with the account's next request.",
         .options = account_set_options, .run = account_set_run},
        {.name = "account credit", .arguments = "ACCOUNT AMOUNT", .least_arguments = 2, .most_arguments = 2,
         .summary = "Put money on an account, or take it off.",
         .text = "AMOUNT is like 250 or 12.50; one below 0 is taken off (write it after --).",
         .options = account_credit_options, .run = account_credit_run},
        {.name = "account home", .arguments = "ACCOUNT", .least_arguments = 1, .most_arguments = 1,
         .summary = "Add or remove primary domains that count as the account's own.", .options = account_home_options,
         .run = account_home_run},
        {.name = "account package", .arguments = "ACCOUNT TYPE", .least_arguments = 2, .most_arguments = 2,
         .summary = "Grant a benefit package: ssl_100, ssl_500 or ssl_2000 points.", .options = account_package_options,
         .run = account_package_run},
        {.name = "account approve", .arguments = "ACCOUNT NAME", .least_arguments = 2, .most_arguments = 2,
         .summary = "Vouch that an account may have a name.",
         .text = "For closed networks, whose names nobody outside can look up. While it lasts, applications and ACME orders of\n"
                 "the account need no proof for the name and its wildcard; CAA is asked as ever.",
         .options = account_approve_options, .run = account_approve_run},
        {.name = "account revoke", .arguments = "ACCOUNT ID", .least_arguments = 2, .most_arguments = 2,
         .summary = "Revoke a certificate on its owner's behalf.",
         .text = "For what its owner cannot revoke: one from before 25 March 2020, one whose domain is gone, one that ends\n"
                 "soon. At once and for good, whatever it is bound to; owner and timeline are told the reason.",
         .options = account_revoke_options, .run = account_revoke_run},
        {.name = "catalogue check", .arguments = "[DIR]", .most_arguments = 1, .summary = "Check the catalogue's files without taking them.",
         .text = "With a directory: the files there, with no server running. Without: those that the server on --data reads,\n"
                 "held against the issuers that it has. Says what is wrong, in which file and line, and what to write.",
         .options = operator_options, .run = catalogue_check_run},
        {.name = "catalogue reload", .arguments = "", .summary = "Check the catalogue's files and take them from now on.",
         .text = "A mistake changes nothing. Orders keep the product as it was bought.", .options = operator_options,
         .run = catalogue_reload_run},
        {.name = "quota external", .arguments = "DOMAIN COUNT", .least_arguments = 2, .most_arguments = 2,
         .summary = "Tell how many free certificates of a primary domain other platforms issued.", .options = operator_options,
         .run = quota_external_run},
        {.name = "audit", .arguments = "", .summary = "Prove that database, signer's log and operation log agree.",
         .text = "Asks the server that runs on --data. Each certificate that was ever signed must be known to the\n"
                 "database with the same bytes, must not break a rule, and must carry its issuer's signature (of one in\n"
                 "sixteen, drawn anew each time, unless --signatures is given); each issued one must be in the signer's\n"
                 "log; both logs' hash chains must hold. Findings are printed one a line. Exit code 0: nothing found,\n"
                 "1: findings, or the audit could not be made.",
         .options = audit_options, .run = audit_run},
        {.name = "replace status", .arguments = "[REPLACEMENT]", .most_arguments = 1, .summary = "Tell how far replacements are.",
         .options = operator_options, .run = replace_status_run},
        {.name = "replace stop", .arguments = "REPLACEMENT", .least_arguments = 1, .most_arguments = 1,
         .summary = "Begin and revoke no more of a replacement.", .options = operator_options, .run = replace_stop_run},
        {.name = "replace", .arguments = "",
         .summary = "Have all certificates of a method, issuer, profile or time made anew, and the old ones revoked.",
         .text = "For when something was wrong with how they came about. Successors are applied for by themselves; ACME clients\n"
                 "are told to renew now (RFC 9773). The server does it, over restarts; ending this command ends nothing.\n"
                 "Look with --dry-run first, and stop what is wrong (issuance.off) before.",
         .options = replace_options, .run = replace_run},
        {.name = "reconcile", .arguments = "", .summary = "Tell what signer and database disagree about, right now.",
         .text = "The server that runs on --data does this by itself each minute: what is new in the signer's log is held\n"
                 "against the database and the other way round, and a part of what is older. Exit code 1: findings stand.",
         .options = reconcile_options, .run = reconcile_run},
        {.name = "apply", .arguments = "DOMAIN", .least_arguments = 1, .most_arguments = 1,
         .summary = "Apply for a free DV certificate and wait until it is issued.",
         .text = "Prints what to place (a DNS record or a file), then looks until the certificate is issued. With\n"
                 "--json: one line as soon as the application stands, with DvAuthDetail, and one at the end.",
         .options = apply_options, .run = apply_run, .is_client = true},
        {.name = "submit", .arguments = "ID [NAME...]", .least_arguments = 1, .most_arguments = CTL_ARGUMENTS_MAX,
         .summary = "Submit a bought certificate: its names and key, and on to validation.",
         .text = "The first name is the common name. Prints what to place, then looks until the certificate is issued.",
         .options = submit_options, .run = submit_run, .is_client = true},
        {.name = "csr create", .arguments = "DOMAIN", .least_arguments = 1, .most_arguments = 1,
         .summary = "Make a certificate request and its key in the CSR library.", .options = csr_create_options,
         .run = csr_create_run, .is_client = true},
        {.name = "csr generate", .arguments = "ID", .least_arguments = 1, .most_arguments = 1,
         .summary = "Make the key of a draft in the CSR library.", .options = csr_generate_options, .run = csr_generate_run,
         .is_client = true},
        {.name = "csr list", .arguments = "", .summary = "List the CSR library, newest first.", .options = csr_list_options,
         .run = csr_list_run, .is_client = true},
        {.name = "csr show", .arguments = "ID", .least_arguments = 1, .most_arguments = 1,
         .summary = "Show a request, or write it and its private key into files.", .options = csr_show_options,
         .run = csr_show_run, .is_client = true},
        {.name = "csr delete", .arguments = "ID...", .least_arguments = 1, .most_arguments = 100,
         .summary = "Delete requests; the private keys of unused ones are forgotten for good.", .run = csr_delete_run,
         .is_client = true},
        {.name = "wait", .arguments = "ID", .least_arguments = 1, .most_arguments = 1,
         .summary = "Go on waiting for an application.", .options = wait_options, .run = wait_run, .is_client = true},
        {.name = "catalogue", .arguments = "", .summary = "List the products, what they bind and what they cost.",
         .options = catalogue_options, .run = catalogue_run, .is_client = true},
        {.name = "buy", .arguments = "PRODUCT", .least_arguments = 1, .most_arguments = 1,
         .summary = "Buy a certificate and pay for it from the balance.",
         .text = "PRODUCT is a number of `chancery catalogue`. The certificate then waits for its information. When the\n"
                 "balance does not cover it nothing stays behind.",
         .options = buy_options, .run = buy_run, .is_client = true},
        {.name = "orders pay", .arguments = "ORDER", .least_arguments = 1, .most_arguments = 1,
         .summary = "Pay an unpaid order from the balance.", .run = orders_pay_run, .is_client = true},
        {.name = "orders close", .arguments = "ORDER", .least_arguments = 1, .most_arguments = 1,
         .summary = "Give up an unpaid order.", .run = orders_close_run, .is_client = true},
        {.name = "orders refund", .arguments = "ORDER", .least_arguments = 1, .most_arguments = 1,
         .summary = "Get all the money back, as long as nothing was issued.", .run = orders_refund_run, .is_client = true},
        {.name = "orders auto-renew", .arguments = "ORDER on|off", .least_arguments = 2, .most_arguments = 2,
         .summary = "Switch the automatic renewal of an order on or off.", .run = orders_auto_renew_run, .is_client = true},
        {.name = "orders", .arguments = "", .summary = "List orders, newest first.", .options = orders_options, .run = orders_run,
         .is_client = true},
        {.name = "balance", .arguments = "", .summary = "Show the balance and what came and went.", .options = balance_options,
         .run = balance_run, .is_client = true},
        {.name = "quota", .arguments = "[DOMAIN]", .most_arguments = 1,
         .summary = "Show the allowance of free certificates, and when each slot comes back.", .run = quota_run, .is_client = true},
        {.name = "renew", .arguments = "ID", .least_arguments = 1, .most_arguments = 1,
         .summary = "Buy a paid certificate for another term, in its last 30 days.", .options = renew_options, .run = renew_run,
         .is_client = true},
        {.name = "upgrade", .arguments = "ID", .least_arguments = 1, .most_arguments = 1,
         .summary = "Buy a paid certificate for the name of a free one.", .options = upgrade_options, .run = upgrade_run,
         .is_client = true},
        {.name = "list", .arguments = "", .summary = "List certificates, newest first.", .options = list_options,
         .run = list_run, .is_client = true},
        {.name = "show", .arguments = "ID", .least_arguments = 1, .most_arguments = 1,
         .summary = "Show one certificate, and what is still to be placed for it.", .run = show_run, .is_client = true},
        {.name = "verify", .arguments = "ID", .least_arguments = 1, .most_arguments = 1,
         .summary = "Have the records or files looked at now, and print what was found for each name.",
         .text = "Exit code 0 when every name passed, else 1. The server looks at most once in 10 s.",
         .run = verify_run, .is_client = true},
        {.name = "download", .arguments = "ID", .least_arguments = 1, .most_arguments = 1,
         .summary = "Download an issued certificate with its key.",
         .text = "The package is a zip with a folder for each kind of server. Files are written with mode 0600,\n"
                 "because they hold the private key.",
         .options = download_options, .run = download_run, .is_client = true},
        {.name = "cancel", .arguments = "ID...", .least_arguments = 1, .most_arguments = CTL_ARGUMENTS_MAX,
         .summary = "Cancel applications that are not issued yet.", .run = cancel_run, .is_client = true},
        {.name = "delete", .arguments = "ID...", .least_arguments = 1, .most_arguments = CTL_ARGUMENTS_MAX,
         .summary = "Delete cancelled, failed, expired, revoked or uploaded certificates.", .options = delete_options,
         .run = delete_run, .is_client = true},
        {.name = "reissue", .arguments = "ID", .least_arguments = 1, .most_arguments = 1,
         .summary = "Get another certificate of the same order, with the same names and end.",
         .text = "It gets an id of its own; the original goes on until it ends or is revoked. A free certificate can be\n"
                 "reissued once. Prints what to place, if anything, and waits as apply does.",
         .options = reissue_options, .run = reissue_run, .is_client = true},
        {.name = "revoke", .arguments = "[ID]", .most_arguments = 1, .summary = "Revoke a certificate.",
         .text = "Prints what has to be shown within three days, where the product wants that; a reviewer decides about\n"
                 "others. From the request on it can be neither downloaded nor deployed. docs/revocation.md tells all.",
         .options = revoke_options, .run = revoke_run, .is_client = true},
        {.name = "revocations", .arguments = "", .summary = "List the requests to revoke that wait for a reviewer.",
         .run = revocations_run, .is_client = true},
        {.name = "review", .arguments = "REQUEST", .least_arguments = 1, .most_arguments = 1,
         .summary = "Pass or refuse a request to revoke, as a reviewer.", .options = review_options, .run = review_run,
         .is_client = true},
        {.name = "bind", .arguments = "ID [TYPE RESOURCE]", .least_arguments = 1, .most_arguments = 3,
         .summary = "Tell what serves a certificate, or list it.",
         .text = "TYPE is a word such as clb, cdn, waf or nginx. A bound certificate is not revoked, and is deleted only with\n"
                 "--bound.",
         .options = bind_options, .run = bind_run, .is_client = true},
        {.name = "history", .arguments = "ID", .least_arguments = 1, .most_arguments = 1,
         .summary = "Show what happened to a certificate, oldest first.",
         .text = "It is read from the operation log, and is there even when the certificate is deleted.", .run = history_run,
         .is_client = true},
        {.name = "eab create", .arguments = "", .summary = "Make a key id and HMAC key for ACME clients.",
         .text = "An ACME account that is made with them (external account binding) belongs to this account: its\n"
                 "certificates stand in this account's lists. The HMAC key is shown this once. --for prints the lines\n"
                 "of docs/acme.md for a client, to be copied as they are.",
         .options = eab_create_options, .run = eab_create_run, .is_client = true},
        {.name = "eab list", .arguments = "", .summary = "List the keys for ACME clients.", .run = eab_list_run, .is_client = true},
        {.name = "eab delete", .arguments = "KEY-ID...", .least_arguments = 1, .most_arguments = CTL_ARGUMENTS_MAX,
         .summary = "Disable keys for ACME clients; accounts bound with them stay.", .run = eab_delete_run, .is_client = true},
        {.name = "upload", .arguments = "CERTIFICATE [KEY]", .least_arguments = 1, .most_arguments = 2,
         .summary = "Take a certificate from elsewhere, with its private key, under management.",
         .text = "Files in PEM, in any order and with words around, or in DER. Without KEY the private key is taken\n"
                 "from the certificate's file. What was uploaded is given back byte for byte.",
         .options = upload_options, .run = upload_run, .is_client = true},
        {.name = "take-back", .arguments = "ID", .least_arguments = 1, .most_arguments = 1,
         .summary = "Take the last `upload --replace` of a certificate back.", .run = upload_back_run, .is_client = true},
        {.name = "check-chain", .arguments = "FILE", .least_arguments = 1, .most_arguments = 1,
         .summary = "Check a chain: whole, right, and ending in a trusted CA?",
         .text = "The verdict is that of `openssl verify -x509_strict`. Exit code 0 when the chain is good, else 1.",
         .options = check_chain_options, .run = check_chain_run, .is_client = true},
        {.name = "import", .arguments = "PATH...", .least_arguments = 1, .most_arguments = CTL_ARGUMENTS_MAX,
         .summary = "Move in from certbot, acme.sh, lego or plain files.",
         .text = "PATH is /etc/letsencrypt, ~/.acme.sh, .lego, or any directory or file with certificates and keys. Tells\n"
                 "what was taken, what was known already and what was refused, and why; it can be run again. Exit code 1\n"
                 "when something was refused.",
         .options = import_options, .run = import_run, .is_client = true},
        {.name = "label", .arguments = "ID...", .least_arguments = 1, .most_arguments = CTL_ARGUMENTS_MAX,
         .summary = "Change alias, project and tags of certificates.", .options = label_options, .run = label_run, .is_client = true},
        {.name = "project add", .arguments = "NAME", .least_arguments = 1, .most_arguments = 1, .summary = "Make a project.",
         .options = project_add_options, .run = project_add_run, .is_client = true},
        {.name = "project set", .arguments = "NUMBER", .least_arguments = 1, .most_arguments = 1,
         .summary = "Rename a project, close or open it.", .options = project_set_options, .run = project_set_run, .is_client = true},
        {.name = "project", .arguments = "", .summary = "List the projects that certificates are put into.",
         .options = project_list_options, .run = project_list_run, .is_client = true},
        {.name = "ignore", .arguments = "ID...", .least_arguments = 1, .most_arguments = 50,
         .summary = "Ignore the messages about certificates that end within 30 days.", .options = ignore_options,
         .run = ignore_run, .is_client = true},
        {.name = "api", .arguments = "ACTION [JSON]", .least_arguments = 1, .most_arguments = 2,
         .summary = "Call any action of the API and print the Response.",
         .text = "JSON is the request's parameters, '-' reads them from standard input, nothing means {}.",
         .run = api_run, .is_client = true},
        {.name = "completion", .arguments = "SHELL", .least_arguments = 1, .most_arguments = 1,
         .summary = "Print a completion script for bash, zsh or fish.", .run = completion_run},
        {.name = "help", .arguments = "[COMMAND | settings]", .most_arguments = 2,
         .summary = "Show all commands, one command, or all settings.", .options = help_options, .run = help_run},
        {.name = "version", .arguments = "", .summary = "Print the version.", .run = version_run},
        {.name = NULL},
};
