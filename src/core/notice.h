/* Which certificates their owner wants to hear of no more (IGN, SIL-24, SIL-25, SIL-56). */
#pragma once

#include "core/act.h"

#define NOTICE_SWITCH_MAX 50 /* certificates at once: the public API's bound */

/*
 * Ignore the expiry messages of these certificates, or hear of them again; all of them or none.  Only one that ends within
 * 30 days can be ignored (IGN-02); what was set stays after its end.  ERR_CERT_MANY, ERR_CERT_NOT_FOUND, ERR_CERT_STATE.
 */
MUST res notice_switch(struct act *act, struct strs ids, bool ignore);
