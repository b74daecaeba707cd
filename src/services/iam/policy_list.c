/* Lists of managed policies, and of those who have one. */
#include "services/iam/policy.h"

static char use_letter(struct wb_slice filter)
{
    if (!filter.p)
        return 0;
    return wb_slice_is(filter, "PermissionsBoundary") ? 'b' : 'a';
}

/* --- ListPolicies: the account's in order of name, then AWS's --- */

struct listing {
    struct wb_call *c;
    struct iam_page page;
    struct wb_slice path;
    bool attached;
    char use; /* 0: any */
};

static bool wanted(const struct listing *l, const struct iam_policy *p)
{
    if (l->path.p && !wb_slice_starts(p->path, l->path))
        return false;
    if (l->use && !iam_policy_uses(l->c, p->arn, l->use))
        return false;
    return !l->attached || iam_policy_uses(l->c, p->arn, 'a') || iam_policy_uses(l->c, p->arn, 'b');
}

/* False: the page is full. */
static bool list_one(struct listing *l, struct wb_slice position, const struct iam_policy *p)
{
    if (iam_page_past(&l->page, position) || !wanted(l, p))
        return true;
    if (!iam_page_take(&l->page, position))
        return false;
    wb_out_object(&l->c->out, NULL);
    iam_out_policy(l->c, p);
    wb_out_end(&l->c->out);
    return true;
}

static bool list_own(struct listing *l)
{
    struct wb_call *c = l->c;
    struct wb_slice key, value;
    struct wb_iam_entity e;
    struct iam_policy p;
    bool room = true;
    struct wb_slice all =
        wb_key(c->arena, WB_T_IAM_ENTITY, "sb", c->ctx.account, (int)WB_IAM_POLICY);
    struct wb_scan *s = wb_tx_scan_prefix(c->tx, all);
    while (s && room && wb_tx_next(c->tx, s, &key, &value)) {
        struct wb_slice position =
            wb_concat(c->arena, (struct wb_slice[]){WB_S("0"), wb_slice_sub(key, all.n, key.n)}, 2);
        if (!wb_iam_read_row(c->tx, c->ctx.account, WB_IAM_POLICY, value, &e))
            continue;
        iam_policy_of_entity(c, &e, &p);
        room = list_one(l, position, &p);
    }
    wb_scan_close(s);
    return room;
}

static void list_aws(struct listing *l)
{
    struct iam_policy p;
    for (const struct wb_managed_policy *m = wb_managed_policies; m->name; m++) {
        iam_policy_of_aws(l->c, m, &p);
        if (!list_one(l, wb_printf(l->c->arena, "1%s", m->name), &p))
            return;
    }
}

void iam_list_policies(struct wb_call *c)
{
    struct wb_slice scope = wb_in_str(c, "Scope"), use = wb_in_str(c, "PolicyUsageFilter");
    struct listing l = {.c = c,
                        .path = wb_in_str(c, "PathPrefix"),
                        .attached = wb_in_bool(c, "OnlyAttached", false),
                        .use = use_letter(use)};
    if (!iam_page_open(c, &l.page))
        return;
    wb_out_list(&c->out, "Policies");
    bool room = wb_slice_is(scope, "AWS") || list_own(&l);
    if (room && !wb_slice_is(scope, "Local"))
        list_aws(&l);
    wb_out_end(&c->out);
    iam_page_close(&l.page);
}

/* --- ListEntitiesForPolicy --- */

struct users {
    struct wb_iam_entity *e;
    size_t count;
};

static bool kind_wanted(struct wb_slice filter, enum wb_iam_kind kind)
{
    return !filter.p || wb_slice_is(filter, iam_kind(kind)->title);
}

/* The page's entities: their rows are in order of kind and name. */
static void find_users(struct wb_call *c, struct wb_slice arn, struct iam_page *page,
                       struct users *u)
{
    struct wb_slice key, value, path = wb_in_str(c, "PathPrefix"),
                                filter = wb_in_str(c, "EntityFilter");
    char use = use_letter(wb_in_str(c, "PolicyUsageFilter"));
    struct wb_slice prefix = wb_key(c->arena, WB_T_IAM_ATTACHED_TO, "ss", arn, c->ctx.account);
    struct wb_scan *s = wb_tx_scan_prefix(c->tx, prefix);
    while (s && wb_tx_next(c->tx, s, &key, &value)) {
        struct wb_key_rd r = {.p = (const uint8_t *)key.p + prefix.n,
                              .end = (const uint8_t *)key.p + key.n,
                              .a = c->arena};
        struct wb_iam_entity e;
        enum wb_iam_kind kind = (enum wb_iam_kind)wb_key_rd_u8(&r);
        struct wb_slice name = wb_key_rd_str(&r);
        struct wb_slice position = wb_slice(key.p + prefix.n, key.n - prefix.n - 1);
        bool again = page->last.p && wb_slice_eq(page->last, position); /* attached and boundary */
        if ((use && use != key.p[key.n - 1]) || again || iam_page_past(page, position) ||
            !kind_wanted(filter, kind) || !wb_iam_read(c->tx, c->ctx.account, kind, name, &e) ||
            (path.p && !wb_slice_starts(e.path, path)))
            continue;
        if (!iam_page_take(page, position))
            break;
        u->e[u->count++] = e;
    }
    wb_scan_close(s);
}

static void out_users(struct wb_call *c, const struct users *u, enum wb_iam_kind kind,
                      const char *list)
{
    const struct iam_kind *k = iam_kind(kind);
    wb_out_list(&c->out, list);
    for (size_t i = 0; i < u->count; i++) {
        if (u->e[i].kind != kind)
            continue;
        wb_out_object(&c->out, NULL);
        wb_out_str(&c->out, k->member, u->e[i].name);
        wb_out_str(&c->out, k->id_member, u->e[i].id);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
}

void iam_list_entities_for_policy(struct wb_call *c)
{
    struct iam_policy p;
    struct iam_page page;
    struct users u = {.count = 0};
    if (!iam_policy_find(c, false, &p))
        return;
    if (!iam_page_open(c, &page))
        return;
    u.e = wb_new_n(c->arena, struct wb_iam_entity, page.left);
    find_users(c, p.arn, &page, &u);
    out_users(c, &u, WB_IAM_GROUP, "PolicyGroups");
    out_users(c, &u, WB_IAM_USER, "PolicyUsers");
    out_users(c, &u, WB_IAM_ROLE, "PolicyRoles");
    iam_page_close(&page);
}
