/*
 * Keys: a table number (big-endian 16 bit, see tables.h) and a tuple of parts, encoded so that the
 * order of the bytes is the order of the tuples.
 *
 *   string, bytes   00 is escaped as 00 FF; terminated by 00 00
 *   u64, i64        8 bytes big-endian (i64 with the sign bit flipped)
 *   desc u64        8 bytes of ~v: newest first
 *   decimal         wb_decimal_encode + 00
 *   raw             bytes as they are, only as the last part
 */
#ifndef WB_STORE_KEY_H
#define WB_STORE_KEY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/decimal.h"

struct wb_key {
    struct wb_buf b;
};

void wb_key_begin(struct wb_key *k, struct wb_arena *a, uint16_t table);
void wb_key_str(struct wb_key *k, struct wb_slice s);
void wb_key_u64(struct wb_key *k, uint64_t v);
void wb_key_i64(struct wb_key *k, int64_t v);
void wb_key_desc(struct wb_key *k, uint64_t v);
void wb_key_u8(struct wb_key *k, uint8_t v);
void wb_key_decimal(struct wb_key *k, const struct wb_decimal *d);
void wb_key_raw(struct wb_key *k, struct wb_slice s);
static inline struct wb_slice wb_key_done(const struct wb_key *k)
{
    return wb_buf_slice(&k->b);
}
/* The first key after all keys that begin with `prefix` (empty = end of the store). For scans:
 * [prefix, wb_key_after(prefix)). */
struct wb_slice wb_key_after(struct wb_arena *a, struct wb_slice prefix);

/* One call for the usual case. The format has a letter per part: s = struct wb_slice, z = const
 * char *, u = uint64_t, i = int64_t, d = uint64_t descending, b = int (one byte), r = struct
 * wb_slice raw.   wb_key(a, WB_T_RULE, "sss", account, bus, name) */
struct wb_slice wb_key(struct wb_arena *a, uint16_t table, const char *fmt, ...);

/* Reading back. A malformed key sets bad; from then on every read gives 0 or the null slice. What
 * is returned lives in the arena. */
struct wb_key_rd {
    const uint8_t *p, *end;
    struct wb_arena *a;
    bool bad;
};
struct wb_key_rd wb_key_rd(struct wb_arena *a, struct wb_slice key, uint16_t *table);
struct wb_slice wb_key_rd_str(struct wb_key_rd *r);
uint64_t wb_key_rd_u64(struct wb_key_rd *r);
int64_t wb_key_rd_i64(struct wb_key_rd *r);
uint64_t wb_key_rd_desc(struct wb_key_rd *r);
uint8_t wb_key_rd_u8(struct wb_key_rd *r);
struct wb_slice wb_key_rd_decimal_bytes(struct wb_key_rd *r);
struct wb_slice wb_key_rd_raw(struct wb_key_rd *r); /* all that is left */

#endif
