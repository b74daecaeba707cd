/*
 * Text with wildcards and policy variables. A pattern is a list of tokens; a variable's value is
 * looked up while matching and compared as it is: a '*' inside it is no wildcard.
 */
#include "auth/policy_impl.h"
#include "base/time.h"
#include <stdio.h>

/* --- compiling --- */

static void push(struct wb_glob *g, enum wb_token_kind kind, struct wb_slice text)
{
    g->token[g->count++] = (struct wb_token){.kind = kind, .text = text};
}

/* What is between "${" and "}": *, ? and $ stand for themselves; key, or key, 'default'. */
static bool push_variable(struct wb_glob *g, struct wb_slice inside)
{
    if (inside.n == 1 && memchr("*?$", inside.p[0], 3)) {
        push(g, WB_TOKEN_TEXT, inside);
        return true;
    }
    struct wb_slice otherwise = inside, key = wb_slice_trim(wb_slice_cut(&otherwise, ','));
    if (key.n == 0)
        return false;
    push(g, WB_TOKEN_VARIABLE, key);
    if (!otherwise.p)
        return true;
    otherwise = wb_slice_trim(otherwise);
    if (otherwise.n < 2 || otherwise.p[0] != '\'' || otherwise.p[otherwise.n - 1] != '\'')
        return false;
    g->token[g->count - 1].otherwise = wb_slice_sub(otherwise, 1, otherwise.n - 1);
    return true;
}

bool wb_glob_compile(struct wb_arena *a, struct wb_slice text, bool variables, bool wildcards,
                     struct wb_glob *out)
{
    size_t max = 1, start = 0, i = 0;
    for (size_t j = 0; j < text.n; j++)
        max += 2 * (text.p[j] == '*' || text.p[j] == '?' || text.p[j] == '$');
    *out = (struct wb_glob){wb_new_n(a, struct wb_token, max + 1), 0};
    while (i < text.n) {
        char c = text.p[i];
        bool wild = wildcards && (c == '*' || c == '?');
        bool variable = variables && c == '$' && i + 1 < text.n && text.p[i + 1] == '{';
        if (!wild && !variable) {
            i++;
            continue;
        }
        if (i > start)
            push(out, WB_TOKEN_TEXT, wb_slice_sub(text, start, i));
        if (wild) {
            push(out, c == '*' ? WB_TOKEN_STAR : WB_TOKEN_ONE, WB_SLICE_NULL);
            start = ++i;
            continue;
        }
        ptrdiff_t end = wb_slice_chr(text, '}', i);
        if (end < 0 || !push_variable(out, wb_slice_sub(text, i + 2, (size_t)end)))
            return false;
        start = i = (size_t)end + 1;
    }
    if (i > start)
        push(out, WB_TOKEN_TEXT, wb_slice_sub(text, start, i));
    return true;
}

/* The end of the segment that begins at `from`: the next colon outside "${...}". */
static size_t segment_end(struct wb_slice s, size_t from, bool variables)
{
    bool inside = false;
    for (size_t i = from; i < s.n; i++) {
        if (variables && s.p[i] == '$' && i + 1 < s.n && s.p[i + 1] == '{')
            inside = true;
        else if (s.p[i] == '}')
            inside = false;
        else if (s.p[i] == ':' && !inside)
            return i;
    }
    return s.n;
}

/* A pattern that ends early in a wildcard ("arn:aws:s3*") stands for all that follows. */
bool wb_arn_glob_compile(struct wb_arena *a, struct wb_slice text, bool variables,
                         struct wb_arn_glob *out)
{
    *out = (struct wb_arn_glob){.any = wb_slice_is(text, "*")};
    if (out->any)
        return true;
    size_t from = 0;
    unsigned n = 0;
    for (; n < 6 && from <= text.n; n++) {
        size_t to = n == 5 ? text.n : segment_end(text, from, variables);
        if (!wb_glob_compile(a, wb_slice_sub(text, from, to), variables, true, &out->part[n]))
            return false;
        from = to + 1;
    }
    if (n == 6)
        return true;
    if (text.n == 0 || text.p[text.n - 1] != '*')
        return false;
    for (; n < 6; n++)
        if (!wb_glob_compile(a, WB_S("*"), false, true, &out->part[n]))
            return false;
    return true;
}

/* --- matching --- */

/* A variable has a value only when its key has exactly one. */
static bool token_text(const struct wb_token *t, const struct wb_request *q,
                       struct wb_key_value *room, struct wb_slice *out)
{
    if (t->kind == WB_TOKEN_TEXT) {
        *out = t->text;
        return true;
    }
    struct wb_key_value second;
    size_t pos = 0;
    if (!wb_context_next(q, t->text, &pos, room)) {
        *out = t->otherwise;
        return t->otherwise.p != NULL;
    }
    *out = room->text;
    return !wb_context_next(q, t->text, &pos, &second);
}

static bool same(struct wb_slice a, struct wb_slice b, bool ignore_case)
{
    return ignore_case ? wb_slice_ieq(a, b) : wb_slice_eq(a, b);
}

static size_t one_char(struct wb_slice s, size_t at)
{
    size_t n = 1;
    while (at + n < s.n && ((unsigned char)s.p[at + n] & 0xc0) == 0x80)
        n++;
    return n;
}

bool wb_glob_match(const struct wb_glob *g, struct wb_slice text, const struct wb_request *q,
                   bool ignore_case)
{
    size_t t = 0, at = 0, star = SIZE_MAX, star_at = 0;
    for (;;) {
        bool ok = false;
        if (t == g->count) {
            if (at == text.n)
                return true;
        } else if (g->token[t].kind == WB_TOKEN_STAR) {
            star = t++;
            star_at = at;
            ok = true;
        } else if (g->token[t].kind == WB_TOKEN_ONE) {
            ok = at < text.n;
            if (ok) {
                at += one_char(text, at);
                t++;
            }
        } else {
            struct wb_key_value room;
            struct wb_slice want;
            if (!token_text(&g->token[t], q, &room, &want))
                return false;
            ok = text.n - at >= want.n &&
                 same(wb_slice_sub(text, at, at + want.n), want, ignore_case);
            if (ok) {
                at += want.n;
                t++;
            }
        }
        if (ok)
            continue;
        if (star == SIZE_MAX || star_at >= text.n) /* nowhere to go back to */
            return false;
        at = ++star_at;
        t = star + 1;
    }
}

bool wb_arn_glob_match(const struct wb_arn_glob *g, struct wb_slice arn, const struct wb_request *q)
{
    if (g->any)
        return true;
    for (unsigned i = 0; i < 5; i++) {
        if (!arn.p || !wb_glob_match(&g->part[i], wb_slice_cut(&arn, ':'), q, false))
            return false;
    }
    return arn.p && wb_glob_match(&g->part[5], arn, q, false);
}

/* --- context keys --- */

static bool is_key(struct wb_slice key, const char *name)
{
    return wb_slice_ieq(key, wb_slice_str(name));
}

/* arn:aws:iam::A:user/path/name -> name */
static struct wb_slice user_name(struct wb_slice arn)
{
    size_t at = arn.n;
    while (at > 0 && arn.p[at - 1] != '/')
        at--;
    return at ? wb_slice_sub(arn, at, arn.n) : WB_SLICE_NULL;
}

static struct wb_slice principal_type(const struct wb_principal *p)
{
    switch (p->type) {
    case WB_PRINCIPAL_ROOT:
        return WB_S("Account");
    case WB_PRINCIPAL_USER:
        return WB_S("User");
    case WB_PRINCIPAL_SESSION:
        return WB_S("AssumedRole");
    case WB_PRINCIPAL_SERVICE:
        return WB_S("Service");
    case WB_PRINCIPAL_FEDERATED:
        return WB_S("FederatedUser");
    case WB_PRINCIPAL_ANONYMOUS:
        break;
    }
    return WB_S("Anonymous");
}

static struct wb_slice derived(const struct wb_request *q, struct wb_slice key, char room[48])
{
    const struct wb_principal *p = q->principal;
    if (is_key(key, "aws:CurrentTime"))
        return wb_slice(room, wb_time_format(room, q->now_ms, WB_TIME_ISO_S));
    if (is_key(key, "aws:EpochTime"))
        return wb_slice(room, wb_time_format(room, q->now_ms, WB_TIME_EPOCH_S));
    if (!p)
        return WB_SLICE_NULL;
    if (is_key(key, "aws:PrincipalArn"))
        return p->type == WB_PRINCIPAL_SESSION ? p->role_arn : p->arn;
    if (is_key(key, "aws:PrincipalAccount"))
        return p->account;
    if (is_key(key, "aws:PrincipalType"))
        return principal_type(p);
    if (is_key(key, "aws:userid"))
        return p->id;
    if (is_key(key, "aws:username"))
        return p->type == WB_PRINCIPAL_USER ? user_name(p->arn) : WB_SLICE_NULL;
    if (is_key(key, "aws:PrincipalIsAWSService"))
        return p->type == WB_PRINCIPAL_SERVICE ? WB_S("true") : WB_S("false");
    if (is_key(key, "aws:PrincipalServiceName"))
        return p->service;
    return WB_SLICE_NULL;
}

bool wb_context_next(const struct wb_request *q, struct wb_slice key, size_t *pos,
                     struct wb_key_value *out)
{
    bool first = *pos == 0;
    for (; *pos < q->context_count; ++*pos)
        if (wb_slice_ieq(q->context[*pos].name, key)) {
            out->text = q->context[(*pos)++].value;
            if (!out->text.p)
                out->text = WB_S("");
            return true;
        }
    if (!first) /* the caller named the key itself, or this is the second step */
        return false;
    *pos = q->context_count + 1;
    out->text = derived(q, key, out->room);
    return out->text.n > 0;
}
