/*
 * Why a call was refused, and the smallest statement that would let it pass: the row that the
 * refusal leaves, and the answer `waybill why` gets from it.
 *
 * Row: le64 time, then JSON: {"source", "event", "ip", "type", "arn", "account", "role", "owner",
 * "denials": [{"action", "resource", "account": the resource's, "explicit", "kind", "policy",
 * "sid", "statement", "sides", "boundary", "asked": [[key, value or null]...]}...]}. The decision
 * is that of the moment; where a statement has to be put is looked up when somebody asks.
 */
#include "base/arn.h"
#include "engine/audit.h"
#include "engine/internal.h"

/* --- the row --- */

static void put_denial(struct wb_json_writer *w, const struct wb_denial *d)
{
    wb_jw_object(w);
    wb_jw_kstr(w, "action", d->need.action);
    wb_jw_kstr(w, "resource", d->need.resource);
    wb_jw_kstr(w, "account", d->resource_account);
    wb_jw_kbool(w, "explicit", d->verdict.decision == WB_EXPLICIT_DENY);
    wb_jw_kcstr(w, "kind", d->verdict.kind);
    wb_jw_kstr(w, "policy", d->policy);
    wb_jw_kstr(w, "sid", d->verdict.sid);
    wb_jw_ki64(w, "statement", (int64_t)d->statement);
    wb_jw_ki64(w, "sides", d->sides);
    wb_jw_kstr(w, "boundary", d->boundary);
    wb_jw_key(w, "asked");
    wb_jw_array(w);
    for (size_t i = 0; i < d->asked_count; i++) {
        wb_jw_array(w);
        wb_jw_str(w, d->asked[i].name);
        wb_jw_str(w, d->asked[i].value);
        wb_jw_end_array(w);
    }
    wb_jw_end_array(w);
    wb_jw_end_object(w);
}

struct wb_slice wb_denial_row(struct wb_arena *a, const struct wb_call *c, int64_t time_ms)
{
    static const char *const types[] = {
        [WB_PRINCIPAL_ANONYMOUS] = "anonymous", [WB_PRINCIPAL_ROOT] = "root",
        [WB_PRINCIPAL_USER] = "user",           [WB_PRINCIPAL_SESSION] = "session",
        [WB_PRINCIPAL_SERVICE] = "service",     [WB_PRINCIPAL_FEDERATED] = "federated",
    };
    const struct wb_principal *p = &c->ctx.principal;
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_buf_le64(&b, (uint64_t)time_ms);
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "source", c->service->signing_name);
    wb_jw_kcstr(&w, "event", c->op->name);
    wb_jw_kstr(&w, "ip", c->ctx.source_ip);
    wb_jw_kcstr(&w, "type", types[p->type]);
    wb_jw_kstr(&w, "arn", p->type == WB_PRINCIPAL_SERVICE ? p->service : p->arn);
    wb_jw_kstr(&w, "account", p->account);
    wb_jw_kstr(&w, "role", p->role_arn);
    wb_jw_kstr(&w, "owner", p->owner);
    wb_jw_key(&w, "denials");
    wb_jw_array(&w);
    for (const struct wb_denial *d = c->denial; d; d = d->next)
        put_denial(&w, d);
    wb_jw_end_array(&w);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

/* --- the answer --- */

struct asker { /* who was refused */
    struct wb_slice type, arn, account;
    struct wb_slice subject; /* the user or role whose policies count; null: none */
};

static struct asker read_asker(struct wb_call *c, struct wb_json row)
{
    struct wb_arena *a = c->arena;
    struct asker k = {.type = wb_json_get_str(row, "type", a),
                      .arn = wb_json_get_str(row, "arn", a),
                      .account = wb_json_get_str(row, "account", a),
                      .subject = wb_json_get_str(row, "role", a)};
    const struct wb_identity *owner = wb_identity_by_id(c->tx, wb_json_get_str(row, "owner", a));
    if (!k.subject.n && owner)
        k.subject = owner->arn;
    else if (!k.subject.n && wb_slice_is(k.type, "user"))
        k.subject = k.arn;
    return k;
}

/* As a resource policy names it: the role, not one session of it. */
static void put_principal(struct wb_json_writer *w, const struct asker *k)
{
    wb_jw_key(w, "Principal");
    if (wb_slice_is(k->type, "anonymous")) {
        wb_jw_cstr(w, "*");
        return;
    }
    bool service = wb_slice_is(k->type, "service"), session = wb_slice_is(k->type, "session");
    wb_jw_object(w);
    wb_jw_kstr(w, service ? "Service" : "AWS", session ? k->subject : k->arn);
    wb_jw_end_object(w);
}

static struct wb_slice statement(struct wb_arena *a, const struct asker *who,
                                 struct wb_slice action, struct wb_slice resource)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "Effect", "Allow");
    if (who)
        put_principal(&w, who);
    wb_jw_kstr(&w, "Action", action);
    if (resource.p)
        wb_jw_kstr(&w, "Resource", resource);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static void put_fix(struct wb_out *o, const char *where, struct wb_slice of, struct wb_slice text)
{
    wb_out_object(o, NULL);
    wb_out_cstr(o, "Where", where);
    wb_out_str(o, "Of", of);
    wb_out_str(o, "Statement", text);
    wb_out_end(o);
}

static void put_resource_fix(struct wb_call *c, const struct asker *k, struct wb_slice action,
                             struct wb_slice resource)
{
    struct wb_arn arn;
    bool named = wb_arn_parse(resource, &arn);
    bool role = named && wb_slice_is(arn.service, "iam");
    struct wb_slice none = WB_SLICE_NULL;
    if (role && wb_slice_starts(action, WB_S("sts:")))
        put_fix(&c->out, "trust policy", resource, statement(c->arena, k, action, none));
    else if (named && wb_map_get(c->engine->policies, arn.service))
        put_fix(&c->out, "resource policy", resource, statement(c->arena, k, action, resource));
    else
        put_fix(&c->out, "role of the other account", resource, none);
}

static void put_fixes(struct wb_call *c, const struct asker *k, struct wb_json d)
{
    struct wb_arena *a = c->arena;
    struct wb_out *o = &c->out;
    int64_t sides = wb_json_get_i64(d, "sides", 0);
    struct wb_slice action = wb_json_get_str(d, "action", a);
    struct wb_slice resource = wb_json_get_str(d, "resource", a);
    struct wb_slice allow = statement(a, NULL, action, resource);
    wb_out_list(o, "Fixes");
    if (sides & WB_SIDE_IDENTITY)
        put_fix(o, "identity policy", k->subject.n ? k->subject : k->arn, allow);
    if (sides & WB_SIDE_RESOURCE)
        put_resource_fix(c, k, action, resource);
    if (sides & WB_SIDE_BOUNDARY)
        put_fix(o, "permissions boundary", wb_json_get_str(d, "boundary", a), allow);
    if (sides & WB_SIDE_SESSION)
        put_fix(o, "session policy", k->arn, allow);
    wb_out_end(o);
}

static void put_asked(struct wb_out *o, struct wb_json asked, struct wb_arena *a)
{
    struct wb_json_iter it = wb_json_iter(asked);
    wb_out_list(o, "Context");
    while (wb_json_next(&it)) {
        wb_out_object(o, NULL);
        wb_out_str(o, "Key", wb_json_str(wb_json_item(it.value, 0), a));
        wb_out_str(o, "Value", wb_json_str(wb_json_item(it.value, 1), a));
        wb_out_end(o);
    }
    wb_out_end(o);
}

static void put_explanation(struct wb_call *c, const struct asker *k, struct wb_json d)
{
    struct wb_arena *a = c->arena;
    struct wb_out *o = &c->out;
    bool denied = wb_json_bool(wb_json_get(d, "explicit"), false);
    int64_t number = wb_json_get_i64(d, "statement", 0);
    wb_out_object(o, NULL);
    wb_out_str(o, "Action", wb_json_get_str(d, "action", a));
    wb_out_str(o, "Resource", wb_json_get_str(d, "resource", a));
    wb_out_str(o, "ResourceAccount", wb_json_get_str(d, "account", a));
    wb_out_cstr(o, "Decision", denied ? "explicitDeny" : "implicitDeny");
    wb_out_str(o, "Kind", wb_json_get_str(d, "kind", a));
    wb_out_str(o, "Policy", wb_json_get_str(d, "policy", a));
    wb_out_str(o, "Sid", wb_json_get_str(d, "sid", a));
    if (number)
        wb_out_i64(o, "StatementNumber", number);
    put_asked(o, wb_json_get(d, "asked"), a);
    if (!denied)
        put_fixes(c, k, d);
    wb_out_end(o);
}

void wb_explain_denial(struct wb_call *c)
{
    struct wb_arena *a = c->arena;
    struct wb_slice id = wb_in_str(c, "RequestId"), row;
    if (!wb_tx_get(c->tx, wb_key(a, WB_T_DENIAL, "s", id), &row)) {
        wb_fail(c, "ResourceNotFoundException", 404,
                "No denial is known under this request id. Only calls refused by a policy in the "
                "last %d days are.",
                WB_AUDIT_DAYS);
        return;
    }
    struct wb_rd r = wb_rd(row);
    int64_t time_ms = (int64_t)wb_rd_le64(&r);
    struct wb_json v = wb_json_read(a, wb_dup(a, wb_slice(r.p, (size_t)(r.end - r.p))), NULL);
    struct asker k = read_asker(c, v);
    struct wb_out *o = &c->out;
    wb_out_str(o, "RequestId", id);
    wb_out_time(o, "Time", time_ms);
    wb_out_str(o, "Service", wb_json_get_str(v, "source", a));
    wb_out_str(o, "Operation", wb_json_get_str(v, "event", a));
    wb_out_str(o, "SourceIp", wb_json_get_str(v, "ip", a));
    wb_out_str(o, "PrincipalType", k.type);
    wb_out_str(o, "Principal", k.arn);
    wb_out_str(o, "Account", k.account);
    wb_out_str(o, "Subject", k.subject.n ? k.subject : WB_SLICE_NULL);
    wb_out_list(o, "Denials");
    struct wb_json_iter it = wb_json_iter(wb_json_get(v, "denials"));
    while (wb_json_next(&it))
        put_explanation(c, &k, it.value);
    wb_out_end(o);
}
