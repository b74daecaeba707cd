/*
 * JSON (RFC 8259), strict: a tape over the source text. Parsing checks everything (grammar, UTF-8,
 * escapes, depth, size) and leaves one node per value; nothing is copied, so every value can be cut
 * out of the source as it stands. Duplicate keys, the order of keys and the text of numbers are
 * preserved. The tape and the source must outlive the values.
 */
#ifndef WB_CODEC_JSON_H
#define WB_CODEC_JSON_H

#include "base/arena.h"
#include "base/buf.h"

enum wb_json_type {
    WB_JSON_MISSING = 0, /* "no such value": what look-ups return; never on the tape */
    WB_JSON_NULL,
    WB_JSON_FALSE,
    WB_JSON_TRUE,
    WB_JSON_NUMBER,
    WB_JSON_STRING,
    WB_JSON_ARRAY,
    WB_JSON_OBJECT,
};

/* One value. Pre-order; a key of an object is a STRING node followed by its value. */
struct wb_json_node {
    uint32_t off;        /* first byte of the value; of a string: after the quote */
    uint32_t len;        /* bytes of the value; of a string: between the quotes */
    uint32_t next;       /* index of the node after this value's subtree */
    uint32_t count : 24; /* elements of an array, pairs of an object */
    uint32_t type : 4;
    uint32_t escaped : 1; /* string with at least one backslash */
};

struct wb_json_doc {
    struct wb_slice text;
    struct wb_json_node *node;
    uint32_t count;
};

/* A value: cheap, passed by value. */
struct wb_json {
    const struct wb_json_doc *doc;
    uint32_t at;
};
#define WB_JSON_NONE ((struct wb_json){NULL, 0})

struct wb_json_error {
    const char *reason; /* static text */
    size_t offset;      /* byte of the source */
};

/* Parses all of text (blank space around the value allowed). The tape lives in the arena. False:
 * *err (may be NULL) says why and where. depth_max 0 = WB_JSON_DEPTH_MAX. */
bool wb_json_parse(struct wb_json_doc *doc, struct wb_arena *a, struct wb_slice text,
                   unsigned depth_max, struct wb_json_error *err);
/* The same with the doc in the arena; WB_JSON_NONE on error. */
struct wb_json wb_json_read(struct wb_arena *a, struct wb_slice text, struct wb_json_error *err);

struct wb_json wb_json_root(const struct wb_json_doc *doc);
enum wb_json_type wb_json_type(struct wb_json v); /* MISSING for WB_JSON_NONE */
static inline bool wb_json_is(struct wb_json v)
{
    return v.doc != NULL;
}
uint32_t wb_json_count(struct wb_json v); /* elements or pairs; 0 for scalars */
/* The source text of the value, quotes included. */
struct wb_slice wb_json_raw(struct wb_json v);

/* Member of an object by (unescaped) name; with duplicates the last. WB_JSON_NONE when absent or
 * not an object. */
struct wb_json wb_json_get(struct wb_json obj, const char *name);
struct wb_json wb_json_get_slice(struct wb_json obj, struct wb_slice name);
struct wb_json wb_json_item(struct wb_json arr, uint32_t index); /* O(index) */

/* Iteration: struct wb_json_iter it = wb_json_iter(v); while (wb_json_next(&it)) use it.key
 * (object), it.value. */
struct wb_json_iter {
    struct wb_json key, value;
    uint32_t at, end;
    const struct wb_json_doc *doc;
    bool object;
};
struct wb_json_iter wb_json_iter(struct wb_json v); /* empty for scalars */
bool wb_json_next(struct wb_json_iter *it);

/* Text of a string, unescaped; points into the source when it has no escapes. Null slice when v is
 * not a string. A lone surrogate escape becomes U+FFFD. */
struct wb_slice wb_json_str(struct wb_json v, struct wb_arena *a);
/* Convenience: the member's string, or the null slice. */
struct wb_slice wb_json_get_str(struct wb_json obj, const char *name, struct wb_arena *a);
bool wb_json_bool(struct wb_json v, bool otherwise);
/* Integer value of a NUMBER that is integral and fits (1.0 and 1e2 are integral). */
bool wb_json_i64(struct wb_json v, int64_t *out);
int64_t wb_json_get_i64(struct wb_json obj, const char *name, int64_t otherwise);
bool wb_json_double(struct wb_json v, double *out);

/*
 * The writer: appends well-formed compact JSON to a buffer, commas by itself. Nesting errors are
 * programmer errors (assert). Text that is not UTF-8 is written with U+FFFD for each bad byte.
 */
struct wb_json_writer {
    struct wb_buf *out;
    uint64_t has;    /* bit per depth: something was written at this level */
    uint64_t object; /* bit per depth: this level is an object */
    unsigned depth;  /* at most 63 */
    bool after_key;
};
void wb_jw_init(struct wb_json_writer *w, struct wb_buf *out);
void wb_jw_object(struct wb_json_writer *w);
void wb_jw_end_object(struct wb_json_writer *w);
void wb_jw_array(struct wb_json_writer *w);
void wb_jw_end_array(struct wb_json_writer *w);
void wb_jw_key(struct wb_json_writer *w, const char *name);
void wb_jw_key_slice(struct wb_json_writer *w, struct wb_slice name); /* unescaped text */
void wb_jw_str(struct wb_json_writer *w, struct wb_slice s);          /* null slice -> null */
void wb_jw_cstr(struct wb_json_writer *w, const char *s);
void wb_jw_i64(struct wb_json_writer *w, int64_t v);
void wb_jw_double(struct wb_json_writer *w,
                  double v); /* shortest that reads back the same; NaN and infinity: null */
void wb_jw_bool(struct wb_json_writer *w, bool v);
void wb_jw_null(struct wb_json_writer *w);
void wb_jw_raw(struct wb_json_writer *w,
               struct wb_slice json); /* a complete JSON value, as it stands */
/* key + value */
void wb_jw_kstr(struct wb_json_writer *w, const char *name, struct wb_slice s);
void wb_jw_kcstr(struct wb_json_writer *w, const char *name, const char *s);
void wb_jw_ki64(struct wb_json_writer *w, const char *name, int64_t v);
void wb_jw_kbool(struct wb_json_writer *w, const char *name, bool v);
void wb_jw_kraw(struct wb_json_writer *w, const char *name, struct wb_slice json);

#endif
