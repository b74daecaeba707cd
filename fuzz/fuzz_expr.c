/* Expressions: the first byte chooses the kind, the rest is the text. What parses is evaluated. */
#include "services/dynamodb/expr.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char names[] = "{\"#a\":\"a\",\"#b\":\"b.c\",\"#s\":\"status\"}";
static const char values[] =
    "{\":n\":{\"N\":\"5\"},\":s\":{\"S\":\"x\"},\":b\":{\"B\":\"YQ==\"},\":l\":{\"L\":[{\"N\":"
    "\"1\"}]},"
    "\":ss\":{\"SS\":[\"a\",\"b\"]},\":m\":{\"M\":{\"k\":{\"NULL\":true}}},\":t\":{\"BOOL\":true}}";
static const char item_text[] = "{\"a\":{\"N\":\"5\"},\"b\":{\"S\":\"xyz\"},\"l\":{\"L\":[{\"N\":"
                                "\"1\"},{\"M\":{\"x\":{\"S\":\"y\"}}},"
                                "{\"L\":[{\"S\":\"p\"}]}]},\"m\":{\"M\":{\"k\":{\"SS\":[\"a\","
                                "\"c\"]}}},\"ss\":{\"SS\":[\"a\",\"q\"]}}";

/* What an update leaves must be in normal form. */
static void check_item(struct wb_arena *a, const struct wb_av *v)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_av again;
    struct wb_av_error e;
    wb_av_write_map(&b, v);
    bool ok = wb_av_parse_map(a, wb_json_read(a, wb_buf_slice(&b), NULL), &again, &e);
    assert(ok && wb_av_equal(v, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_slice text = wb_dup(&a, wb_slice(data + 1, size - 1)), why = WB_SLICE_NULL;
    struct wb_bindings b;
    struct wb_av_error e;
    struct wb_av item;
    bool ok = wb_bindings_read(&b, &a, wb_json_read(&a, wb_slice_str(names), NULL),
                               wb_json_read(&a, wb_slice_str(values), NULL), &e) &&
              wb_av_parse_map(&a, wb_json_read(&a, wb_slice_str(item_text), NULL), &item, &e);
    assert(ok);
    struct wb_expr *cond;
    struct wb_update update;
    struct wb_projection projection;
    struct wb_key_conditions key;
    switch (data[0] % 4) {
    case 0:
        cond = wb_expr_condition(&b, text, "ConditionExpression", &why);
        if (cond)
            (void)(wb_expr_matches(cond, &item) + wb_expr_matches(cond, NULL));
        ok = cond != NULL;
        break;
    case 1:
        ok = wb_expr_update(&b, text, &update, &why);
        if (ok && wb_update_apply(&a, &update, &item, &why))
            check_item(&a, &item);
        break;
    case 2:
        ok = wb_expr_projection(&b, text, &projection, &why);
        if (ok) {
            struct wb_av out = wb_project(&a, projection.path, projection.count, &item);
            check_item(&a, &out);
        }
        break;
    default:
        ok = wb_expr_key_condition(&b, text, &key, &why);
    }
    assert(ok || why.n > 0);
    wb_arena_release(&a);
    return 0;
}
