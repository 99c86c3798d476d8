/* Telling systemd (Type=notify) how far the service is; sd_notify(3) describes the protocol. */
#pragma once

/* "READY=1", "STOPPING=1".  Does nothing when nobody asked ($NOTIFY_SOCKET); a failure is nobody's to handle. */
void notify_send(const char *state);
