/* Logs Insights: the first part, up to a byte 0, is a query; the lines behind it are events. A
 * query gives the same rows in whatever order its events come. */
#include "codec/json.h"
#include "services/logs/insights.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINES_MAX 64

static void take_row(void *arg, struct wb_slice json)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    assert(wb_json_is(wb_json_read(&a, json, NULL)));
    wb_arena_release(&a);
    wb_buf_slice_put(arg, json);
    wb_buf_char(arg, '\n');
}

static bool run(struct wb_slice text, const struct wb_slice *line, size_t count, bool backward,
                struct wb_buf *rows)
{
    struct wb_arena a;
    struct insights_error error = {.from = 1};
    struct insights_group g = {WB_S("1"), WB_S("r"), WB_S("/aws/lambda/f"), 1};
    wb_arena_init(&a, 0);
    struct insights_query *q = insights_compile(&a, text, &error);
    assert(q || (error.message.n && error.from <= error.to && error.to <= text.n));
    bool ok = q != NULL;
    struct insights_run *r = q ? insights_begin(q, 1795392000000, 100) : NULL;
    for (size_t i = 0; i < count && ok; i++) {
        size_t k = backward ? count - 1 - i : i;
        struct insights_event e = {.group = &g,
                                   .at = {(int64_t)(k / 2) * 1000, 1, (uint32_t)k},
                                   .stream = WB_S("s"),
                                   .text = line[k]};
        ok = insights_feed(r, &e);
        assert(ok || insights_why(r).n);
    }
    ok = ok && insights_finish(r, take_row, rows);
    insights_end(r);
    wb_arena_release(&a);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_slice rest = wb_slice(data, size), text = wb_slice_cut(&rest, '\0'), line[LINES_MAX];
    struct wb_buf forward = {0}, backward = {0};
    size_t count = 0;
    if (size > 8192)
        return 0;
    while (rest.p && count < LINES_MAX)
        line[count++] = wb_slice_cut(&rest, '\n');
    bool one = run(text, line, count, false, &forward),
         two = run(text, line, count, true, &backward);
    /* Sums of floating-point numbers depend on their order; their sizes, too. */
    if (one && two && wb_slice_find(text, WB_S("stats"), 0) < 0)
        assert(wb_slice_eq(wb_buf_slice(&forward), wb_buf_slice(&backward)));
    wb_buf_release(&forward);
    wb_buf_release(&backward);
    return 0;
}
