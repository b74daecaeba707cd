/*
 * Questions about policies that authorization does not ask: which statements apply, which context
 * keys they name, which services they mention. For simulations and reports.
 */
#include "auth/policy_impl.h"

/* --- statements --- */

size_t wb_policy_statements(const struct wb_policy *p)
{
    return p ? p->count : 0;
}

size_t wb_policy_hits(const struct wb_policy *p, const struct wb_request *q,
                      struct wb_policy_hit *out)
{
    size_t n = 0;
    enum wb_grant unused;
    for (size_t i = 0; i < wb_policy_statements(p); i++)
        if (wb_statement_applies(p, &p->statement[i], q, &unused))
            out[n++] = (struct wb_policy_hit){i, p->statement[i].allow};
    return n;
}

/* --- context keys --- */

struct keys {
    struct wb_arena *a;
    struct wb_slice *key;
    size_t count, room;
    const struct wb_request *q; /* leave out what it has a value for; NULL: all keys */
};

static bool known(const struct keys *k, struct wb_slice key)
{
    struct wb_key_value v;
    size_t pos = 0;
    for (size_t i = 0; i < k->count; i++)
        if (wb_slice_ieq(k->key[i], key))
            return true;
    return k->q && wb_context_next(k->q, key, &pos, &v);
}

static void add_key(struct keys *k, struct wb_slice key)
{
    if (known(k, key))
        return;
    if (k->count == k->room) {
        struct wb_slice *more = wb_new_n(k->a, struct wb_slice, k->room * 2 + 8);
        if (k->count)
            memcpy(more, k->key, k->count * sizeof *more);
        k->key = more;
        k->room = k->room * 2 + 8;
    }
    k->key[k->count++] = wb_dup(k->a, key);
}

static void add_glob_keys(struct keys *k, const struct wb_glob *g)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->token[i].kind == WB_TOKEN_VARIABLE && !g->token[i].otherwise.p)
            add_key(k, g->token[i].text);
}

static void add_arn_glob_keys(struct keys *k, const struct wb_arn_glob *g)
{
    for (size_t i = 0; !g->any && i < sizeof g->part / sizeof *g->part; i++)
        add_glob_keys(k, &g->part[i]);
}

static void add_statement_keys(struct keys *k, const struct wb_statement *s)
{
    for (size_t i = 0; i < s->resource_count; i++)
        add_arn_glob_keys(k, &s->resource[i]);
    for (size_t i = 0; i < s->condition_count; i++) {
        const struct wb_condition *c = &s->condition[i];
        add_key(k, c->key);
        for (size_t j = 0; j < c->count; j++)
            if (c->test == WB_TEST_ARN)
                add_arn_glob_keys(k, &c->value[j].arn);
            else
                add_glob_keys(k, &c->value[j].glob);
    }
}

/* Would the statement apply if its conditions held? */
static bool concerns(const struct wb_policy *p, const struct wb_statement *s,
                     const struct wb_request *q)
{
    struct wb_statement bare = *s;
    enum wb_grant unused;
    bare.condition_count = 0;
    return wb_statement_applies(p, &bare, q, &unused);
}

static size_t keys_of(const struct wb_policy *const *p, size_t count, struct wb_arena *a,
                      const struct wb_request *q, struct wb_slice **out)
{
    struct keys k = {.a = a, .q = q};
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < wb_policy_statements(p[i]); j++)
            if (!q || concerns(p[i], &p[i]->statement[j], q))
                add_statement_keys(&k, &p[i]->statement[j]);
    *out = k.key;
    return k.count;
}

size_t wb_policy_context_keys(const struct wb_policy *const *p, size_t count, struct wb_arena *a,
                              struct wb_slice **out)
{
    return keys_of(p, count, a, NULL, out);
}

size_t wb_policy_missing_keys(const struct wb_policy *const *p, size_t count, struct wb_arena *a,
                              const struct wb_request *q, struct wb_slice **out)
{
    return keys_of(p, count, a, q, out);
}

/* --- services --- */

/* Is there an action of the service that the pattern matches? Compares what is before the colon. */
static bool names_service(const struct wb_glob *g, struct wb_slice service)
{
    struct wb_token token[16];
    struct wb_glob before = {token, 0};
    for (size_t i = 0; i < g->count && before.count < sizeof token / sizeof *token; i++) {
        struct wb_token t = g->token[i];
        ptrdiff_t colon = t.kind == WB_TOKEN_TEXT ? wb_slice_chr(t.text, ':', 0) : -1;
        if (colon >= 0)
            t.text.n = (size_t)colon;
        token[before.count++] = t;
        if (colon >= 0)
            break;
    }
    return wb_glob_match(&before, service, &(struct wb_request){0}, true);
}

/* Does NotAction leave nothing of the service? */
static bool excludes(const struct wb_statement *s, struct wb_slice service, struct wb_arena *a)
{
    struct wb_slice all = wb_printf(a, "%.*s:*", WB_FMT(service));
    for (size_t i = 0; i < s->action_count; i++)
        if (wb_glob_match(&s->action[i], all, &(struct wb_request){0}, true))
            return true;
    return false;
}

bool wb_policy_grants_service(const struct wb_policy *p, struct wb_slice service,
                              struct wb_arena *a)
{
    for (size_t i = 0; i < wb_policy_statements(p); i++) {
        const struct wb_statement *s = &p->statement[i];
        if (!s->allow)
            continue;
        if (s->not_action && !excludes(s, service, a))
            return true;
        for (size_t j = 0; !s->not_action && j < s->action_count; j++)
            if (names_service(&s->action[j], service))
                return true;
    }
    return false;
}
