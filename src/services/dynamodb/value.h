/*
 * DynamoDB's attribute values.
 *
 * Values come in as wire JSON ({"S":"x"}), are checked, and live as a small tree in an arena. What
 * is stored is their normal form: compact JSON, attributes of a map and members of a set in order,
 * numbers canonical (1e3 -> 1000). So equal values have equal text, and a stored item can be sent
 * as it stands.
 *
 * Limits and texts: reference "Tables", sections 2.1, 3.3 and 4. Thread rule: values belong to
 * whoever owns their arena; functions have no state.
 */
#ifndef WB_SERVICES_DYNAMODB_VALUE_H
#define WB_SERVICES_DYNAMODB_VALUE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/decimal.h"
#include "codec/json.h"

enum wb_av_type {
    WB_AV_NONE = 0, /* no value: what look-ups leave */
    WB_AV_S,
    WB_AV_N,
    WB_AV_B,
    WB_AV_BOOL,
    WB_AV_NULL,
    WB_AV_SS,
    WB_AV_NS,
    WB_AV_BS,
    WB_AV_L,
    WB_AV_M,
};

struct wb_attr;

struct wb_av {
    uint8_t type;      /* enum wb_av_type */
    bool truth;        /* BOOL */
    uint32_t count;    /* members of a set, elements of a list, attributes of a map */
    struct wb_slice s; /* S: text; B: bytes; N: canonical decimal text */
    union {
        struct wb_av *elem;   /* SS NS BS (scalars, in order, distinct), L */
        struct wb_attr *attr; /* M, in order of the names' bytes, distinct */
    };
};

struct wb_attr {
    struct wb_slice name;
    struct wb_av value;
};

/* What is wrong with a value. */
struct wb_av_error {
    struct wb_slice message; /* null slice = nothing */
    bool type;               /* a JSON type that cannot be read: SerializationException */
};

/* Reads and checks one value of a request. False: *e says why (a type error found anywhere wins
 * over a broken rule found earlier). */
bool wb_av_parse(struct wb_arena *a, struct wb_json v, struct wb_av *out, struct wb_av_error *e);
/* The same for an attribute map (an item, a key): out becomes an M. `depth` of nesting starts at 0.
 */
bool wb_av_parse_map(struct wb_arena *a, struct wb_json v, struct wb_av *out,
                     struct wb_av_error *e);
/* Reads a stored item (an attribute map in normal form). False when it is not one. */
bool wb_av_read_map(struct wb_arena *a, struct wb_slice json, struct wb_av *out);
bool wb_av_read_json(struct wb_arena *a, struct wb_json v, struct wb_av *out);

/* Appends the normal form; out must be in an arena. */
void wb_av_write(struct wb_buf *out, const struct wb_av *v);
/* The attributes of an M without the {"M": } around them: an item. */
void wb_av_write_map(struct wb_buf *out, const struct wb_av *m);
/* As AWS prints a value inside an error text: {S:abc}. */
struct wb_slice wb_av_show(struct wb_arena *a, const struct wb_av *v);

const char *wb_av_type_name(uint8_t type);   /* "S" ... "M" */
uint8_t wb_av_type_of(struct wb_slice name); /* WB_AV_NONE when it is no type */

/* Size in bytes as billed and limited: a value alone, and the attributes of an M (names + values:
 * the size of an item). */
size_t wb_av_size(const struct wb_av *v);
size_t wb_av_item_size(const struct wb_av *m);
/* Is an item's size at most `most`? Costs no more than that, however large the item is: an update
 * can put one list into an item a thousand times. */
bool wb_av_item_fits(const struct wb_av *m, size_t most);

bool wb_av_equal(const struct wb_av *a, const struct wb_av *b); /* deep; sets without order */
/* Order of two values of the same scalar type S, N or B. */
int wb_av_cmp(const struct wb_av *a, const struct wb_av *b);
static inline bool wb_av_is_scalar_key(uint8_t type)
{
    return type == WB_AV_S || type == WB_AV_N || type == WB_AV_B;
}
static inline bool wb_av_is_set(uint8_t type)
{
    return type == WB_AV_SS || type == WB_AV_NS || type == WB_AV_BS;
}
/* Nesting: 0 for scalars and sets, 1 + the deepest element for L and M. */
unsigned wb_av_depth(const struct wb_av *v);

/* An attribute of an M; NULL when absent. */
const struct wb_av *wb_av_get(const struct wb_av *m, struct wb_slice name);
/* Replaces or adds (value not NULL), or removes (NULL). The array is copied when it grows; m must
 * own its attributes (wb_av_own). */
void wb_av_set(struct wb_arena *a, struct wb_av *m, struct wb_slice name,
               const struct wb_av *value);
/* Gives v its own array of elements, so that it can be changed without changing what it was copied
 * from. One level. */
void wb_av_own(struct wb_arena *a, struct wb_av *v);

/* Set algebra, for two sets of one type. An empty result has count 0. */
bool wb_av_set_has(const struct wb_av *set, const struct wb_av *member);
struct wb_av wb_av_set_union(struct wb_arena *a, const struct wb_av *x, const struct wb_av *y);
struct wb_av wb_av_set_minus(struct wb_arena *a, const struct wb_av *x, const struct wb_av *y);

/* A number value, a string value; AWS's text for a decimal that does not fit (NULL for others). */
struct wb_av wb_av_number(struct wb_arena *a, const struct wb_decimal *d);
struct wb_av wb_av_string(struct wb_slice s);
const char *wb_av_number_error(enum wb_decimal_status st);

#endif
