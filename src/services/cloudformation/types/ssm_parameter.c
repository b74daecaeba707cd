/* AWS::SSM::Parameter. */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

static const struct cfn_tagging tagging = {.service = "ssm",
                                           .tag = "AddTagsToResource",
                                           .untag = "RemoveTagsFromResource",
                                           .resource = "ResourceId",
                                           .tags = "Tags",
                                           .keys = "TagKeys",
                                           .extra = "ResourceType",
                                           .extra_value = "Parameter"};

static struct wb_slice arn_of(struct wb_cfn_resource *r)
{
    const char *slash = wb_slice_starts(r->physical_id, WB_S("/")) ? "" : "/";
    return cfn_arn(r, "ssm", "parameter%s%.*s", slash, WB_FMT(r->physical_id));
}

static void set_attributes(struct wb_cfn_resource *r)
{
    cfn_attributes_clear(r);
    cfn_attribute(r, "Type", cfn_text(r, "Type"));
    cfn_attribute(r, "Value", cfn_text(r, "Value"));
}

static void begin(struct cfn_in *in, struct wb_cfn_resource *r)
{
    cfn_begin(in, r);
    cfn_put(in, "Name", r->physical_id);
    cfn_copy(in, "Type", "Value", "Description", "AllowedPattern", "Tier", "Policies", "DataType");
}

static bool refused(struct wb_cfn_resource *r)
{
    if (!wb_slice_is(cfn_text(r, "Type"), "SecureString"))
        return false;
    wb_cfn_fail(r, "ValidationException",
                "AWS::SSM::Parameter cannot make a parameter of type SecureString");
    return true;
}

/* Here tags are a map. */
static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    r->physical_id = wb_cfn_name(r, 1011, false);
    if (refused(r))
        return WB_CFN_FAILED;
    begin(&in, r);
    cfn_tags(&in, "Tags", CFN_TAG_LIST);
    if (!cfn_call(&in, "ssm", "PutParameter", NULL))
        return WB_CFN_FAILED;
    cfn_system_tags(r, arn_of(r));
    set_attributes(r);
    return WB_CFN_DONE;
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    static const char *const all[] = {"Type", "Value",    "Description", "AllowedPattern",
                                      "Tier", "Policies", "DataType",    NULL};
    struct cfn_in in;
    if (refused(r))
        return WB_CFN_FAILED;
    begin(&in, r);
    wb_jw_kbool(&in.w, "Overwrite", true);
    if (cfn_any_changed(r, all) && !cfn_call(&in, "ssm", "PutParameter", NULL))
        return WB_CFN_FAILED;
    set_attributes(r);
    return cfn_retag(r, &tagging, r->physical_id) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    return cfn_call_with(r, "ssm", "DeleteParameter", "Name", r->physical_id, NULL)
               ? WB_CFN_DONE
               : cfn_gone(r, "ParameterNotFound");
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    struct wb_json answer, described;
    struct cfn_in in, live;
    if (!cfn_call_with(r, "ssm", "GetParameter", "Name", r->physical_id, &answer))
        return cfn_unread(r, "ParameterNotFound");
    cfn_begin(&in, r);
    wb_jw_key(&in.w, "ParameterFilters");
    wb_jw_array(&in.w);
    wb_jw_object(&in.w);
    wb_jw_kcstr(&in.w, "Key", "Name");
    wb_jw_key(&in.w, "Values");
    wb_jw_array(&in.w);
    wb_jw_str(&in.w, r->physical_id);
    wb_jw_end_array(&in.w);
    wb_jw_end_object(&in.w);
    wb_jw_end_array(&in.w);
    if (!cfn_call(&in, "ssm", "DescribeParameters", &described))
        return WB_CFN_FAILED;
    struct wb_json p = wb_json_get(answer, "Parameter");
    struct wb_json d = wb_json_item(wb_json_get(described, "Parameters"), 0);
    cfn_attributes_clear(r);
    cfn_attribute(r, "Type", wb_json_get_str(p, "Type", r->tx->arena));
    cfn_attribute(r, "Value", wb_json_get_str(p, "Value", r->tx->arena));
    cfn_begin(&live, r);
    cfn_put(&live, "Name", r->physical_id);
    cfn_put_json(&live, "Type", wb_json_get(p, "Type"));
    cfn_put_json(&live, "Value", wb_json_get(p, "Value"));
    cfn_put_json(&live, "DataType", wb_json_get(p, "DataType"));
    cfn_put_json(&live, "Description", wb_json_get(d, "Description"));
    cfn_put_json(&live, "AllowedPattern", wb_json_get(d, "AllowedPattern"));
    cfn_put_json(&live, "Tier", wb_json_get(d, "Tier"));
    cfn_live_tags(&live, arn_of(r), CFN_TAG_MAP);
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property properties[] = {
    CFN_P("AllowedPattern", STRING, IN_PLACE), CFN_P("DataType", STRING, IN_PLACE),
    CFN_P("Description", STRING, IN_PLACE),    CFN_P("Name", STRING, REPLACEMENT),
    CFN_P("Policies", STRING, IN_PLACE),       CFN_P("Tags", OBJECT, IN_PLACE),
    CFN_P("Tier", STRING, IN_PLACE),           CFN_REQUIRED("Type", STRING, IN_PLACE),
    CFN_REQUIRED("Value", STRING, IN_PLACE),   CFN_END,
};

const struct wb_cfn_type cfn_ssm_parameter = {.name = "AWS::SSM::Parameter",
                                              .property = properties,
                                              .name_property = "Name",
                                              .identifier = "Name",
                                              .attribute = CFN_ATTRIBUTES("Type", "Value"),
                                              .create = create,
                                              .update = update,
                                              .delete = destroy,
                                              .read = read};
