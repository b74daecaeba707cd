/* Tags of log groups: by ARN, and the older operations by name. */
#include "engine/tags.h"
#include "services/logs/logs.h"

/* The group's ARN as tags are kept by it, or the call fails. */
static bool tagged(struct wb_call *c, struct wb_slice *arn)
{
    struct wb_slice given = wb_in_str(c, "resourceArn"), name = wb_in_str(c, "logGroupName");
    struct wb_log_group g;
    struct wb_arn r;
    if (given.p) {
        name = logs_arn_name(given);
        if (!name.p) {
            logs_invalid(c, "The specified resource ARN is not that of a log group.");
            return false;
        }
        wb_arn_parse(given, &r);
        if (!wb_slice_eq(r.account, c->ctx.account) || !wb_slice_eq(r.region, c->ctx.region)) {
            wb_fail(c, "ResourceNotFoundException", 400, "The specified resource does not exist.");
            return false;
        }
    }
    if (!wb_log_group_read(c->tx, c->ctx.account, c->ctx.region, name, &g)) {
        if (given.p)
            wb_fail(c, "ResourceNotFoundException", 400, "The specified resource does not exist.");
        else
            logs_no_group(c);
        return false;
    }
    *arn = logs_group_arn(c->arena, g.account, g.region, g.name);
    return true;
}

void logs_tag(struct wb_call *c)
{
    struct wb_slice arn, why;
    struct wb_pair *tag;
    size_t count;
    if (!tagged(c, &arn))
        return;
    if (!wb_tags_read(c->arena, wb_in(c, "tags"), &tag, &count, &why))
        wb_fail(c, "InvalidParameterException", 400, "Invalid tags: %.*s.", WB_FMT(why));
    else if (!wb_tags_put(c->tx, arn, tag, count))
        wb_fail(
            c, wb_in_str(c, "resourceArn").p ? "TooManyTagsException" : "InvalidParameterException",
            400, "A log group can have at most %d tags.", WB_TAGS_MAX);
}

void logs_untag(struct wb_call *c)
{
    struct wb_slice arn;
    struct wb_json keys = wb_in(c, "tagKeys");
    if (!tagged(c, &arn))
        return;
    struct wb_json_iter it = wb_json_iter(wb_json_is(keys) ? keys : wb_in(c, "tags"));
    while (wb_json_next(&it))
        wb_tags_remove(c->tx, arn, wb_json_str(it.value, c->arena));
}

void logs_list_tags(struct wb_call *c)
{
    struct wb_slice arn;
    struct wb_pair *tag;
    if (!tagged(c, &arn))
        return;
    size_t n = wb_tags_list(c->tx, arn, &tag);
    wb_out_map(&c->out, "tags");
    for (size_t i = 0; i < n; i++)
        wb_out_map_str(&c->out, tag[i].name, tag[i].value);
    wb_out_end(&c->out);
}
