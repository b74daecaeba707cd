/*
 * The function's role. It is checked when the function is defined, and taken when an environment
 * starts: the environment's credentials are a session of the role, named like the function
 * (Developer Guide, "Defining Lambda function permissions with an execution role").
 *
 * An environment lives no longer than its session, and gets no more work once the role is gone or
 * is another one of the same name, for then the session is worth nothing.
 */
#include "services/lambda/fleet.h"

#include "auth/session.h"
#include "base/arn.h"
#include "base/ids.h"
#include "base/log.h"
#include "engine/identity.h"

#define SERVICE "lambda.amazonaws.com"
static const char cannot[] = "The role defined for the function cannot be assumed by Lambda.";

/* --- definitions --- */

/* The role must be of the caller's account: it cannot hand over another one's. */
void lambda_role_pass(struct wb_call *c)
{
    struct wb_slice role = wb_in_str(c, "Role");
    struct wb_arn arn;
    if (!role.n)
        return;
    if (wb_arn_parse(role, &arn) && !wb_slice_eq(arn.account, c->ctx.principal.account) &&
        wb_engine_config(c->engine)->auth)
        lambda_fail(c, LAMBDA_ROLE_CODE, 403, NULL, "Cross-account pass role is not allowed.");
    wb_call_pass_role(c, role, SERVICE);
}

void lambda_role_check(struct wb_call *c, struct wb_slice role, struct wb_slice function_arn)
{
    if (wb_engine_config(c->engine)->auth && !wb_role_trusts(c->tx, role, SERVICE, function_arn))
        lambda_fail(c, "InvalidParameterValueException", 400, "User", "%s", cannot);
}

/* --- environments --- */

/* Nothing is enforced: a session of a role that need not exist. It says which account the function
 * belongs to. */
static struct wb_credentials any_session(struct env *e)
{
    struct wb_slice name = e->f->role;
    struct wb_seam *seam = wb_engine_seam(e->l->e);
    struct wb_arn arn;
    if (wb_arn_parse(e->f->role, &arn)) {
        for (struct wb_slice rest = arn.resource; rest.p;)
            name = wb_slice_cut(&rest, '/');
    }
    struct wb_principal p = {
        .type = WB_PRINCIPAL_SESSION, .account = e->f->account, .role_arn = e->f->role};
    p.arn = wb_printf(&e->arena, "arn:aws:sts::%.*s:assumed-role/%.*s/%.*s", WB_FMT(e->f->account),
                      WB_FMT(name), WB_FMT(e->f->name));
    struct wb_slice id = wb_id_hex(&e->arena, seam, 17);
    p.id = wb_printf(&e->arena, "AROA%.*s:%.*s", WB_FMT(id), WB_FMT(e->f->name));
    struct wb_session session = {.issued_ms = wb_engine_now(e->l->e), .function = e->f->arn};
    p.session = wb_session_write(&e->arena, &session);
    e->principal = p;
    return wb_session_make(&e->arena, wb_engine_keyring(e->l->e), seam, &p, wb_engine_now(e->l->e),
                           WB_LAMBDA_SESSION_S);
}

static bool take(struct env *e, struct wb_tx *tx, struct wb_arena *a, struct wb_credentials *out,
                 struct wb_slice *why)
{
    const struct lambda_function *f = e->f;
    if (!wb_role_session(tx, &e->arena, f->role, SERVICE, f->arn, f->name, WB_LAMBDA_SESSION_S, out,
                         why)) {
        *why = wb_dup(a, *why); /* e goes */
        return false;
    }
    const struct wb_identity *role = wb_identity_by_arn(tx, f->role);
    struct wb_session session = {.issued_ms = tx->now_ms, .name = f->name, .function = f->arn};
    e->role_id = wb_dup(&e->arena, role->id);
    e->principal = wb_role_principal(&e->arena, role, f->name);
    e->principal.session = wb_session_write(&e->arena, &session);
    e->principal.access_key = wb_dup(&e->arena, out->key_id);
    e->principal.expires_ms = out->expires_ms;
    return true;
}

bool lambda_role_session(struct env *e, struct wb_arena *a, struct wb_credentials *out,
                         struct wb_slice *why)
{
    struct lambda *l = e->l;
    bool taken = false;
    *why = WB_S("the store cannot be read");
    if (!wb_engine_config(l->e)->auth) {
        *out = any_session(e);
        taken = true;
    } else {
        struct wb_tx *tx = wb_reader_begin(l->reader);
        if (tx) {
            taken = take(e, tx, a, out, why);
            wb_reader_end(l->reader);
        }
    }
    if (taken)
        e->session_ends_ms = out->expires_ms;
    else if (!e->queue->refused)
        wb_log(WB_LOG_WARN, "lambda", "a function cannot be started", "function",
               wb_dup_cstr(a, e->f->arn), "why", wb_dup_cstr(a, *why), NULL);
    e->queue->refused = !taken;
    *why = wb_slice_str(cannot);
    return taken;
}

bool lambda_role_session_ends(const struct env *e)
{
    return e->session_ends_ms - wb_engine_now(e->l->e) < WB_LAMBDA_SESSION_LEFT_MS;
}

bool lambda_role_stands(const struct env *e)
{
    if (!e->role_id.p)
        return true;
    struct wb_tx *tx = wb_reader_begin(e->l->reader);
    if (!tx)
        return false;
    const struct wb_identity *role = wb_identity_by_arn(tx, e->f->role);
    bool stands = role && wb_slice_eq(role->id, e->role_id);
    wb_reader_end(e->l->reader);
    return stands;
}
