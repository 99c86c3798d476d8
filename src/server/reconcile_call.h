/* POST /control/reconcile: a round now, and what stands, as JSON, for `chancery reconcile` on this machine. */
#pragma once

#include "core/act.h"
#include "http/http.h"

void reconcile_call(struct act *act, struct http_reply *reply);
