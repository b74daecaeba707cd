/* Making, changing, renaming and deleting entities. */
#include "base/limits.h"
#include "engine/tags.h"
#include "services/iam/iam.h"

static void answer(struct wb_call *c, const struct wb_iam_entity *e, unsigned what)
{
    wb_out_object(&c->out, iam_kind(e->kind)->title);
    iam_out_entity(c, e, what);
    wb_out_end(&c->out);
}

/* --- making --- */

static bool boundary_ok(struct wb_call *c, struct wb_slice *arn)
{
    *arn = wb_in_str(c, "PermissionsBoundary");
    return !arn->p || iam_boundary_ok(c, *arn);
}

void iam_create_user(struct wb_call *c)
{
    struct wb_slice boundary;
    struct wb_iam_entity e;
    if (!boundary_ok(c, &boundary))
        return;
    const struct wb_pair more[] = {{WB_S("boundary"), iam_json(c->arena, boundary)}};
    if (!iam_create(c, iam_kind(WB_IAM_USER), wb_in_str(c, "UserName"), wb_in_str(c, "Path"), more,
                    1, &e))
        return;
    iam_link_boundary(c, &e, boundary);
    answer(c, &e, IAM_EXTRAS);
}

/* Services' own roles have a path that nobody else may use. */
static bool path_is_free(struct wb_call *c)
{
    if (!wb_slice_starts(wb_in_str(c, "Path"), WB_S(IAM_LINKED_PATH)))
        return true;
    wb_fail(c, "InvalidInput", 400,
            "The path " IAM_LINKED_PATH " is reserved for service-linked roles.");
    return false;
}

void iam_create_role(struct wb_call *c)
{
    struct wb_slice boundary, trust = wb_in_str(c, "AssumeRolePolicyDocument");
    struct wb_iam_entity e;
    int64_t seconds = wb_in_i64(c, "MaxSessionDuration", WB_STS_ROLE_DEFAULT_S);
    if (!path_is_free(c) || !iam_trust_document_ok(c, trust) || !boundary_ok(c, &boundary))
        return;
    const struct wb_pair more[] = {
        {WB_S("trust"), iam_json(c->arena, iam_trust_kept(c, trust))},
        {WB_S("description"), iam_json(c->arena, wb_in_str(c, "Description"))},
        {WB_S("maxSession"), wb_printf(c->arena, "%lld", (long long)seconds)},
        {WB_S("boundary"), iam_json(c->arena, boundary)},
    };
    if (!iam_create(c, iam_kind(WB_IAM_ROLE), wb_in_str(c, "RoleName"), wb_in_str(c, "Path"), more,
                    4, &e))
        return;
    iam_link_boundary(c, &e, boundary);
    answer(c, &e, IAM_EXTRAS);
}

/* A group or an instance profile. */
void iam_create_plain(struct wb_call *c)
{
    const struct iam_kind *k = iam_call_kind(c);
    struct wb_iam_entity e;
    if (iam_create(c, k, wb_in_str(c, k->member), wb_in_str(c, "Path"), NULL, 0, &e))
        answer(c, &e, IAM_EXTRAS);
}

/* --- reading --- */

void iam_get_entity(struct wb_call *c)
{
    struct wb_iam_entity e;
    if (iam_call_entity(c, &e))
        answer(c, &e, IAM_DETAILS | IAM_EXTRAS | IAM_USE);
}

/* The first account has no row: of its root no more is known than the age of its key. */
static int64_t root_created_ms(struct wb_call *c)
{
    struct wb_slice row;
    struct wb_access_key key;
    const struct wb_principal *p = &c->ctx.principal;
    if (wb_tx_get(c->tx, wb_key(c->arena, WB_T_ACCOUNT, "s", p->account), &row))
        return wb_json_get_i64(wb_json_read(c->arena, wb_dup(c->arena, row), NULL), "created", 0);
    if (p->access_key.n &&
        wb_tx_get(c->tx, wb_key(c->arena, WB_T_ACCESS_KEY, "s", p->access_key), &row) &&
        wb_access_key_decode(row, &key))
        return key.created_ms;
    return 0;
}

static void get_root(struct wb_call *c)
{
    const struct wb_principal *p = &c->ctx.principal;
    wb_out_object(&c->out, "User");
    wb_out_str(&c->out, "UserId", p->account);
    wb_out_str(&c->out, "Arn", p->arn);
    iam_out_time(&c->out, "CreateDate", root_created_ms(c));
    wb_out_end(&c->out);
}

void iam_get_user(struct wb_call *c)
{
    struct wb_iam_entity e;
    if (!wb_in_str(c, "UserName").p && c->ctx.principal.type == WB_PRINCIPAL_ROOT)
        get_root(c);
    else if (iam_own_user(c, &e))
        answer(c, &e, IAM_DETAILS | IAM_EXTRAS);
}

/* --- changing a role --- */

bool iam_modifiable(struct wb_call *c, const struct wb_iam_entity *e)
{
    if (e->kind != WB_IAM_ROLE || !wb_slice_starts(e->path, WB_S(IAM_LINKED_PATH)))
        return true;
    wb_fail(c, "UnmodifiableEntity", 400,
            "Cannot perform the operation on the protected role '%.*s' - this role is only "
            "modifiable by AWS",
            WB_FMT(e->name));
    return false;
}

bool iam_call_modifiable(struct wb_call *c, struct wb_iam_entity *e)
{
    return iam_call_entity(c, e) && iam_modifiable(c, e);
}

/* Members that are absent stay as they are. Of a service-linked role the description may change.
 */
static bool update_role(struct wb_call *c, struct wb_iam_entity *e)
{
    struct wb_slice description = wb_in_str(c, "Description");
    int64_t seconds = wb_in_i64(c, "MaxSessionDuration", 0);
    if (!iam_call_entity(c, e) || (seconds && !iam_modifiable(c, e)))
        return false;
    struct wb_pair set[2];
    size_t n = 0;
    if (description.p)
        set[n++] = (struct wb_pair){WB_S("description"), iam_json(c->arena, description)};
    if (seconds)
        set[n++] =
            (struct wb_pair){WB_S("maxSession"), wb_printf(c->arena, "%lld", (long long)seconds)};
    iam_update(c, e, set, n);
    wb_iam_changed(c->tx, e);
    return true;
}

void iam_update_role(struct wb_call *c)
{
    struct wb_iam_entity e;
    update_role(c, &e);
}

void iam_update_role_description(struct wb_call *c)
{
    struct wb_iam_entity e;
    if (update_role(c, &e))
        answer(c, &e, IAM_DETAILS | IAM_EXTRAS);
}

void iam_update_trust(struct wb_call *c)
{
    struct wb_iam_entity e;
    struct wb_slice text = wb_in_str(c, "PolicyDocument");
    if (!iam_call_modifiable(c, &e) || !iam_trust_document_ok(c, text))
        return;
    const struct wb_pair set[] = {{WB_S("trust"), iam_json(c->arena, iam_trust_kept(c, text))}};
    iam_update(c, &e, set, 1);
    wb_iam_changed(c->tx, &e);
}

/* --- tags --- */

/* Keys are the same in any case: a tag put in another case takes the place of the old one. */
static size_t other_cases(const struct wb_pair *there, size_t n, const struct wb_pair *tag,
                          size_t count, struct wb_slice *out)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < count; j++)
            if (wb_slice_ieq(there[i].name, tag[j].name) &&
                !wb_slice_eq(there[i].name, tag[j].name))
                out[found++] = there[i].name;
    return found;
}

void iam_tag(struct wb_call *c)
{
    struct wb_iam_entity e;
    struct wb_pair *tag, *there;
    struct wb_slice old[WB_TAGS_MAX];
    size_t count;
    if (!iam_call_entity(c, &e) || !iam_tags_read(c, &tag, &count))
        return;
    size_t n = wb_tags_list(c->tx, e.arn, &there), added = count;
    size_t olds = other_cases(there, n, tag, count, old);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < count; j++)
            added -= wb_slice_ieq(there[i].name, tag[j].name);
    if (n + added > WB_TAGS_MAX) {
        wb_fail(c, "LimitExceeded", 409, "Cannot exceed quota for TagsPer%s: %d",
                iam_kind(e.kind)->title, WB_TAGS_MAX);
        return;
    }
    for (size_t i = 0; i < olds; i++)
        wb_tags_remove(c->tx, e.arn, old[i]);
    wb_tags_put(c->tx, e.arn, tag, count);
    wb_iam_changed(c->tx, &e);
}

void iam_untag(struct wb_call *c)
{
    struct wb_iam_entity e;
    struct wb_pair *there;
    if (!iam_call_entity(c, &e))
        return;
    size_t n = wb_tags_list(c->tx, e.arn, &there);
    struct wb_json_iter it = wb_json_iter(wb_in(c, "TagKeys"));
    while (wb_json_next(&it))
        for (size_t i = 0; i < n; i++)
            if (wb_slice_ieq(there[i].name, wb_json_str(it.value, c->arena)))
                wb_tags_remove(c->tx, e.arn, there[i].name);
    wb_iam_changed(c->tx, &e);
}

/* --- deleting --- */

static bool conflict(struct wb_call *c, bool there, const char *what)
{
    if (there)
        wb_fail(c, "DeleteConflict", 409, "Cannot delete entity, must %s first.", what);
    return there;
}

static bool role_has_profile(struct wb_call *c, const struct wb_iam_entity *role)
{
    struct wb_slice key, row;
    struct wb_iam_entity e;
    bool found = false;
    struct wb_scan *s = wb_tx_scan_prefix(
        c->tx, wb_key(c->arena, WB_T_IAM_ENTITY, "sb", role->account, (int)WB_IAM_PROFILE));
    while (!found && s && wb_tx_next(c->tx, s, &key, &row))
        found = wb_iam_read_row(c->tx, role->account, WB_IAM_PROFILE, row, &e) &&
                wb_slice_ieq(wb_json_get_str(e.row, "role", c->arena), role->name);
    wb_scan_close(s);
    return found;
}

/* Nothing is deleted with its entity but what it cannot lose before: boundary and tags. */
static bool may_go(struct wb_call *c, const struct wb_iam_entity *e)
{
    struct wb_arena *a = c->arena;
    bool user = e->kind == WB_IAM_USER, group = e->kind == WB_IAM_GROUP;
    struct wb_slice of = wb_iam_key_member(a, user ? WB_T_IAM_MEMBER_OF : WB_T_IAM_MEMBER,
                                           e->account, e->name, WB_SLICE_NULL);
    bool in_profile =
        e->kind == WB_IAM_ROLE ? role_has_profile(c, e) : wb_json_get_str(e->row, "role", a).n > 0;
    return !conflict(
               c,
               iam_full(c->tx, wb_iam_key(a, WB_T_IAM_ATTACHED, e->account, e->kind, e->name), 1),
               "detach all policies") &&
           !conflict(
               c, iam_full(c->tx, wb_iam_key(a, WB_T_IAM_INLINE, e->account, e->kind, e->name), 1),
               "delete policies") &&
           !conflict(c, (user || group) && iam_full(c->tx, of, 1), "remove users from group") &&
           !conflict(
               c,
               user &&
                   iam_full(c->tx, wb_iam_key_user_key(a, e->account, e->name, WB_SLICE_NULL), 1),
               "delete access keys") &&
           !conflict(c, in_profile, "remove roles from instance profile");
}

void iam_remove(struct wb_call *c, const struct wb_iam_entity *e)
{
    wb_iam_changed(c->tx, e);
    iam_unlink_boundary(c, e);
    wb_tags_drop(c->tx, e->arn);
    wb_tx_del(c->tx, wb_iam_key(c->arena, WB_T_IAM_ENTITY, e->account, e->kind, e->name));
    wb_tx_del(c->tx, wb_key(c->arena, WB_T_IAM_ID, "s", e->id));
}

void iam_delete_entity(struct wb_call *c)
{
    struct wb_iam_entity e;
    if (iam_call_modifiable(c, &e) && may_go(c, &e))
        iam_remove(c, &e);
}
