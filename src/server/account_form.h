/* The JSON of making an account, used by the control socket and by the set-up page. */
#pragma once

#include "core/account.h"
#include "http/http.h"

/* {"Account","SecretId","SecretKey"}, and "Endpoint" where one is given: the address under which a client finds this service. */
void account_form_reply(struct http_reply *reply, const struct account_made *made, const char *endpoint);
/* {"Error":{"Code","Message"}} with the error's HTTP status */
void account_form_fail(struct http_reply *reply, enum err err, const char *detail);
/* POST /control/account {Name, Role, Identity, Level, Verified, Balance}. */
void account_form_control(struct act *act, struct http_request *request, const char *endpoint, struct http_reply *reply);
