/*
 * A second evaluator, slow and obvious: it walks the JSON documents as they stand, expands
 * patterns into plain arrays and compares by brute force. It shares no code with src/auth.
 */
#ifndef WB_TESTS_UNIT_AUTH_POLICY_REFERENCE_H
#define WB_TESTS_UNIT_AUTH_POLICY_REFERENCE_H

#include "auth/policy.h"
#include "codec/json.h"
#include <stdio.h>
#include <stdlib.h>

#define REF_MAX 256
/* REF_QUOTED is added to what comes from a variable's value. */
enum { REF_STAR = 1000, REF_ONE = 1001, REF_QUOTED = 2000 };

struct ref_text {
    int c[REF_MAX];
    int n;
    bool none; /* a variable without a value: matches nothing */
};

struct ref {
    struct wb_arena *a;
    const struct wb_request *q;
    bool variables;
};

static int ref_values(const struct ref *r, struct wb_slice key, struct wb_slice out[8])
{
    int n = 0;
    for (size_t i = 0; i < r->q->context_count && n < 8; i++)
        if (wb_slice_ieq(r->q->context[i].name, key))
            out[n++] = r->q->context[i].value;
    return n;
}

static struct ref_text ref_expand(const struct ref *r, struct wb_slice s, bool wild)
{
    struct ref_text t = {.n = 0};
    for (size_t i = 0; i < s.n; i++) {
        if (r->variables && s.p[i] == '$' && i + 1 < s.n && s.p[i + 1] == '{') {
            size_t end = i;
            while (s.p[end] != '}')
                end++;
            struct wb_slice value[8], key = wb_slice_sub(s, i + 2, end);
            if (key.n == 1) { /* ${*}, ${?}, ${$} */
                t.c[t.n++] = REF_QUOTED + key.p[0];
                i = end;
                continue;
            }
            int n = ref_values(r, key, value);
            t.none |= n != 1;
            for (size_t j = 0; n == 1 && j < value[0].n; j++)
                t.c[t.n++] = REF_QUOTED + value[0].p[j];
            i = end;
        } else if (wild && s.p[i] == '*') {
            t.c[t.n++] = REF_STAR;
        } else if (wild && s.p[i] == '?') {
            t.c[t.n++] = REF_ONE;
        } else {
            t.c[t.n++] = s.p[i];
        }
    }
    return t;
}

static bool ref_like(const int *p, int n, const char *s, size_t len, bool nocase)
{
    if (n == 0)
        return len == 0;
    if (p[0] == REF_STAR) {
        for (size_t skip = 0; skip <= len; skip++)
            if (ref_like(p + 1, n - 1, s + skip, len - skip, nocase))
                return true;
        return false;
    }
    if (len == 0)
        return false;
    int c = p[0] >= REF_QUOTED ? p[0] - REF_QUOTED : p[0], d = s[0];
    if (nocase) {
        c = c >= 'A' && c <= 'Z' ? c + 32 : c;
        d = d >= 'A' && d <= 'Z' ? d + 32 : d;
    }
    return (p[0] == REF_ONE || c == d) && ref_like(p + 1, n - 1, s + 1, len - 1, nocase);
}

static bool ref_match(const struct ref *r, struct wb_slice pattern, struct wb_slice text, bool wild,
                      bool nocase)
{
    struct ref_text t = ref_expand(r, pattern, wild);
    return !t.none && ref_like(t.c, t.n, text.p, text.n, nocase);
}

/* Patterns have all six parts here. */
static bool ref_arn(const struct ref *r, struct wb_slice pattern, struct wb_slice arn)
{
    if (wb_slice_is(pattern, "*"))
        return true;
    struct ref_text t = ref_expand(r, pattern, true);
    if (t.none)
        return false;
    int from = 0;
    for (int part = 0; part < 6; part++) {
        int to = from;
        while (to < t.n && (part == 5 || t.c[to] != ':'))
            to++;
        struct wb_slice have = arn;
        if (!arn.p)
            return false;
        if (part < 5)
            have = wb_slice_cut(&arn, ':');
        if (!ref_like(t.c + from, to - from, have.p, have.n, false))
            return false;
        from = to + 1;
    }
    return true;
}

/* A member as a list of strings, whether it is one or many; numbers and booleans as their text. */
static int ref_list(struct wb_json v, struct wb_arena *a, struct wb_slice out[8])
{
    int n = 0;
    if (wb_json_type(v) == WB_JSON_ARRAY) {
        struct wb_json_iter it = wb_json_iter(v);
        while (wb_json_next(&it))
            out[n++] = wb_json_type(it.value) == WB_JSON_STRING ? wb_json_str(it.value, a)
                                                                : wb_json_raw(it.value);
    } else if (wb_json_type(v) == WB_JSON_STRING) {
        out[n++] = wb_json_str(v, a);
    } else if (wb_json_is(v)) {
        out[n++] = wb_json_raw(v);
    }
    return n;
}

static bool ref_one(const struct ref *r, struct wb_slice op, struct wb_slice want,
                    struct wb_slice have)
{
    if (wb_slice_is(op, "StringEquals"))
        return ref_match(r, want, have, false, false);
    if (wb_slice_is(op, "StringEqualsIgnoreCase"))
        return ref_match(r, want, have, false, true);
    if (wb_slice_is(op, "StringLike"))
        return ref_match(r, want, have, true, false);
    if (wb_slice_is(op, "ArnLike"))
        return ref_arn(r, want, have);
    char *end, *w = wb_dup_cstr(r->a, want), *h = wb_dup_cstr(r->a, have);
    double x = strtod(h, &end), y;
    if (*end || end == h)
        return false;
    y = strtod(w, &end);
    return wb_slice_is(op, "NumericEquals") ? x == y : x < y; /* NumericLessThan */
}

static bool ref_condition(const struct ref *r, struct wb_slice op, struct wb_slice key,
                          struct wb_json values)
{
    struct wb_slice have[8], want[8];
    int n = ref_values(r, key, have), m = ref_list(values, r->a, want);
    bool every = wb_slice_starts(op, WB_S("ForAllValues:")),
         some = wb_slice_starts(op, WB_S("ForAnyValue:"));
    if (every || some)
        wb_slice_cut(&op, ':');
    if (wb_slice_is(op, "Null") || every || some) { /* an empty value is none */
        int full = 0;
        for (int i = 0; i < n; i++)
            if (have[i].n)
                have[full++] = have[i];
        n = full;
    }
    if (wb_slice_is(op, "Null"))
        return wb_slice_is(want[0], "true") == (n == 0);
    bool optional = wb_slice_ends(op, WB_S("IfExists"));
    if (optional)
        op.n -= 8;
    bool negated = wb_slice_find(op, WB_S("Not"), 0) >= 0;
    if (negated) { /* StringNotEquals -> StringEquals */
        ptrdiff_t at = wb_slice_find(op, WB_S("Not"), 0);
        struct wb_slice parts[2] = {wb_slice_sub(op, 0, (size_t)at),
                                    wb_slice_sub(op, (size_t)at + 3, op.n)};
        op = wb_concat(r->a, parts, 2);
    }
    if (n == 0)
        return optional || every || (negated && !some);
    int good = 0;
    for (int i = 0; i < n; i++) {
        bool hit = false;
        for (int j = 0; j < m; j++)
            hit |= ref_one(r, op, want[j], have[i]);
        good += negated ? !hit : hit;
    }
    if (every)
        return good == n;
    if (some)
        return good > 0;
    return negated ? good == n : good > 0;
}

/* 0 no, 1 account, 2 role, or user who federated, 3 by name or everybody */
static int ref_who(const struct wb_principal *p, struct wb_slice type, struct wb_slice text)
{
    bool service = p->type == WB_PRINCIPAL_SERVICE, anonymous = p->type == WB_PRINCIPAL_ANONYMOUS;
    if (wb_slice_is(text, "*"))
        return 3;
    if (wb_slice_is(type, "Service"))
        return service && wb_slice_eq(p->service, text) ? 3 : 0;
    if (service || anonymous || !wb_slice_is(type, "AWS"))
        return 0;
    if (p->type != WB_PRINCIPAL_ROOT && (wb_slice_eq(text, p->arn) || wb_slice_eq(text, p->id)))
        return 3;
    if (p->role_arn.n && (wb_slice_eq(text, p->role_arn) || wb_slice_eq(text, p->owner)))
        return 2;
    if (wb_slice_find(text, p->account, 0) >= 0 &&
        (text.n == 12 || wb_slice_ends(text, WB_S(":root"))))
        return p->type == WB_PRINCIPAL_ROOT ? 3 : 1;
    return 0;
}

static int ref_principal(const struct ref *r, struct wb_json v)
{
    int best = 0;
    if (wb_json_type(v) == WB_JSON_STRING)
        return 3;
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_next(&it)) {
        struct wb_slice text[8], type = wb_json_str(it.key, r->a);
        int n = ref_list(it.value, r->a, text);
        for (int i = 0; i < n; i++) {
            int g = ref_who(r->q->principal, type, text[i]);
            best = g > best ? g : best;
        }
    }
    return best;
}

/* 0: the statement does not apply; else how directly it names the principal. */
static int ref_statement(const struct ref *r, struct wb_json s, bool resource_policy)
{
    struct wb_slice list[8];
    bool hit = false, not = wb_json_is(wb_json_get(s, "NotAction"));
    int n = ref_list(wb_json_get(s, not ? "NotAction" : "Action"), r->a, list);
    struct ref plain = {r->a, r->q, false};
    for (int i = 0; i < n; i++)
        hit |= ref_match(&plain, list[i], r->q->action, true, true);
    if (hit == not )
        return 0;
    hit = false;
    not = wb_json_is(wb_json_get(s, "NotResource"));
    n = ref_list(wb_json_get(s, not ? "NotResource" : "Resource"), r->a, list);
    for (int i = 0; i < n; i++)
        hit |= ref_arn(r, list[i], r->q->resource);
    if (n && hit == not )
        return 0;
    struct wb_json_iter ops = wb_json_iter(wb_json_get(s, "Condition"));
    while (wb_json_next(&ops)) {
        struct wb_json_iter keys = wb_json_iter(ops.value);
        while (wb_json_next(&keys))
            if (!ref_condition(r, wb_json_str(ops.key, r->a), wb_json_str(keys.key, r->a),
                               keys.value))
                return 0;
    }
    if (!resource_policy)
        return 3;
    if (wb_json_is(wb_json_get(s, "NotPrincipal")))
        return ref_principal(r, wb_json_get(s, "NotPrincipal")) ? 0 : 3;
    return ref_principal(r, wb_json_get(s, "Principal"));
}

/* -1 denied, 0 nothing said, else allowed as above. */
static int ref_policy(struct wb_arena *a, const struct wb_request *q, struct wb_slice text,
                      bool resource_policy)
{
    struct wb_json doc = wb_json_read(a, text, NULL), st = wb_json_get(doc, "Statement");
    struct ref r = {a, q, wb_slice_is(wb_json_get_str(doc, "Version", a), "2012-10-17")};
    uint32_t n = wb_json_type(st) == WB_JSON_ARRAY ? wb_json_count(st) : 1;
    int best = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct wb_json s = wb_json_type(st) == WB_JSON_ARRAY ? wb_json_item(st, i) : st;
        int g = ref_statement(&r, s, resource_policy);
        if (g && wb_slice_is(wb_json_get_str(s, "Effect", a), "Deny"))
            return -1;
        best = g > best ? g : best;
    }
    return best;
}

#define REF_POLICIES 6
struct ref_set {
    struct wb_slice identity[REF_POLICIES], session[REF_POLICIES], resource, boundary;
    struct wb_slice resource_account;
    size_t identity_count, session_count;
    bool identity_is_root, boundary_limits, session_limits, resource_must;
};

/* All of them together: -1 when one denies, else whether one allows. */
static int ref_any(struct wb_arena *a, const struct wb_request *q, const struct wb_slice *text,
                   size_t n)
{
    int best = 0;
    for (size_t i = 0; i < n; i++) {
        int v = ref_policy(a, q, text[i], false);
        if (v < 0)
            return -1;
        best = v > best ? v : best;
    }
    return best;
}

/* The documented order, written down step by step. */
static enum wb_decision ref_authorize(struct wb_arena *a, const struct ref_set *s,
                                      const struct wb_request *q)
{
    const struct wb_principal *p = q->principal;
    int identity = ref_any(a, q, s->identity, s->identity_count),
        session = ref_any(a, q, s->session, s->session_count),
        boundary = ref_any(a, q, &s->boundary, s->boundary.p != NULL),
        resource = s->resource.p ? ref_policy(a, q, s->resource, true) : 0;
    if (identity < 0 || resource < 0 || boundary < 0 || session < 0) /* 1. any deny */
        return WB_EXPLICIT_DENY;
    if (p->type == WB_PRINCIPAL_ANONYMOUS || p->type == WB_PRINCIPAL_SERVICE)
        return resource ? WB_ALLOW : WB_IMPLICIT_DENY;
    bool mine = identity || s->identity_is_root, within = true;
    if (s->boundary_limits && !boundary)
        within = false;
    if (s->session_limits && !session)
        within = false;
    if (s->resource_must && !resource) /* a role has to trust */
        return WB_IMPLICIT_DENY;
    if (s->resource_account.n && !wb_slice_eq(s->resource_account, p->account)) /* both sides */
        return resource && mine && within ? WB_ALLOW : WB_IMPLICIT_DENY;
    if (resource == 3) /* 3. named directly: final */
        return WB_ALLOW;
    if (resource == 2) /* the role: limited as the role is */
        return within ? WB_ALLOW : WB_IMPLICIT_DENY;
    return mine && within ? WB_ALLOW : WB_IMPLICIT_DENY; /* 4., 5. and 6. */
}

#endif
