/*
 * Mail messages (RFC 5322, RFC 2045-2047): UTF-8 text, encoded-word headers, a body that is
 * quoted-printable unless it is plain ASCII, CRLF line ends.
 */
#ifndef WB_CODEC_MIME_H
#define WB_CODEC_MIME_H

#include "base/arena.h"

struct wb_mail {
    struct wb_slice from, from_name, to, subject, text;
    struct wb_slice message_id; /* without angle brackets */
    int64_t date_ms;
    struct wb_slice list_unsubscribe; /* URL or null */
};
/* The whole message. Header injection is impossible: line breaks in any header field become blanks.
 */
struct wb_slice wb_mime_message(struct wb_arena *a, const struct wb_mail *m);
/* A plausible addr-spec: ASCII, one @, no blanks, control characters or any of <>()[],;:\" and
 * at most 320 bytes. */
bool wb_mail_address_ok(struct wb_slice s);

#endif
