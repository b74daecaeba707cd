/* Trails: there are none, and none can be made. */
#include "base/arn.h"
#include "services/cloudtrail/cloudtrail.h"

#define NAME_MIN 3 /* CloudTrail naming requirements */
#define NAME_MAX 128

void wb_cloudtrail_describe(struct wb_call *c)
{
    wb_out_list(&c->out, "trailList");
    wb_out_end(&c->out);
}

void wb_cloudtrail_list(struct wb_call *c)
{
    wb_out_list(&c->out, "Trails");
    wb_out_end(&c->out);
}

static struct wb_slice trail_arn(struct wb_call *c)
{
    struct wb_slice name = wb_in_str(c, "Name");
    return wb_slice_starts(name, WB_S("arn:"))
               ? name
               : wb_arn_make(c->arena, "cloudtrail", c->ctx.region, c->ctx.account, "trail/%.*s",
                             WB_FMT(name));
}

void wb_cloudtrail_of_trail(struct wb_call *c)
{
    wb_call_resource(c, trail_arn(c));
}

void wb_cloudtrail_status(struct wb_call *c)
{
    struct wb_slice name = wb_in_str(c, "Name"), arn = trail_arn(c);
    if (name.n < NAME_MIN)
        wb_fail(c, "InvalidTrailNameException", 400,
                "Trail name too short. Minimum allowed length: %d characters. Specified name "
                "length: %zu characters.",
                NAME_MIN, name.n);
    else if (name.n > NAME_MAX && !wb_slice_eq(name, arn))
        wb_fail(c, "InvalidTrailNameException", 400,
                "Trail name too long. Maximum allowed length: %d characters. Specified name "
                "length: %zu characters.",
                NAME_MAX, name.n);
    else
        wb_fail(c, "TrailNotFoundException", 400, "Unknown trail: %.*s for the user: %.*s",
                WB_FMT(arn), WB_FMT(c->ctx.account));
}
