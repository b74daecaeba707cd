/*
 * Service-linked roles: a service's own role, made in the caller's account, under a path and with
 * a trust policy that only the service's name decides (IAM User Guide, "Create a service-linked
 * role"). Nothing here needs such a role to do its work, so the role has no policies and its
 * deletion is done before the answer; the task that AWS would work on stays to be asked about.
 */
#include "base/ids.h"
#include "base/limits.h"
#include "services/iam/iam.h"

static const struct {
    const char *service, *role;
    bool suffix; /* several roles, told apart by CustomSuffix */
} known[] = {
    {"apidestinations.events.amazonaws.com", "AWSServiceRoleForAmazonEventBridgeApiDestinations",
     false},
    {"autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling", true},
    {"cloudtrail.amazonaws.com", "AWSServiceRoleForCloudTrail", false},
    {"dynamodb.application-autoscaling.amazonaws.com",
     "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable", false},
    {"ecs.amazonaws.com", "AWSServiceRoleForECS", false},
    {"elasticloadbalancing.amazonaws.com", "AWSServiceRoleForElasticLoadBalancing", false},
    {"events.amazonaws.com", "AWSServiceRoleForCloudWatchEvents", false},
    {"lambda.application-autoscaling.amazonaws.com",
     "AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency", false},
    {"ops.apigateway.amazonaws.com", "AWSServiceRoleForAPIGateway", false},
    {"rds.amazonaws.com", "AWSServiceRoleForRDS", false},
    {"replication.dynamodb.amazonaws.com", "AWSServiceRoleForDynamoDBReplication", false},
    {"replicator.lambda.amazonaws.com", "AWSServiceRoleForLambdaReplicator", false},
};
#define KNOWN (sizeof known / sizeof *known)

struct wb_slice iam_linked_path(struct wb_arena *a, struct wb_slice service)
{
    return wb_printf(a, IAM_LINKED_PATH "%.*s/", WB_FMT(service));
}

struct wb_slice iam_linked_name(struct wb_call *c)
{
    struct wb_slice service = wb_in_str(c, "AWSServiceName"), suffix = wb_in_str(c, "CustomSuffix");
    size_t i = 0;
    while (i < KNOWN && !wb_slice_is(service, known[i].service))
        i++;
    if (i == KNOWN)
        wb_fail(c, "InvalidInput", 400, "Service name %.*s has no service-linked role.",
                WB_FMT(service));
    else if (suffix.p && !known[i].suffix)
        wb_fail(c, "InvalidInput", 400, "Custom suffix is not allowed for %.*s", WB_FMT(service));
    if (wb_failed(c))
        return WB_SLICE_NULL;
    return suffix.p ? wb_printf(c->arena, "%s_%.*s", known[i].role, WB_FMT(suffix))
                    : wb_slice_str(known[i].role);
}

void iam_create_linked_role(struct wb_call *c)
{
    struct wb_slice service = wb_in_str(c, "AWSServiceName"), name = iam_linked_name(c);
    struct wb_iam_entity e;
    if (!name.p)
        return;
    if (wb_iam_read(c->tx, c->ctx.account, WB_IAM_ROLE, name, &e)) {
        wb_fail(c, "InvalidInput", 400,
                "Service role name %.*s has been taken in this account, please try a different "
                "suffix.",
                WB_FMT(name));
        return;
    }
    struct wb_slice trust =
        wb_printf(c->arena,
                  "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{"
                  "\"Service\":\"%.*s\"},\"Action\":\"sts:AssumeRole\"}]}",
                  WB_FMT(service));
    const struct wb_pair more[] = {
        {WB_S("trust"), iam_json(c->arena, trust)},
        {WB_S("description"), iam_json(c->arena, wb_in_str(c, "Description"))},
        {WB_S("maxSession"), wb_printf(c->arena, "%d", WB_STS_ROLE_DEFAULT_S)},
    };
    if (!iam_create(c, iam_kind(WB_IAM_ROLE), name, iam_linked_path(c->arena, service), more, 3,
                    &e))
        return;
    wb_out_object(&c->out, "Role");
    iam_out_entity(c, &e, IAM_EXTRAS);
    wb_out_end(&c->out);
}

/* --- deletion --- */

static struct wb_slice task_key(struct wb_call *c, struct wb_slice id)
{
    return id.p ? wb_key(c->arena, WB_T_IAM_TASK, "ss", c->ctx.account, id)
                : wb_key(c->arena, WB_T_IAM_TASK, "s", c->ctx.account);
}

/* "task/aws-service-role/SERVICE/ROLE/UUID" */
bool iam_task_parse(struct wb_slice id, struct wb_slice *path, struct wb_slice *name)
{
    size_t end = id.n, begin;
    while (end > 0 && id.p[end - 1] != '/')
        end--;
    begin = end ? end - 1 : 0;
    while (begin > 0 && id.p[begin - 1] != '/')
        begin--;
    if (!wb_slice_starts(id, WB_S("task" IAM_LINKED_PATH)) || begin + 1 >= end ||
        begin < strlen("task" IAM_LINKED_PATH))
        return false;
    *path = wb_slice_sub(id, strlen("task"), begin);
    *name = wb_slice_sub(id, begin, end - 1);
    return true;
}

/* Tasks that nobody will ask about any more. */
static void forget_old(struct wb_call *c)
{
    struct wb_slice old[WB_IAM_PAGE], key, row;
    size_t n = 0;
    int64_t ms;
    struct wb_scan *s = wb_tx_scan_prefix(c->tx, task_key(c, WB_SLICE_NULL));
    while (s && n < WB_IAM_PAGE && wb_tx_next(c->tx, s, &key, &row))
        if (wb_slice_i64(row, &ms) && ms < c->tx->now_ms - WB_IAM_TASK_MS)
            old[n++] = wb_dup(c->arena, key);
    wb_scan_close(s);
    while (n > 0)
        wb_tx_del(c->tx, old[--n]);
}

void iam_delete_linked_role(struct wb_call *c)
{
    struct wb_iam_entity e;
    if (!iam_call_entity(c, &e))
        return;
    if (!wb_slice_starts(e.path, WB_S(IAM_LINKED_PATH))) {
        iam_fail_missing(c, iam_kind(WB_IAM_ROLE), e.name);
        return;
    }
    struct wb_slice uuid = wb_id_uuid(c->arena, wb_engine_seam(c->engine));
    struct wb_slice id =
        wb_printf(c->arena, "task%.*s%.*s/%.*s", WB_FMT(e.path), WB_FMT(e.name), WB_FMT(uuid));
    forget_old(c);
    iam_remove(c, &e);
    wb_tx_put(c->tx, task_key(c, id), wb_printf(c->arena, "%lld", (long long)c->tx->now_ms));
    wb_out_str(&c->out, "DeletionTaskId", id);
}

void iam_deletion_status(struct wb_call *c)
{
    struct wb_slice id = wb_in_str(c, "DeletionTaskId"), row;
    if (wb_tx_get(c->tx, task_key(c, id), &row))
        wb_out_cstr(&c->out, "Status", "SUCCEEDED");
    else
        wb_fail(c, "NoSuchEntity", 404, "Deletion task %.*s cannot be found.", WB_FMT(id));
}
