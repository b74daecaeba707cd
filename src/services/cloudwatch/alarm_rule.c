#include "services/cloudwatch/alarm_rule.h"
#include "base/buf.h"
#include "base/limits.h"

struct parser {
    struct wb_arena *a;
    struct wb_slice text;
    size_t at;
    unsigned depth;
    struct cw_rule_tree *t;
    struct wb_slice why;
};

static bool bad(struct parser *p, const char *what)
{
    if (!p->why.p)
        p->why = wb_printf(p->a, "%s at position %zu", what, p->at + 1);
    return false;
}

static void blanks(struct parser *p)
{
    while (p->at < p->text.n && strchr(" \t\r\n", p->text.p[p->at]) && p->text.p[p->at])
        p->at++;
}

static bool letter(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_';
}

/* The word that begins here, not taken. */
static struct wb_slice word(struct parser *p)
{
    blanks(p);
    size_t end = p->at;
    while (end < p->text.n && letter(p->text.p[end]))
        end++;
    return wb_slice_sub(p->text, p->at, end);
}

static bool take_word(struct parser *p, const char *w)
{
    struct wb_slice s = word(p);
    if (!wb_slice_ieq(s, wb_slice_str(w)))
        return false;
    p->at += s.n;
    return true;
}

static bool take(struct parser *p, char ch)
{
    blanks(p);
    if (p->at >= p->text.n || p->text.p[p->at] != ch)
        return false;
    p->at++;
    return true;
}

static bool add(struct parser *p, struct cw_rule_node n, unsigned *out)
{
    if (p->t->count == WB_ALARM_RULE_ELEMENTS_MAX)
        return bad(p, "too many elements");
    *out = p->t->count;
    p->t->node[p->t->count++] = n;
    return true;
}

static bool child(struct parser *p, struct wb_slice name, unsigned *index)
{
    for (unsigned i = 0; i < p->t->name_count; i++)
        if (wb_slice_eq(p->t->name[i], name)) {
            *index = i;
            return true;
        }
    if (p->t->name_count == WB_ALARM_CHILDREN_MAX)
        return bad(p, "too many alarms");
    *index = p->t->name_count;
    p->t->name[p->t->name_count++] = name;
    return true;
}

/* The name in parentheses: quoted, with \" and \\ in it, or up to the closing parenthesis. */
static bool name(struct parser *p, struct wb_slice *out)
{
    struct wb_buf b = wb_buf_in(p->a);
    if (!take(p, '('))
        return bad(p, "expected (");
    if (take(p, '"')) {
        while (p->at < p->text.n && p->text.p[p->at] != '"') {
            if (p->text.p[p->at] == '\\' && p->at + 1 < p->text.n)
                p->at++;
            wb_buf_char(&b, p->text.p[p->at++]);
        }
        if (p->at++ >= p->text.n)
            return bad(p, "unterminated name");
        *out = wb_buf_slice(&b);
    } else {
        ptrdiff_t end = wb_slice_chr(p->text, ')', p->at);
        if (end < 0)
            return bad(p, "expected )");
        *out = wb_slice_trim(wb_slice_sub(p->text, p->at, (size_t)end));
        p->at = (size_t)end;
    }
    if (!out->n)
        return bad(p, "expected the name of an alarm");
    return take(p, ')') || bad(p, "expected )");
}

static bool either(struct parser *p, unsigned *out);

static bool primary(struct parser *p, unsigned *out)
{
    struct cw_rule_node n = {.op = CW_RULE_IS};
    struct wb_slice s;
    if (take(p, '('))
        return either(p, out) && (take(p, ')') || bad(p, "expected )"));
    if (take_word(p, "TRUE"))
        return add(p, (struct cw_rule_node){.op = CW_RULE_TRUE}, out);
    if (take_word(p, "FALSE"))
        return add(p, (struct cw_rule_node){.op = CW_RULE_FALSE}, out);
    for (int i = 0; cw_state_names[i]; i++) {
        if (!take_word(p, cw_state_names[i]))
            continue;
        n.state = (enum cw_state)i;
        return name(p, &s) && child(p, s, &n.child) && add(p, n, out);
    }
    return bad(p, "expected an alarm's state, TRUE, FALSE, NOT or (");
}

static bool negated(struct parser *p, unsigned *out)
{
    struct cw_rule_node n = {.op = CW_RULE_NOT};
    if (++p->depth > WB_ALARM_RULE_DEPTH_MAX)
        return bad(p, "nested too deeply");
    bool good = take_word(p, "NOT") ? negated(p, &n.a) && add(p, n, out) : primary(p, out);
    p->depth--;
    return good;
}

static bool both(struct parser *p, unsigned *out)
{
    if (!negated(p, out))
        return false;
    while (take_word(p, "AND")) {
        struct cw_rule_node n = {.op = CW_RULE_AND, .a = *out};
        if (!negated(p, &n.b) || !add(p, n, out))
            return false;
    }
    return true;
}

static bool either(struct parser *p, unsigned *out)
{
    if (!both(p, out))
        return false;
    while (take_word(p, "OR")) {
        struct cw_rule_node n = {.op = CW_RULE_OR, .a = *out};
        if (!both(p, &n.b) || !add(p, n, out))
            return false;
    }
    return true;
}

bool cw_rule_parse(struct wb_arena *a, struct wb_slice text, struct cw_rule_tree *out,
                   struct wb_slice *why)
{
    struct parser p = {.a = a, .text = text, .t = out};
    *out =
        (struct cw_rule_tree){.node = wb_new_n(a, struct cw_rule_node, WB_ALARM_RULE_ELEMENTS_MAX),
                              .name = wb_new_n(a, struct wb_slice, WB_ALARM_CHILDREN_MAX)};
    bool good = either(&p, &out->root);
    blanks(&p);
    if (good && p.at < text.n)
        good = bad(&p, "expected AND, OR or the end");
    *why = p.why;
    return good;
}

static bool holds(const struct cw_rule_tree *t, const enum cw_state *state, unsigned at)
{
    const struct cw_rule_node *n = &t->node[at];
    switch (n->op) {
    case CW_RULE_TRUE:
        return true;
    case CW_RULE_FALSE:
        return false;
    case CW_RULE_IS:
        return state[n->child] == n->state;
    case CW_RULE_NOT:
        return !holds(t, state, n->a);
    case CW_RULE_AND:
        return holds(t, state, n->a) && holds(t, state, n->b);
    default:
        return holds(t, state, n->a) || holds(t, state, n->b);
    }
}

bool cw_rule_holds(const struct cw_rule_tree *t, const enum cw_state *state)
{
    return holds(t, state, t->root);
}
