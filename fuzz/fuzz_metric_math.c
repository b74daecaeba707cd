/* Metric math: an expression and what it says without data, beside a metric m1 and an array. */
#include "services/cloudwatch/cloudwatch.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a;
    struct wb_slice why = WB_SLICE_NULL;
    if (size > 2048)
        return 0;
    wb_arena_init(&a, 0);
    struct wb_buf b = wb_buf_in(&a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_array(&w);
    wb_jw_raw(&w, WB_S("{\"Id\":\"m1\",\"MetricStat\":{\"Period\":60,\"Stat\":\"Sum\",\"Metric\":{"
                       "\"Namespace\":\"N\",\"MetricName\":\"M\"}}}"));
    wb_jw_raw(&w, WB_S("{\"Id\":\"a1\",\"Expression\":\"METRICS()\"}"));
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "Id", "e1");
    wb_jw_kstr(&w, "Expression", wb_slice(data, size));
    wb_jw_end_object(&w);
    wb_jw_end_array(&w);
    struct wb_json list = wb_json_read(&a, wb_buf_slice(&b), NULL);
    assert(wb_json_is(list));
    bool ok = wb_query_check(&a, list, &why);
    assert(ok || why.n); /* what is refused has a reason */
    wb_arena_release(&a);
    return 0;
}
