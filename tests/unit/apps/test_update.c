/* Updates: what is read, what is refused and why, and what counts as the same update. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "update.h"

static struct wb_arena arena;

static enum refusal read_detail(const char *detail, struct update *u, struct wb_slice *what)
{
    struct wb_slice event = wb_printf(&arena,
                                      "{\"id\":\"e1\",\"detail-type\":\"Shipment "
                                      "Update\",\"source\":\"logistics.shipments\",\"time\":\"2026-"
                                      "11-22T09:00:00Z\",\"detail\":%s}",
                                      detail);
    return update_read(&arena, wb_json_read(&arena, event, NULL), u, what);
}

static void refusals(void **state)
{
    static const struct {
        const char *detail;
        enum refusal want;
    } cases[] = {
        {"{}", REFUSED_NO_SHIPMENT_ID},
        {"{\"shipmentId\":null}", REFUSED_NO_SHIPMENT_ID},
        {"{\"shipmentId\":\"  \"}", REFUSED_NO_SHIPMENT_ID},
        {"{\"shipmentId\":17}", REFUSED_BAD_SHIPMENT_ID},
        {"{\"shipmentId\":[\"a\"]}", REFUSED_BAD_SHIPMENT_ID},
        {"{\"shipmentId\":\"S\",\"timestamp\":null}", REFUSED_BAD_TIMESTAMP},
        {"{\"shipmentId\":\"S\",\"timestamp\":\"yesterday\"}", REFUSED_BAD_TIMESTAMP},
        {"{\"shipmentId\":\"S\",\"timestamp\":\"2026-02-30T00:00:00Z\"}", REFUSED_BAD_TIMESTAMP},
        {"{\"shipmentId\":\"S\",\"timestamp\":\"2026-11-22\"}", REFUSED_BAD_TIMESTAMP},
        {"{\"shipmentId\":\"S\",\"timestamp\":1}", REFUSED_BAD_TIMESTAMP},
        {"{\"shipmentId\":\"S\",\"status\":\"\"}", REFUSED_BAD_STATUS},
        {"{\"shipmentId\":\"S\",\"status\":5}", REFUSED_BAD_STATUS},
        {"{\"shipmentId\":\"S\",\"location\":{}}", REFUSED_BAD_FIELD},
        {"{\"shipmentId\":\"S\",\"trackingNumber\":123}", REFUSED_BAD_FIELD},
        {"[]", REFUSED_NOT_AN_OBJECT},
        {"\"text\"", REFUSED_NOT_AN_OBJECT},
        {"{\"shipmentId\":\"S\"}", REFUSED_NOT},
        {"{\"shipmentId\":\"S\",\"location\":null}", REFUSED_NOT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct update u;
        struct wb_slice what = WB_SLICE_NULL;
        enum refusal got = read_detail(cases[i].detail, &u, &what);
        if (got != cases[i].want)
            print_message("%s\n", cases[i].detail);
        assert_int_equal(got, cases[i].want);
        assert_true(got == REFUSED_NOT || what.n > 0);
    }
}

static void too_large(void **state)
{
    char *big = wb_alloc(&arena, UPDATE_RAW_MAX + 64);
    memset(big, 'x', UPDATE_RAW_MAX + 64);
    struct wb_slice detail =
        wb_printf(&arena, "{\"shipmentId\":\"S\",\"note\":\"%.*s\"}", UPDATE_RAW_MAX, big);
    struct update u;
    struct wb_slice what;
    assert_int_equal(read_detail(detail.p, &u, &what), REFUSED_TOO_LARGE);
    assert_true(u.raw.n <= 1024);
    struct wb_slice id = wb_printf(&arena, "{\"shipmentId\":\"%.*s\"}", UPDATE_KEY_MAX + 1, big);
    assert_int_equal(read_detail(id.p, &u, &what), REFUSED_BAD_SHIPMENT_ID);
}

static void times(void **state)
{
    static const struct {
        const char *sent, *stored;
        bool assumed;
    } cases[] = {
        {"2026-11-22T12:00:00Z", "2026-11-22T12:00:00.000Z", false},
        {"2026-11-22T12:00:00.123456Z", "2026-11-22T12:00:00.123Z", false},
        {"2026-11-22T06:00:00-06:00", "2026-11-22T12:00:00.000Z", false},
        {"2026-11-22T17:30:00+05:30", "2026-11-22T12:00:00.000Z", false},
        {"2026-11-22T12:00:00", "2026-11-22T12:00:00.000Z", true},
    };
    char identity[UPDATE_IDENTITY_LEN + 1] = "";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct update u;
        struct wb_slice what;
        assert_int_equal(
            read_detail(
                wb_printf(&arena, "{\"shipmentId\":\"S\",\"timestamp\":\"%s\"}", cases[i].sent).p,
                &u, &what),
            REFUSED_NOT);
        assert_true(wb_slice_is(u.timestamp, cases[i].stored));
        assert_true(wb_slice_is(u.original_timestamp, cases[i].sent));
        assert_int_equal(u.assumed_utc, cases[i].assumed);
        if (i == 0)
            memcpy(identity, u.identity, sizeof identity);
        else if (i != 1)
            assert_string_equal(u.identity, identity);
    }
    struct update u;
    struct wb_slice what;
    assert_int_equal(read_detail("{\"shipmentId\":\"S\"}", &u, &what), REFUSED_NOT);
    assert_true(wb_slice_is(u.timestamp, "2026-11-22T09:00:00.000Z"));
    assert_null(u.original_timestamp.p);
}

static const char *identity_of(const char *detail)
{
    struct update *u = wb_new(&arena, struct update);
    struct wb_slice what;
    assert_int_equal(read_detail(detail, u, &what), REFUSED_NOT);
    return u->identity;
}

static void identity(void **state)
{
    const char *base =
        identity_of("{\"shipmentId\":\"S\",\"carrier\":\"FedEx\",\"trackingNumber\":\"1\","
                    "\"status\":\"A\",\"location\":\"L\",\"timestamp\":\"2026-11-22T12:00:00Z\"}");
    /* spelling, order, further members: the same */
    assert_string_equal(base,
                        identity_of("{\"timestamp\":\"2026-11-22T13:00:00+01:00\",\"location\":\" "
                                    "L\",\"status\":\"A\",\"trackingNumber\":\"1\",\"carrier\":"
                                    "\"FEDEX\",\"shipmentId\":\"S\",\"city\":\"x\"}"));
    /* any of the six: another */
    static const char *const other[] = {
        "{\"shipmentId\":\"T\",\"carrier\":\"FedEx\",\"trackingNumber\":\"1\",\"status\":\"A\","
        "\"location\":\"L\",\"timestamp\":\"2026-11-22T12:00:00Z\"}",
        "{\"shipmentId\":\"S\",\"carrier\":\"UPS\",\"trackingNumber\":\"1\",\"status\":\"A\","
        "\"location\":\"L\",\"timestamp\":\"2026-11-22T12:00:00Z\"}",
        "{\"shipmentId\":\"S\",\"carrier\":\"FedEx\",\"trackingNumber\":\"2\",\"status\":\"A\","
        "\"location\":\"L\",\"timestamp\":\"2026-11-22T12:00:00Z\"}",
        "{\"shipmentId\":\"S\",\"carrier\":\"FedEx\",\"trackingNumber\":\"1\",\"status\":\"B\","
        "\"location\":\"L\",\"timestamp\":\"2026-11-22T12:00:00Z\"}",
        "{\"shipmentId\":\"S\",\"carrier\":\"FedEx\",\"trackingNumber\":\"1\",\"status\":\"A\","
        "\"location\":\"M\",\"timestamp\":\"2026-11-22T12:00:00Z\"}",
        "{\"shipmentId\":\"S\",\"carrier\":\"FedEx\",\"trackingNumber\":\"1\",\"status\":\"A\","
        "\"location\":\"L\",\"timestamp\":\"2026-11-22T12:00:01Z\"}",
        /* what moves from one member to the next is not the same */
        "{\"shipmentId\":\"S\",\"carrier\":\"FedEx1\",\"trackingNumber\":\"\",\"status\":\"A\","
        "\"location\":\"L\",\"timestamp\":\"2026-11-22T12:00:00Z\"}",
    };
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_string_not_equal(base, identity_of(other[i]));
}

static int release(void **state)
{
    wb_arena_release(&arena);
    return 0;
}

int main(void)
{
    wb_arena_init(&arena, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals),
        cmocka_unit_test(too_large),
        cmocka_unit_test(times),
        cmocka_unit_test(identity),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
