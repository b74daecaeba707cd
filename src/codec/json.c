/*
 * Parsing takes two passes. The first, over blocks of 16 bytes, counts the characters that can
 * begin a value (',' ':' '[' '{'), which bounds the number of nodes, and notes whether there is
 * anything beyond ASCII, in which case the whole text is checked as UTF-8. The second then writes
 * nodes without looking for room. It is a loop, not a recursion: while a container is open, its
 * `next` holds the index of the container around it.
 */
#include "codec/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include <assert.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define COUNT_MAX 0xffffffu /* what wb_json_node.count holds */

/* First pass: an upper bound of the number of nodes. */
static size_t survey(const char *p, size_t n, bool *ascii)
{
    size_t count = 1, i = 0;
    unsigned high = 0;
#if defined(__SSE2__)
    const __m128i comma = _mm_set1_epi8(','), colon = _mm_set1_epi8(':');
    const __m128i brace = _mm_set1_epi8('{'), bit5 = _mm_set1_epi8(0x20);
    __m128i any = _mm_setzero_si128();
    while (n - i >= 16) {
        /* A byte lane counts up to 255 blocks before it is added up. */
        __m128i lanes = _mm_setzero_si128();
        size_t blocks = (n - i) / 16 < 255 ? (n - i) / 16 : 255;
        for (; blocks; blocks--, i += 16) {
            __m128i c = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
            __m128i open = _mm_cmpeq_epi8(_mm_or_si128(c, bit5), brace); /* '[' is '{' - 0x20 */
            __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(c, comma), _mm_cmpeq_epi8(c, colon));
            lanes = _mm_sub_epi8(lanes, _mm_or_si128(hit, open));
            any = _mm_or_si128(any, c);
        }
        __m128i sum = _mm_sad_epu8(lanes, _mm_setzero_si128());
        count += (size_t)_mm_cvtsi128_si64(sum);
        count += (size_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(sum, sum));
    }
    high = (unsigned)_mm_movemask_epi8(any);
#endif
    unsigned bits = 0;
    for (; i < n; i++) {
        char c = p[i];
        count += c == ',' || c == ':' || c == '[' || c == '{';
        bits |= (uint8_t)c;
    }
    *ascii = high == 0 && bits < 0x80;
    return count;
}

struct parser {
    const char *p, *end;
    const char *reason;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Moves past what needs no attention in a string: everything but '"', '\' and control characters.
 */
static inline const char *plain(const char *p, const char *end)
{
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
    const __m128i space = _mm_set1_epi8(0x1f);
    for (; end - p >= 16; p += 16) {
        __m128i c = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i stop = _mm_or_si128(_mm_cmpeq_epi8(c, quote), _mm_cmpeq_epi8(c, slash));
        stop = _mm_or_si128(stop, _mm_cmpeq_epi8(_mm_min_epu8(c, space), c));
        unsigned mask = (unsigned)_mm_movemask_epi8(stop);
        if (mask)
            return p + __builtin_ctz(mask);
    }
#endif
    while (p < end && *p != '"' && *p != '\\' && (uint8_t)*p >= 0x20)
        p++;
    return p;
}

/* in->p is at a backslash; moves past the escape. */
static bool escape(struct parser *in)
{
    const char *p = in->p + 1;
    if (p == in->end)
        goto bad;
    switch (*p++) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        break;
    case 'u':
        for (int i = 0; i < 4; i++, p++)
            if (p == in->end || hex_value(*p) < 0)
                goto bad;
        break;
    default:
        goto bad;
    }
    in->p = p;
    return true;
bad:
    in->reason = "invalid escape in a string";
    return false;
}

/* in->p is after the opening quote; moves past the closing one. */
static inline bool string(struct parser *in, const char *text, struct wb_json_node *node)
{
    const char *from = in->p;
    bool escaped = false;
    for (;;) {
        in->p = plain(in->p, in->end);
        if (in->p == in->end) {
            in->reason = "string without end";
            return false;
        }
        if (*in->p == '"')
            break;
        if (*in->p != '\\') {
            in->reason = "control character in a string";
            return false;
        }
        if (!escape(in))
            return false;
        escaped = true;
    }
    node->off = (uint32_t)(from - text);
    node->len = (uint32_t)(in->p - from);
    node->type = WB_JSON_STRING;
    node->count = 0;
    node->escaped = escaped;
    in->p++;
    return true;
}

static inline bool digits(struct parser *in)
{
    const char *from = in->p;
    while (in->p < in->end && is_digit(*in->p))
        in->p++;
    return in->p > from;
}

static inline bool number(struct parser *in)
{
    in->reason = "malformed number";
    if (in->p < in->end && *in->p == '-')
        in->p++;
    if (in->p < in->end && *in->p == '0')
        in->p++;
    else if (!digits(in))
        return false;
    if (in->p < in->end && *in->p == '.') {
        in->p++;
        if (!digits(in))
            return false;
    }
    if (in->p < in->end && (*in->p | 0x20) == 'e') {
        in->p++;
        if (in->p < in->end && (*in->p == '+' || *in->p == '-'))
            in->p++;
        if (!digits(in))
            return false;
    }
    in->reason = NULL;
    return true;
}

static inline bool literal(struct parser *in, const char *word, size_t n)
{
    if ((size_t)(in->end - in->p) < n || memcmp(in->p, word, n) != 0) {
        in->reason = "not a JSON value";
        return false;
    }
    in->p += n;
    return true;
}

static inline void skip(struct parser *in)
{
    while (in->p < in->end && (*in->p == ' ' || *in->p == '\n' || *in->p == '\r' || *in->p == '\t'))
        in->p++;
}

/* A number or a literal. */
static inline bool scalar(struct parser *in, const char *text, struct wb_json_node *node)
{
    const char *from = in->p;
    bool ok;
    switch (*from) {
    case 't':
        node->type = WB_JSON_TRUE;
        ok = literal(in, "true", 4);
        break;
    case 'f':
        node->type = WB_JSON_FALSE;
        ok = literal(in, "false", 5);
        break;
    case 'n':
        node->type = WB_JSON_NULL;
        ok = literal(in, "null", 4);
        break;
    default:
        node->type = WB_JSON_NUMBER;
        if (*from != '-' && !is_digit(*from)) {
            in->reason = "not a JSON value";
            return false;
        }
        ok = number(in);
    }
    node->off = (uint32_t)(from - text);
    node->len = (uint32_t)(in->p - from);
    node->count = 0;
    node->escaped = 0;
    return ok;
}

/* What follows once a value is complete or a container has been opened. */
enum want { VALUE, KEY, AFTER, DONE };

/* Reads `"name" :` in front of a member's value. */
static inline bool member(struct parser *in, const char *text, struct wb_json_node *node,
                          uint32_t at)
{
    skip(in);
    if (in->p == in->end || *in->p != '"') {
        in->reason = "expected a string as name of a member";
        return false;
    }
    in->p++;
    if (!string(in, text, node))
        return false;
    node->next = at + 1;
    skip(in);
    if (in->p == in->end || *in->p != ':') {
        in->reason = "expected ':'";
        return false;
    }
    in->p++;
    return true;
}

struct tape {
    struct wb_json_node *node;
    uint32_t count;
    uint32_t open; /* innermost open container */
    unsigned depth, depth_max;
};

/* in->p is at '[' or '{'. */
static inline bool container(struct parser *in, const char *text, struct tape *t, enum want *want)
{
    struct wb_json_node *n = &t->node[t->count];
    bool object = *in->p == '{';
    if (++t->depth > t->depth_max) {
        in->reason = "nested too deeply";
        return false;
    }
    n->off = (uint32_t)(in->p - text);
    n->type = object ? WB_JSON_OBJECT : WB_JSON_ARRAY;
    n->count = 0;
    n->escaped = 0;
    n->next = t->open;
    t->open = t->count++;
    in->p++;
    skip(in);
    *want = object ? KEY : VALUE;
    if (in->p < in->end && *in->p == (object ? '}' : ']')) {
        n->count = COUNT_MAX; /* so that the value "counted" by AFTER leaves 0 */
        *want = AFTER;
    }
    return true;
}

/* A value inside t->open has ended: a comma, or one or more closing brackets. */
static inline bool after(struct parser *in, const char *text, struct tape *t, enum want *want)
{
    while (t->depth) {
        struct wb_json_node *n = &t->node[t->open];
        bool object = n->type == WB_JSON_OBJECT;
        n->count++;
        skip(in);
        if (in->p < in->end && *in->p == ',') {
            if (n->count == COUNT_MAX) {
                in->reason = "too many elements";
                return false;
            }
            in->p++;
            *want = object ? KEY : VALUE;
            return true;
        }
        if (in->p == in->end || *in->p != (object ? '}' : ']')) {
            in->reason = object ? "expected ',' or '}'" : "expected ',' or ']'";
            return false;
        }
        in->p++;
        n->len = (uint32_t)(in->p - text) - n->off;
        t->open = n->next;
        n->next = t->count;
        t->depth--;
    }
    *want = DONE;
    return true;
}

static bool parse(struct parser *in, const char *text, struct tape *t)
{
    enum want want = VALUE;
    while (want != DONE) {
        if (want == KEY) {
            if (!member(in, text, &t->node[t->count], t->count))
                return false;
            t->count++;
            want = VALUE;
        }
        if (want == VALUE) {
            struct wb_json_node *n = &t->node[t->count];
            skip(in);
            if (in->p == in->end) {
                in->reason = "unexpected end";
                return false;
            }
            if (*in->p == '{' || *in->p == '[') {
                if (!container(in, text, t, &want))
                    return false;
                if (want != AFTER)
                    continue;
            } else if (*in->p == '"') {
                in->p++;
                if (!string(in, text, n))
                    return false;
                n->next = ++t->count;
            } else {
                if (!scalar(in, text, n))
                    return false;
                n->next = ++t->count;
            }
        }
        if (!after(in, text, t, &want))
            return false;
    }
    skip(in);
    if (in->p != in->end)
        in->reason = "text after the end of the value";
    return in->p == in->end;
}

static bool failed(struct wb_json_error *err, const char *reason, size_t offset)
{
    if (err)
        *err = (struct wb_json_error){reason, offset};
    return false;
}

bool wb_json_parse(struct wb_json_doc *doc, struct wb_arena *a, struct wb_slice text,
                   unsigned depth_max, struct wb_json_error *err)
{
    bool ascii;
    if (text.n >= UINT32_MAX)
        return failed(err, "text too long", 0);
    if (text.n == 0)
        return failed(err, "unexpected end", 0);
    size_t bound = survey(text.p, text.n, &ascii);
    if (!ascii) {
        ptrdiff_t bad = wb_utf8_check(text);
        if (bad >= 0)
            return failed(err, "invalid UTF-8", (size_t)bad);
    }
    struct parser in = {text.p, text.p + text.n, NULL};
    struct tape t = {.node = wb_alloc(a, bound * sizeof *t.node),
                     .depth_max = depth_max ? depth_max : WB_JSON_DEPTH_MAX};
    if (!parse(&in, text.p, &t))
        return failed(err, in.reason, (size_t)(in.p - text.p));
    assert(t.count <= bound);
    *doc = (struct wb_json_doc){text, t.node, t.count};
    return true;
}

struct wb_json wb_json_read(struct wb_arena *a, struct wb_slice text, struct wb_json_error *err)
{
    struct wb_json_doc *doc = wb_new(a, struct wb_json_doc);
    return wb_json_parse(doc, a, text, 0, err) ? wb_json_root(doc) : WB_JSON_NONE;
}

static inline const struct wb_json_node *node_of(struct wb_json v)
{
    return &v.doc->node[v.at];
}

static inline struct wb_slice text_of(struct wb_json v)
{
    const struct wb_json_node *n = node_of(v);
    return wb_slice(v.doc->text.p + n->off, n->len);
}

struct wb_json wb_json_root(const struct wb_json_doc *doc)
{
    return (struct wb_json){doc, 0};
}

enum wb_json_type wb_json_type(struct wb_json v)
{
    return v.doc ? (enum wb_json_type)node_of(v)->type : WB_JSON_MISSING;
}

uint32_t wb_json_count(struct wb_json v)
{
    return v.doc ? node_of(v)->count : 0;
}

struct wb_slice wb_json_raw(struct wb_json v)
{
    if (!v.doc)
        return WB_SLICE_NULL;
    struct wb_slice s = text_of(v);
    return node_of(v)->type == WB_JSON_STRING ? wb_slice(s.p - 1, s.n + 2) : s;
}

static uint32_t hex4(const char *p)
{
    return (uint32_t)(hex_value(p[0]) << 12 | hex_value(p[1]) << 8 | hex_value(p[2]) << 4 |
                      hex_value(p[3]));
}

/* Decodes the (checked) escape at *p into 1..4 bytes and moves past it. */
static size_t unescape(const char **p, const char *end, char out[4])
{
    char c = (*p)[1];
    if (c != 'u') {
        /* Quotes first: they are what JSON within JSON is full of. */
        if (c == '"' || c == '\\' || c == '/')
            *out = c;
        else
            *out = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == 'b' ? '\b' : '\f';
        *p += 2;
        return 1;
    }
    uint32_t cp = hex4(*p + 2);
    *p += 6;
    if (cp >= 0xd800 && cp <= 0xdbff && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
        uint32_t low = hex4(*p + 2);
        if (low >= 0xdc00 && low <= 0xdfff) {
            *p += 6;
            return wb_utf8_put(out, 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00));
        }
    }
    if (cp >= 0xd800 && cp <= 0xdfff)
        cp = 0xfffd;
    return wb_utf8_put(out, cp);
}

struct wb_slice wb_json_str(struct wb_json v, struct wb_arena *a)
{
    if (wb_json_type(v) != WB_JSON_STRING)
        return WB_SLICE_NULL;
    struct wb_slice s = text_of(v);
    if (!node_of(v)->escaped)
        return s;
    /* No escape is shorter than what it stands for, U+FFFD (3 bytes for 6) included. */
    char *out = wb_alloc(a, s.n + 4);
    size_t n = 0;
    for (const char *p = s.p, *end = s.p + s.n; p < end;) {
        const char *stop = plain(p, end);
        memcpy(out + n, p, (size_t)(stop - p));
        n += (size_t)(stop - p);
        p = stop;
        if (p == end)
            break;
        if (*p == '\\')
            n += unescape(&p, end, out + n);
        else
            out[n++] = *p++;
    }
    return wb_slice(out, n);
}

/* Compares without a copy. */
static bool name_is(const struct wb_json_doc *doc, const struct wb_json_node *key,
                    struct wb_slice name)
{
    const char *p = doc->text.p + key->off, *end = p + key->len;
    if (!key->escaped)
        return key->len == name.n && (name.n == 0 || memcmp(p, name.p, name.n) == 0);
    size_t at = 0;
    while (p < end) {
        char c[4];
        size_t n = 1;
        if (*p == '\\')
            n = unescape(&p, end, c);
        else
            c[0] = *p++;
        if (name.n - at < n || memcmp(name.p + at, c, n) != 0)
            return false;
        at += n;
    }
    return at == name.n;
}

struct wb_json wb_json_get_slice(struct wb_json obj, struct wb_slice name)
{
    struct wb_json found = WB_JSON_NONE;
    if (wb_json_type(obj) != WB_JSON_OBJECT)
        return found;
    const struct wb_json_node *node = obj.doc->node;
    for (uint32_t at = obj.at + 1, end = node[obj.at].next; at < end; at = node[at + 1].next)
        if (name_is(obj.doc, &node[at], name))
            found = (struct wb_json){obj.doc, at + 1};
    return found;
}

struct wb_json wb_json_get(struct wb_json obj, const char *name)
{
    return wb_json_get_slice(obj, wb_slice_str(name));
}

struct wb_json wb_json_item(struct wb_json arr, uint32_t index)
{
    if (wb_json_type(arr) != WB_JSON_ARRAY || index >= wb_json_count(arr))
        return WB_JSON_NONE;
    uint32_t at = arr.at + 1;
    while (index--)
        at = arr.doc->node[at].next;
    return (struct wb_json){arr.doc, at};
}

struct wb_json_iter wb_json_iter(struct wb_json v)
{
    enum wb_json_type type = wb_json_type(v);
    struct wb_json_iter it = {.doc = v.doc, .object = type == WB_JSON_OBJECT};
    if (it.object || type == WB_JSON_ARRAY) {
        it.at = v.at + 1;
        it.end = node_of(v)->next;
    }
    return it;
}

bool wb_json_next(struct wb_json_iter *it)
{
    if (it->at >= it->end)
        return false;
    if (it->object)
        it->key = (struct wb_json){it->doc, it->at++};
    it->value = (struct wb_json){it->doc, it->at};
    it->at = it->doc->node[it->at].next;
    return true;
}

struct wb_slice wb_json_get_str(struct wb_json obj, const char *name, struct wb_arena *a)
{
    return wb_json_str(wb_json_get(obj, name), a);
}

bool wb_json_bool(struct wb_json v, bool otherwise)
{
    enum wb_json_type type = wb_json_type(v);
    return type == WB_JSON_TRUE || (type != WB_JSON_FALSE && otherwise);
}
