/*
 * What an operator does: accounts, credit, packages, home domains, the catalogue's reload.  Only keys of operators get
 * here (API_OPERATES); on the machine itself the control socket runs the same handlers.  docs/api/ModifyAccount.md …
 */
#pragma once

#include "api/action.h"

extern const struct api_message api_operator_account_in, api_operator_account_out; /* DescribeAccount */
extern const struct api_message api_operator_modify_in, api_operator_modify_out;
extern const struct api_message api_operator_credit_in, api_operator_credit_out;
extern const struct api_message api_operator_homes_in, api_operator_homes_out;
extern const struct api_message api_operator_package_in, api_operator_package_out;
extern const struct api_message api_operator_external_in, api_operator_external_out;
extern const struct api_message api_operator_catalogue_in, api_operator_catalogue_out;
extern const struct api_message api_operator_revoke_in, api_operator_revoke_out;
MUST res api_operator_account(struct req *req);
MUST res api_operator_modify(struct req *req);
MUST res api_operator_credit(struct req *req);
MUST res api_operator_homes(struct req *req);
MUST res api_operator_package(struct req *req);
MUST res api_operator_external(struct req *req);
MUST res api_operator_catalogue(struct req *req);
MUST res api_operator_revoke(struct req *req);
