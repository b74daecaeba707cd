/* What people want to know of a decision that was made: which statement, and what it looked at. */
#include "auth/policy_impl.h"

size_t wb_policy_denying(const struct wb_policy *p, const struct wb_request *q)
{
    enum wb_grant grant;
    for (size_t i = 0; p && i < p->count; i++)
        if (!p->statement[i].allow && wb_statement_applies(p, &p->statement[i], q, &grant))
            return i + 1;
    return 0;
}

static void tell(const struct wb_request *q, struct wb_slice key, wb_policy_asked_fn *fn, void *arg)
{
    struct wb_key_value v;
    size_t pos = 0;
    bool any = false;
    for (; wb_context_next(q, key, &pos, &v); any = true)
        fn(arg, key, v.text);
    if (!any)
        fn(arg, key, WB_SLICE_NULL);
}

void wb_policy_asked(const struct wb_policy *p, const struct wb_request *q, wb_policy_asked_fn *fn,
                     void *arg)
{
    enum wb_grant grant;
    for (size_t i = 0; p && i < p->count; i++) {
        struct wb_statement s = p->statement[i];
        s.condition_count = 0;
        if (p->statement[i].condition_count && wb_statement_applies(p, &s, q, &grant))
            for (size_t k = 0; k < p->statement[i].condition_count; k++)
                tell(q, p->statement[i].condition[k].key, fn, arg);
    }
}
