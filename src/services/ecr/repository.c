/* Repositories. */
#include "auth/policy.h"
#include "base/arn.h"
#include "base/limits.h"
#include "engine/paging.h"
#include "engine/tags.h"
#include "services/ecr/ecr.h"

struct repository {
    struct wb_slice name, key, arn;
    struct wb_json row;
};

/* --- rows --- */

static struct wb_slice row_key(struct wb_call *c, struct wb_slice name)
{
    return wb_key(c->arena, WB_T_ECR_REPOSITORY, "sss", c->ctx.account, c->ctx.region, name);
}

static bool read_repository(struct wb_call *c, struct wb_slice name, struct repository *out)
{
    struct wb_slice value;
    *out = (struct repository){.name = name, .key = row_key(c, name)};
    out->arn = wb_arn_make(c->arena, "ecr", c->ctx.region, c->ctx.account, "repository/%.*s",
                           WB_FMT(name));
    if (!wb_tx_get(c->tx, out->key, &value))
        return false;
    out->row = wb_json_read(c->arena, wb_dup(c->arena, value), NULL);
    return wb_json_type(out->row) == WB_JSON_OBJECT;
}

static void missing(struct wb_call *c, struct wb_slice name)
{
    wb_fail(c, "RepositoryNotFoundException", 400,
            "The repository with name '%.*s' does not exist in the registry with id '%.*s'",
            WB_FMT(name), WB_FMT(c->ctx.account));
}

/* The call's repository; false with the call failed. */
static bool find(struct wb_call *c, struct repository *out)
{
    struct wb_slice registry = wb_in_str(c, "registryId"), name = wb_in_str(c, "repositoryName");
    if ((!registry.p || wb_slice_eq(registry, c->ctx.account)) && read_repository(c, name, out))
        return true;
    missing(c, name);
    return false;
}

/* The row with one member set (JSON), or removed when the value is null. */
static void set_member(struct wb_call *c, const struct repository *r, const char *name,
                       struct wb_slice json)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    struct wb_json_iter it = wb_json_iter(r->row);
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_str(it.key, c->arena);
        if (wb_slice_is(key, name))
            continue;
        wb_jw_key_slice(&w, key);
        wb_jw_raw(&w, wb_json_raw(it.value));
    }
    if (json.p)
        wb_jw_kraw(&w, name, json);
    wb_jw_end_object(&w);
    wb_tx_put(c->tx, r->key, wb_buf_slice(&b));
}

static void set_text(struct wb_call *c, const struct repository *r, const char *name,
                     struct wb_slice text)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_str(&w, text);
    set_member(c, r, name, wb_buf_slice(&b));
}

/* --- answers --- */

static void out_name(struct wb_call *c, const struct repository *r)
{
    wb_out_str(&c->out, "registryId", c->ctx.account);
    wb_out_str(&c->out, "repositoryName", r->name);
}

static void out_repository(struct wb_call *c, const struct repository *r)
{
    struct wb_out *o = &c->out;
    struct wb_json encryption = wb_json_get(r->row, "encryption");
    wb_out_str(o, "repositoryArn", r->arn);
    out_name(c, r);
    wb_out_str(o, "repositoryUri",
               wb_printf(c->arena, "%.*s.dkr.ecr.%.*s.amazonaws.com/%.*s", WB_FMT(c->ctx.account),
                         WB_FMT(c->ctx.region), WB_FMT(r->name)));
    wb_out_time(o, "createdAt", wb_json_get_i64(r->row, "created", 0));
    wb_out_str(o, "imageTagMutability", wb_json_get_str(r->row, "mutability", c->arena));
    wb_out_object(o, "imageScanningConfiguration");
    wb_out_bool(o, "scanOnPush", wb_json_bool(wb_json_get(r->row, "scan"), false));
    wb_out_end(o);
    wb_out_json(o, "encryptionConfiguration", wb_json_raw(encryption));
}

/* --- operations --- */

void ecr_create(struct wb_call *c)
{
    struct wb_slice name = wb_in_str(c, "repositoryName"), why,
                    mutability = wb_in_str(c, "imageTagMutability"),
                    registry = wb_in_str(c, "registryId");
    struct wb_json encryption = wb_in(c, "encryptionConfiguration");
    struct repository r;
    struct wb_pair *tag;
    size_t tags;
    if (registry.p && !wb_slice_eq(registry, c->ctx.account)) {
        wb_fail(c, "InvalidParameterException", 400,
                "Invalid parameter at 'registryId' failed to satisfy constraint: 'must be the own "
                "registry'");
        return;
    }
    if (read_repository(c, name, &r)) {
        wb_fail(c, "RepositoryAlreadyExistsException", 400,
                "The repository with name '%.*s' already exists in the registry with id '%.*s'",
                WB_FMT(name), WB_FMT(c->ctx.account));
        return;
    }
    if (!wb_tags_read(c->arena, wb_in(c, "tags"), &tag, &tags, &why)) {
        wb_fail(c, "InvalidTagParameterException", 400, "%.*s", WB_FMT(why));
        return;
    }
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "created", c->tx->now_ms);
    wb_jw_kstr(&w, "mutability", mutability.n ? mutability : WB_S("MUTABLE"));
    wb_jw_kbool(
        &w, "scan",
        wb_json_bool(wb_json_get(wb_in(c, "imageScanningConfiguration"), "scanOnPush"), false));
    wb_jw_kraw(&w, "encryption",
               wb_json_is(encryption) ? wb_json_raw(encryption)
                                      : WB_S("{\"encryptionType\":\"AES256\"}"));
    wb_jw_end_object(&w);
    wb_tx_put(c->tx, r.key, wb_buf_slice(&b));
    wb_tags_put(c->tx, r.arn, tag, tags);
    r.row = wb_json_read(c->arena, wb_buf_slice(&b), NULL);
    wb_out_object(&c->out, "repository");
    out_repository(c, &r);
    wb_out_end(&c->out);
}

void ecr_delete(struct wb_call *c)
{
    struct repository r;
    if (!find(c, &r))
        return;
    wb_tx_del(c->tx, r.key);
    wb_tags_drop(c->tx, r.arn);
    wb_out_object(&c->out, "repository");
    out_repository(c, &r);
    wb_out_end(&c->out);
}

static void describe_named(struct wb_call *c, struct wb_json names)
{
    struct wb_json_iter it = wb_json_iter(names);
    struct repository r;
    wb_out_list(&c->out, "repositories");
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.value, c->arena);
        if (!read_repository(c, name, &r)) {
            missing(c, name);
            return;
        }
        wb_out_object(&c->out, NULL);
        out_repository(c, &r);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
}

void ecr_describe(struct wb_call *c)
{
    struct wb_slice prefix =
                        wb_key(c->arena, WB_T_ECR_REPOSITORY, "ss", c->ctx.account, c->ctx.region),
                    lo = prefix, key, value, last = WB_SLICE_NULL,
                    token = wb_in_str(c, "nextToken");
    int64_t max = wb_in_i64(c, "maxResults", 100), n = 0;
    bool more = false;
    if (wb_json_count(wb_in(c, "repositoryNames"))) {
        describe_named(c, wb_in(c, "repositoryNames"));
        return;
    }
    if (token.n) {
        if (!wb_page_open(c, token, WB_SLICE_NULL, &last)) {
            wb_fail(c, "InvalidParameterException", 400, "Invalid parameter at 'nextToken'");
            return;
        }
        lo = wb_concat(c->arena, (struct wb_slice[]){last, wb_slice("", 1)}, 2);
    }
    wb_out_list(&c->out, "repositories");
    struct wb_scan *s = wb_tx_scan(c->tx, lo, wb_key_after(c->arena, prefix), false);
    while (s && wb_tx_next(c->tx, s, &key, &value)) {
        struct wb_key_rd k = wb_key_rd(c->arena, key, &(uint16_t){0});
        struct repository r;
        wb_key_rd_str(&k);
        wb_key_rd_str(&k);
        if (n++ == max) {
            more = true;
            break;
        }
        last = wb_dup(c->arena, key);
        if (!read_repository(c, wb_dup(c->arena, wb_key_rd_str(&k)), &r))
            continue;
        wb_out_object(&c->out, NULL);
        out_repository(c, &r);
        wb_out_end(&c->out);
    }
    wb_scan_close(s);
    wb_out_end(&c->out);
    if (more)
        wb_out_str(&c->out, "nextToken", wb_page_token(c, WB_SLICE_NULL, last));
}

/* --- policies --- */

void ecr_put_lifecycle(struct wb_call *c)
{
    struct wb_slice text = wb_in_str(c, "lifecyclePolicyText");
    struct repository r;
    if (!find(c, &r))
        return;
    if (!wb_json_count(wb_json_get(wb_json_read(c->arena, text, NULL), "rules"))) {
        wb_fail(c, "InvalidParameterException", 400,
                "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: "
                "'Lifecycle policy validation failure: a JSON object with rules is needed'");
        return;
    }
    set_text(c, &r, "lifecycle", text);
    out_name(c, &r);
    wb_out_str(&c->out, "lifecyclePolicyText", text);
}

static bool lifecycle_of(struct wb_call *c, struct repository *r)
{
    if (!find(c, r))
        return false;
    if (wb_json_is(wb_json_get(r->row, "lifecycle")))
        return true;
    wb_fail(c, "LifecyclePolicyNotFoundException", 400,
            "Lifecycle policy does not exist for the repository with name '%.*s' in the registry "
            "with id '%.*s'",
            WB_FMT(r->name), WB_FMT(c->ctx.account));
    return false;
}

void ecr_get_lifecycle(struct wb_call *c)
{
    struct repository r;
    if (!lifecycle_of(c, &r))
        return;
    out_name(c, &r);
    wb_out_str(&c->out, "lifecyclePolicyText", wb_json_get_str(r.row, "lifecycle", c->arena));
}

void ecr_delete_lifecycle(struct wb_call *c)
{
    struct repository r;
    if (!lifecycle_of(c, &r))
        return;
    out_name(c, &r);
    wb_out_str(&c->out, "lifecyclePolicyText", wb_json_get_str(r.row, "lifecycle", c->arena));
    set_member(c, &r, "lifecycle", WB_SLICE_NULL);
}

void ecr_set_policy(struct wb_call *c)
{
    struct wb_slice text = wb_in_str(c, "policyText");
    struct repository r;
    if (!find(c, &r))
        return;
    /* A repository's policy names no resource: it is its own. */
    if (wb_json_type(wb_json_read(c->arena, text, NULL)) != WB_JSON_OBJECT) {
        wb_fail(c, "InvalidParameterException", 400,
                "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid "
                "repository policy provided'");
        return;
    }
    set_text(c, &r, "policy", text);
    out_name(c, &r);
    wb_out_str(&c->out, "policyText", text);
}

static bool policy_of(struct wb_call *c, struct repository *r)
{
    if (!find(c, r))
        return false;
    if (wb_json_is(wb_json_get(r->row, "policy")))
        return true;
    wb_fail(c, "RepositoryPolicyNotFoundException", 400,
            "Repository policy does not exist for the repository with name '%.*s' in the registry "
            "with id '%.*s'",
            WB_FMT(r->name), WB_FMT(c->ctx.account));
    return false;
}

void ecr_get_policy(struct wb_call *c)
{
    struct repository r;
    if (!policy_of(c, &r))
        return;
    out_name(c, &r);
    wb_out_str(&c->out, "policyText", wb_json_get_str(r.row, "policy", c->arena));
}

void ecr_delete_policy(struct wb_call *c)
{
    struct repository r;
    if (!policy_of(c, &r))
        return;
    out_name(c, &r);
    wb_out_str(&c->out, "policyText", wb_json_get_str(r.row, "policy", c->arena));
    set_member(c, &r, "policy", WB_SLICE_NULL);
}

/* --- settings --- */

void ecr_put_mutability(struct wb_call *c)
{
    struct repository r;
    if (!find(c, &r))
        return;
    set_text(c, &r, "mutability", wb_in_str(c, "imageTagMutability"));
    out_name(c, &r);
    wb_out_str(&c->out, "imageTagMutability", wb_in_str(c, "imageTagMutability"));
}

void ecr_put_scanning(struct wb_call *c)
{
    bool on =
        wb_json_bool(wb_json_get(wb_in(c, "imageScanningConfiguration"), "scanOnPush"), false);
    struct repository r;
    if (!find(c, &r))
        return;
    set_member(c, &r, "scan", on ? WB_S("true") : WB_S("false"));
    out_name(c, &r);
    wb_out_object(&c->out, "imageScanningConfiguration");
    wb_out_bool(&c->out, "scanOnPush", on);
    wb_out_end(&c->out);
}

/* --- images: there are none --- */

void ecr_list_images(struct wb_call *c)
{
    struct repository r;
    if (!find(c, &r))
        return;
    wb_out_list(&c->out, "imageIds");
    wb_out_end(&c->out);
}

void ecr_describe_images(struct wb_call *c)
{
    struct repository r;
    if (!find(c, &r))
        return;
    if (wb_json_count(wb_in(c, "imageIds"))) {
        struct wb_json id = wb_json_item(wb_in(c, "imageIds"), 0);
        struct wb_slice digest = wb_json_get_str(id, "imageDigest", c->arena),
                        tag = wb_json_get_str(id, "imageTag", c->arena);
        wb_fail(
            c, "ImageNotFoundException", 400,
            "The image with imageId {imageDigest:'%.*s', imageTag:'%.*s'} does not exist within "
            "the repository with name '%.*s' in the registry with id '%.*s'",
            WB_FMT(digest), WB_FMT(tag), WB_FMT(r.name), WB_FMT(c->ctx.account));
        return;
    }
    wb_out_list(&c->out, "imageDetails");
    wb_out_end(&c->out);
}

void ecr_token(struct wb_call *c)
{
    wb_fail(c, "InvalidParameterException", 400,
            "Images can be neither pushed nor pulled here: functions are .zip packages");
}

/* --- tags --- */

static bool tagged(struct wb_call *c, struct repository *r)
{
    struct wb_slice arn = wb_in_str(c, "resourceArn");
    struct wb_arn parts;
    bool ours = wb_arn_parse(arn, &parts) && wb_slice_is(parts.service, "ecr") &&
                wb_slice_starts(parts.resource, WB_S("repository/"));
    if (!ours) {
        wb_fail(c, "InvalidParameterException", 400,
                "Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'");
        return false;
    }
    struct wb_slice name = wb_slice_sub(parts.resource, 11, parts.resource.n);
    if (wb_slice_eq(parts.account, c->ctx.account) && wb_slice_eq(parts.region, c->ctx.region) &&
        read_repository(c, name, r))
        return true;
    missing(c, name);
    return false;
}

void ecr_tag(struct wb_call *c)
{
    struct repository r;
    struct wb_pair *tag;
    size_t n;
    struct wb_slice why;
    if (!tagged(c, &r))
        return;
    if (!wb_tags_read(c->arena, wb_in(c, "tags"), &tag, &n, &why))
        wb_fail(c, "InvalidTagParameterException", 400, "%.*s", WB_FMT(why));
    else if (!wb_tags_put(c->tx, r.arn, tag, n))
        wb_fail(c, "TooManyTagsException", 400, "A repository has at most %d tags", WB_TAGS_MAX);
}

void ecr_untag(struct wb_call *c)
{
    struct repository r;
    struct wb_json_iter it = wb_json_iter(wb_in(c, "tagKeys"));
    if (!tagged(c, &r))
        return;
    while (wb_json_next(&it))
        wb_tags_remove(c->tx, r.arn, wb_json_str(it.value, c->arena));
}

void ecr_list_tags(struct wb_call *c)
{
    struct repository r;
    if (tagged(c, &r))
        wb_tags_out(c->tx, r.arn, &c->out, "tags");
}
