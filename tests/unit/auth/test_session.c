/* What temporary credentials carry, written and read back; what is no such object. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"
#include "auth/session.h"

static void test_whole(void **state)
{
    static const char policy[] = "{\"Version\": \"2012-10-17\",\n \"Statement\": []}";
    struct wb_session s = {.issued_ms = 1795348800123,
                           .key = WB_S("AKIA1"),
                           .name = WB_S("n@x"),
                           .source = WB_S("me"),
                           .kind = WB_S(WB_SESSION_FEDERATED),
                           .policy = wb_slice_str(policy)},
                      r;
    s.policies = wb_json_read(&arena, WB_S("[\"arn:aws:iam::aws:policy/P\"]"), NULL);
    s.tags = wb_json_read(&arena, WB_S("{\"k\":\"v\",\"t\":\"\"}"), NULL);
    s.transitive = wb_json_read(&arena, WB_S("[\"t\"]"), NULL);
    assert_true(wb_session_read(&arena, wb_session_write(&arena, &s), &r));
    assert_int_equal(r.issued_ms, s.issued_ms);
    assert_true(wb_slice_eq(r.key, s.key) && wb_slice_eq(r.name, s.name));
    assert_true(wb_slice_eq(r.source, s.source) && wb_slice_eq(r.kind, s.kind));
    assert_true(wb_slice_is(r.policy, policy));
    assert_int_equal(wb_json_count(r.policies), 1);
    assert_true(wb_slice_is(wb_json_get_str(r.tags, "k", &arena), "v"));
    assert_int_equal(wb_json_count(r.tags), 2);
    assert_int_equal(wb_json_count(r.transitive), 1);
}

static void test_bare(void **state)
{
    struct wb_session s = {.issued_ms = 5}, r;
    struct wb_slice text = wb_session_write(&arena, &s);
    assert_true(wb_slice_is(text, "{\"issued\":5}"));
    assert_true(wb_session_read(&arena, text, &r));
    assert_true(!r.key.p && !r.kind.p && !r.policy.p && !wb_json_is(r.policies));
    assert_true(wb_session_read(&arena, WB_SLICE_NULL, &r));
    assert_int_equal(r.issued_ms, 0);
}

static void test_wrong(void **state)
{
    static const char *const wrong[] = {"", "[]", "1", "{", "{\"issued\":5", "\"x\""};
    struct wb_session r;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(wb_session_read(&arena, wb_slice_str(wrong[i]), &r));
    /* A policy that is there and cannot be read still counts as one: it then allows nothing. */
    assert_true(wb_session_read(&arena, WB_S("{\"policy\":\"x\"}"), &r));
    assert_non_null(r.policy.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_bare),
        cmocka_unit_test(test_wrong),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
