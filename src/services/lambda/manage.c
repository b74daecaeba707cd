/* Looking at functions, their concurrency, their tags. */
#include "services/lambda/function.h"

#include "base/limits.h"
#include "engine/paging.h"
#include "engine/tags.h"

static void out_tags(struct wb_call *c, struct wb_slice arn)
{
    struct wb_pair *tag;
    size_t n = wb_tags_list(c->tx, arn, &tag);
    wb_out_map(&c->out, "Tags");
    for (size_t i = 0; i < n; i++)
        wb_out_map_str(&c->out, tag[i].name, tag[i].value);
    wb_out_end(&c->out);
}

void lambda_get(struct wb_call *c)
{
    const struct lambda_function *f = lambda_function_of(c);
    if (!f)
        return;
    wb_out_object(&c->out, "Configuration");
    lambda_function_out(&c->out, f);
    wb_out_end(&c->out);
    wb_out_object(&c->out, "Code");
    wb_out_cstr(&c->out, "RepositoryType", "Waybill");
    wb_out_end(&c->out);
    out_tags(c, f->arn);
    if (f->reserved >= 0) {
        wb_out_object(&c->out, "Concurrency");
        wb_out_i64(&c->out, "ReservedConcurrentExecutions", f->reserved);
        wb_out_end(&c->out);
    }
}

void lambda_get_configuration(struct wb_call *c)
{
    const struct lambda_function *f = lambda_function_of(c);
    if (f)
        lambda_function_out(&c->out, f);
}

void lambda_list(struct wb_call *c)
{
    struct wb_slice prefix = wb_key(c->arena, WB_T_FUNCTION, "ss", c->ctx.account, c->ctx.region);
    struct wb_slice lo = prefix, marker = wb_in_str(c, "Marker"), key, value, last = WB_SLICE_NULL;
    int64_t max = wb_in_i64(c, "MaxItems", WB_LAMBDA_PAGE_MAX), n = 0;
    if (marker.n) {
        if (!wb_page_open(c, marker, WB_SLICE_NULL, &last)) {
            lambda_fail(c, "InvalidParameterValueException", 400, "User", "Invalid Marker");
            return;
        }
        lo = wb_concat(c->arena, (struct wb_slice[]){last, wb_slice("", 1)}, 2);
    }
    max = max > WB_LAMBDA_PAGE_MAX ? WB_LAMBDA_PAGE_MAX : max;
    wb_out_list(&c->out, "Functions");
    struct wb_scan *s = wb_tx_scan(c->tx, lo, wb_key_after(c->arena, prefix), false);
    bool more = false;
    while (s && wb_tx_next(c->tx, s, &key, &value)) {
        if (n == max) {
            more = true;
            break;
        }
        struct lambda_function f = {0};
        last = wb_dup(c->arena, key);
        if (!lambda_function_decode(c->arena, wb_engine_keyring(c->engine), last, value, &f))
            continue;
        wb_out_object(&c->out, NULL);
        lambda_function_out(&c->out, &f);
        wb_out_end(&c->out);
        n++;
    }
    wb_scan_close(s);
    wb_out_end(&c->out);
    if (more)
        wb_out_str(&c->out, "NextMarker", wb_page_token(c, WB_SLICE_NULL, last));
}

/* --- reserved concurrency --- */

static void set_reserved(struct wb_call *c, const struct lambda_function *old, int64_t reserved)
{
    struct lambda_function f = *old;
    f.reserved = reserved;
    lambda_function_put(c->tx, &f);
    lambda_reserved_changed(c->tx, &f);
    wb_work_wake(c->engine, f.arn);
}

void lambda_concurrency_put(struct wb_call *c)
{
    const struct lambda_function *f = lambda_function_of(c);
    int64_t n = wb_in_i64(c, "ReservedConcurrentExecutions", 0);
    if (!f)
        return;
    int64_t others = lambda_reserved(c->tx, f) - (f->reserved > 0 ? f->reserved : 0);
    if (n + others > WB_LAMBDA_CONCURRENCY - WB_LAMBDA_CONCURRENCY_LEFT) {
        lambda_fail(c, "InvalidParameterValueException", 400, "User",
                    "Specified ReservedConcurrentExecutions for function decreases account's "
                    "UnreservedConcurrentExecution below its minimum value of [%d].",
                    WB_LAMBDA_CONCURRENCY_LEFT);
        return;
    }
    set_reserved(c, f, n);
    wb_out_i64(&c->out, "ReservedConcurrentExecutions", n);
}

void lambda_concurrency_get(struct wb_call *c)
{
    const struct lambda_function *f = lambda_function_of(c);
    if (f && f->reserved >= 0)
        wb_out_i64(&c->out, "ReservedConcurrentExecutions", f->reserved);
}

void lambda_concurrency_delete(struct wb_call *c)
{
    const struct lambda_function *f = lambda_function_of(c);
    if (f)
        set_reserved(c, f, -1);
}

/* --- tags --- */

static const struct lambda_function *tagged(struct wb_call *c)
{
    struct lambda_ref r;
    if (!lambda_tags_ref(c, &r))
        return NULL;
    const struct lambda_function *f = lambda_function_find(c->tx, r.account, r.region, r.name);
    if (!f)
        lambda_not_found(c, &r);
    return f;
}

void lambda_tags_list(struct wb_call *c)
{
    const struct lambda_function *f = tagged(c);
    if (f)
        out_tags(c, f->arn);
}

void lambda_tags_add(struct wb_call *c)
{
    const struct lambda_function *f = tagged(c);
    struct wb_pair *tag;
    size_t n;
    struct wb_slice why;
    if (!f)
        return;
    if (!wb_tags_read(c->arena, wb_in(c, "Tags"), &tag, &n, &why))
        lambda_fail(c, "InvalidParameterValueException", 400, "User", "%.*s", WB_FMT(why));
    else if (!wb_tags_put(c->tx, f->arn, tag, n))
        lambda_fail(c, "InvalidParameterValueException", 400, "User",
                    "a resource has at most %d tags", WB_TAGS_MAX);
}

void lambda_tags_remove(struct wb_call *c)
{
    const struct lambda_function *f = tagged(c);
    if (!f)
        return;
    struct wb_json_iter it = wb_json_iter(wb_in(c, "TagKeys"));
    while (wb_json_next(&it))
        wb_tags_remove(c->tx, f->arn, wb_json_str(it.value, c->arena));
}
