#include "services/events/pattern.h"

bool wb_leaf_number(struct wb_leaf *v, double *out)
{
    if (!v->number_known) {
        char c = v->text.n ? v->text.p[0] : 0;
        v->number_known = true;
        v->number_exact = !v->string && (c == '-' || (c >= '0' && c <= '9')) &&
                          wb_number_exact(v->text, &v->number);
    }
    *out = v->number;
    return v->number_exact;
}

bool wb_leaf_ip(struct wb_leaf *v)
{
    if (!v->ip_known) {
        v->ip_known = true;
        v->ip_valid = v->string && v->text.n <= 64 && wb_ip_parse(v->text, &v->ip);
    }
    return v->ip_valid;
}

static bool in_range(const struct wb_test *t, struct wb_leaf *v)
{
    double d;
    return wb_leaf_number(v, &d) && (t->lo_open ? d > t->lo : d >= t->lo) &&
           (t->hi_open ? d < t->hi : d <= t->hi);
}

static bool in_network(const struct wb_test *t, struct wb_leaf *v)
{
    return wb_leaf_ip(v) && v->ip.len == t->ip_lo.len &&
           memcmp(v->ip.byte, t->ip_lo.byte, v->ip.len) >= 0 &&
           memcmp(v->ip.byte, t->ip_hi.byte, v->ip.len) <= 0;
}

static bool string_is(enum wb_test_kind kind, struct wb_slice p, struct wb_slice v)
{
    switch (kind) {
    case WB_TEST_STRING:
    case WB_TEST_NOT_STRING:
        return wb_slice_eq(p, v);
    case WB_TEST_PREFIX:
    case WB_TEST_NOT_PREFIX:
        return wb_slice_starts(v, p);
    case WB_TEST_SUFFIX:
    case WB_TEST_NOT_SUFFIX:
        return wb_slice_ends(v, p);
    case WB_TEST_FOLD:
    case WB_TEST_NOT_FOLD:
        return wb_fold_equals(p, v);
    case WB_TEST_FOLD_PREFIX:
        return wb_fold_prefix(p, v);
    case WB_TEST_FOLD_SUFFIX:
        return wb_fold_suffix(p, v);
    case WB_TEST_WILD:
    case WB_TEST_NOT_WILD:
        return wb_wild_match(p, v);
    default:
        return false;
    }
}

bool wb_test_holds(const struct wb_test *t, struct wb_leaf *v)
{
    double d;
    switch (t->kind) {
    case WB_TEST_LITERAL:
        return !v->string && wb_slice_eq(t->text, v->text);
    case WB_TEST_NUMBER:
        return wb_leaf_number(v, &d) && d == t->lo;
    case WB_TEST_RANGE:
        return in_range(t, v);
    case WB_TEST_IP:
        return in_network(t, v);
    case WB_TEST_EXISTS:
        return true;
    case WB_TEST_ABSENT:
        return false;
    case WB_TEST_NOT_NUMBER:
        if (wb_leaf_number(v, &d))
            for (uint32_t i = 0; i < t->list_count; i++)
                if (d == t->numbers[i])
                    return false;
        return true;
    case WB_TEST_NOT_STRING:
    case WB_TEST_NOT_PREFIX:
    case WB_TEST_NOT_SUFFIX:
    case WB_TEST_NOT_FOLD:
    case WB_TEST_NOT_WILD:
        for (uint32_t i = 0; v->string && i < t->list_count; i++)
            if (string_is(t->kind, t->list[i], v->text))
                return false;
        return true;
    default:
        return v->string && string_is(t->kind, t->text, v->text);
    }
}
