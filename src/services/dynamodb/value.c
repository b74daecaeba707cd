#include "services/dynamodb/value.h"
#include "base/limits.h"
#include "codec/text.h"
#include <assert.h>

static const char *const type_names[] = {"",   "S",  "N",  "B", "BOOL", "NULL",
                                         "SS", "NS", "BS", "L", "M"};

const char *wb_av_type_name(uint8_t type)
{
    assert(type <= WB_AV_M);
    return type_names[type];
}

uint8_t wb_av_type_of(struct wb_slice name)
{
    if (name.n == 1) {
        switch (name.p[0]) {
        case 'S':
            return WB_AV_S;
        case 'N':
            return WB_AV_N;
        case 'B':
            return WB_AV_B;
        case 'L':
            return WB_AV_L;
        case 'M':
            return WB_AV_M;
        default:
            return WB_AV_NONE;
        }
    }
    for (uint8_t t = WB_AV_BOOL; t <= WB_AV_BS; t++)
        if (wb_slice_is(name, type_names[t]))
            return t;
    return WB_AV_NONE;
}

int wb_av_cmp(const struct wb_av *a, const struct wb_av *b)
{
    assert(a->type == b->type);
    if (a->type != WB_AV_N)
        return wb_slice_cmp(a->s, b->s);
    if (wb_slice_eq(a->s, b->s))
        return 0;
    struct wb_decimal x, y;
    bool ok = wb_decimal_parse(a->s, &x) == WB_DEC_OK && wb_decimal_parse(b->s, &y) == WB_DEC_OK;
    assert(ok);
    return wb_decimal_cmp(&x, &y);
}

bool wb_av_equal(const struct wb_av *a, const struct wb_av *b)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case WB_AV_BOOL:
        return a->truth == b->truth;
    case WB_AV_NULL:
    case WB_AV_NONE:
        return true;
    case WB_AV_M:
        if (a->count != b->count)
            return false;
        for (uint32_t i = 0; i < a->count; i++)
            if (!wb_slice_eq(a->attr[i].name, b->attr[i].name) ||
                !wb_av_equal(&a->attr[i].value, &b->attr[i].value))
                return false;
        return true;
    case WB_AV_SS:
    case WB_AV_NS:
    case WB_AV_BS:
    case WB_AV_L:
        if (a->count != b->count)
            return false;
        for (uint32_t i = 0; i < a->count; i++)
            if (!wb_av_equal(&a->elem[i], &b->elem[i]))
                return false;
        return true;
    default: /* numbers are canonical */
        return wb_slice_eq(a->s, b->s);
    }
}

unsigned wb_av_depth(const struct wb_av *v)
{
    unsigned deepest = 0;
    if (v->type != WB_AV_L && v->type != WB_AV_M)
        return 0;
    for (uint32_t i = 0; i < v->count; i++) {
        unsigned d = wb_av_depth(v->type == WB_AV_L ? &v->elem[i] : &v->attr[i].value);
        if (d > deepest)
            deepest = d;
    }
    return 1 + deepest;
}

/* One byte for the exponent, one for each pair of decimal digits, one more when negative. */
static size_t number_size(struct wb_slice text)
{
    struct wb_decimal d;
    uint8_t bytes[WB_DECIMAL_BYTES];
    if (wb_decimal_parse(text, &d) != WB_DEC_OK || d.sign == 0)
        return 1;
    size_t n = wb_decimal_encode(&d, bytes);
    if (d.sign < 0 && bytes[n - 1] != 0x66)
        n++; /* 38 digits leave no room for the end mark, which is billed all the same */
    return n;
}

size_t wb_av_size(const struct wb_av *v)
{
    size_t n = 0;
    switch (v->type) {
    case WB_AV_S:
    case WB_AV_B:
        return v->s.n;
    case WB_AV_N:
        return number_size(v->s);
    case WB_AV_BOOL:
    case WB_AV_NULL:
        return 1;
    case WB_AV_L:
        n = 3;
        for (uint32_t i = 0; i < v->count; i++)
            n += 1 + wb_av_size(&v->elem[i]);
        return n;
    case WB_AV_M:
        return 3 + v->count + wb_av_item_size(v);
    default:
        for (uint32_t i = 0; i < v->count; i++)
            n += wb_av_size(&v->elem[i]);
        return n;
    }
}

size_t wb_av_item_size(const struct wb_av *m)
{
    size_t n = 0;
    for (uint32_t i = 0; i < m->count; i++)
        n += m->attr[i].name.n + wb_av_size(&m->attr[i].value);
    return n;
}

static bool take(size_t *left, size_t n)
{
    if (n > *left)
        return false;
    *left -= n;
    return true;
}

static bool fits(const struct wb_av *v, size_t *left)
{
    if (v->type != WB_AV_L && v->type != WB_AV_M)
        return take(left, wb_av_size(v));
    if (!take(left, 3))
        return false;
    for (uint32_t i = 0; i < v->count; i++) {
        const struct wb_av *c = v->type == WB_AV_L ? &v->elem[i] : &v->attr[i].value;
        if (!take(left, 1 + (v->type == WB_AV_M ? v->attr[i].name.n : 0)) || !fits(c, left))
            return false;
    }
    return true;
}

bool wb_av_item_fits(const struct wb_av *m, size_t most)
{
    for (uint32_t i = 0; i < m->count; i++)
        if (!take(&most, m->attr[i].name.n) || !fits(&m->attr[i].value, &most))
            return false;
    return true;
}

/* --- writing --- */

static void write_str(struct wb_buf *out, struct wb_slice s)
{
    struct wb_json_writer w;
    wb_jw_init(&w, out);
    wb_jw_str(&w, s.p ? s : WB_S(""));
}

static void write_scalar(struct wb_buf *out, const struct wb_av *v)
{
    if (v->type == WB_AV_B || v->type == WB_AV_BS) {
        assert(out->arena);
        struct wb_slice text = wb_base64_encode(out->arena, v->s);
        wb_buf_char(out, '"');
        wb_buf_slice_put(out, text);
        wb_buf_char(out, '"');
    } else {
        write_str(out, v->s);
    }
}

void wb_av_write(struct wb_buf *out, const struct wb_av *v)
{
    wb_buf_str(out, "{\"");
    wb_buf_str(out, type_names[v->type]);
    wb_buf_str(out, "\":");
    switch (v->type) {
    case WB_AV_S:
    case WB_AV_N:
    case WB_AV_B:
        write_scalar(out, v);
        break;
    case WB_AV_BOOL:
        wb_buf_str(out, v->truth ? "true" : "false");
        break;
    case WB_AV_NULL:
        wb_buf_str(out, "true");
        break;
    case WB_AV_M:
        wb_av_write_map(out, v);
        break;
    default:
        wb_buf_char(out, '[');
        for (uint32_t i = 0; i < v->count; i++) {
            if (i)
                wb_buf_char(out, ',');
            if (v->type == WB_AV_L)
                wb_av_write(out, &v->elem[i]);
            else
                write_scalar(out, &v->elem[i]);
        }
        wb_buf_char(out, ']');
    }
    wb_buf_char(out, '}');
}

void wb_av_write_map(struct wb_buf *out, const struct wb_av *m)
{
    wb_buf_char(out, '{');
    for (uint32_t i = 0; i < m->count; i++) {
        if (i)
            wb_buf_char(out, ',');
        write_str(out, m->attr[i].name);
        wb_buf_char(out, ':');
        wb_av_write(out, &m->attr[i].value);
    }
    wb_buf_char(out, '}');
}

static void show(struct wb_buf *b, const struct wb_av *v)
{
    wb_buf_printf(b, "{%s:", type_names[v->type]);
    switch (v->type) {
    case WB_AV_S:
    case WB_AV_N:
        wb_buf_slice_put(b, v->s);
        break;
    case WB_AV_B:
        wb_buf_slice_put(b, wb_base64_encode(b->arena, v->s));
        break;
    case WB_AV_BOOL:
        wb_buf_str(b, v->truth ? "true" : "false");
        break;
    case WB_AV_NULL:
        wb_buf_str(b, "true");
        break;
    case WB_AV_M:
        wb_buf_char(b, '{');
        for (uint32_t i = 0; i < v->count; i++) {
            wb_buf_str(b, i ? ", " : "");
            wb_buf_slice_put(b, v->attr[i].name);
            wb_buf_char(b, '=');
            show(b, &v->attr[i].value);
        }
        wb_buf_char(b, '}');
        break;
    default:
        wb_buf_char(b, '[');
        for (uint32_t i = 0; i < v->count; i++) {
            wb_buf_str(b, i ? ", " : "");
            if (v->type == WB_AV_L)
                show(b, &v->elem[i]);
            else if (v->type == WB_AV_BS)
                wb_buf_slice_put(b, wb_base64_encode(b->arena, v->elem[i].s));
            else
                wb_buf_slice_put(b, v->elem[i].s);
        }
        wb_buf_char(b, ']');
    }
    wb_buf_char(b, '}');
}

struct wb_slice wb_av_show(struct wb_arena *a, const struct wb_av *v)
{
    struct wb_buf b = wb_buf_in(a);
    show(&b, v);
    return wb_buf_slice(&b);
}

/* --- maps and sets --- */

/* Index of the first attribute whose name is not below `name`. */
static uint32_t attr_at(const struct wb_av *m, struct wb_slice name)
{
    uint32_t lo = 0, hi = m->count;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (wb_slice_cmp(m->attr[mid].name, name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

const struct wb_av *wb_av_get(const struct wb_av *m, struct wb_slice name)
{
    if (m->type != WB_AV_M)
        return NULL;
    uint32_t i = attr_at(m, name);
    return i < m->count && wb_slice_eq(m->attr[i].name, name) ? &m->attr[i].value : NULL;
}

void wb_av_set(struct wb_arena *a, struct wb_av *m, struct wb_slice name, const struct wb_av *value)
{
    assert(m->type == WB_AV_M);
    uint32_t i = attr_at(m, name);
    bool there = i < m->count && wb_slice_eq(m->attr[i].name, name);
    if (there && value) {
        m->attr[i].value = *value;
    } else if (there) {
        memmove(&m->attr[i], &m->attr[i + 1], (m->count - i - 1) * sizeof(*m->attr));
        m->count--;
    } else if (value) {
        struct wb_attr *grown = wb_alloc(a, (m->count + 1) * sizeof(*grown));
        if (i)
            memcpy(grown, m->attr, i * sizeof(*grown));
        grown[i] = (struct wb_attr){name, *value};
        if (m->count > i)
            memcpy(&grown[i + 1], &m->attr[i], (m->count - i) * sizeof(*grown));
        m->attr = grown;
        m->count++;
    }
}

void wb_av_own(struct wb_arena *a, struct wb_av *v)
{
    size_t size = v->type == WB_AV_M ? sizeof(struct wb_attr) : sizeof(struct wb_av);
    if (v->count == 0 || (v->type != WB_AV_M && v->type != WB_AV_L && !wb_av_is_set(v->type)))
        return;
    void *copy = wb_alloc(a, v->count * size);
    memcpy(copy, v->type == WB_AV_M ? (void *)v->attr : (void *)v->elem, v->count * size);
    if (v->type == WB_AV_M)
        v->attr = copy;
    else
        v->elem = copy;
}

bool wb_av_set_has(const struct wb_av *set, const struct wb_av *member)
{
    uint32_t lo = 0, hi = set->count;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        int c = wb_av_cmp(&set->elem[mid], member);
        if (c == 0)
            return true;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}

/* Both sets are in order: one walk. */
static struct wb_av merge(struct wb_arena *a, const struct wb_av *x, const struct wb_av *y,
                          bool minus)
{
    assert(x->type == y->type && wb_av_is_set(x->type));
    struct wb_av r = {.type = x->type};
    r.elem = wb_alloc(a, ((size_t)x->count + y->count) * sizeof(*r.elem));
    uint32_t i = 0, j = 0;
    while (i < x->count || j < y->count) {
        int c = i == x->count ? 1 : j == y->count ? -1 : wb_av_cmp(&x->elem[i], &y->elem[j]);
        if (c < 0 || (c == 0 && !minus))
            r.elem[r.count++] = x->elem[i];
        else if (c > 0 && !minus)
            r.elem[r.count++] = y->elem[j];
        i += c <= 0;
        j += c >= 0;
    }
    return r;
}

struct wb_av wb_av_set_union(struct wb_arena *a, const struct wb_av *x, const struct wb_av *y)
{
    return merge(a, x, y, false);
}

struct wb_av wb_av_set_minus(struct wb_arena *a, const struct wb_av *x, const struct wb_av *y)
{
    return merge(a, x, y, true);
}

struct wb_av wb_av_number(struct wb_arena *a, const struct wb_decimal *d)
{
    return (struct wb_av){.type = WB_AV_N, .s = wb_decimal_str(a, d)};
}

struct wb_av wb_av_string(struct wb_slice s)
{
    return (struct wb_av){.type = WB_AV_S, .s = s};
}

const char *wb_av_number_error(enum wb_decimal_status st)
{
    switch (st) {
    case WB_DEC_OVERFLOW:
        return "Number overflow. Attempting to store a number with magnitude larger than supported "
               "range";
    case WB_DEC_UNDERFLOW:
        return "Number underflow. Attempting to store a number with magnitude smaller than "
               "supported range";
    case WB_DEC_PRECISION:
        return "Attempting to store more than 38 significant digits in a Number";
    default:
        return NULL;
    }
}
