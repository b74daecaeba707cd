/* The operation table of Parameter Store, what its calls need to be allowed, and the module. */
#include "engine/tags.h"
#include "services/ssm/param.h"

/* --- authorization --- */

/* "arn:aws:ssm:R:A:parameter/name", whichever way the parameter was named. */
static struct wb_slice arn_of(struct wb_call *c, struct wb_slice given)
{
    struct ssm_name n;
    ssm_name_parse(c->arena, given, &n);
    if (!n.path.p)
        return wb_slice_starts(given, WB_S("arn:")) ? given : WB_S("*");
    return n.arn ? ssm_arn(c->arena, n.region, n.account, n.path)
                 : ssm_arn(c->arena, c->ctx.region, c->ctx.account, n.path);
}

static void of_name(struct wb_call *c)
{
    wb_call_resource(c, arn_of(c, wb_in_str(c, "Name")));
}

static void of_put(struct wb_call *c)
{
    struct wb_slice arn = arn_of(c, wb_in_str(c, "Name"));
    wb_call_resource(c, arn);
    if (wb_json_count(wb_in(c, "Tags")))
        wb_call_also(c, "ssm:AddTagsToResource", arn);
}

static void of_names(struct wb_call *c)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "Names"));
    while (wb_json_next(&it))
        wb_call_resource(c, arn_of(c, wb_json_str(it.value, c->arena)));
}

static void of_path(struct wb_call *c)
{
    struct wb_slice path, given = wb_in_str(c, "Path");
    if (!ssm_path_parse(given, &path))
        path = wb_printf(c->arena, "/%.*s", WB_FMT(given)); /* will be refused */
    wb_call_resource(c,
                     ssm_arn(c->arena, c->ctx.region, c->ctx.account, path.n ? path : WB_S("/")));
}

static void of_resource(struct wb_call *c)
{
    wb_call_resource(c, arn_of(c, wb_in_str(c, "ResourceId")));
}

/* The service's own form of aws:ResourceTag, which AWS's examples still use. */
static void own_tags(struct wb_call *c)
{
    for (size_t i = 0; i < c->need_count; i++) {
        struct wb_pair *tag;
        size_t n = wb_tags_list(c->tx, c->need[i].resource, &tag);
        for (size_t k = 0; k < n; k++)
            wb_need_condition(c, i,
                              wb_printf(c->arena, "ssm:resourceTag/%.*s", WB_FMT(tag[k].name)).p,
                              tag[k].value);
    }
}

static struct wb_slice flag(struct wb_call *c, const char *member)
{
    return wb_in_bool(c, member, false) ? WB_S("true") : WB_S("false");
}

static void put_conditions(struct wb_call *c)
{
    wb_call_condition(c, "ssm:Overwrite", flag(c, "Overwrite"));
    own_tags(c);
}

static void path_conditions(struct wb_call *c)
{
    wb_call_condition(c, "ssm:Recursive", flag(c, "Recursive"));
}

static const char *const put_keys[] = {"aws:RequestTag/${TagKey}",  "aws:TagKeys",
                                       "aws:ResourceTag/${TagKey}", "ssm:Overwrite",
                                       "ssm:resourceTag/${TagKey}", NULL};
static const char *const path_keys[] = {"ssm:Recursive", NULL};
static const char *const tag_keys[] = {"aws:RequestTag/${TagKey}", "aws:TagKeys",
                                       "aws:ResourceTag/${TagKey}", "ssm:resourceTag/${TagKey}",
                                       NULL};
static const char *const own_keys[] = {"aws:ResourceTag/${TagKey}", "ssm:resourceTag/${TagKey}",
                                       NULL};

/* --- the table --- */

#define OP(n, k, shape, fn, res, cond, keys)                                                       \
    {                                                                                              \
        .name = n, .class = k, .input = &(shape), .resources = res, .conditions = cond,            \
        .handler = fn, .condition_keys = keys                                                      \
    }

static const struct wb_op ops[] = {
    OP("AddTagsToResource", WB_WRITE, ssm_s_add_tags, ssm_add_tags, of_resource, own_tags,
       tag_keys),
    OP("DeleteParameter", WB_WRITE, ssm_s_delete, ssm_delete_parameter, of_name, own_tags,
       own_keys),
    OP("DeleteParameters", WB_WRITE, ssm_s_delete_many, ssm_delete_parameters, of_names, own_tags,
       own_keys),
    OP("DescribeParameters", WB_SCAN, ssm_s_describe, ssm_describe, NULL, NULL, NULL),
    OP("GetParameter", WB_READ, ssm_s_get, ssm_get_parameter, of_name, own_tags, own_keys),
    OP("GetParameterHistory", WB_SCAN, ssm_s_history, ssm_get_history, of_name, own_tags, own_keys),
    OP("GetParameters", WB_SCAN, ssm_s_get_many, ssm_get_parameters, of_names, own_tags, own_keys),
    OP("GetParametersByPath", WB_SCAN, ssm_s_by_path, ssm_get_by_path, of_path, path_conditions,
       path_keys),
    OP("LabelParameterVersion", WB_WRITE, ssm_s_label, ssm_label, of_name, own_tags, own_keys),
    OP("ListTagsForResource", WB_READ, ssm_s_list_tags, ssm_list_tags, of_resource, own_tags,
       own_keys),
    OP("PutParameter", WB_WRITE, ssm_s_put, ssm_put_parameter, of_put, put_conditions, put_keys),
    OP("RemoveTagsFromResource", WB_WRITE, ssm_s_remove_tags, ssm_remove_tags, of_resource,
       own_tags, tag_keys),
    OP("UnlabelParameterVersion", WB_WRITE, ssm_s_unlabel, ssm_unlabel, of_name, own_tags,
       own_keys),
};

static const struct wb_service ssm_service = {
    .name = "ssm",
    .title = "AWS Systems Manager Parameter Store",
    .signing_name = "ssm",
    .model = "ssm",
    .protocol = WB_JSON11,
    .target = "AmazonSSM",
    .version = "2014-11-06",
    .type_prefix = "",
    .op = ops,
    .op_count = sizeof ops / sizeof *ops,
};

static void start(struct wb_engine *e)
{
    wb_executor_register(e, &ssm_policy_executor);
}

const struct wb_module wb_ssm_module = {
    .service = &ssm_service, .start = start, .check = ssm_check};
