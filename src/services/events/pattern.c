/* The compiler. Its order of checks and its texts are event-ruler's JsonRuleCompiler's as recorded
 * or published (see the reference named in pattern.h); each "return fail(...)" is one of them. */
#include "services/events/pattern.h"

#include "base/limits.h"
#include "services/events/complexity.h"
#include "services/events/lexer.h"
#include <stdlib.h>

struct rules {
    struct wb_subrule *sub;
    uint32_t count;
};

struct compiler {
    struct wb_lexer lex;
    struct wb_arena *arena; /* of the pattern */
    struct wb_slice bare;   /* an error that AWS tells without a place */
    bool or_is_plain;       /* the second try: "$or" is a field name like others */
    struct rules rules;
    bool wildcard;
    uint32_t fields; /* added so far, over all sub-rules */
};

static bool fail(struct compiler *c, const char *reason)
{
    wb_lex_fail(&c->lex, wb_slice_str(reason));
    return false;
}

static bool fail_bare(struct compiler *c, const char *reason)
{
    if (!c->lex.error.p && !c->bare.p)
        c->bare = wb_slice_str(reason);
    return false;
}

/* "<text>X" with X quoted as it stands. */
static bool fail_with(struct compiler *c, const char *text, struct wb_slice x)
{
    wb_lex_fail(&c->lex, wb_printf(c->lex.arena, "%s%.*s", text, WB_FMT(x)));
    return false;
}

static enum wb_lex_token next(struct compiler *c)
{
    return wb_lex_next(&c->lex);
}

static bool expect(struct compiler *c, enum wb_lex_token t, const char *otherwise)
{
    return next(c) == t || fail(c, otherwise);
}

/* The text of the current string token, in the pattern's arena. */
static bool text(struct compiler *c, struct wb_slice *out)
{
    struct wb_slice s = wb_lex_text(&c->lex);
    if (!s.p)
        return false;
    *out = wb_dup(c->arena, s);
    return true;
}

#define ONE_KEY "Only one key allowed in match expression"

/* --- operators --- */

static bool string_operand(struct compiler *c, struct wb_test *t, const char *otherwise)
{
    return expect(c, WB_LEX_STRING, otherwise) && text(c, &t->text) &&
           expect(c, WB_LEX_END_OBJECT, ONE_KEY);
}

/* {"prefix": "x"} or {"prefix": {"equals-ignore-case": "x"}}, the same for suffix. */
static bool affix(struct compiler *c, struct wb_test *t, bool prefix)
{
    enum wb_lex_token token = next(c);
    if (token != WB_LEX_OBJECT) {
        t->kind = prefix ? WB_TEST_PREFIX : WB_TEST_SUFFIX;
        if (token != WB_LEX_STRING)
            return fail(c, prefix ? "prefix match pattern must be a string"
                                  : "suffix match pattern must be a string");
        return text(c, &t->text) && expect(c, WB_LEX_END_OBJECT, ONE_KEY);
    }
    t->kind = prefix ? WB_TEST_FOLD_PREFIX : WB_TEST_FOLD_SUFFIX;
    if (!expect(c, WB_LEX_NAME,
                prefix ? "Prefix expression name not found" : "Suffix expression name not found"))
        return false;
    if (!wb_slice_is(c->lex.name, "equals-ignore-case"))
        return fail_with(
            c,
            prefix ? "Unsupported prefix pattern: " : "Unsupported suffix pattern: ", c->lex.name);
    return string_operand(c, t, "equals-ignore-case match pattern must be a string") &&
           expect(c, WB_LEX_END_OBJECT, ONE_KEY);
}

/* Escapes resolved and stars marked. NULL, or the reason; positions count bytes of the quoted
 * value, the opening quote being 0. */
static const char *parse_wildcard(struct compiler *c, struct wb_slice s, struct wb_slice *out)
{
    struct wb_buf b = wb_buf_in(c->arena);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '*') {
            if (i + 1 < s.n && s.p[i + 1] == '*')
                return wb_printf(c->lex.arena, "Consecutive wildcard characters at pos %zu", i + 1)
                    .p;
            wb_buf_char(&b, WB_WILD_STAR);
        } else if (s.p[i] == '\\') {
            if (i + 1 == s.n || (s.p[i + 1] != '*' && s.p[i + 1] != '\\'))
                return wb_printf(c->lex.arena, "Invalid escape character at pos %zu", i + 1).p;
            wb_buf_char(&b, s.p[++i]);
        } else {
            wb_buf_char(&b, s.p[i]);
        }
    }
    *out = b.n ? wb_buf_slice(&b) : WB_S("");
    return NULL;
}

static bool wildcard(struct compiler *c, struct wb_test *t)
{
    struct wb_slice s;
    t->kind = WB_TEST_WILD;
    c->wildcard = true;
    if (!expect(c, WB_LEX_STRING, "wildcard match pattern must be a string") || !text(c, &s))
        return false;
    const char *why = parse_wildcard(c, s, &t->text);
    return why ? fail(c, why) : expect(c, WB_LEX_END_OBJECT, ONE_KEY);
}

static bool cidr(struct compiler *c, struct wb_test *t)
{
    t->kind = WB_TEST_IP;
    if (!expect(c, WB_LEX_STRING, "prefix match pattern must be a string"))
        return false;
    struct wb_slice s = wb_lex_text(&c->lex);
    if (!s.p)
        return false;
    const char *why = wb_cidr_parse(c->lex.arena, s, &t->ip_lo, &t->ip_hi);
    return why ? fail_bare(c, why) : expect(c, WB_LEX_END_OBJECT, ONE_KEY);
}

static bool exists(struct compiler *c, struct wb_test *t)
{
    enum wb_lex_token token = next(c);
    if (token != WB_LEX_TRUE && token != WB_LEX_FALSE)
        return fail(c, "exists match pattern must be either true or false.");
    t->kind = token == WB_LEX_TRUE ? WB_TEST_EXISTS : WB_TEST_ABSENT;
    return expect(c, WB_LEX_END_OBJECT, ONE_KEY);
}

/* --- numeric --- */

#define TOO_MANY "Too many elements in numeric expression"

static bool threshold(struct compiler *c, struct wb_slice number, double *out)
{
    return wb_number_exact(number, out) || fail_with(c, "Cannot compare number : ", number);
}

static bool range_top(struct compiler *c, struct wb_test *t, struct wb_slice bottom)
{
    if (c->lex.token != WB_LEX_STRING)
        return fail_with(c, "Bad value in numeric range: ", wb_lex_text(&c->lex));
    struct wb_slice op = wb_lex_text(&c->lex), top;
    if (!op.p)
        return false;
    t->hi_open = wb_slice_is(op, "<");
    if (!t->hi_open && !wb_slice_is(op, "<="))
        return fail_with(c, "Bad numeric range operator: ", op);
    if (next(c) != WB_LEX_NUMBER)
        return fail(c, t->hi_open ? "Value of < must be numeric" : "Value of <= must be numeric");
    top = wb_lex_text(&c->lex);
    if (!expect(c, WB_LEX_END_ARRAY, "Too many terms in numeric range expression") ||
        !threshold(c, bottom, &t->lo) || !threshold(c, top, &t->hi))
        return false;
    return t->lo < t->hi || fail(c, "Bottom must be less than top");
}

static bool range(struct compiler *c, struct wb_test *t, struct wb_slice op)
{
    char what = op.p[0];
    bool equals = what == '=';
    if (c->lex.token != WB_LEX_NUMBER) {
        if (equals)
            return fail(c, "Value of equals must be numeric");
        wb_lex_fail(&c->lex, wb_printf(c->lex.arena, "Value of %.*s must be numeric", WB_FMT(op)));
        return false;
    }
    struct wb_slice number = wb_lex_text(&c->lex);
    t->kind = equals ? WB_TEST_NUMBER : WB_TEST_RANGE;
    t->lo = -__builtin_inf();
    t->hi = __builtin_inf();
    enum wb_lex_token token = next(c);
    if (what == '>') {
        t->lo_open = op.n == 1;
        if (token != WB_LEX_END_ARRAY)
            return range_top(c, t, number);
        return threshold(c, number, &t->lo);
    }
    if (token != WB_LEX_END_ARRAY)
        return fail(c, TOO_MANY);
    t->hi_open = op.n == 1;
    return threshold(c, number, equals ? &t->lo : &t->hi);
}

static bool numeric(struct compiler *c, struct wb_test *t)
{
    if (!expect(c, WB_LEX_ARRAY, "Value of numeric must be an array."))
        return false;
    if (next(c) != WB_LEX_STRING)
        return fail_with(c, "Invalid member in numeric match: ", wb_lex_text(&c->lex));
    struct wb_slice op = wb_lex_text(&c->lex);
    if (!op.p || next(c) == WB_LEX_ERROR)
        return false;
    static const char *const known[] = {"=", ">=", ">", "<=", "<"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (wb_slice_is(op, known[i]))
            return range(c, t, op) && expect(c, WB_LEX_END_OBJECT, TOO_MANY);
    return fail_with(c, "Unrecognized numeric range operator: ", op);
}

/* --- anything-but --- */

struct list {
    struct wb_slice *text;
    double *number;
    uint32_t count, cap;
};

static void *grown(struct compiler *c, const void *old, size_t size, uint32_t cap)
{
    char *p = wb_zalloc(c->arena, size * cap * 2);
    if (old)
        memcpy(p, old, size * cap);
    return p;
}

static void add_operand(struct compiler *c, struct list *l, struct wb_slice s, double d)
{
    if (l->count == l->cap) {
        uint32_t cap = l->cap ? l->cap : 4;
        l->text = l->text ? grown(c, l->text, sizeof *l->text, cap)
                          : wb_new_n(c->arena, struct wb_slice, 4);
        l->number =
            l->number ? grown(c, l->number, sizeof *l->number, cap) : wb_new_n(c->arena, double, 4);
        l->cap = l->cap ? cap * 2 : 4;
    }
    l->text[l->count] = s;
    l->number[l->count++] = d;
}

#define MIXED                                                                                      \
    "Inside anything but list, either all values are number or string, mixed type is not "         \
    "supported"

static bool cannot_compare(struct compiler *c)
{
    struct wb_slice n = wb_lex_text(&c->lex);
    return fail_bare(c, wb_printf(c->lex.arena, "Cannot compare number : %.*s", WB_FMT(n)).p);
}

/* A string or number of a plain anything-but. */
static bool plain_operand(struct compiler *c, struct list *l, enum wb_test_kind *kind)
{
    struct wb_slice s = WB_SLICE_NULL;
    double d = 0;
    if (c->lex.token == WB_LEX_STRING) {
        if (!text(c, &s))
            return false;
    } else if (c->lex.token == WB_LEX_NUMBER) {
        *kind = WB_TEST_NOT_NUMBER;
        if (!wb_number_exact(wb_lex_text(&c->lex), &d))
            return cannot_compare(c);
    } else {
        return fail(c, "Inside anything but list, start|null|boolean is not supported.");
    }
    add_operand(c, l, s, d);
    return true;
}

static bool nested_operand(struct compiler *c, struct list *l, enum wb_test_kind kind)
{
    struct wb_slice s;
    if (c->lex.token != WB_LEX_STRING)
        return fail(c, kind == WB_TEST_NOT_FOLD   ? "Inside anything-but/equals-ignore-case list, "
                                                    "number|start|null|boolean is not supported."
                       : kind == WB_TEST_NOT_WILD ? "wildcard match pattern must be a string"
                                                  : "prefix/suffix match pattern must be a string");
    if (!text(c, &s))
        return false;
    if (s.n == 0 && (kind == WB_TEST_NOT_PREFIX || kind == WB_TEST_NOT_SUFFIX))
        return fail(c, "Null prefix/suffix not allowed");
    add_operand(c, l, s, 0);
    return true;
}

/* Or empty. */
static bool list_is_mixed(const struct list *l)
{
    bool number = false, string = false;
    for (uint32_t i = 0; i < l->count; i++) {
        number |= !l->text[i].p;
        string |= l->text[i].p != NULL;
    }
    return number == string;
}

/* Errors inside a list carry the place twice: AWS wraps them once more. */
static bool operand_list(struct compiler *c, struct list *l, enum wb_test_kind *kind, bool nested)
{
    bool ok = true;
    while (ok && next(c) != WB_LEX_END_ARRAY)
        ok = nested ? nested_operand(c, l, *kind) : plain_operand(c, l, kind);
    if (!ok && c->lex.error.p) {
        wb_lex_fail_again(&c->lex);
        return false;
    }
    if (!ok) { /* "Cannot compare number" gets its one place here */
        struct wb_slice why = c->bare;
        c->bare = WB_SLICE_NULL;
        wb_lex_fail(&c->lex, why);
        return false;
    }
    if (!nested && list_is_mixed(l))
        return fail(c, MIXED);
    return true;
}

static bool nested_kind(struct compiler *c, enum wb_test_kind *kind)
{
    static const struct {
        const char *name;
        enum wb_test_kind kind;
    } known[] = {{"equals-ignore-case", WB_TEST_NOT_FOLD},
                 {"prefix", WB_TEST_NOT_PREFIX},
                 {"suffix", WB_TEST_NOT_SUFFIX},
                 {"wildcard", WB_TEST_NOT_WILD}};
    if (!expect(c, WB_LEX_NAME, "Anything-But expression name not found"))
        return false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (wb_slice_is(c->lex.name, known[i].name)) {
            *kind = known[i].kind;
            c->wildcard |= *kind == WB_TEST_NOT_WILD;
            return next(c) != WB_LEX_ERROR;
        }
    }
    return fail_with(c, "Unsupported anything-but pattern: ", c->lex.name);
}

static bool anything_but(struct compiler *c, struct wb_test *t)
{
    struct list l = {0};
    t->kind = WB_TEST_NOT_STRING;
    bool nested = next(c) == WB_LEX_OBJECT;
    if (nested && !nested_kind(c, &t->kind))
        return false;
    enum wb_lex_token token = c->lex.token;
    if (token != WB_LEX_ARRAY && token != WB_LEX_STRING && token != WB_LEX_NUMBER)
        return fail(c, "Value of anything-but must be an array or single string/number value.");
    if (token == WB_LEX_ARRAY ? !operand_list(c, &l, &t->kind, nested)
        : nested              ? !nested_operand(c, &l, t->kind)
                              : !plain_operand(c, &l, &t->kind))
        return false;
    if (t->kind == WB_TEST_NOT_WILD) {
        for (uint32_t i = 0; i < l.count; i++) {
            const char *why = parse_wildcard(c, l.text[i], &l.text[i]);
            if (why)
                return fail(c, why);
        }
    }
    t->list = l.text;
    t->numbers = l.number;
    t->list_count = l.count;
    return expect(c, WB_LEX_END_OBJECT, TOO_MANY) &&
           (!nested || expect(c, WB_LEX_END_OBJECT, TOO_MANY));
}

static bool expression(struct compiler *c, struct wb_test *t)
{
    if (!expect(c, WB_LEX_NAME, "Match expression name not found"))
        return false;
    struct wb_slice op = c->lex.name;
    if (wb_slice_is(op, "exactly")) {
        t->kind = WB_TEST_STRING;
        return string_operand(c, t, "exact match pattern must be a string");
    }
    if (wb_slice_is(op, "prefix") || wb_slice_is(op, "suffix"))
        return affix(c, t, op.p[0] == 'p');
    if (wb_slice_is(op, "numeric"))
        return numeric(c, t);
    if (wb_slice_is(op, "anything-but"))
        return anything_but(c, t);
    if (wb_slice_is(op, "exists"))
        return exists(c, t);
    if (wb_slice_is(op, "cidr"))
        return cidr(c, t);
    if (wb_slice_is(op, "equals-ignore-case")) {
        t->kind = WB_TEST_FOLD;
        return string_operand(c, t, "equals-ignore-case match pattern must be a string");
    }
    if (wb_slice_is(op, "wildcard"))
        return wildcard(c, t);
    return fail_with(c, "Unrecognized match type ", op);
}

/* --- fields --- */

/* A plain value of a leaf: one test, or two for a number (its value, its text). */
static bool literal(struct compiler *c, struct wb_test *t, unsigned *count)
{
    *count = 1;
    if (c->lex.token == WB_LEX_STRING) {
        t->kind = WB_TEST_STRING;
        if (!text(c, &t->text))
            return false;
        if (wb_ip_form(t->text) && wb_ip_parse(t->text, &t->ip_lo)) {
            t->kind = WB_TEST_IP;
            t->ip_hi = t->ip_lo;
        }
        return true;
    }
    t->kind = WB_TEST_LITERAL;
    t->text = wb_dup(c->arena, wb_lex_text(&c->lex));
    if (c->lex.token == WB_LEX_NUMBER && wb_number_exact(t->text, &t[1].lo)) {
        t[1].kind = WB_TEST_NUMBER;
        *count = 2;
    }
    return true;
}

static void put_field(struct compiler *c, struct wb_subrule *s, struct wb_field f)
{
    for (uint32_t i = 0; i < s->field_count; i++) {
        if (wb_slice_eq(s->field[i].path, f.path)) {
            s->field[i] = f; /* the last one written wins */
            return;
        }
    }
    if ((s->field_count & (s->field_count - 1)) == 0) { /* room doubles at each power of two */
        struct wb_field *more = wb_new_n(c->arena, struct wb_field, s->field_count * 2 + 1);
        if (s->field_count)
            memcpy(more, s->field, s->field_count * sizeof *more);
        s->field = more;
    }
    s->field[s->field_count++] = f;
    c->fields++;
}

static bool leaf(struct compiler *c, struct wb_slice path)
{
    struct wb_test *tests = wb_new_n(c->arena, struct wb_test, 4);
    uint32_t count = 0, cap = 4;
    enum wb_lex_token token;
    while ((token = next(c)) != WB_LEX_END_ARRAY) {
        unsigned added = 1;
        if (count + 2 > cap) {
            tests = grown(c, tests, sizeof *tests, cap);
            cap *= 2;
        }
        if (token == WB_LEX_OBJECT) {
            if (!expression(c, &tests[count]))
                return false;
        } else if (token == WB_LEX_ARRAY || token == WB_LEX_ERROR) {
            return fail(c, "Match value must be String, number, true, false, or null");
        } else if (!literal(c, &tests[count], &added)) {
            return false;
        }
        count += added;
    }
    if (count == 0)
        return fail(c, "Empty arrays are not allowed");
    if (c->rules.count == 0) {
        c->rules.sub = wb_new(c->arena, struct wb_subrule);
        c->rules.count = 1;
    }
    for (uint32_t i = 0; i < c->rules.count; i++)
        put_field(c, &c->rules.sub[i], (struct wb_field){path, tests, count});
    return c->fields <= WB_EVENT_FIELDS_MAX ||
           fail_bare(c, "The number of fields over all $or combinations is too large");
}

/* --- objects and $or --- */

static struct rules copied(struct compiler *c, const struct rules *r)
{
    struct rules out = {wb_new_n(c->arena, struct wb_subrule, r->count + 1), r->count};
    for (uint32_t i = 0; i < r->count; i++) {
        uint32_t n = r->sub[i].field_count;
        struct wb_field *f = wb_new_n(c->arena, struct wb_field, n * 2 + 1);
        if (n)
            memcpy(f, r->sub[i].field, n * sizeof *f);
        out.sub[i] = (struct wb_subrule){f, n};
        c->fields += n;
    }
    return out;
}

static bool object(struct compiler *c, struct wb_slice path, bool in_or);

static bool either_or(struct compiler *c, struct wb_slice path)
{
    struct rules before = c->rules, all = {NULL, 0};
    if (!expect(c, WB_LEX_ARRAY, "It must be an Array followed with $or."))
        return false;
    unsigned branches = 0;
    enum wb_lex_token token;
    while ((token = next(c)) != WB_LEX_END_ARRAY) {
        branches++;
        if (token != WB_LEX_OBJECT)
            return fail(c, "Only JSON object is allowed in array of $or relationship.");
        c->rules = copied(c, &before);
        if (c->rules.count == 0)
            c->rules.count = 1; /* an empty one; copied left room */
        if (!object(c, path, true))
            return false;
        if (all.count + c->rules.count > WB_EVENT_OR_MAX)
            return fail_bare(c, "The number of $or combinations exceeds the maximum of 1000");
        struct wb_subrule *sum =
            wb_new_n(c->arena, struct wb_subrule, all.count + c->rules.count + 1);
        if (all.count)
            memcpy(sum, all.sub, all.count * sizeof *sum);
        memcpy(sum + all.count, c->rules.sub, c->rules.count * sizeof *sum);
        all = (struct rules){sum, all.count + c->rules.count};
    }
    if (branches < 2)
        return fail(c, "There must have at least 2 Objects in $or relationship.");
    c->rules = all;
    return true;
}

static bool reserved(struct wb_slice name)
{
    static const char *const names[] = {"exactly",
                                        "equals-ignore-case",
                                        "prefix",
                                        "suffix",
                                        "anything-but",
                                        "exists",
                                        "wildcard",
                                        "numeric",
                                        "cidr",
                                        "=",
                                        "<",
                                        "<=",
                                        ">",
                                        ">=",
                                        "regex",
                                        "not-wildcard",
                                        "not-equals-ignore-case",
                                        "date-after",
                                        "date-on-or-after",
                                        "date-before",
                                        "date-on-or-before",
                                        "in-date-range",
                                        "ip-address-in-range",
                                        "ip-address-not-in-range"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (wb_slice_is(name, names[i]))
            return true;
    return false;
}

static bool object(struct compiler *c, struct wb_slice path, bool in_or)
{
    bool any = false;
    while (next(c) != WB_LEX_END_OBJECT) {
        if (c->lex.token == WB_LEX_ERROR)
            return false;
        any = true;
        struct wb_slice name = c->lex.name;
        if (!c->or_is_plain && wb_slice_is(name, "$or")) {
            if (!either_or(c, path))
                return false;
            continue;
        }
        if (in_or && reserved(name)) {
            wb_lex_fail(&c->lex, wb_printf(c->lex.arena,
                                           "%.*s is Ruler reserved fieldName which cannot be used "
                                           "inside $or.",
                                           WB_FMT(name)));
            return false;
        }
        struct wb_slice parts[] = {path, WB_S("."), name};
        struct wb_slice inner = path.p ? wb_concat(c->arena, parts, 3) : wb_dup(c->arena, name);
        switch (next(c)) {
        case WB_LEX_OBJECT:
            if (!object(c, inner, in_or))
                return false;
            break;
        case WB_LEX_ARRAY:
            if (!leaf(c, inner))
                return false;
            break;
        default:
            wb_lex_fail(&c->lex, wb_printf(c->lex.arena, "\"%.*s\" must be an object or an array",
                                           WB_FMT(name)));
            return false;
        }
    }
    return any || fail(c, "Empty objects are not allowed");
}

static bool compile(struct compiler *c, struct wb_slice source, struct wb_arena *scratch)
{
    wb_lex_init(&c->lex, scratch, source);
    if (next(c) != WB_LEX_OBJECT)
        return fail(c, "Filter is not an object");
    return object(c, WB_SLICE_NULL, false);
}

struct wb_pattern *wb_pattern_compile(struct wb_slice source, struct wb_arena *a,
                                      struct wb_slice *why)
{
    struct wb_pattern *p = wb_xcalloc(1, sizeof *p);
    wb_arena_init(&p->arena, 1024);
    struct compiler c = {.arena = &p->arena};
    bool ok = compile(&c, source, a);
    if (!ok) {
        *why = c.lex.error.p ? c.lex.error : c.bare;
        /* event-ruler tries again without $or: then it is a field of that name. */
        if (c.lex.error.p && wb_slice_find(source, WB_S("$or"), 0) >= 0) {
            wb_arena_reset(&p->arena);
            c = (struct compiler){.arena = &p->arena, .or_is_plain = true};
            ok = compile(&c, source, a);
        }
    }
    if (ok) {
        p->sub = c.rules.sub;
        p->sub_count = c.rules.count;
        p->wildcard = c.wildcard;
        p->complexity = c.wildcard ? wb_pattern_complexity(p, WB_EVENT_COMPLEXITY_MAX) : 0;
        if (p->complexity < WB_EVENT_COMPLEXITY_MAX)
            return p;
        *why = WB_S("Rule is too complex - try using fewer wildcard characters or fewer repeating "
                    "character sequences after a wildcard character");
    }
    wb_pattern_free(p);
    return NULL;
}

void wb_pattern_free(struct wb_pattern *p)
{
    if (!p)
        return;
    wb_arena_release(&p->arena);
    free(p);
}
