/* The tree of a trace, and the graph made of traces. */
#include "services/xray/graph.h"
#include "xray/sample.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct wb_json graph(struct wb_arena *a, const struct xray_trace *t, size_t times)
{
    struct wb_out o;
    struct xray_graph *g = xray_graph_new(a);
    wb_out_init(&o, a, false);
    for (size_t i = 0; i < times; i++)
        xray_graph_add(g, t);
    xray_graph_out(g, &o);
    xray_graph_free(g);
    return wb_json_get(wb_json_read(a, wb_dup(a, wb_out_done(&o)), NULL), "Services");
}

static struct wb_json node(struct wb_arena *a, struct wb_json services, const char *name,
                           const char *type)
{
    struct wb_json_iter it = wb_json_iter(services);
    while (wb_json_next(&it)) {
        struct wb_slice t = wb_json_get_str(it.value, "Type", a);
        if (wb_slice_is(wb_json_get_str(it.value, "Name", a), name) &&
            wb_slice_eq(t, wb_slice_str(type)))
            return it.value;
    }
    fail_msg("no node %s %s", name, type ? type : "");
    return WB_JSON_NONE;
}

static int64_t number(struct wb_json v, const char *one, const char *two)
{
    return wb_json_get_i64(wb_json_get(v, one), two, -1);
}

static void check_edge(struct wb_json from, struct wb_json to)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(from, "Edges"));
    while (wb_json_next(&it))
        if (wb_json_get_i64(it.value, "ReferenceId", -1) == wb_json_get_i64(to, "ReferenceId", -2))
            return;
    fail_msg("an edge is missing");
}

static void test_graph(void **state)
{
    struct wb_arena a;
    struct xray_trace t;
    wb_arena_init(&a, 0);
    sample_read(&a, &t);
    assert_true(t.start == 100 && t.end == 103 && !t.partial);
    assert_true(wb_slice_is(t.root->name, "site"));
    struct wb_json all = graph(&a, &t, 3), client = node(&a, all, "site", "client"),
                   site = node(&a, all, "site", NULL),
                   api = node(&a, all, "api", "AWS::Lambda::Function"),
                   table = node(&a, all, "orders", "AWS::DynamoDB::Table"),
                   host = node(&a, all, "example.com", "remote");
    assert_int_equal(wb_json_count(all), 5); /* "work" and the call to api are no services */
    check_edge(client, site);
    check_edge(site, api);
    check_edge(api, table);
    check_edge(api, host);
    assert_int_equal(wb_json_count(wb_json_get(api, "Edges")), 2);
    struct wb_json stats = wb_json_get(api, "SummaryStatistics");
    assert_int_equal(wb_json_get_i64(stats, "TotalCount", -1), 3);
    assert_int_equal(wb_json_get_i64(stats, "OkCount", -1), 0);
    assert_int_equal(number(stats, "FaultStatistics", "TotalCount"), 3);
    assert_int_equal(
        number(wb_json_get(site, "SummaryStatistics"), "ErrorStatistics", "ThrottleCount"), 3);
    struct wb_json entry = wb_json_item(wb_json_get(table, "DurationHistogram"), 0);
    double seconds;
    assert_true(wb_json_double(wb_json_get(entry, "Value"), &seconds) && seconds == 0.1);
    assert_int_equal(wb_json_get_i64(entry, "Count", -1), 3);
    wb_arena_release(&a);
}

/* Many different times stay few entries, and none is lost. */
static void test_histogram(void **state)
{
    struct wb_arena a;
    int64_t sum = 0;
    wb_arena_init(&a, 0);
    struct wb_out o;
    struct xray_graph *g = xray_graph_new(&a);
    wb_out_init(&o, &a, false);
    for (int i = 0; i < 5000; i++) {
        struct xray_trace t;
        xray_trace_begin(&t, WB_S("1"));
        xray_trace_add(&a, &t,
                       wb_printf(&a,
                                 "{\"name\":\"s\",\"id\":\"0000000000000001\",\"start_time\":1,"
                                 "\"end_time\":%d.%03d}",
                                 1 + i / 1000, i % 1000));
        xray_trace_finish(&a, &t);
        xray_graph_add(g, &t);
    }
    xray_graph_out(g, &o);
    xray_graph_free(g);
    struct wb_json all =
        wb_json_get(wb_json_read(&a, wb_dup(&a, wb_out_done(&o)), NULL), "Services");
    struct wb_json h = wb_json_get(node(&a, all, "s", NULL), "ResponseTimeHistogram");
    struct wb_json_iter it = wb_json_iter(h);
    assert_in_range(wb_json_count(h), 40, 100);
    while (wb_json_next(&it))
        sum += wb_json_get_i64(it.value, "Count", 0);
    assert_int_equal(sum, 5000);
    wb_arena_release(&a);
}

/* Segments that name each other, or themselves, as parents. */
static void test_circles(void **state)
{
    struct wb_arena a;
    struct xray_trace t;
    wb_arena_init(&a, 0);
    xray_trace_begin(&t, WB_S("1"));
    for (int i = 0; i < 3; i++)
        xray_trace_add(&a, &t,
                       wb_printf(&a,
                                 "{\"name\":\"s%d\",\"id\":\"%016d\",\"parent_id\":\"%016d\","
                                 "\"start_time\":%d,\"in_progress\":true}",
                                 i, i, (i + 1) % 3, i + 1));
    xray_trace_add(&a, &t,
                   WB_S("{\"name\":\"own\",\"id\":\"9\",\"parent_id\":\"9\",\"start_time\":9}"));
    xray_trace_finish(&a, &t);
    assert_true(t.partial && t.root);
    for (size_t i = 0; i < t.count; i++) {
        size_t steps = 0;
        for (const struct xray_entity *e = &t.entity[i]; e; e = e->parent)
            assert_true(steps++ < 4);
    }
    assert_true(wb_json_count(graph(&a, &t, 1)) >= 4);
    wb_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph),
        cmocka_unit_test(test_histogram),
        cmocka_unit_test(test_circles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
