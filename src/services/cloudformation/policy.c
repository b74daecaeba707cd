/*
 * Stack policies: which resources an update may touch (User Guide, "Prevent updates to stack
 * resources"). Of the form of IAM's, but with resources "LogicalResourceId/X" and the condition key
 * ResourceType; what no statement allows is denied.
 */
#include "services/cloudformation/deploy.h"

/* "*" stands for any text, "?" for a character. */
static bool like(struct wb_slice p, struct wb_slice s)
{
    size_t i = 0, k = 0, star = SIZE_MAX, mark = 0;
    while (k < s.n) {
        if (i < p.n && p.p[i] == '*') {
            star = i++;
            mark = k;
        } else if (i < p.n && (p.p[i] == '?' || p.p[i] == s.p[k])) {
            i++;
            k++;
        } else if (star != SIZE_MAX) {
            i = star + 1;
            k = ++mark;
        } else {
            return false;
        }
    }
    while (i < p.n && p.p[i] == '*')
        i++;
    return i == p.n;
}

/* A text, or a list of them. */
static bool any_like(struct wb_arena *a, struct wb_json patterns, struct wb_slice text)
{
    struct wb_json_iter it = wb_json_iter(patterns);
    if (wb_json_type(patterns) == WB_JSON_STRING)
        return like(wb_json_str(patterns, a), text);
    while (wb_json_next(&it))
        if (like(wb_json_str(it.value, a), text))
            return true;
    return false;
}

/* StringEquals and StringLike on ResourceType; nothing else is known to stack policies. */
static bool conditions(struct wb_arena *a, struct wb_json statement, struct wb_slice type)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(statement, "Condition"));
    while (wb_json_next(&it))
        if (!any_like(a, wb_json_get(it.value, "ResourceType"), type))
            return false;
    return true;
}

static bool applies(struct wb_arena *a, struct wb_json s, struct wb_slice action,
                    struct wb_slice resource, struct wb_slice type)
{
    struct wb_json in = wb_json_get(s, "Action"), not_in = wb_json_get(s, "NotAction");
    if (wb_json_is(in) ? !any_like(a, in, action) : any_like(a, not_in, action))
        return false;
    in = wb_json_get(s, "Resource");
    not_in = wb_json_get(s, "NotResource");
    if (wb_json_is(in) ? !any_like(a, in, resource) : any_like(a, not_in, resource))
        return false;
    return conditions(a, s, type);
}

bool cfn_policy_allows(struct wb_arena *a, struct wb_slice policy, const char *action,
                       struct wb_slice id, struct wb_slice type)
{
    struct wb_slice resource = wb_printf(a, "LogicalResourceId/%.*s", WB_FMT(id));
    struct wb_json all = wb_json_get(wb_json_read(a, policy, NULL), "Statement");
    struct wb_json_iter it = wb_json_iter(all);
    bool allowed = false;
    while (wb_json_next(&it)) {
        if (!applies(a, it.value, wb_slice_str(action), resource, type))
            continue;
        if (wb_slice_is(wb_json_get_str(it.value, "Effect", a), "Deny"))
            return false;
        allowed = true;
    }
    return allowed;
}

bool cfn_policy_valid(struct wb_arena *a, struct wb_slice policy, struct wb_slice *why)
{
    struct wb_json all = wb_json_get(wb_json_read(a, policy, NULL), "Statement");
    struct wb_json_iter it = wb_json_iter(all);
    bool good = wb_json_type(all) == WB_JSON_ARRAY && wb_json_count(all);
    while (good && wb_json_next(&it)) {
        struct wb_slice effect = wb_json_get_str(it.value, "Effect", a);
        good = (wb_slice_is(effect, "Allow") || wb_slice_is(effect, "Deny")) &&
               (wb_json_is(wb_json_get(it.value, "Action")) ||
                wb_json_is(wb_json_get(it.value, "NotAction"))) &&
               (wb_json_is(wb_json_get(it.value, "Resource")) ||
                wb_json_is(wb_json_get(it.value, "NotResource")));
    }
    *why = WB_S("Error validating stack policy: Invalid stack policy");
    return good;
}
