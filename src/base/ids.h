/*
 * Every identifier that Waybill makes, in one place. All come from the random seam.
 */
#ifndef WB_BASE_IDS_H
#define WB_BASE_IDS_H

#include "base/arena.h"
#include "base/seam.h"

#define WB_UUID_LEN 36
struct wb_slice
wb_id_uuid(struct wb_arena *a,
           struct wb_seam *s); /* version 4, lower case: request, event, message ids */
struct wb_slice wb_id_dynamodb_request(struct wb_arena *a, struct wb_seam *s); /* 52 of [0-9A-Z] */
struct wb_slice wb_id_access_key(struct wb_arena *a, struct wb_seam *s,
                                 const char *prefix4); /* AKIA... / ASIA..., 20 characters */
/* The same with the account inside, as in AWS's own: nothing else is kept of a session's key. */
struct wb_slice wb_id_account_key(struct wb_arena *a, struct wb_seam *s, const char *prefix4,
                                  struct wb_slice account);
/* The account in such a key; whether the key was ever made is not known. Null when there can be
 * none. */
struct wb_slice wb_id_account_of(struct wb_arena *a, struct wb_slice access_key);
struct wb_slice wb_id_unique(struct wb_arena *a, struct wb_seam *s,
                             const char *prefix4); /* AROA, AIDA, ...: 21 characters */
struct wb_slice wb_id_secret_key(struct wb_arena *a,
                                 struct wb_seam *s); /* 40 of base64's alphabet */
struct wb_slice wb_id_hex(struct wb_arena *a, struct wb_seam *s, size_t digits);
struct wb_slice wb_id_trace_root(struct wb_arena *a,
                                 struct wb_seam *s); /* 1-<8 hex of epoch seconds>-<24 hex> */

#endif
