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

/* Both what it is and what it becomes (UpdateUser: "on both the source object and the target
 * object"): nobody takes a name that other people's policies speak of. */
void iam_of_rename(struct wb_call *c)
{
    struct wb_iam_entity e;
    const struct iam_kind *k = iam_call_kind(c);
    struct wb_slice name = iam_new_name(c), path = wb_in_str(c, "NewPath");
    iam_of_entity(c);
    if (wb_iam_read(c->tx, c->ctx.account, k->kind, wb_in_str(c, k->member), &e) &&
        (name.p || path.p))
        wb_call_resource(c, wb_iam_arn(c->arena, e.account, e.kind, path.p ? path : e.path,
                                       name.p ? name : e.name));
}

void iam_of_group(struct wb_call *c)
{
    wb_call_resource(c, named_arn(c, iam_kind(WB_IAM_GROUP)));
}

void iam_of_profile(struct wb_call *c)
{
    wb_call_resource(c, named_arn(c, iam_kind(WB_IAM_PROFILE)));
}

void iam_of_profile_role(struct wb_call *c)
{
    iam_of_profile(c);
    wb_call_pass_role(c, named_arn(c, iam_kind(WB_IAM_ROLE)), "ec2.amazonaws.com");
}

/* The caller when he is a user and names nobody. */
static struct wb_slice own_arn(struct wb_call *c)
{
    struct wb_iam_entity e;
    if (wb_in_str(c, "UserName").p)
        return named_arn(c, iam_kind(WB_IAM_USER));
    bool user = wb_iam_by_id(c->tx, c->ctx.principal.owner, &e) && e.kind == WB_IAM_USER;
    return user ? e.arn : WB_S("*");
}

void iam_of_own_user(struct wb_call *c)
{
    wb_call_resource(c, own_arn(c));
}

/* "arn:aws:iam::A:user/path/": what is asked for when nothing is named. */
void iam_of_list(struct wb_call *c)
{
    struct wb_slice path = wb_in_str(c, "PathPrefix");
    wb_call_resource(c, wb_iam_arn(c->arena, c->ctx.account, iam_list_kind(c)->kind,
                                   path.n ? path : WB_S("/"), WB_S("")));
}

/* Whose key another account's is would stand in the refusal. */
void iam_of_key(struct wb_call *c)
{
    struct wb_slice row, id = wb_in_str(c, "AccessKeyId");
    struct wb_access_key key;
    bool found = wb_tx_get(c->tx, wb_key(c->arena, WB_T_ACCESS_KEY, "s", id), &row) &&
                 wb_access_key_decode(wb_dup(c->arena, row), &key) &&
                 wb_slice_eq(key.owner.account, c->ctx.account);
    wb_call_resource(c, found ? key.owner.arn : WB_S("*"));
}

void iam_of_linked_role(struct wb_call *c)
{
    struct wb_slice service = wb_in_str(c, "AWSServiceName"), name = iam_linked_name(c);
    if (name.p)
        wb_call_resource(c, wb_iam_arn(c->arena, c->ctx.account, WB_IAM_ROLE,
                                       iam_linked_path(c->arena, service), name));
}

void iam_of_task(struct wb_call *c)
{
    struct wb_slice path, name;
    bool good = iam_task_parse(wb_in_str(c, "DeletionTaskId"), &path, &name);
    wb_call_resource(c, good ? wb_iam_arn(c->arena, c->ctx.account, WB_IAM_ROLE, path, name)
                             : WB_S("*"));
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

/* The boundary asked for; where none can be asked for, the one that the entity has. */
static struct wb_slice boundary(struct wb_call *c)
{
    struct wb_iam_entity e;
    const struct iam_kind *k = iam_call_kind(c);
    struct wb_slice asked = wb_in_str(c, "PermissionsBoundary");
    if (c->op->resources == iam_of_new || asked.n ||
        !wb_iam_read(c->tx, c->ctx.account, k->kind, wb_in_str(c, k->member), &e))
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
            resource_tags(c, c->need[0].resource);
        else if (strcmp(*key, IAM_KEY_SERVICE) == 0)
            wb_call_condition(c, *key, wb_in_str(c, "AWSServiceName"));
    }
}
