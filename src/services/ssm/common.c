/* What several operations need: errors of names, the parameter of a call, its change event. */
#include "base/limits.h"
#include "engine/audit.h"
#include "services/ssm/param.h"

#define NAME_FORM                                                                                  \
    "If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can " \
    "be formed as a mix of letters, numbers and the following 3 symbols .-_"

bool ssm_name_fail(struct wb_call *c, enum ssm_name_error e)
{
    switch (e) {
    case SSM_NAME_OK:
    case SSM_NAME_AWS:
        return true;
    case SSM_NAME_MALFORMED:
    case SSM_NAME_RESERVED:
        wb_fail(c, "ValidationException", 400, "%s",
                "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). " NAME_FORM);
        break;
    case SSM_NAME_RELATIVE:
        wb_fail(c, "ValidationException", 400, "Parameter name must be a fully qualified name.");
        break;
    case SSM_NAME_LEVELS:
        wb_fail(c, "HierarchyLevelLimitExceededException", 400,
                "A hierarchy can have a maximum of %d levels. For more information, see "
                "Requirements and constraints for parameter names in the AWS Systems Manager User "
                "Guide.",
                WB_SSM_LEVELS_MAX);
        break;
    }
    return false;
}

void ssm_not_found(struct wb_call *c, struct wb_slice name)
{
    /* Those that tell of AMIs, regions and the like: nothing of it exists here. */
    bool public = wb_slice_starts(name, WB_S("/aws/"));
    wb_fail(c, "ParameterNotFound", 400, "Parameter %.*s not found.%s", WB_FMT(name),
            public ? " Public parameters of AWS are not offered here." : "");
}

bool ssm_path_ok(struct wb_call *c, struct wb_slice path, struct wb_slice *clean)
{
    if (ssm_path_parse(path, clean))
        return true;
    wb_fail(c, "ValidationException", 400,
            "The parameter doesn't meet the parameter name requirements. The parameter name "
            "must begin with a forward slash \"/\". It can't be prefixed with \"aws\" or "
            "\"ssm\" (case-insensitive). It must use only letters, numbers, or the following "
            "symbols: . (period), - (hyphen), _ (underscore). Special characters are not "
            "allowed. All sub-paths, if specified, must use the forward slash symbol \"/\". "
            "Valid example: /get/parameters2-/by1./path0_.");
    return false;
}

bool ssm_call_param(struct wb_call *c, struct wb_slice given, struct ssm_param *p)
{
    struct ssm_name name;
    enum ssm_name_error e = ssm_name_parse(c->arena, given, &name);
    if (e == SSM_NAME_OK && name.selector.p)
        e = SSM_NAME_MALFORMED;
    if (!ssm_name_fail(c, e))
        return false;
    bool here = !name.arn || (wb_slice_eq(name.region, c->ctx.region) &&
                              wb_slice_eq(name.account, c->ctx.account));
    if (here && ssm_read(c->tx, c->ctx.account, c->ctx.region, &name, p))
        return true;
    ssm_not_found(c, name.name);
    return false;
}

void ssm_changed(struct wb_tx *tx, const struct wb_ctx *ctx, const struct ssm_param *p,
                 const struct ssm_version *v, const char *operation)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "operation", operation);
    wb_jw_kstr(&w, "name", p->name);
    wb_jw_kstr(&w, "type", v->type);
    if (v->description.p)
        wb_jw_kstr(&w, "description", v->description);
    wb_jw_end_object(&w);
    wb_bus_publish(tx, ctx, "aws.ssm", "Parameter Store Change", p->arn, wb_buf_slice(&b));
}
