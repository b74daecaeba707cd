/* What lies in the store: journal rows, keys at their limits, damage that the check must find. */
#include "base/limits.h"
#include "calls.h"

static void create(struct world *w, const char *more)
{
    DO(w, "CreateTable",
       "{'TableName':'tab','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':["
       "{'AttributeName':'h','AttributeType':'S'},{'AttributeName':'r','AttributeType':'S'},"
       "{'AttributeName':'g','AttributeType':'S'}],"
       "'KeySchema':[{'AttributeName':'h','KeyType':'HASH'},{'AttributeName':'r','KeyType':'RANGE'}"
       "],"
       "'GlobalSecondaryIndexes':[{'IndexName':'gsi','Projection':{'ProjectionType':'ALL'},"
       "'KeySchema':[{'AttributeName':'g','KeyType':'HASH'}]}]%s}",
       more);
}

#define STREAM ",'StreamSpecification':{'StreamEnabled':true,'StreamViewType':'NEW_AND_OLD_IMAGES'}"

/* --- the journal --- */

struct journal {
    struct wb_arena a;
    struct wb_ddb_change change[16];
    size_t count;
};

static void read_journal(struct wb_tx *tx, void *arg)
{
    struct journal *j = arg;
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_JOURNAL, ""));
    while (j->count < 16 && wb_tx_next(tx, s, &key, &value))
        assert_true(wb_ddb_journal_read(wb_dup(&j->a, value), &j->change[j->count++]));
    wb_scan_close(s);
}

static void expect(struct wb_slice got, const char *want)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_slice text = wb_dup(&a, wb_slice_str(want));
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == '\'')
            ((char *)text.p)[i] = '"';
    if (!wb_slice_eq(got, text))
        fail_msg("%.*s is not %.*s", WB_FMT(got), WB_FMT(text));
    wb_arena_release(&a);
}

static void test_journal(void **state)
{
    struct world w;
    struct journal j = {0};
    wb_arena_init(&j.a, 0);
    world_open(&w, &wb_dynamodb_module, NULL);
    create(&w, STREAM);
    DO(&w, "PutItem", "{'TableName':'tab','Item':{'r':{'S':'2'},'h':{'S':'1'}}}");
    DO(&w, "PutItem", "{'TableName':'tab','Item':{'h':{'S':'1'},'r':{'S':'2'}}}"); /* no effect */
    DO(&w, "DeleteItem", "{'TableName':'tab','Key':{'h':{'S':'1'},'r':{'S':'none'}}}");
    wb_seam_sim_advance(&w.seam, 5);
    DO(&w, "UpdateItem",
       "{'TableName':'tab','Key':{'h':{'S':'1'},'r':{'S':'2'}},'UpdateExpression':'SET n = :n',"
       "'ExpressionAttributeValues':{':n':{'N':'1e1'}}}");
    DO(&w, "UpdateItem",
       "{'TableName':'tab','Key':{'h':{'S':'1'},'r':{'S':'2'}},'UpdateExpression':'SET n = :n',"
       "'ExpressionAttributeValues':{':n':{'N':'10'}}}");
    DO(&w, "DeleteItem", "{'TableName':'tab','Key':{'h':{'S':'1'},'r':{'S':'2'}}}");
    look(&w, read_journal, &j);
    assert_int_equal(j.count, 3);
    static const char key[] = "{'h':{'S':'1'},'r':{'S':'2'}}",
                      item[] = "{'h':{'S':'1'},'n':{'N':'10'},'r':{'S':'2'}}";
    assert_int_equal(j.change[0].event, WB_DDB_INSERT);
    assert_int_equal(j.change[0].time_ms, WORLD_START_MS);
    assert_null(j.change[0].old.p);
    expect(j.change[0].new, key);
    assert_int_equal(j.change[1].event, WB_DDB_MODIFY);
    assert_int_equal(j.change[1].time_ms, WORLD_START_MS + 5);
    expect(j.change[1].keys, key);
    expect(j.change[1].old, key);
    expect(j.change[1].new, item);
    assert_int_equal(j.change[2].event, WB_DDB_REMOVE);
    expect(j.change[2].keys, key);
    expect(j.change[2].old, item);
    assert_null(j.change[2].new.p);
    check_world(&w);
    world_close(&w);
    wb_arena_release(&j.a);
}

/* Without stream and recovery no journal; with recovery alone, one. */
static void test_recovery_journal(void **state)
{
    struct world w;
    world_open(&w, &wb_dynamodb_module, NULL);
    create(&w, "");
    DO(&w, "PutItem", "{'TableName':'tab','Item':{'h':{'S':'1'},'r':{'S':'2'}}}");
    assert_int_equal(rows_in(&w, WB_T_JOURNAL), 0);
    DO(&w, "UpdateContinuousBackups",
       "{'TableName':'tab','PointInTimeRecoverySpecification':{'PointInTimeRecoveryEnabled':true}"
       "}");
    DO(&w, "PutItem", "{'TableName':'tab','Item':{'h':{'S':'1'},'r':{'S':'3'}}}");
    DO(&w, "BatchWriteItem",
       "{'RequestItems':{'tab':[{'DeleteRequest':{'Key':{'h':{'S':'1'},'r':{'S':'2'}}}},"
       "{'PutRequest':{'Item':{'h':{'S':'1'},'r':{'S':'4'}}}}]}}");
    assert_int_equal(rows_in(&w, WB_T_JOURNAL), 3);
    world_close(&w);
}

static void put_many(struct world *w, int from, int to)
{
    for (int i = from; i < to; i++)
        DO(w, "PutItem", "{'TableName':'tab','Item':{'h':{'S':'%d'},'r':{'S':'2'}}}", i);
}

static void test_trim(void **state)
{
    struct world w;
    world_open(&w, &wb_dynamodb_module, NULL);
    create(&w, STREAM);
    put_many(&w, 0, 100);
    wb_seam_sim_advance(&w.seam, WB_DDB_STREAM_HOURS * 3600000LL - 1);
    put_many(&w, 100, 300);
    assert_int_equal(rows_in(&w, WB_T_JOURNAL), 300);
    wb_seam_sim_advance(&w.seam, 2);
    put_many(&w, 300, 500);
    assert_int_equal(rows_in(&w, WB_T_JOURNAL), 400); /* the first hundred went */
    check_world(&w);
    world_close(&w);
}

/* --- keys at their limits --- */

static void test_long_keys(void **state)
{
    struct world w;
    static char hash[WB_DDB_HASH_MAX + 1], range[WB_DDB_RANGE_MAX + 1];
    memset(hash, 'h', WB_DDB_HASH_MAX);
    memset(range, 'r', WB_DDB_RANGE_MAX);
    world_open(&w, &wb_dynamodb_module, NULL);
    create(&w, "");
    for (int i = 9; i >= 0; i--) {
        range[WB_DDB_RANGE_MAX - 1] = (char)('0' + i);
        DO(&w, "PutItem",
           "{'TableName':'tab','Item':{'h':{'S':'%s'},'r':{'S':'%s'},'g':{'S':'%s'}}}", hash, range,
           hash);
    }
    hash[0] = 'x';
    DO(&w, "PutItem", "{'TableName':'tab','Item':{'h':{'S':'%s'},'r':{'S':'1'}}}", hash);
    hash[0] = 'h';
    for (int index = 0; index < 2; index++) {
        struct answer a = call(&w, "Query",
                               "{'TableName':'tab'%s,'KeyConditionExpression':'%s = :h',"
                               "'ExpressionAttributeValues':{':h':{'S':'%s'}}}",
                               index ? ",'IndexName':'gsi'" : "", index ? "g" : "h", hash);
        assert_true(a.ok);
        struct wb_json items = wb_json_get(a.doc, "Items");
        assert_int_equal(wb_json_count(items), 10);
        for (uint32_t i = 0; i < 10; i++) {
            struct wb_slice r =
                wb_json_get_str(wb_json_get(wb_json_item(items, i), "r"), "S", &a.arena);
            assert_int_equal(r.n, WB_DDB_RANGE_MAX);
            assert_int_equal(r.p[r.n - 1], '0' + i);
        }
        answer_free(&a);
    }
    check_world(&w);
    world_close(&w);
}

/* --- a definition that changes between prepare and the writer --- */

struct stale {
    struct wb_arena a;
    struct wb_call call;
};

static void stale_prepare(struct wb_tx *tx, void *arg)
{
    struct stale *s = arg;
    s->call.tx = tx;
    wb_ddb_put_prepare(&s->call);
    assert_false(wb_failed(&s->call));
}

static void stale_write(struct wb_tx *tx, void *arg)
{
    struct stale *s = arg;
    s->call.tx = tx;
    wb_out_init(&s->call.out, &s->a, false);
    wb_ddb_write_item(&s->call);
    if (wb_failed(&s->call))
        wb_tx_undo(tx);
}

static void stale_call(struct world *w, struct stale *s)
{
    static const char in[] =
        "{\"TableName\":\"tab\",\"Item\":{\"h\":{\"S\":\"1\"},\"r\":{\"S\":\"2\"},"
        "\"x\":{\"N\":\"1\"}}}";
    *s = (struct stale){0};
    wb_arena_init(&s->a, 0);
    s->call = (struct wb_call){.engine = w->engine,
                               .arena = &s->a,
                               .service = &wb_dynamodb_service,
                               .ctx.account = WB_S("000000000000"),
                               .ctx.region = WB_S("us-east-1"),
                               .in = wb_json_read(&s->a, wb_slice_str(in), NULL)};
    for (size_t i = 0; i < wb_dynamodb_service.op_count; i++)
        if (strcmp(wb_dynamodb_service.op[i].name, "PutItem") == 0)
            s->call.op = &wb_dynamodb_service.op[i];
}

static void test_stale(void **state)
{
    struct world w;
    struct stale s;
    world_open(&w, &wb_dynamodb_module, NULL);
    create(&w, "");
    stale_call(&w, &s);
    look(&w, stale_prepare, &s);
    /* x becomes the key of an index, as a string: the item does not fit any more */
    DO(&w, "UpdateTable",
       "{'TableName':'tab','AttributeDefinitions':[{'AttributeName':'x','AttributeType':'S'}],"
       "'GlobalSecondaryIndexUpdates':[{'Create':{'IndexName':'late','Projection':"
       "{'ProjectionType':'ALL'},'KeySchema':[{'AttributeName':'x','KeyType':'HASH'}]}}]}");
    run(&w, stale_write, &s);
    assert_string_equal(s.call.error.code, "ValidationException");
    assert_int_equal(rows_in(&w, WB_T_ITEM), 0);
    wb_arena_release(&s.a);
    stale_call(&w, &s);
    DO(&w, "DeleteTable", "{'TableName':'tab'}");
    create(&w, STREAM);
    look(&w, stale_prepare, &s);
    DO(&w, "DeleteTable", "{'TableName':'tab'}");
    create(&w, ""); /* another table of that name: the row must lie under its number */
    run(&w, stale_write, &s);
    assert_false(wb_failed(&s.call));
    struct answer a =
        call(&w, "GetItem", "{'TableName':'tab','Key':{'h':{'S':'1'},'r':{'S':'2'}}}");
    assert_true(a.ok && wb_json_is(wb_json_get(a.doc, "Item")));
    answer_free(&a);
    settle(&w);
    check_world(&w);
    wb_arena_release(&s.a);
    world_close(&w);
}

/* --- metrics --- */

struct metric {
    const char *name;
    bool found;
};

static void find_metric(struct wb_tx *tx, void *arg)
{
    struct metric *m = arg;
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_METRIC, ""));
    while (!m->found && wb_tx_next(tx, s, &key, &value))
        m->found = wb_slice_find(key, wb_slice_str(m->name), 0) >= 0;
    wb_scan_close(s);
}

static bool has_metric(struct world *w, const char *name)
{
    struct metric m = {name, false};
    look(w, find_metric, &m);
    return m.found;
}

static void fails(struct world *w, const char *op, const char *in)
{
    struct answer a = call(w, op, "%s", in);
    assert_false(a.ok);
    answer_free(&a);
}

static void test_metrics(void **state)
{
    static const char item[] = "'Item':{'h':{'S':'1'},'r':{'S':'2'},'g':{'S':'3'}}";
    struct world w;
    world_open(&w, &wb_dynamodb_module, NULL);
    create(&w, "");
    DO(&w, "PutItem", "{'TableName':'tab',%s}", item);
    assert_true(has_metric(&w, "ConsumedWriteCapacityUnits"));
    assert_true(has_metric(&w, "GlobalSecondaryIndexName"));
    assert_false(has_metric(&w, "ConsumedReadCapacityUnits"));
    assert_false(has_metric(&w, "UserErrors"));
    fails(&w, "PutItem",
          "{'TableName':'tab','Item':{'h':{'S':'1'},'r':{'S':'2'}},"
          "'ConditionExpression':'attribute_not_exists(h)'}");
    wb_seam_sim_advance(&w.seam, 2000);
    settle(&w);
    assert_true(has_metric(&w, "ConditionalCheckFailedRequests"));
    assert_true(has_metric(&w, "SuccessfulRequestLatency"));
    assert_false(has_metric(&w, "UserErrors")); /* a failed condition is none */
    fails(&w, "PutItem", "{'TableName':'tab','Item':{'h':{'S':'1'}}}");
    DO(&w, "Query",
       "{'TableName':'tab','KeyConditionExpression':'h = :h',"
       "'ExpressionAttributeValues':{':h':{'S':'1'}}}");
    wb_seam_sim_advance(&w.seam, 2000);
    settle(&w);
    assert_true(has_metric(&w, "UserErrors"));
    assert_true(has_metric(&w, "ConsumedReadCapacityUnits"));
    assert_true(has_metric(&w, "ReturnedItemCount"));
    world_close(&w);
}

/* --- damage --- */

struct damage {
    uint16_t table;
    int how; /* 0 = remove the first row, 1 = cut it short, 2 = add one that belongs nowhere */
};

static void damage_fn(struct wb_tx *tx, void *arg)
{
    const struct damage *d = arg;
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, d->table, ""));
    assert_true(wb_tx_next(tx, s, &key, &value));
    key = wb_dup(tx->arena, key);
    value = wb_dup(tx->arena, value);
    wb_scan_close(s);
    if (d->how == 0)
        wb_tx_del(tx, key);
    else if (d->how == 1)
        wb_tx_put(tx, key, wb_slice_sub(value, 0, value.n - 1));
    else
        wb_tx_put(tx, wb_concat(tx->arena, (struct wb_slice[]){key, WB_S("x")}, 2), value);
}

static void count_bad(void *arg, const char *what)
{
    ++*(int *)arg;
}

static void count_fn(struct wb_tx *tx, void *arg)
{
    wb_dynamodb_module.check(tx, count_bad, arg);
    tx->status = WB_STORE_OK;
}

static void test_damage(void **state)
{
    static const struct damage cases[] = {
        {WB_T_ITEM, 0},  {WB_T_ITEM, 1},  {WB_T_ITEM, 2},       {WB_T_INDEX, 0},   {WB_T_INDEX, 1},
        {WB_T_INDEX, 2}, {WB_T_TABLE, 1}, {WB_T_TABLE_STAT, 0}, {WB_T_JOURNAL, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct world w;
        int bad = 0;
        world_open(&w, &wb_dynamodb_module, NULL);
        create(&w, STREAM);
        for (int k = 0; k < 5; k++)
            DO(&w, "PutItem",
               "{'TableName':'tab','Item':{'h':{'S':'1'},'r':{'S':'%d'},'g':{'S':'%d'}}}", k, k);
        look(&w, count_fn, &bad);
        assert_int_equal(bad, 0);
        run(&w, damage_fn, (void *)&cases[i]);
        look(&w, count_fn, &bad);
        if (bad == 0)
            fail_msg("case %zu is not found", i);
        world_close(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journal), cmocka_unit_test(test_recovery_journal),
        cmocka_unit_test(test_trim),    cmocka_unit_test(test_long_keys),
        cmocka_unit_test(test_metrics), cmocka_unit_test(test_stale),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
