/*
 * CBOR (RFC 8949) as the rpc-v2-cbor protocol uses it, from and to JSON text: handlers and answers
 * know only JSON.
 *
 * What JSON cannot say: byte strings are base64 text; a time (tag 1) is a number of seconds that
 * ends in "E0", which no other number does; NaN and infinity are text. Other tags are passed over,
 * undefined is null. Map keys are text. On the way to CBOR, base64 text behind WB_CBOR_BYTES, an
 * escape that our writer never makes, becomes a byte string.
 */
#ifndef WB_CODEC_CBOR_H
#define WB_CODEC_CBOR_H

#include "codec/json.h"

#define WB_CBOR_BYTES "\\/" /* as JSON's text has it */

/* One item, all of s. False: malformed, too deep, or not to be said in JSON. */
bool wb_cbor_to_json(struct wb_arena *a, struct wb_slice s, struct wb_slice *json);
struct wb_slice wb_cbor_from_json(struct wb_arena *a, struct wb_json v);

#endif
