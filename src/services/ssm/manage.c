/* Deleting, labels, tags. */
#include "base/limits.h"
#include "engine/tags.h"
#include "services/ssm/param.h"

/* --- deleting --- */

static void delete_one(struct wb_call *c, const struct ssm_param *p)
{
    struct ssm_version v;
    if (ssm_read_version(c->tx, p, p->version, &v))
        ssm_changed(c->tx, &c->ctx, p, &v, "Delete");
    ssm_drop(c->tx, p);
}

void ssm_delete_parameter(struct wb_call *c)
{
    struct ssm_param p;
    if (ssm_call_param(c, wb_in_str(c, "Name"), &p))
        delete_one(c, &p);
}

void ssm_delete_parameters(struct wb_call *c)
{
    struct wb_slice missing[10];
    size_t n = 0;
    struct wb_json_iter it = wb_json_iter(wb_in(c, "Names"));
    wb_out_list(&c->out, "DeletedParameters");
    while (wb_json_next(&it)) {
        struct wb_slice given = wb_json_str(it.value, c->arena);
        struct ssm_name name;
        struct ssm_param p;
        if (ssm_name_parse(c->arena, given, &name) != SSM_NAME_OK || name.selector.p || name.arn ||
            !ssm_read(c->tx, c->ctx.account, c->ctx.region, &name, &p)) {
            missing[n++] = given;
            continue;
        }
        delete_one(c, &p);
        wb_out_str(&c->out, NULL, given);
    }
    wb_out_end(&c->out);
    wb_out_list(&c->out, "InvalidParameters");
    for (size_t i = 0; i < n; i++)
        wb_out_str(&c->out, NULL, missing[i]);
    wb_out_end(&c->out);
}

/* --- labels --- */

static bool has_label(const struct ssm_version *v, struct wb_slice label)
{
    for (size_t i = 0; i < v->labels; i++)
        if (wb_slice_eq(v->label[i], label))
            return true;
    return false;
}

static void take_label(struct ssm_version *v, struct wb_slice label)
{
    size_t n = 0;
    for (size_t i = 0; i < v->labels; i++)
        if (!wb_slice_eq(v->label[i], label))
            v->label[n++] = v->label[i];
    v->labels = n;
}

/* The parameter and version of a call on labels. */
static bool labelled_version(struct wb_call *c, struct ssm_param *p, struct ssm_version *v)
{
    if (!ssm_call_param(c, wb_in_str(c, "Name"), p))
        return false;
    int64_t version = wb_in_i64(c, "ParameterVersion", (int64_t)p->version);
    if (version > 0 && ssm_read_version(c->tx, p, (uint64_t)version, v))
        return true;
    wb_fail(c, "ParameterVersionNotFound", 400,
            "Systems Manager could not find version %lld of %.*s. Verify the version and try "
            "again.",
            (long long)version, WB_FMT(p->name));
    return false;
}

static void out_labels(struct wb_call *c, const char *name, const struct wb_slice *label, size_t n)
{
    wb_out_list(&c->out, name);
    for (size_t i = 0; i < n; i++)
        wb_out_str(&c->out, NULL, label[i]);
    wb_out_end(&c->out);
}

/* Moves a label here from the version that had it. */
static void put_label(struct wb_call *c, struct ssm_param *p, struct ssm_version *v,
                      struct wb_slice label)
{
    uint64_t before = ssm_label_version(c->tx, p, label);
    struct ssm_version other;
    struct wb_buf b = wb_buf_in(c->arena);
    if (before && ssm_read_version(c->tx, p, before, &other)) {
        take_label(&other, label);
        ssm_write_version(c->tx, p, &other);
    }
    p->labels += !before;
    v->label[v->labels++] = label;
    wb_buf_le64(&b, v->version);
    wb_tx_put(c->tx, ssm_label_key(c->arena, p, label), wb_buf_slice(&b));
}

/* A call on labels: the version, what is given, and what becomes of it. */
struct labelling {
    struct ssm_param param;
    struct ssm_version version;
    struct wb_slice given[WB_SSM_LABELS_MAX], good[WB_SSM_LABELS_MAX], wrong[WB_SSM_LABELS_MAX];
    size_t givens, goods, wrongs;
};

static bool read_labelling(struct wb_call *c, struct labelling *l)
{
    l->givens = l->goods = l->wrongs = 0;
    if (!labelled_version(c, &l->param, &l->version))
        return false;
    struct wb_json_iter it = wb_json_iter(wb_in(c, "Labels"));
    while (wb_json_next(&it))
        l->given[l->givens++] = wb_json_str(it.value, c->arena);
    return true;
}

void ssm_label(struct wb_call *c)
{
    struct labelling l;
    if (!read_labelling(c, &l))
        return;
    for (size_t k = 0; k < l.givens; k++) {
        bool twice = false;
        for (size_t i = 0; i < l.goods && !twice; i++)
            twice = wb_slice_eq(l.good[i], l.given[k]);
        if (!ssm_label_valid(l.given[k]))
            l.wrong[l.wrongs++] = l.given[k];
        else if (!twice && !has_label(&l.version, l.given[k]))
            l.good[l.goods++] = l.given[k];
    }
    if (l.version.labels + l.goods > WB_SSM_LABELS_MAX) {
        wb_fail(c, "ParameterVersionLabelLimitExceeded", 400,
                "A parameter version can have maximum %d labels. Move one or more labels to "
                "another version and try again.",
                WB_SSM_LABELS_MAX);
        return;
    }
    for (size_t i = 0; i < l.goods; i++)
        put_label(c, &l.param, &l.version, l.good[i]);
    if (l.goods) {
        ssm_write_version(c->tx, &l.param, &l.version);
        ssm_write(c->tx, &l.param);
        ssm_changed(c->tx, &c->ctx, &l.param, &l.version, "LabelParameterVersion");
    }
    out_labels(c, "InvalidLabels", l.wrong, l.wrongs);
    wb_out_i64(&c->out, "ParameterVersion", (int64_t)l.version.version);
}

void ssm_unlabel(struct wb_call *c)
{
    struct labelling l;
    if (!read_labelling(c, &l))
        return;
    for (size_t k = 0; k < l.givens; k++) {
        if (!has_label(&l.version, l.given[k])) {
            l.wrong[l.wrongs++] = l.given[k];
            continue;
        }
        take_label(&l.version, l.given[k]);
        wb_tx_del(c->tx, ssm_label_key(c->arena, &l.param, l.given[k]));
        l.good[l.goods++] = l.given[k];
    }
    if (l.goods) {
        l.param.labels -= l.goods;
        ssm_write_version(c->tx, &l.param, &l.version);
        ssm_write(c->tx, &l.param);
    }
    out_labels(c, "RemovedLabels", l.good, l.goods);
    out_labels(c, "InvalidLabels", l.wrong, l.wrongs);
}

/* --- tags --- */

static bool tagged(struct wb_call *c, struct ssm_param *p)
{
    struct wb_slice id = wb_in_str(c, "ResourceId");
    struct ssm_name name;
    if (!wb_slice_is(wb_in_str(c, "ResourceType"), "Parameter")) {
        wb_fail(c, "InvalidResourceType", 400,
                "The resource type is not valid: only parameters are kept here.");
        return false;
    }
    if (ssm_name_parse(c->arena, id, &name) == SSM_NAME_OK && !name.selector.p && !name.arn &&
        ssm_read(c->tx, c->ctx.account, c->ctx.region, &name, p))
        return true;
    wb_fail(c, "InvalidResourceId", 400,
            "The resource ID \"%.*s\" is not valid. Verify the ID and try again.", WB_FMT(id));
    return false;
}

void ssm_add_tags(struct wb_call *c)
{
    struct ssm_param p;
    struct wb_pair *tag;
    size_t count;
    struct wb_slice why;
    if (!tagged(c, &p))
        return;
    if (!wb_tags_read(c->arena, wb_in(c, "Tags"), &tag, &count, &why))
        wb_fail(c, "ValidationException", 400, "Invalid request: %.*s.", WB_FMT(why));
    else if (!wb_tags_put(c->tx, p.arn, tag, count))
        wb_fail(c, "TooManyTagsError", 400, "A parameter can have at most %d tags.", WB_TAGS_MAX);
}

void ssm_remove_tags(struct wb_call *c)
{
    struct ssm_param p;
    if (!tagged(c, &p))
        return;
    if (wb_json_count(wb_in(c, "TagKeys")) > WB_SSM_TAG_KEYS_MAX) {
        wb_fail(c, "ValidationException", 400, "A request can name at most %d tag keys.",
                WB_SSM_TAG_KEYS_MAX);
        return;
    }
    struct wb_json_iter it = wb_json_iter(wb_in(c, "TagKeys"));
    while (wb_json_next(&it))
        wb_tags_remove(c->tx, p.arn, wb_json_str(it.value, c->arena));
}

void ssm_list_tags(struct wb_call *c)
{
    struct ssm_param p;
    if (tagged(c, &p))
        wb_tags_out(c->tx, p.arn, &c->out, "TagList");
}
