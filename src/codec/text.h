/*
 * Small text codecs: base64 (RFC 4648), hex, percent-encoding (RFC 3986), form bodies
 * (application/x-www-form-urlencoded), XML text.
 */
#ifndef WB_CODEC_TEXT_H
#define WB_CODEC_TEXT_H

#include "base/arena.h"
#include "base/buf.h"

struct wb_slice wb_base64_encode(struct wb_arena *a, struct wb_slice s);
/* Strict: padding required, no blanks, no stray bits. */
bool wb_base64_decode(struct wb_arena *a, struct wb_slice s, struct wb_slice *out);
struct wb_slice wb_hex_encode(struct wb_arena *a, struct wb_slice s); /* lower case */
bool wb_hex_decode(struct wb_arena *a, struct wb_slice s, struct wb_slice *out);

/* Everything but A-Za-z0-9-._~ becomes %XX (upper-case hex); '/' stays when keep_slash. This is
 * SigV4's UriEncode. */
void wb_percent_encode(struct wb_buf *out, struct wb_slice s, bool keep_slash);
/* False at a broken %-sequence. plus_is_blank: form rules. */
bool wb_percent_decode(struct wb_arena *a, struct wb_slice s, bool plus_is_blank,
                       struct wb_slice *out);

/* Decoded name and value of each field. Splits a query string or form body in source order. False
 * when malformed or more than max fields.
 */
bool wb_form_parse(struct wb_arena *a, struct wb_slice body, size_t max, struct wb_pair **fields,
                   size_t *count);

/* Text with & < > " escaped; characters XML 1.0 forbids become U+FFFD. */
void wb_xml_text(struct wb_buf *out, struct wb_slice s);

#endif
