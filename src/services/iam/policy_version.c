/*
 * Versions of managed policies. At most WB_IAM_VERSIONS_MAX at a time, one of them in effect; their
 * numbers grow and are never used again. A change of the default takes effect with the commit.
 */
#include "base/limits.h"
#include "services/iam/policy.h"

/* --- rows: {"document", "created": ms} --- */

static bool read_row(struct wb_call *c, uint64_t number, struct wb_slice row, struct iam_version *v)
{
    struct wb_json j = wb_json_read(c->arena, wb_dup(c->arena, row), NULL);
    *v = (struct iam_version){.number = number,
                              .text = wb_json_get_str(j, "document", c->arena),
                              .created_ms = wb_json_get_i64(j, "created", 0)};
    return v->text.p != NULL;
}

bool iam_version_read(struct wb_call *c, const struct iam_policy *p, uint64_t number,
                      struct iam_version *v)
{
    struct wb_slice row;
    if (p->aws) {
        *v = (struct iam_version){number, wb_slice_str(p->aws->document), p->updated_ms};
        return number == p->version;
    }
    struct wb_slice key = wb_iam_key_version(c->arena, p->e.account, p->name, number);
    return wb_tx_get(c->tx, key, &row) && read_row(c, number, row, v);
}

size_t iam_versions(struct wb_call *c, const struct iam_policy *p, struct iam_version *v)
{
    struct wb_slice key, value;
    size_t n = 0;
    if (p->aws)
        return iam_version_read(c, p, p->version, &v[0]);
    struct wb_slice first = wb_iam_key_version(c->arena, p->e.account, p->name, 0);
    struct wb_slice last = wb_iam_key_version(c->arena, p->e.account, p->name, UINT64_MAX);
    struct wb_scan *s = wb_tx_scan(c->tx, first, last, true);
    while (s && n < WB_IAM_VERSIONS_MAX && wb_tx_next(c->tx, s, &key, &value)) {
        uint16_t table;
        struct wb_key_rd r = wb_key_rd(c->arena, key, &table);
        wb_key_rd_str(&r);
        wb_key_rd_str(&r);
        n += read_row(c, wb_key_rd_u64(&r), value, &v[n]);
    }
    wb_scan_close(s);
    return n;
}

void iam_version_put(struct wb_call *c, const struct iam_policy *p, uint64_t number,
                     struct wb_slice text)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "document", text);
    wb_jw_ki64(&w, "created", c->tx->now_ms);
    wb_jw_end_object(&w);
    wb_tx_put(c->tx, wb_iam_key_version(c->arena, p->e.account, p->name, number), wb_buf_slice(&b));
}

bool iam_managed_document_ok(struct wb_call *c, struct wb_slice text)
{
    if (!iam_identity_document_ok(c, text))
        return false;
    if (iam_document_size(text) > WB_IAM_POLICY_MAX)
        iam_fail_quota(c, "PolicySize", WB_IAM_POLICY_MAX);
    return !wb_failed(c);
}

/* The version that the call names. */
static bool find_version(struct wb_call *c, const struct iam_policy *p, struct iam_version *v)
{
    struct wb_slice id = wb_in_str(c, "VersionId");
    uint64_t number;
    if (wb_slice_u64(wb_slice_sub(id, 1, id.n), &number) && iam_version_read(c, p, number, v))
        return true;
    wb_fail(c, "NoSuchEntity", 404, "Policy %.*s version %.*s does not exist or is not attachable.",
            WB_FMT(p->arn), WB_FMT(id));
    return false;
}

static struct wb_slice number_text(struct wb_call *c, uint64_t n)
{
    return wb_printf(c->arena, "%llu", (unsigned long long)n);
}

/* --- answers --- */

void iam_out_version(struct wb_call *c, const struct iam_policy *p, const struct iam_version *v,
                     bool document)
{
    if (document)
        iam_out_document(&c->out, "Document", v->text);
    wb_out_str(&c->out, "VersionId", wb_printf(c->arena, "v%llu", (unsigned long long)v->number));
    wb_out_bool(&c->out, "IsDefaultVersion", v->number == p->version);
    iam_out_time(&c->out, "CreateDate", v->created_ms);
}

static void answer(struct wb_call *c, const struct iam_policy *p, const struct iam_version *v,
                   bool document)
{
    wb_out_object(&c->out, "PolicyVersion");
    iam_out_version(c, p, v, document);
    wb_out_end(&c->out);
}

/* --- operations --- */

void iam_create_policy_version(struct wb_call *c)
{
    struct iam_policy p;
    struct iam_version v[WB_IAM_VERSIONS_MAX];
    struct wb_slice text = wb_in_str(c, "PolicyDocument");
    bool make_default = wb_in_bool(c, "SetAsDefault", false);
    if (!iam_policy_find(c, true, &p) || !iam_managed_document_ok(c, text))
        return;
    if (iam_versions(c, &p, v) == WB_IAM_VERSIONS_MAX) {
        wb_fail(c, "LimitExceeded", 409,
                "A managed policy can have up to %d versions. Before you create a new version, you "
                "must delete an existing version.",
                WB_IAM_VERSIONS_MAX);
        return;
    }
    uint64_t number = (uint64_t)wb_json_get_i64(p.e.row, "next", 2);
    const struct wb_pair set[] = {
        {WB_S("next"), number_text(c, number + 1)},
        {WB_S("updated"), number_text(c, (uint64_t)c->tx->now_ms)},
        {WB_S("default"), number_text(c, make_default ? number : p.version)},
    };
    iam_version_put(c, &p, number, text);
    iam_update(c, &p.e, set, sizeof set / sizeof *set);
    wb_iam_changed(c->tx, &p.e);
    iam_policy_of_entity(c, &p.e, &p);
    answer(c, &p, &(struct iam_version){number, text, c->tx->now_ms}, false);
}

void iam_set_default_policy_version(struct wb_call *c)
{
    struct iam_policy p;
    struct iam_version v;
    if (!iam_policy_find(c, true, &p) || !find_version(c, &p, &v))
        return;
    const struct wb_pair set[] = {{WB_S("default"), number_text(c, v.number)}};
    iam_update(c, &p.e, set, 1);
    wb_iam_changed(c->tx, &p.e);
}

void iam_delete_policy_version(struct wb_call *c)
{
    struct iam_policy p;
    struct iam_version v;
    if (!iam_policy_find(c, true, &p) || !find_version(c, &p, &v))
        return;
    if (v.number == p.version) {
        wb_fail(c, "DeleteConflict", 409, "Cannot delete the default version of a policy.");
        return;
    }
    wb_tx_del(c->tx, wb_iam_key_version(c->arena, p.e.account, p.name, v.number));
}

void iam_get_policy_version(struct wb_call *c)
{
    struct iam_policy p;
    struct iam_version v;
    if (iam_policy_find(c, false, &p) && find_version(c, &p, &v))
        answer(c, &p, &v, true);
}

void iam_list_policy_versions(struct wb_call *c)
{
    struct iam_policy p;
    struct iam_page page;
    struct iam_version v[WB_IAM_VERSIONS_MAX];
    if (!iam_policy_find(c, false, &p) || !iam_page_open(c, &page))
        return;
    size_t n = iam_versions(c, &p, v);
    wb_out_list(&c->out, "Versions");
    for (size_t i = 0; i < n; i++) {
        struct wb_slice position = wb_printf(c->arena, "%020llu", ~(unsigned long long)v[i].number);
        if (iam_page_past(&page, position))
            continue;
        if (!iam_page_take(&page, position))
            break;
        wb_out_object(&c->out, NULL);
        iam_out_version(c, &p, &v[i], false);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
    iam_page_close(&page);
}
