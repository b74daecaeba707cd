/* Filter expressions on the trace of sample.h: the forms of the Developer Guide and what must be
 * refused, in tests/data/traces/filters.json. */
#include "services/xray/filter.h"
#include "xray/sample.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "data.h"

struct world {
    struct wb_arena a;
    struct wb_json groups;
};

/* ARNs end in NAME/1. */
static struct wb_slice group_filter(void *arg, struct wb_slice name, struct wb_slice arn)
{
    struct world *w = arg;
    if (wb_slice_ends(arn, WB_S("/1")))
        name = wb_slice_last(wb_slice_sub(arn, 0, arn.n - 2), '/');
    return wb_json_str(wb_json_get_slice(w->groups, name), &w->a);
}

enum outcome { MATCHES, MATCHES_NOT, REFUSED };

static enum outcome outcome_of(struct world *w, const struct xray_trace *t, struct wb_slice text)
{
    struct xray_groups groups = {group_filter, w};
    struct wb_slice why = WB_SLICE_NULL;
    struct xray_filter *f = xray_filter_compile(&w->a, text, &groups, &why);
    assert_true(f || why.n);
    return !f ? REFUSED : xray_filter_match(f, t, &w->a) ? MATCHES : MATCHES_NOT;
}

static void cases(void **state)
{
    static const char *const names[] = {"matches", "does not match", "is refused"};
    struct world w;
    struct xray_trace t;
    wb_arena_init(&w.a, 0);
    sample_read(&w.a, &t);
    struct wb_json all = wb_json_read(&w.a, wb_test_data(&w.a, "traces/filters.json"), NULL);
    w.groups = wb_json_get(all, "groups");
    for (int want = MATCHES; want <= REFUSED; want++) {
        struct wb_json_iter it = wb_json_iter(wb_json_get(all, names[want]));
        assert_true(wb_json_count(wb_json_get(all, names[want])) > 20);
        while (wb_json_next(&it)) {
            struct wb_slice text = wb_json_str(it.value, &w.a);
            enum outcome got = outcome_of(&w, &t, text);
            if (got != (enum outcome)want)
                fail_msg("%.*s: %s", WB_FMT(text), names[got]);
        }
    }
    wb_arena_release(&w.a);
}

static void depth_is_bounded(void **state)
{
    struct wb_arena a;
    char deep[200];
    struct wb_slice why;
    wb_arena_init(&a, 0);
    memset(deep, '(', sizeof deep);
    assert_null(xray_filter_compile(&a, wb_slice(deep, sizeof deep), NULL, &why));
    wb_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases),
        cmocka_unit_test(depth_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
