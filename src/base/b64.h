/* Base64 (RFC 4648 §4, §5).  Decoders are strict: no blanks, right padding, no stray bits. */
#pragma once

#include "base/buf.h"

void b64_encode(struct bytes in, struct buf *out);      /* with padding, appended */
void b64url_encode(struct bytes in, struct buf *out);   /* no padding, appended */
MUST res b64_decode(struct str in, struct buf *out);    /* ERR_FORMAT */
MUST res b64url_decode(struct str in, struct buf *out); /* ERR_FORMAT; padding is refused (RFC 7515 §2) */
