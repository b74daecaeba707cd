/*
 * Policies: parts separated by NUL: document, action, resource, a context value. Parsed as both
 * kinds and asked for every kind of principal.
 */
#include "auth/policy.h"
#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct wb_principal who[] = {
    {.type = WB_PRINCIPAL_ANONYMOUS},
    {.type = WB_PRINCIPAL_USER,
     .account = {"111122223333", 12},
     .arn = {"arn:aws:iam::111122223333:user/alice", 36},
     .id = {"AIDAALICE", 9}},
    {.type = WB_PRINCIPAL_SERVICE, .service = {"events.amazonaws.com", 20}},
};

static void ask(struct wb_policy *p, bool resource_policy, const struct wb_request *q)
{
    struct wb_slice sid;
    const struct wb_policy *identity = p;
    struct wb_policy_set s = {.identity = &identity,
                              .identity_count = !resource_policy,
                              .resource = resource_policy ? p : NULL,
                              .boundary = resource_policy ? NULL : p};
    struct wb_verdict v;
    enum wb_decision alone = wb_policy_eval(p, q, &sid), d = wb_authorize(&s, q, &v);
    assert(v.kind && (alone != WB_EXPLICIT_DENY || d == WB_EXPLICIT_DENY));
    assert(alone != WB_IMPLICIT_DENY || d == WB_IMPLICIT_DENY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_slice rest = wb_slice(data, size), text = wb_slice_cut(&rest, 0), why;
    struct wb_pair context[2];
    struct wb_request q = {.context = context, .context_count = 2, .now_ms = 1795348800000};
    q.action = wb_slice_cut(&rest, 0);
    q.resource = wb_slice_cut(&rest, 0);
    context[0] = (struct wb_pair){WB_S("k:v"), rest};
    context[1] = (struct wb_pair){WB_S("aws:SourceIp"), rest};
    for (int resource = 0; resource < 2; resource++) {
        struct wb_arena a;
        wb_arena_init(&a, 0);
        struct wb_policy *p = wb_policy_parse(text, resource, &a, &why);
        assert(p || why.n);
        for (size_t i = 0; p && i < sizeof who / sizeof *who; i++) {
            q.principal = &who[i];
            ask(p, resource, &q);
        }
        wb_policy_unref(p);
        wb_arena_release(&a);
    }
    return 0;
}
