/* ModifyCertificatesExpiringNotificationSwitch. */
#pragma once

#include "api/action.h"

extern const struct api_message api_notice_switch_in, api_notice_switch_out;

MUST res api_notice_switch(struct req *req);
