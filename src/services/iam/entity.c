/* What all of IAM's entities have in common: kinds, errors, rows, answers. */
#include "base/ids.h"
#include "base/limits.h"
#include "engine/tags.h"
#include "services/iam/iam.h"
#include <assert.h>

/* --- kinds --- */

static const struct iam_kind kinds[] = {
    {.kind = WB_IAM_USER,
     .title = "User",
     .list = "Users",
     .word = "user",
     .member = "UserName",
     .id_member = "UserId",
     .id_prefix = "AIDA",
     .quota = "UsersPerAccount",
     .attach_quota = "PoliciesPerUser",
     .tag_action = "iam:TagUser",
     .max = WB_IAM_USERS_MAX,
     .inline_max = WB_IAM_USER_INLINE_MAX},
    {.kind = WB_IAM_GROUP,
     .title = "Group",
     .list = "Groups",
     .word = "group",
     .member = "GroupName",
     .id_member = "GroupId",
     .id_prefix = "AGPA",
     .quota = "GroupsPerAccount",
     .attach_quota = "PoliciesPerGroup",
     .max = WB_IAM_GROUPS_MAX,
     .inline_max = WB_IAM_GROUP_INLINE_MAX},
    {.kind = WB_IAM_ROLE,
     .title = "Role",
     .list = "Roles",
     .word = "role",
     .member = "RoleName",
     .id_member = "RoleId",
     .id_prefix = "AROA",
     .quota = "RolesPerAccount",
     .attach_quota = "PoliciesPerRole",
     .tag_action = "iam:TagRole",
     .max = WB_IAM_ROLES_MAX,
     .inline_max = WB_IAM_ROLE_INLINE_MAX},
    {.kind = WB_IAM_PROFILE,
     .title = "InstanceProfile",
     .list = "InstanceProfiles",
     .word = "instance profile",
     .member = "InstanceProfileName",
     .id_member = "InstanceProfileId",
     .id_prefix = "AIPA",
     .quota = "InstanceProfilesPerAccount",
     .tag_action = "iam:TagInstanceProfile",
     .max = WB_IAM_PROFILES_MAX},
    {.kind = WB_IAM_POLICY,
     .title = "Policy",
     .list = "Policies",
     .word = "policy",
     .member = "PolicyName",
     .id_member = "PolicyId",
     .id_prefix = "ANPA",
     .quota = "PoliciesPerAccount",
     .tag_action = "iam:TagPolicy",
     .max = WB_IAM_POLICIES_MAX},
};
#define KINDS (sizeof kinds / sizeof *kinds)

const struct iam_kind *iam_kind(enum wb_iam_kind kind)
{
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].kind == kind)
            return &kinds[i];
    return NULL;
}

static bool takes(const struct wb_call *c, const char *member)
{
    for (const struct wb_member *m = c->op->input->member; m->name; m++)
        if (strcmp(m->name, member) == 0)
            return true;
    return false;
}

const struct iam_kind *iam_call_kind(const struct wb_call *c)
{
    for (size_t i = 0; i < KINDS; i++)
        if (takes(c, kinds[i].member))
            return &kinds[i];
    return NULL;
}

/* --- errors --- */

void iam_fail_missing(struct wb_call *c, const struct iam_kind *k, struct wb_slice name)
{
    if (k->kind == WB_IAM_PROFILE)
        wb_fail(c, "NoSuchEntity", 404, "Instance Profile %.*s cannot be found.", WB_FMT(name));
    else
        wb_fail(c, "NoSuchEntity", 404, "The %s with name %.*s cannot be found.", k->word,
                WB_FMT(name));
}

void iam_fail_exists(struct wb_call *c, const struct iam_kind *k, struct wb_slice name)
{
    if (k->kind == WB_IAM_PROFILE)
        wb_fail(c, "EntityAlreadyExists", 409, "Instance Profile %.*s already exists.",
                WB_FMT(name));
    else
        wb_fail(c, "EntityAlreadyExists", 409, "%s with name %.*s already exists.", k->title,
                WB_FMT(name));
}

void iam_fail_quota(struct wb_call *c, const char *quota, size_t max)
{
    wb_fail(c, "LimitExceeded", 409, "Cannot exceed quota for %s: %zu", quota, max);
}

void iam_fail_policy(struct wb_call *c, struct wb_slice why)
{
    wb_fail(c, "MalformedPolicyDocument", 400, "%.*s", WB_FMT(why));
}

void iam_fail_policy_missing(struct wb_call *c, struct wb_slice arn)
{
    wb_fail(c, "NoSuchEntity", 404, "Policy %.*s was not found.", WB_FMT(arn));
}

bool iam_find(struct wb_call *c, const struct iam_kind *k, struct wb_slice name,
              struct wb_iam_entity *e)
{
    if (wb_iam_read(c->tx, c->ctx.account, k->kind, name, e))
        return true;
    iam_fail_missing(c, k, name);
    return false;
}

bool iam_call_entity(struct wb_call *c, struct wb_iam_entity *e)
{
    const struct iam_kind *k = iam_call_kind(c);
    return iam_find(c, k, wb_in_str(c, k->member), e);
}

bool iam_own_user(struct wb_call *c, struct wb_iam_entity *e)
{
    struct wb_slice name = wb_in_str(c, "UserName");
    const struct wb_principal *p = &c->ctx.principal;
    if (name.p)
        return iam_find(c, iam_kind(WB_IAM_USER), name, e);
    if (wb_iam_by_id(c->tx, p->owner, e) && e->kind == WB_IAM_USER)
        return true;
    wb_fail(c, "ValidationError", 400,
            "Must specify userName when calling with non-User credentials");
    return false;
}

/* --- rows --- */

struct wb_slice iam_json(struct wb_arena *a, struct wb_slice text)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    if (!text.p)
        return WB_SLICE_NULL;
    wb_jw_init(&w, &b);
    wb_jw_str(&w, text);
    return wb_buf_slice(&b);
}

struct wb_slice iam_row_with(struct wb_arena *a, struct wb_json row, const struct wb_pair *set,
                             size_t count)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    struct wb_json_iter it = wb_json_iter(row);
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_str(it.key, a);
        bool replaced = false;
        for (size_t i = 0; i < count; i++)
            replaced |= wb_slice_eq(set[i].name, key);
        if (replaced)
            continue;
        wb_jw_key_slice(&w, key);
        wb_jw_raw(&w, wb_json_raw(it.value));
    }
    for (size_t i = 0; i < count; i++) {
        if (!set[i].value.p)
            continue;
        wb_jw_key_slice(&w, set[i].name);
        wb_jw_raw(&w, set[i].value);
    }
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static void put_id(struct wb_tx *tx, const struct wb_iam_entity *e)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_lp(&b, e->account);
    wb_buf_char(&b, (char)e->kind);
    wb_buf_lp(&b, e->name);
    wb_tx_put(tx, wb_key(tx->arena, WB_T_IAM_ID, "s", e->id), wb_buf_slice(&b));
}

void iam_put(struct wb_call *c, struct wb_slice account, enum wb_iam_kind kind, struct wb_slice row,
             struct wb_iam_entity *out)
{
    bool good = wb_iam_read_row(c->tx, account, kind, row, out);
    assert(good);
    (void)good;
    wb_tx_put(c->tx, wb_iam_key(c->arena, WB_T_IAM_ENTITY, account, kind, out->name), row);
    put_id(c->tx, out);
}

void iam_update(struct wb_call *c, struct wb_iam_entity *e, const struct wb_pair *set, size_t count)
{
    iam_put(c, e->account, e->kind, iam_row_with(c->arena, e->row, set, count), e);
}

/* Are there `max` rows under the prefix already? */
bool iam_full(struct wb_tx *tx, struct wb_slice prefix, size_t max)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, prefix);
    size_t n = 0;
    while (s && n < max && wb_tx_next(tx, s, &key, &value))
        n++;
    wb_scan_close(s);
    return n >= max;
}

/* Keys are the same in any case. */
static bool tag_twice(struct wb_call *c)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "Tags"));
    struct wb_slice key[WB_TAGS_MAX];
    size_t n = 0;
    while (n < WB_TAGS_MAX && wb_json_next(&it)) {
        key[n] = wb_json_get_str(it.value, "Key", c->arena);
        for (size_t i = 0; i < n; i++)
            if (wb_slice_ieq(key[i], key[n]))
                return true;
        n++;
    }
    return false;
}

bool iam_tags_read(struct wb_call *c, struct wb_pair **tag, size_t *count)
{
    struct wb_slice why;
    if (tag_twice(c))
        wb_fail(c, "InvalidInput", 400,
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
    else if (!wb_tags_read(c->arena, wb_in(c, "Tags"), tag, count, &why))
        wb_fail(c, "InvalidInput", 400, "%.*s", WB_FMT(why));
    return !wb_failed(c);
}

bool iam_create(struct wb_call *c, const struct iam_kind *k, struct wb_slice name,
                struct wb_slice path, const struct wb_pair *more, size_t count,
                struct wb_iam_entity *out)
{
    struct wb_tx *tx = c->tx;
    struct wb_slice account = c->ctx.account;
    struct wb_slice all = wb_key(c->arena, WB_T_IAM_ENTITY, "sb", account, (int)k->kind);
    struct wb_pair *tag;
    size_t tags;
    if (!iam_tags_read(c, &tag, &tags))
        return false;
    if (wb_iam_read(tx, account, k->kind, name, out)) {
        iam_fail_exists(c, k, name);
        return false;
    }
    if (iam_full(tx, all, k->max)) {
        iam_fail_quota(c, k->quota, k->max);
        return false;
    }
    struct wb_slice id = wb_id_unique(c->arena, wb_engine_seam(c->engine), k->id_prefix);
    const struct wb_pair common[] = {
        {WB_S("name"), iam_json(c->arena, name)},
        {WB_S("id"), iam_json(c->arena, id)},
        {WB_S("path"), iam_json(c->arena, path.n ? path : WB_S("/"))},
        {WB_S("created"), wb_printf(c->arena, "%lld", (long long)tx->now_ms)},
    };
    struct wb_slice row = iam_row_with(c->arena, WB_JSON_NONE, common, 4);
    row = iam_row_with(c->arena, wb_json_read(c->arena, row, NULL), more, count);
    iam_put(c, account, k->kind, row, out);
    wb_tags_put(tx, out->arn, tag, tags);
    return true;
}

/* --- answers --- */

void iam_out_time(struct wb_out *o, const char *name, int64_t ms)
{
    char text[WB_TIME_MAX];
    wb_out_str(o, name, wb_slice(text, wb_time_format(text, ms, WB_TIME_ISO_S)));
}

void iam_out_document(struct wb_out *o, const char *name, struct wb_slice text)
{
    struct wb_buf b = {0};
    wb_percent_encode(&b, text, false);
    wb_out_str(o, name, wb_buf_slice(&b));
    wb_buf_release(&b);
}

static void out_boundary(struct wb_out *o, struct wb_slice arn)
{
    if (!arn.n)
        return;
    wb_out_object(o, "PermissionsBoundary");
    wb_out_cstr(o, "PermissionsBoundaryType", "Policy");
    wb_out_str(o, "PermissionsBoundaryArn", arn);
    wb_out_end(o);
}

static void out_role_details(struct wb_call *c, const struct wb_iam_entity *e)
{
    wb_out_str(&c->out, "Description", wb_json_get_str(e->row, "description", c->arena));
    wb_out_i64(&c->out, "MaxSessionDuration",
               wb_json_get_i64(e->row, "maxSession", WB_STS_ROLE_DEFAULT_S));
}

static void out_profile_role(struct wb_call *c, const struct wb_iam_entity *e)
{
    struct wb_iam_entity role;
    struct wb_slice name = wb_json_get_str(e->row, "role", c->arena);
    wb_out_list(&c->out, "Roles");
    if (name.n && wb_iam_read(c->tx, e->account, WB_IAM_ROLE, name, &role)) {
        wb_out_object(&c->out, NULL);
        iam_out_entity(c, &role, 0);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
}

/* Of an instance profile Get shows the tags even when there are none. */
static void out_tags(struct wb_call *c, const struct wb_iam_entity *e, unsigned what)
{
    struct wb_pair *tag;
    if (wb_tags_list(c->tx, e->arn, &tag) || (e->kind == WB_IAM_PROFILE && what & IAM_USE))
        wb_tags_out(c->tx, e->arn, &c->out, "Tags");
}

void iam_out_entity(struct wb_call *c, const struct wb_iam_entity *e, unsigned what)
{
    const struct iam_kind *k = iam_kind(e->kind);
    struct wb_out *o = &c->out;
    bool role = e->kind == WB_IAM_ROLE;
    wb_out_str(o, "Path", e->path);
    wb_out_str(o, k->member, e->name);
    wb_out_str(o, k->id_member, e->id);
    wb_out_str(o, "Arn", e->arn);
    iam_out_time(o, "CreateDate", e->created_ms);
    if (role)
        iam_out_document(o, "AssumeRolePolicyDocument", iam_trust_shown(c, e));
    if (role && what & IAM_DETAILS)
        out_role_details(c, e);
    if (e->kind == WB_IAM_PROFILE)
        out_profile_role(c, e);
    if (what & IAM_EXTRAS) {
        out_boundary(o, wb_json_get_str(e->row, "boundary", c->arena));
        out_tags(c, e, what);
    }
    if (role && what & IAM_USE) {
        wb_out_object(o, "RoleLastUsed"); /* AWS's tracking period is not kept */
        wb_out_end(o);
    }
}
