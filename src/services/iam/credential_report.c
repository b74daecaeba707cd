/*
 * The credential report: a line for the root and each user, what credentials there are and when
 * they were last used (IAM User Guide, "Get credential reports for your AWS account").
 *
 * It is asked for first and fetched then; what was asked for counts for four hours, as on AWS. The
 * lines are written when they are fetched, and the time told is that of the lines. Users have no
 * passwords, certificates and second factors here.
 */
#include "base/limits.h"
#include "services/iam/policy.h"

#define HEADER                                                                                     \
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"       \
    "password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,"             \
    "access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"    \
    "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,"                   \
    "access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"                  \
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated\n"

struct report {
    struct wb_call *c;
    struct wb_buf out;
};

/* --- fields --- */

/* Names may hold commas, nothing else that means something in CSV. */
static void put_name(struct report *r, struct wb_slice s)
{
    const char *quote = wb_slice_chr(s, ',', 0) >= 0 ? "\"" : "";
    wb_buf_printf(&r->out, "%s%.*s%s,", quote, WB_FMT(s), quote);
}

static void put_time(struct report *r, int64_t ms)
{
    char text[WB_TIME_MAX];
    size_t n = wb_time_format(text, ms, WB_TIME_ISO_S);
    wb_buf_printf(&r->out, "%.*s+00:00,", (int)n - 1, text); /* as AWS writes it here, without Z */
}

static void put_key(struct report *r, const struct wb_access_key *key)
{
    struct wb_slice row;
    struct wb_arena *a = r->c->arena;
    if (!key) {
        wb_buf_printf(&r->out, "false,N/A,N/A,N/A,N/A,");
        return;
    }
    wb_buf_printf(&r->out, "%s,", key->active ? "true" : "false");
    put_time(r, key->created_ms);
    if (!wb_tx_get(r->c->tx, wb_key(a, WB_T_KEY_USE, "s", key->id), &row)) {
        wb_buf_printf(&r->out, "N/A,N/A,N/A,");
        return;
    }
    struct wb_json use = wb_json_read(a, wb_dup(a, row), NULL);
    put_time(r, wb_json_get_i64(use, "time", 0));
    put_name(r, wb_json_get_str(use, "region", a));
    put_name(r, wb_json_get_str(use, "service", a));
}

static void put_keys(struct report *r, const struct wb_access_key *key, size_t count)
{
    put_key(r, count > 0 ? &key[0] : NULL);
    put_key(r, count > 1 ? &key[1] : NULL);
    wb_buf_printf(&r->out, "false,N/A,false,N/A\n");
}

/* --- lines --- */

static void put_root(struct report *r)
{
    struct wb_call *c = r->c;
    struct wb_slice id, row;
    struct wb_access_key key[WB_IAM_KEYS_MAX];
    size_t n = 0;
    struct wb_scan *s = wb_tx_scan_prefix(c->tx, wb_key(c->arena, WB_T_ACCESS_KEY, ""));
    while (s && n < WB_IAM_KEYS_MAX && wb_tx_next(c->tx, s, &id, &row))
        n += wb_access_key_decode(wb_dup(c->arena, row), &key[n]) &&
             key[n].owner.type == WB_PRINCIPAL_ROOT &&
             wb_slice_eq(key[n].owner.account, c->ctx.account);
    wb_scan_close(s);
    wb_buf_printf(&r->out, "<root_account>,arn:aws:iam::%.*s:root,", WB_FMT(c->ctx.account));
    if (n)
        put_time(r, key[0].created_ms); /* the account is as old as its first key */
    else
        wb_buf_printf(&r->out, "N/A,");
    wb_buf_printf(&r->out, "not_supported,no_information,not_supported,not_supported,false,");
    put_keys(r, key, n);
}

static void put_user(struct report *r, const struct wb_iam_entity *e)
{
    struct wb_call *c = r->c;
    struct wb_slice *id, row;
    struct wb_access_key key[WB_IAM_KEYS_MAX];
    size_t n = 0, count = iam_names_under(
                      c, wb_iam_key_user_key(c->arena, e->account, e->name, WB_SLICE_NULL), &id);
    for (size_t i = 0; i < count && n < WB_IAM_KEYS_MAX; i++)
        n += wb_tx_get(c->tx, wb_key(c->arena, WB_T_ACCESS_KEY, "s", id[i]), &row) &&
             wb_access_key_decode(wb_dup(c->arena, row), &key[n]);
    if (n == 2 && key[1].created_ms < key[0].created_ms) {
        struct wb_access_key older = key[1];
        key[1] = key[0];
        key[0] = older;
    }
    put_name(r, e->name);
    put_name(r, e->arn);
    put_time(r, e->created_ms);
    wb_buf_printf(&r->out, "false,N/A,N/A,N/A,false,");
    put_keys(r, key, n);
}

static void put_users(struct report *r)
{
    struct wb_call *c = r->c;
    struct wb_slice *name;
    struct wb_iam_entity e;
    struct wb_slice all = wb_key(c->arena, WB_T_IAM_ENTITY, "sb", c->ctx.account, (int)WB_IAM_USER);
    size_t n = iam_names_under(c, all, &name);
    for (size_t i = 0; i < n; i++)
        if (wb_iam_read(c->tx, c->ctx.account, WB_IAM_USER, name[i], &e))
            put_user(r, &e);
}

/* --- operations --- */

/* When the report was asked for; 0: never. */
static int64_t asked_ms(struct wb_call *c)
{
    struct wb_slice row;
    int64_t ms;
    struct wb_slice key = wb_key(c->arena, WB_T_IAM_REPORT, "s", c->ctx.account);
    return wb_tx_get(c->tx, key, &row) && wb_slice_i64(row, &ms) ? ms : 0;
}

void iam_generate_report(struct wb_call *c)
{
    int64_t asked = asked_ms(c), now = c->tx->now_ms;
    bool old = !asked || now - asked > WB_IAM_REPORT_MS;
    if (old)
        wb_tx_put(c->tx, wb_key(c->arena, WB_T_IAM_REPORT, "s", c->ctx.account),
                  wb_printf(c->arena, "%lld", (long long)now));
    wb_out_cstr(&c->out, "State", old ? "STARTED" : "COMPLETE");
    if (old)
        wb_out_cstr(&c->out, "Description",
                    "No report exists. Starting a new report generation task");
}

void iam_get_report(struct wb_call *c)
{
    int64_t asked = asked_ms(c);
    struct report r = {.c = c, .out = wb_buf_in(c->arena)};
    if (!asked)
        wb_fail(c, "ReportNotPresent", 410, "No report exists.");
    else if (c->tx->now_ms - asked > WB_IAM_REPORT_MS)
        wb_fail(c, "ReportExpired", 410, "The most recent credential report has expired.");
    if (wb_failed(c))
        return;
    wb_buf_printf(&r.out, HEADER);
    put_root(&r);
    put_users(&r);
    wb_out_str(&c->out, "Content", wb_base64_encode(c->arena, wb_buf_slice(&r.out)));
    wb_out_cstr(&c->out, "ReportFormat", "text/csv");
    iam_out_time(&c->out, "GeneratedTime", c->tx->now_ms);
}
