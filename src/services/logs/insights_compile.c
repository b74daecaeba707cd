/*
 * The commands of a query, made into a plan (insights_impl.h): stages of what is done row by row,
 * each followed by what needs all rows.
 *
 * A sort may stand before what is done row by row: it changes nothing for it. A limit may not, so
 * what comes behind it is the next stage.
 */
#include "services/logs/insights_impl.h"

/* --- the plan's parts --- */

static void new_stage(struct ins_parse *p)
{
    struct ins_stage *s = wb_new(p->a, struct ins_stage);
    s->scope = p->scope;
    s->limit = -1;
    if (p->stage)
        p->stage->next = s;
    else
        p->query->stage = s;
    p->stage = s;
    p->command_end = &s->command;
    p->limit_said = p->dedup_said = false;
}

/* What is done row by row cannot follow a limit in one stage. */
static void begin_rows(struct ins_parse *p)
{
    if (p->limit_said)
        new_stage(p);
}

static struct ins_command *new_command(struct ins_parse *p, enum ins_command_kind kind)
{
    struct ins_command *c = wb_new(p->a, struct ins_command);
    begin_rows(p);
    c->kind = kind;
    *p->command_end = c;
    p->command_end = &c->next;
    return c;
}

/* unasked: until a fields command says what is to be shown. */
static void show(struct ins_parse *p, struct wb_slice name, bool unasked)
{
    struct ins_name *n = p->shown;
    while (n && !wb_slice_eq(n->name, name))
        n = n->next;
    if (n)
        return;
    n = wb_new(p->a, struct ins_name);
    *n = (struct ins_name){.name = name, .defined = !unasked};
    *p->shown_end = n;
    p->shown_end = &n->next;
}

static void forget_shown(struct ins_parse *p)
{
    p->shown = NULL;
    p->shown_end = &p->shown;
}

static void forget_unasked(struct ins_parse *p)
{
    struct ins_name *n = p->shown;
    forget_shown(p);
    for (; n; n = n->next)
        if (n->defined)
            show(p, n->name, false);
}

/* The text from there to here, as a field that has no other name is called. */
static struct wb_slice text_since(struct ins_parse *p, size_t from)
{
    while (from < p->at && memchr(" \t\r\n", p->s.p[from], 4))
        from++;
    size_t to = p->at;
    while (to > from && memchr(" \t\r\n", p->s.p[to - 1], 4))
        to--;
    return wb_slice_sub(p->s, from, to);
}

/* Behind "as". */
static bool alias(struct ins_parse *p, struct wb_slice *name)
{
    if (ins_name(p, name))
        return true;
    ins_unexpected(p);
    return false;
}

static void define_as(struct ins_parse *p, struct ins_node *expr, struct wb_slice name)
{
    struct ins_command *c = new_command(p, CMD_SET);
    c->expr = expr;
    c->count = 1;
    c->slot = wb_new(p->a, uint32_t);
    *c->slot = ins_define(p, name);
}

/* --- fields, display, filter --- */

static void too_many(struct ins_parse *p, unsigned n)
{
    if (n > WB_INSIGHTS_COMMANDS_MAX)
        ins_wrong(p, p->at, p->at, "the query is too long");
}

static void fields(struct ins_parse *p)
{
    unsigned n = 0;
    if (!p->display_said)
        forget_unasked(p);
    do {
        ins_blank(p);
        size_t from = p->at;
        struct ins_node *e = ins_expr(p);
        struct wb_slice name = text_since(p, from);
        if (p->bad)
            return;
        /* A field keeps its name however it is written ("`a-b`", "a[0]"). */
        if (e->op == OP_SLOT)
            name = p->scope->slot[e->slot].name;
        if (ins_take_word(p, "as")) {
            if (!alias(p, &name))
                return;
            define_as(p, e, name);
        } else if (e->op != OP_SLOT) {
            define_as(p, e, name);
        }
        if (!p->display_said)
            show(p, name, false);
        too_many(p, ++n);
    } while (!p->bad && ins_take(p, ","));
}

static void display(struct ins_parse *p)
{
    forget_shown(p);
    p->display_said = true;
    do {
        size_t from = p->at;
        struct ins_node *e = ins_expr(p);
        if (p->bad)
            return;
        struct wb_slice name = text_since(p, from);
        if (e->op == OP_SLOT)
            name = p->scope->slot[e->slot].name;
        else
            define_as(p, e, name);
        show(p, name, false);
    } while (ins_take(p, ","));
}

static void filter(struct ins_parse *p)
{
    struct ins_node *e = ins_expr(p);
    if (!p->bad)
        new_command(p, CMD_FILTER)->expr = e;
}

/* --- parse --- */

static void count_up(struct ins_parse *p, uint32_t **list, uint32_t *n, uint32_t value)
{
    if ((*n & (*n - 1)) == 0) {
        uint32_t *more = wb_new_n(p->a, uint32_t, *n ? 2 * *n : 1);
        if (*n)
            memcpy(more, *list, *n * sizeof *more);
        *list = more;
    }
    (*list)[(*n)++] = value;
}

static void define_part(struct ins_parse *p, struct ins_command *c, struct wb_slice name)
{
    count_up(p, &c->slot, &c->count, ins_define(p, name));
    if (!p->display_said)
        show(p, name, false);
}

static void aliases(struct ins_parse *p, struct ins_command *c)
{
    struct wb_slice name;
    do {
        if (!alias(p, &name))
            return;
        define_part(p, c, name);
        too_many(p, c->count);
    } while (!p->bad && ins_take(p, ","));
}

static void parse_glob(struct ins_parse *p, struct ins_node *subject, struct wb_slice glob,
                       size_t from)
{
    struct ins_command *c = new_command(p, CMD_GLOB);
    size_t stars = 0, at = 0;
    c->expr = subject;
    for (size_t i = 0; i < glob.n; i++)
        stars += glob.p[i] == '*';
    c->piece = wb_new_n(p->a, struct wb_slice, stars + 1);
    for (size_t i = 0; i <= stars; i++) {
        ptrdiff_t star = wb_slice_chr(glob, '*', at);
        size_t end = star < 0 ? glob.n : (size_t)star;
        c->piece[i] = wb_slice_sub(glob, at, end);
        at = end + 1;
    }
    size_t to = p->at;
    if (!ins_take_word(p, "as")) {
        ins_unexpected(p);
        return;
    }
    aliases(p, c);
    if (!p->bad && c->count != stars)
        ins_wrong(p, from, to, "the expression has %zu * for %u fields", stars, c->count);
}

/* The expression's named groups become fields; those without a name by what "as" says. */
static void parse_regex(struct ins_parse *p, struct ins_node *subject, size_t from)
{
    struct wb_regex_search *r = ins_regex(p);
    size_t to = p->at;
    if (p->bad)
        return;
    struct ins_command *c = new_command(p, CMD_REGEX);
    uint32_t groups = wb_regex_groups(r), n = 0;
    c->expr = subject;
    c->regex = r;
    for (uint32_t i = 0; i < groups && !p->bad; i++) {
        struct wb_slice name = wb_regex_group_name(r, i);
        if (!name.n)
            continue;
        count_up(p, &c->group, &n, i);
        define_part(p, c, name);
    }
    if (n == 0 && groups && ins_take_word(p, "as")) {
        for (uint32_t i = 0; i < groups; i++)
            count_up(p, &c->group, &n, i);
        aliases(p, c);
        if (!p->bad && c->count != groups)
            ins_wrong(p, from, to, "the expression has %u groups for %u fields", groups, c->count);
    }
    if (!p->bad && c->count == 0)
        ins_wrong(p, from, to, "the regular expression has no named group");
}

static void parse(struct ins_parse *p)
{
    struct wb_slice glob, name;
    ins_blank(p);
    char first = p->at < p->s.n ? p->s.p[p->at] : '\0';
    struct ins_node *subject = NULL;
    if (first == '/' || first == '"' || first == '\'')
        subject = ins_field(p, WB_S("@message"));
    else if (ins_name(p, &name))
        subject = ins_field(p, name);
    else
        ins_unexpected(p);
    ins_blank(p);
    size_t from = p->at;
    if (p->bad)
        return;
    if (p->at < p->s.n && p->s.p[p->at] == '/')
        parse_regex(p, subject, from);
    else if (ins_string(p, &glob))
        parse_glob(p, subject, glob, from);
    else
        ins_unexpected(p);
}

static void unnest(struct ins_parse *p)
{
    struct wb_slice name;
    struct ins_node *e = ins_expr(p);
    if (p->bad || !ins_take_word(p, "into") || !alias(p, &name)) {
        ins_unexpected(p);
        return;
    }
    struct ins_command *c = new_command(p, CMD_UNNEST);
    c->expr = e;
    c->count = 1;
    c->slot = wb_new(p->a, uint32_t);
    *c->slot = ins_define(p, name);
}

/* --- what needs all rows --- */

static void sort(struct ins_parse *p)
{
    begin_rows(p);
    struct ins_stage *s = p->stage;
    s->sort = wb_new_n(p->a, struct ins_key, WB_INSIGHTS_COMMANDS_MAX + 1);
    s->sorts = 0;
    p->sort_said = true;
    do {
        struct ins_node *e = ins_expr(p);
        bool descending = ins_take_word(p, "desc");
        if (!descending)
            ins_take_word(p, "asc");
        if (!p->bad)
            s->sort[s->sorts++] = (struct ins_key){e, descending};
        too_many(p, s->sorts);
    } while (!p->bad && ins_take(p, ","));
}

static void limit(struct ins_parse *p)
{
    int64_t n;
    ins_blank(p);
    size_t from = p->at;
    if (!ins_integer(p, &n))
        return;
    if (n < 1 || n > WB_INSIGHTS_ROWS_MAX) {
        ins_wrong(p, from, p->at, "limit must be a number between 1 and %d", WB_INSIGHTS_ROWS_MAX);
        return;
    }
    struct ins_stage *s = p->stage;
    s->limit = s->limit < 0 || n < s->limit ? n : s->limit;
    p->limit_said = true;
}

static void dedup(struct ins_parse *p)
{
    begin_rows(p);
    struct ins_stage *s = p->stage;
    s->dedup = wb_new_n(p->a, struct ins_node *, WB_INSIGHTS_COMMANDS_MAX + 1);
    do {
        s->dedup[s->dedups++] = ins_expr(p);
        too_many(p, s->dedups);
    } while (!p->bad && ins_take(p, ","));
    p->dedup_said = true;
}

/* --- stats --- */

struct output {
    struct ins_node *node;
    struct wb_slice name;
};

static bool output(struct ins_parse *p, struct output *o)
{
    ins_blank(p);
    size_t from = p->at;
    o->node = ins_expr(p);
    o->name = text_since(p, from);
    if (!p->bad && !p->stats && o->node->op == OP_SLOT)
        o->name = p->scope->slot[o->node->slot].name;
    if (!p->bad && ins_take_word(p, "as"))
        alias(p, &o->name);
    return !p->bad;
}

static void column_name(struct ins_parse *p, struct wb_slice name, uint32_t slot)
{
    struct ins_name *n = wb_new(p->a, struct ins_name);
    *n = (struct ins_name){p->column, name, slot, true};
    p->column = n;
}

/* The columns are the fields of what follows, and what is shown: the keys first. */
static void to_columns(struct ins_parse *p, struct ins_stage *s, const struct output *out,
                       const struct output *key)
{
    p->scope = wb_new(p->a, struct ins_scope);
    p->name = NULL;
    p->display_said = false;
    forget_shown(p);
    s->out = wb_new_n(p->a, struct ins_node *, s->outs + 1);
    s->key = wb_new_n(p->a, struct ins_node *, s->keys + 1);
    for (uint32_t i = 0; i < s->outs; i++) {
        s->out[i] = out[i].node;
        ins_define(p, out[i].name);
    }
    for (uint32_t i = 0; i < s->keys; i++) {
        s->key[i] = key[i].node;
        ins_define(p, key[i].name);
        show(p, key[i].name, true);
    }
    for (uint32_t i = 0; i < s->outs; i++)
        show(p, out[i].name, true);
    new_stage(p);
}

static void stats(struct ins_parse *p, size_t from)
{
    struct ins_stage *s = p->stage;
    struct output out[WB_INSIGHTS_COMMANDS_MAX], key[WB_INSIGHTS_COMMANDS_MAX];
    if (++p->stats_count > WB_INSIGHTS_STATS_MAX)
        ins_wrong(p, from, p->at, "more than two stats commands, the third stands");
    if (p->limit_said || (p->sort_said && p->stats_count > 1))
        ins_wrong(p, from, p->at, "sort and limit must come after the last stats, found");
    s->stats = true;
    s->sorts = 0; /* it would change nothing */
    p->stats = s;
    p->column = NULL;
    do {
        if (s->outs == WB_INSIGHTS_COMMANDS_MAX || !output(p, &out[s->outs])) {
            ins_unexpected(p);
            return;
        }
        column_name(p, out[s->outs].name, s->outs);
        s->outs++;
    } while (ins_take(p, ","));
    p->stats = NULL;
    if (!p->bad && s->aggs == 0)
        ins_wrong(p, from, p->at, "stats without an aggregation");
    if (ins_take_word(p, "by")) {
        do {
            if (s->keys == WB_INSIGHTS_COMMANDS_MAX || !output(p, &key[s->keys])) {
                ins_unexpected(p);
                return;
            }
            s->keys++;
        } while (ins_take(p, ","));
    }
    if (!p->bad)
        to_columns(p, s, out, key);
}

/* --- SOURCE --- */

/* logGroups(namePrefix: ["a", 'b'], class: "STANDARD"): a list or a text each. */
static void source(struct ins_parse *p)
{
    struct insights_query *q = p->query;
    if (!ins_take_word(p, "logGroups") || !ins_take(p, "(")) {
        ins_unexpected(p);
        return;
    }
    do {
        struct wb_slice text;
        bool prefix = ins_take_word(p, "namePrefix");
        if ((!prefix && !ins_take_word(p, "class") && !ins_take_word(p, "accountIdentifiers")) ||
            !ins_take(p, ":")) {
            ins_unexpected(p);
            return;
        }
        bool list = ins_take(p, "[");
        do {
            if (!ins_string(p, &text) || (prefix && q->prefixes == WB_INSIGHTS_PREFIXES_MAX)) {
                ins_unexpected(p);
                return;
            }
            if (prefix)
                q->prefix[q->prefixes++] = text;
        } while (list && ins_take(p, ","));
        if (list && !ins_take(p, "]"))
            ins_unexpected(p);
    } while (!p->bad && ins_take(p, ","));
    if (!ins_take(p, ")") || q->prefixes == 0)
        ins_unexpected(p);
}

/* --- all --- */

static void command(struct ins_parse *p)
{
    static const char *const unknown[] = {"pattern", "diff",   "anomaly",   "unmask", "filterIndex",
                                          "join",    "lookup", "addtotals", NULL};
    ins_blank(p);
    size_t from = p->at;
    if (p->dedup_said && !ins_take_word(p, "limit")) {
        ins_wrong(p, from, p->s.n, "only limit can follow dedup");
        return;
    }
    if (p->dedup_said)
        limit(p);
    else if (ins_take_word(p, "fields"))
        fields(p);
    else if (ins_take_word(p, "display"))
        display(p);
    else if (ins_take_word(p, "filter"))
        filter(p);
    else if (ins_take_word(p, "parse"))
        parse(p);
    else if (ins_take_word(p, "stats"))
        stats(p, from);
    else if (ins_take_word(p, "sort"))
        sort(p);
    else if (ins_take_word(p, "limit") || ins_take_word(p, "head"))
        limit(p);
    else if (ins_take_word(p, "dedup"))
        dedup(p);
    else if (ins_take_word(p, "unnest"))
        unnest(p);
    else if (p->commands == 0 && ins_take_word(p, "source"))
        source(p);
    for (size_t i = 0; p->at == from && unknown[i]; i++)
        if (ins_take_word(p, unknown[i]))
            ins_wrong(p, from, p->at, "the command %s is not supported, found", unknown[i]);
    if (p->at == from)
        ins_unexpected(p);
}

static void finish(struct ins_parse *p)
{
    struct insights_query *q = p->query;
    size_t n = 0;
    for (const struct ins_name *s = p->shown; s; s = s->next)
        n++;
    q->column = wb_new_n(p->a, struct ins_column, n + 1);
    for (const struct ins_name *s = p->shown; s; s = s->next) {
        struct ins_node *e = ins_field(p, s->name);
        if (p->bad)
            return;
        if (e->op == OP_SLOT)
            q->column[q->columns++] = (struct ins_column){s->name, e->slot};
    }
}

struct insights_query *insights_compile(struct wb_arena *a, struct wb_slice text,
                                        struct insights_error *e)
{
    struct insights_query *q = wb_new(a, struct insights_query);
    struct ins_parse p = {.a = a, .s = text, .error = e, .query = q};
    p.scope = wb_new(a, struct ins_scope);
    p.scope->events = true;
    forget_shown(&p);
    show(&p, WB_S("@timestamp"), true);
    show(&p, WB_S("@message"), true);
    new_stage(&p);
    ins_take(&p, "|"); /* as consoles leave it before the first command */
    do {
        command(&p);
        if (++p.commands > WB_INSIGHTS_COMMANDS_MAX)
            ins_wrong(&p, p.at, p.at, "the query is too long");
    } while (!p.bad && ins_take(&p, "|"));
    ins_blank(&p);
    if (p.at < text.n)
        ins_unexpected(&p);
    if (!p.bad)
        finish(&p);
    return p.bad ? NULL : q;
}

size_t insights_sources(const struct insights_query *q, const struct wb_slice **prefix)
{
    *prefix = q->prefix;
    return q->prefixes;
}
