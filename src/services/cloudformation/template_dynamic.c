/*
 * Dynamic references: "{{resolve:ssm:NAME:VERSION}}" within the strings of a finished value (User
 * Guide, "Get values stored in other services using dynamic references").
 */
#include "base/limits.h"
#include "services/cloudformation/template_impl.h"

static bool look_up(struct wb_eval *e, struct wb_slice reference, struct wb_buf *out)
{
    struct wb_slice rest = reference, service = wb_slice_cut(&rest, ':'), value,
                    why = WB_SLICE_NULL;
    if (!rest.n || !(wb_slice_is(service, "ssm") || wb_slice_is(service, "ssm-secure") ||
                     wb_slice_is(service, "secretsmanager"))) {
        wb_eval_fail(e, "Incorrect format is used in the following SSM reference: [%.*s]",
                     WB_FMT(reference));
        return false;
    }
    if (e->env->dynamic(e->env->user, service, rest, &value, &why)) {
        wb_buf_slice_put(out, value);
        return true;
    }
    if (why.p)
        wb_eval_fail(e, "%.*s", WB_FMT(why));
    else
        wb_eval_fail(e, "Unable to fetch parameters [%.*s] from parameter store for this account.",
                     WB_FMT(rest));
    return false;
}

static bool resolve_text(struct wb_eval *e, struct wb_slice text, struct wb_slice *result)
{
    const struct wb_slice mark = WB_S("{{resolve:");
    struct wb_buf out = wb_buf_in(e->a);
    size_t at = 0;
    ptrdiff_t open;
    while ((open = wb_slice_find(text, mark, at)) >= 0) {
        ptrdiff_t close = wb_slice_find(text, WB_S("}}"), (size_t)open);
        if (close < 0)
            break;
        wb_buf_slice_put(&out, wb_slice_sub(text, at, (size_t)open));
        if (!look_up(e, wb_slice_sub(text, (size_t)open + mark.n, (size_t)close), &out))
            return false;
        at = (size_t)close + 2;
    }
    wb_buf_slice_put(&out, wb_slice_sub(text, at, text.n));
    *result = wb_buf_slice(&out);
    return true;
}

bool wb_eval_dynamic(struct wb_eval *e, struct wb_tree *v)
{
    if (!e->env->dynamic)
        return true;
    if (v->type == WB_JSON_STRING && wb_slice_find(v->text, WB_S("{{resolve:"), 0) >= 0)
        return resolve_text(e, v->text, &v->text);
    for (size_t i = 0; i < v->count; i++)
        if (!wb_eval_dynamic(e, v->member[i].value))
            return false;
    return true;
}
