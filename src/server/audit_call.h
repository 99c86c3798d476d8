/* POST /control/audit: the audit's report as JSON, for `chancery audit` on this machine. */
#pragma once

#include "core/act.h"
#include "http/http.h"

/* {"Clean", "Signed", "Own", "Issued", "Signing", "Dead", "LogEntries", "FindingCount", "TookMs", "Findings": [{"Kind", "Subject", "Text"}]} */
void audit_call(struct act *act, bool every_signature, struct http_reply *reply);
