#include "auth/managed.h"

const struct wb_managed_policy wb_managed_policies[] = {
    {"AdministratorAccess", "/", "ANPAIWMBCKSKIEE64ZLYK",
     "Provides full access to AWS services and resources.", "2015-02-06T18:39:46Z", 1,
     "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\","
     "\"Resource\":\"*\"}]}"},
    {0},
};

const struct wb_managed_policy *wb_managed_policy(struct wb_slice arn)
{
    struct wb_slice prefix = WB_S("arn:aws:iam::aws:policy");
    if (!wb_slice_starts(arn, prefix))
        return NULL;
    struct wb_slice rest = wb_slice_sub(arn, prefix.n, arn.n);
    for (const struct wb_managed_policy *p = wb_managed_policies; p->name; p++) {
        struct wb_slice path = wb_slice_str(p->path);
        if (wb_slice_starts(rest, path) && wb_slice_is(wb_slice_sub(rest, path.n, rest.n), p->name))
            return p;
    }
    return NULL;
}
