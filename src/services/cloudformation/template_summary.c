/* What a template says of itself, without parameters' values. */
#include "services/cloudformation/template_impl.h"

static struct wb_slice text_of(struct wb_arena *a, struct wb_json v)
{
    enum wb_json_type t = wb_json_type(v);
    if (t == WB_JSON_STRING)
        return wb_json_str(v, a);
    return t == WB_JSON_NUMBER || t == WB_JSON_TRUE || t == WB_JSON_FALSE ? wb_json_raw(v)
                                                                          : WB_SLICE_NULL;
}

static struct wb_template_declaration declaration(struct wb_arena *a, struct wb_slice name,
                                                  struct wb_json v)
{
    struct wb_json allowed = wb_json_get(v, "AllowedValues");
    struct wb_template_declaration d = {
        .name = name,
        .type = text_of(a, wb_json_get(v, "Type")),
        .initial = text_of(a, wb_json_get(v, "Default")),
        .description = text_of(a, wb_json_get(v, "Description")),
        .constraint_description = text_of(a, wb_json_get(v, "ConstraintDescription")),
        .no_echo = wb_slice_ieq(text_of(a, wb_json_get(v, "NoEcho")), WB_S("true")),
        .allowed = wb_new_n(a, struct wb_slice, wb_json_count(allowed)),
    };
    struct wb_json_iter it = wb_json_iter(allowed);
    while (wb_json_next(&it))
        d.allowed[d.allowed_count++] = text_of(a, it.value);
    return d;
}

size_t wb_template_declarations(const struct wb_template *t, struct wb_template_declaration **out)
{
    const struct wb_template_names *n = t->names;
    size_t count = n->count[WB_PARAMETERS];
    *out = wb_new_n(t->arena, struct wb_template_declaration, count);
    for (size_t i = 0; i < count; i++)
        (*out)[i] = declaration(t->arena, n->key[WB_PARAMETERS][i], n->member[WB_PARAMETERS][i]);
    return count;
}

size_t wb_template_types(const struct wb_template *t, struct wb_slice **out)
{
    struct wb_names seen;
    size_t count = 0;
    *out = wb_new_n(t->arena, struct wb_slice, t->resource_count);
    wb_names_init(&seen, t->arena, t->resource_count);
    for (size_t i = 0; i < t->resource_count; i++)
        if (wb_names_add(&seen, t->resource[i].type, i))
            (*out)[count++] = t->resource[i].type;
    return count;
}

size_t wb_template_capabilities(const struct wb_template *t, struct wb_slice out[3],
                                struct wb_slice *reason)
{
    size_t count = 0;
    struct wb_slice *type;
    size_t types = wb_template_types(t, &type);
    struct wb_buf names = wb_buf_in(t->arena);
    *reason = WB_SLICE_NULL;
    if (t->iam)
        out[count++] = t->named_iam ? WB_S("CAPABILITY_NAMED_IAM") : WB_S("CAPABILITY_IAM");
    if (t->transform_count)
        out[count++] = WB_S("CAPABILITY_AUTO_EXPAND");
    for (size_t i = 0; i < types; i++)
        if (wb_slice_starts(type[i], WB_S("AWS::IAM::")) ||
            wb_slice_starts(type[i], WB_S("AWS::Serverless::")))
            wb_buf_printf(&names, "%s%.*s", names.n ? ", " : "", WB_FMT(type[i]));
    for (size_t i = 0; i < t->transform_count && !names.n; i++)
        wb_buf_printf(&names, "%.*s", WB_FMT(t->transform[i]));
    if (count)
        *reason = wb_printf(t->arena, "The following resource(s) require capabilities: [%.*s]",
                            (int)names.n, names.p);
    return count;
}
