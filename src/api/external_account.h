/* Keys for ACME's external account binding: actions of our own.  docs/api/CreateExternalAccount.md and its neighbours */
#pragma once

#include "api/action.h"

extern const struct api_message api_external_account_create_in, api_external_account_create_out;
extern const struct api_message api_external_account_list_in, api_external_account_list_out;
extern const struct api_message api_external_account_delete_in, api_external_account_delete_out;
/* CreateExternalAccount – a key id and HMAC key for ACME clients; the HMAC key is shown this once. */
MUST res api_external_account_create(struct req *req);
/* DescribeExternalAccounts – the account's keys, without the secrets. */
MUST res api_external_account_list(struct req *req);
/* DeleteExternalAccount – no further ACME account is bound with this key. */
MUST res api_external_account_delete(struct req *req);
