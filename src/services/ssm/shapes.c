/* Inputs as in the public service model, version 2014-11-06. */
#include "aws/shape_table.h"
#include "services/ssm/param.h"

#define STR(id, text, lo, hi)                                                                      \
    static const struct wb_shape id = {.kind = WB_STRING,                                          \
                                       .name = text,                                               \
                                       .min = lo,                                                  \
                                       .max = hi,                                                  \
                                       .has_min = (lo) >= 0,                                       \
                                       .has_max = (hi) > 0}
#define PATTERN(id, text, lo, hi, pat, printed)                                                    \
    static const struct wb_shape id = {.kind = WB_STRING,                                          \
                                       .name = text,                                               \
                                       .min = lo,                                                  \
                                       .max = hi,                                                  \
                                       .has_min = true,                                            \
                                       .has_max = true,                                            \
                                       .pattern = pat,                                             \
                                       .pattern_text = printed}
#define ENUM(id, text, ...)                                                                        \
    static const struct wb_shape id = {                                                            \
        .kind = WB_STRING, .name = text, .values = (const char *const[]){__VA_ARGS__, NULL}}

/* Every character beyond ASCII is let through. */
#define TAG_CHARS "([A-Za-z0-9 _.:/=+@\\x80-\\x{10ffff}-]*)"
#define TAG_TEXT  "^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$"

STR(name, "PSParameterName", 1, 2048);
STR(description, "ParameterDescription", 0, 1024);
static const struct wb_shape value = {
    .kind = WB_STRING, .name = "PSParameterValue", .sensitive = true};
ENUM(type, "ParameterType", "String", "StringList", "SecureString");
PATTERN(key_id, "ParameterKeyId", 1, 256, "^([a-zA-Z0-9:/_-]+)$", NULL);
STR(allowed_pattern, "AllowedPattern", 0, 1024);
PATTERN(tag_key, "TagKey", 1, 128, TAG_CHARS, TAG_TEXT);
PATTERN(tag_value, "TagValue", 1, 256, TAG_CHARS, TAG_TEXT);
ENUM(tier, "ParameterTier", "Standard", "Advanced", "Intelligent-Tiering");
STR(policies, "ParameterPolicies", 1, 4096);
STR(data_type, "ParameterDataType", 0, 128);
STR(next_token, "NextToken", -1, 0);
STR(label, "ParameterLabel", 1, 100);
PATTERN(filter_key, "ParameterStringFilterKey", 1, 132,
        "tag:.+|Name|Type|KeyId|Path|Label|Tier|DataType", NULL);
STR(filter_option, "ParameterStringQueryOption", 1, 10);
STR(filter_value, "ParameterStringFilterValue", 1, 1024);
ENUM(old_filter_key, "ParametersFilterKey", "Name", "Type", "KeyId");
STR(old_filter_value, "ParametersFilterValue", 1, 1024);
ENUM(resource_type, "ResourceTypeForTagging", "Document", "ManagedInstance", "MaintenanceWindow",
     "Parameter", "PatchBaseline", "OpsItem", "OpsMetadata", "Automation", "Association");
STR(resource_id, "ResourceId", -1, 0);
static const struct wb_shape boolean = {.kind = WB_BOOLEAN, .name = "Boolean"};
static const struct wb_shape version = {.kind = WB_LONG, .name = "PSParameterVersion"};
INT(max_results, "MaxResults", 1, 50);
INT(max_by_path, "GetParametersByPathMaxResults", 1, 10);

STRUCT(tag, "Tag", R("Key", tag_key), R("Value", tag_value));
LIST(tags, "TagList", 0, 1000, tag);
LIST(tag_keys, "KeyList", 0, 0, tag_key);
LIST(names, "ParameterNameList", 1, 10, name);
LIST(labels, "ParameterLabelList", 1, 10, label);
LIST(filter_values, "ParameterStringFilterValueList", 1, 50, filter_value);
STRUCT(filter, "ParameterStringFilter", R("Key", filter_key), M("Option", filter_option),
       M("Values", filter_values));
LIST(filters, "ParameterStringFilterList", 0, 0, filter);
LIST(old_filter_values, "ParametersFilterValueList", 1, 50, old_filter_value);
STRUCT(old_filter, "ParametersFilter", R("Key", old_filter_key), R("Values", old_filter_values));
LIST(old_filters, "ParametersFilterList", 0, 0, old_filter);

INPUT(ssm_s_put, "PutParameterRequest", R("Name", name), M("Description", description),
      R("Value", value), M("Type", type), M("KeyId", key_id), M("Overwrite", boolean),
      M("AllowedPattern", allowed_pattern), M("Tags", tags), M("Tier", tier),
      M("Policies", policies), M("DataType", data_type));
INPUT(ssm_s_get, "GetParameterRequest", R("Name", name), M("WithDecryption", boolean));
INPUT(ssm_s_get_many, "GetParametersRequest", R("Names", names), M("WithDecryption", boolean));
INPUT(ssm_s_by_path, "GetParametersByPathRequest", R("Path", name), M("Recursive", boolean),
      M("ParameterFilters", filters), M("WithDecryption", boolean), M("MaxResults", max_by_path),
      M("NextToken", next_token));
INPUT(ssm_s_history, "GetParameterHistoryRequest", R("Name", name), M("WithDecryption", boolean),
      M("MaxResults", max_results), M("NextToken", next_token));
INPUT(ssm_s_describe, "DescribeParametersRequest", M("Filters", old_filters),
      M("ParameterFilters", filters), M("MaxResults", max_results), M("NextToken", next_token));
INPUT(ssm_s_delete, "DeleteParameterRequest", R("Name", name));
INPUT(ssm_s_delete_many, "DeleteParametersRequest", R("Names", names));
INPUT(ssm_s_label, "LabelParameterVersionRequest", R("Name", name), M("ParameterVersion", version),
      R("Labels", labels));
INPUT(ssm_s_unlabel, "UnlabelParameterVersionRequest", R("Name", name),
      R("ParameterVersion", version), R("Labels", labels));
INPUT(ssm_s_add_tags, "AddTagsToResourceRequest", R("ResourceType", resource_type),
      R("ResourceId", resource_id), R("Tags", tags));
INPUT(ssm_s_remove_tags, "RemoveTagsFromResourceRequest", R("ResourceType", resource_type),
      R("ResourceId", resource_id), R("TagKeys", tag_keys));
INPUT(ssm_s_list_tags, "ListTagsForResourceRequest", R("ResourceType", resource_type),
      R("ResourceId", resource_id));
