/* What an operation needs: the resource it is about, by the name in the input and the path in the
 * row, and the condition keys its row in the table lists. */
#include "engine/tags.h"
#include "services/iam/iam.h"

/* The ARN the operation is about: of the entity that is there, else of the one that would be. */
static struct wb_slice named_arn(struct wb_call *c, const struct iam_kind *k)
{
    struct wb_iam_entity e;
    struct wb_slice name = wb_in_str(c, k->member), path = wb_in_str(c, "Path");
    if (!name.n)
        return WB_S("*");
    if (!path.n && wb_iam_read(c->tx, c->ctx.account, k->kind, name, &e))
        return e.arn;
    return wb_iam_arn(c->arena, c->ctx.account, k->kind, path.n ? path : WB_S("/"), name);
}

void iam_of_entity(struct wb_call *c)
{
    wb_call_resource(c, named_arn(c, iam_call_kind(c)));
}

void iam_of_new(struct wb_call *c)
{
    const struct iam_kind *k = iam_call_kind(c);
    struct wb_slice arn = named_arn(c, k);
    wb_call_resource(c, arn);
    if (wb_json_count(wb_in(c, "Tags")))
        wb_call_also(c, k->tag_action, arn);
}

/* --- conditions --- */

static void resource_tags(struct wb_call *c, struct wb_slice arn)
{
    struct wb_pair *tag;
    size_t n = wb_tags_list(c->tx, arn, &tag);
    for (size_t i = 0; i < n; i++)
        wb_call_condition(
            c,
            wb_dup_cstr(c->arena, wb_printf(c->arena, "iam:ResourceTag/%.*s", WB_FMT(tag[i].name))),
            tag[i].value);
}

/* The boundary asked for, or else the one that the entity has. */
static struct wb_slice boundary(struct wb_call *c)
{
    struct wb_iam_entity e;
    const struct iam_kind *k = iam_call_kind(c);
    struct wb_slice asked = wb_in_str(c, "PermissionsBoundary");
    if (asked.n || !wb_iam_read(c->tx, c->ctx.account, k->kind, wb_in_str(c, k->member), &e))
        return asked;
    return wb_json_get_str(e.row, "boundary", c->arena);
}

void iam_conditions(struct wb_call *c)
{
    for (const char *const *key = c->op->condition_keys; key && *key; key++) {
        if (strcmp(*key, IAM_KEY_POLICY) == 0)
            wb_call_condition(c, *key, wb_in_str(c, "PolicyArn"));
        else if (strcmp(*key, IAM_KEY_BOUNDARY) == 0)
            wb_call_condition(c, *key, boundary(c));
        else if (strcmp(*key, IAM_KEY_TAG) == 0)
            resource_tags(c, named_arn(c, iam_call_kind(c)));
    }
}
