#include "base/arn.h"

bool wb_arn_parse(struct wb_slice s, struct wb_arn *out)
{
    struct wb_slice part[5];
    if (!wb_slice_starts(s, WB_S("arn:")))
        return false;
    for (int i = 0; i < 5; i++) {
        part[i] = wb_slice_cut(&s, ':');
        if (!s.p)
            return false;
    }
    *out = (struct wb_arn){part[1], part[2], part[3], part[4], s};
    return wb_slice_is(out->partition, "aws") && out->service.n && out->resource.n;
}

struct wb_slice wb_arn_make(struct wb_arena *a, const char *service, struct wb_slice region,
                            struct wb_slice account, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct wb_slice resource = wb_vprintf(a, fmt, ap);
    va_end(ap);
    return wb_concat(a,
                     (struct wb_slice[]){WB_S("arn:aws:"), wb_slice_str(service), WB_S(":"), region,
                                         WB_S(":"), account, WB_S(":"), resource},
                     8);
}
