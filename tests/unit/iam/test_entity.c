/*
 * IAM's rows: what `waybill check` says when any of them is missing, what a rename leaves behind,
 * which documents are kept how. One engine in one thread; operations as one service calls another.
 */
#include "engine/internal.h"
#include "services/iam/iam.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ACCOUNT "111122223333"
#define TRUST                                                                                      \
    "{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":{\\\"Effect\\\":\\\"Allow\\\","         \
    "\\\"Principal\\\":{\\\"AWS\\\":\\\"arn:aws:iam::" ACCOUNT                                     \
    ":user/Anna\\\"},\\\"Action\\\":\\\"sts:AssumeRole\\\"}}"
#define ALLOW                                                                                      \
    "{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":{\\\"Effect\\\":\\\"Allow\\\","         \
    "\\\"Action\\\":\\\"sns:*\\\",\\\"Resource\\\":\\\"*\\\"}}"
#define POLICY "arn:aws:iam::aws:policy/ReadOnlyAccess"

static struct world {
    struct wb_seam_sim seam;
    struct wb_store *store;
    struct wb_engine *engine;
    struct wb_keyring *keyring;
    struct wb_config config;
    struct wb_arena arena;
    char dir[64];
} w;

static int open_world(void **state)
{
    static const struct wb_module *const modules[] = {&wb_iam_module, NULL};
    struct wb_slice why;
    memset(&w, 0, sizeof w);
    wb_arena_init(&w.arena, 0);
    snprintf(w.dir, sizeof w.dir, "/tmp/waybill-iam-XXXXXX");
    assert_non_null(mkdtemp(w.dir));
    wb_seam_sim_init(&w.seam, 5, 1795348800000);
    w.keyring = wb_keyring_open(w.dir, NULL, &w.seam.seam, true, &w.arena, &why);
    assert_non_null(w.keyring);
    w.store = wb_store_open_mem();
    w.config = (struct wb_config){.data_dir = w.dir, .account = ACCOUNT, .region = "us-east-1"};
    w.config.auth = true;
    w.engine = wb_engine_new(&w.config, w.store, &w.seam.seam, w.keyring, modules);
    assert_non_null(w.engine);
    return 0;
}

static int close_world(void **state)
{
    char path[128];
    wb_engine_free(w.engine);
    wb_store_close(w.store);
    wb_keyring_free(w.keyring);
    wb_arena_release(&w.arena);
    snprintf(path, sizeof path, "%s/key", w.dir);
    unlink(path);
    rmdir(w.dir);
    return 0;
}

/* --- commands --- */

struct act {
    struct wb_command command;
    void (*fn)(struct wb_tx *tx, void *arg);
    void *arg;
    bool ended;
};

static void act_run(struct wb_command *c, struct wb_tx *tx)
{
    struct act *a = WB_CONTAINER(c, struct act, command);
    a->fn(tx, a->arg);
}

static void act_done(struct wb_command *c, enum wb_commit result)
{
    assert_int_equal(result, WB_COMMITTED);
    WB_CONTAINER(c, struct act, command)->ended = true;
}

static void run(void (*fn)(struct wb_tx *tx, void *arg), void *arg)
{
    struct act a = {.command = {.lane = WB_LANE_INSIDE, .run = act_run, .done = act_done},
                    .fn = fn,
                    .arg = arg};
    assert_true(wb_submit(w.engine, &a.command));
    while (!a.ended)
        assert_true(wb_writer_step(w.engine));
}

/* --- operations --- */

struct call {
    const char *op, *input;
    const char *error; /* NULL: succeeds */
    struct wb_slice answer;
};

static void call_fn(struct wb_tx *tx, void *arg)
{
    struct call *c = arg;
    struct wb_ctx root = {.principal = {.type = WB_PRINCIPAL_ROOT,
                                        .account = WB_S(ACCOUNT),
                                        .id = WB_S(ACCOUNT),
                                        .arn = WB_S("arn:aws:iam::" ACCOUNT ":root")},
                          .account = WB_S(ACCOUNT),
                          .region = WB_S("us-east-1")};
    struct wb_slice answer;
    struct wb_error error;
    if (wb_call_service(tx, &root, "iam", c->op, wb_slice_str(c->input), &answer, &error)) {
        if (c->error)
            fail_msg("%s succeeded; %s expected", c->op, c->error);
        c->answer = wb_dup(&w.arena, answer);
        return;
    }
    if (!c->error)
        fail_msg("%s: %s: %.*s", c->op, error.code, WB_FMT(error.message));
    assert_string_equal(error.code, c->error);
}

static struct wb_slice call(const char *op, const char *input)
{
    struct call c = {.op = op, .input = input};
    run(call_fn, &c);
    return c.answer;
}

static void refused(const char *error, const char *op, const char *input)
{
    struct call c = {.op = op, .input = input, .error = error};
    run(call_fn, &c);
}

static bool says(struct wb_slice answer, const char *text)
{
    return wb_slice_find(answer, wb_slice_str(text), 0) >= 0;
}

/* One of each kind of row. */
static void populate(void)
{
    static const char *const calls[][2] = {
        {"CreateUser", "{\"UserName\":\"Anna\",\"Path\":\"/a/\",\"PermissionsBoundary\":\"" POLICY
                       "\",\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}"},
        {"UpdateUser", "{\"UserName\":\"anna\",\"NewPath\":\"/\"}"},
        {"PutUserPolicy",
         "{\"UserName\":\"Anna\",\"PolicyName\":\"p\",\"PolicyDocument\":\"" ALLOW "\"}"},
        {"AttachUserPolicy", "{\"UserName\":\"Anna\",\"PolicyArn\":\"" POLICY "\"}"},
        {"CreateAccessKey", "{\"UserName\":\"Anna\"}"},
        {"CreateGroup", "{\"GroupName\":\"Ops\"}"},
        {"AddUserToGroup", "{\"GroupName\":\"Ops\",\"UserName\":\"Anna\"}"},
        {"AttachGroupPolicy", "{\"GroupName\":\"Ops\",\"PolicyArn\":\"" POLICY "\"}"},
        {"CreateRole", "{\"RoleName\":\"Worker\",\"AssumeRolePolicyDocument\":\"" TRUST "\"}"},
        {"PutRolePermissionsBoundary",
         "{\"RoleName\":\"Worker\",\"PermissionsBoundary\":\"" POLICY "\"}"},
        {"CreateInstanceProfile", "{\"InstanceProfileName\":\"Box\"}"},
        {"CreatePolicy", "{\"PolicyName\":\"Mine\",\"PolicyDocument\":\"" ALLOW "\"}"},
        {"AddRoleToInstanceProfile", "{\"InstanceProfileName\":\"Box\",\"RoleName\":\"Worker\"}"},
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        call(calls[i][0], calls[i][1]);
}

/* --- the check --- */

static void count_bad(void *arg, const char *what)
{
    (*(size_t *)arg)++;
    assert_non_null(what);
}

static void check_fn(struct wb_tx *tx, void *arg)
{
    wb_iam_module.check(tx, count_bad, arg);
}

static size_t faults(void)
{
    size_t n = 0;
    run(check_fn, &n);
    return n;
}

struct rows {
    enum wb_table table;
    struct wb_pair row[32];
    size_t count;
};

static void rows_fn(struct wb_tx *tx, void *arg)
{
    struct rows *r = arg;
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, r->table, ""));
    while (wb_tx_next(tx, s, &key, &value)) {
        assert_true(r->count < sizeof r->row / sizeof *r->row);
        r->row[r->count++] = (struct wb_pair){wb_dup(&w.arena, key), wb_dup(&w.arena, value)};
    }
    wb_scan_close(s);
}

static struct rows rows_of(enum wb_table table)
{
    struct rows r = {.table = table};
    run(rows_fn, &r);
    return r;
}

static void del_fn(struct wb_tx *tx, void *arg)
{
    assert_true(wb_tx_del(tx, ((struct wb_pair *)arg)->name));
}

static void put_fn(struct wb_tx *tx, void *arg)
{
    const struct wb_pair *row = arg;
    wb_tx_put(tx, row->name, row->value);
}

static void test_missing_rows_are_noticed(void **state)
{
    static const enum wb_table tables[] = {
        WB_T_IAM_ENTITY,      WB_T_IAM_ID,     WB_T_IAM_ATTACHED,
        WB_T_IAM_ATTACHED_TO, WB_T_IAM_MEMBER, WB_T_IAM_MEMBER_OF,
        WB_T_IAM_USER_KEY,    WB_T_ACCESS_KEY, WB_T_IAM_VERSION};
    populate();
    assert_int_equal(faults(), 0);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        struct rows r = rows_of(tables[i]);
        assert_true(r.count > 0);
        for (size_t k = 0; k < r.count; k++) {
            run(del_fn, &r.row[k]);
            if (faults() == 0)
                fail_msg("row %zu of table %04x is not missed", k, tables[i]);
            run(put_fn, &r.row[k]);
            assert_int_equal(faults(), 0);
        }
    }
}

static void test_damaged_rows_are_noticed(void **state)
{
    static const enum wb_table tables[] = {WB_T_IAM_ENTITY, WB_T_IAM_ID, WB_T_IAM_INLINE,
                                           WB_T_ACCESS_KEY, WB_T_IAM_VERSION};
    populate();
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        struct rows r = rows_of(tables[i]);
        assert_true(r.count > 0);
        for (size_t k = 0; k < r.count; k++) {
            struct wb_pair cut = {r.row[k].name,
                                  wb_slice_sub(r.row[k].value, 0, r.row[k].value.n - 1)};
            run(put_fn, &cut);
            if (faults() == 0)
                fail_msg("damage in row %zu of table %04x is not noticed", k, tables[i]);
            run(put_fn, &r.row[k]);
        }
    }
}

/* --- renames --- */

static void nothing_is_called(const char *name)
{
    static const enum wb_table tables[] = {
        WB_T_IAM_ENTITY, WB_T_IAM_INLINE,    WB_T_IAM_ATTACHED, WB_T_IAM_ATTACHED_TO,
        WB_T_IAM_MEMBER, WB_T_IAM_MEMBER_OF, WB_T_IAM_USER_KEY, WB_T_TAGS};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        struct rows r = rows_of(tables[i]);
        for (size_t k = 0; k < r.count; k++)
            if (wb_slice_find(r.row[k].name, wb_slice_str(name), 0) >= 0)
                fail_msg("a row of table %04x is still under %s", tables[i], name);
    }
}

static void test_rename(void **state)
{
    populate();
    size_t members = rows_of(WB_T_IAM_MEMBER).count, tags = rows_of(WB_T_TAGS).count;
    call("UpdateUser", "{\"UserName\":\"Anna\",\"NewUserName\":\"Zoe\",\"NewPath\":\"/z/\"}");
    call("UpdateGroup", "{\"GroupName\":\"Ops\",\"NewGroupName\":\"Dev\"}");
    assert_int_equal(faults(), 0);
    nothing_is_called("anna");
    nothing_is_called("Anna");
    nothing_is_called("ops");
    assert_int_equal(rows_of(WB_T_IAM_MEMBER).count, members);
    assert_int_equal(rows_of(WB_T_TAGS).count, tags);
    assert_true(says(call("GetRole", "{\"RoleName\":\"Worker\"}"), "user%2Fz%2FZoe"));
    call("CreateUser", "{\"UserName\":\"TAKEN\"}");
    refused("EntityAlreadyExists", "UpdateUser",
            "{\"UserName\":\"zoe\",\"NewUserName\":\"taken\"}");
    assert_int_equal(faults(), 0);
}

/* --- deletions --- */

static void test_everything_goes(void **state)
{
    static const char *const calls[][2] = {
        {"DeletePolicy", "{\"PolicyArn\":\"arn:aws:iam::" ACCOUNT ":policy/Mine\"}"},
        {"RemoveRoleFromInstanceProfile",
         "{\"InstanceProfileName\":\"box\",\"RoleName\":\"worker\"}"},
        {"DeleteInstanceProfile", "{\"InstanceProfileName\":\"box\"}"},
        {"DeleteRole", "{\"RoleName\":\"worker\"}"},
        {"DetachGroupPolicy", "{\"GroupName\":\"ops\",\"PolicyArn\":\"" POLICY "\"}"},
        {"RemoveUserFromGroup", "{\"GroupName\":\"ops\",\"UserName\":\"anna\"}"},
        {"DeleteGroup", "{\"GroupName\":\"ops\"}"},
        {"DetachUserPolicy", "{\"UserName\":\"anna\",\"PolicyArn\":\"" POLICY "\"}"},
        {"DeleteUserPolicy", "{\"UserName\":\"anna\",\"PolicyName\":\"p\"}"},
    };
    populate();
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        refused("DeleteConflict", "DeleteUser", "{\"UserName\":\"anna\"}");
        call(calls[i][0], calls[i][1]);
        assert_int_equal(faults(), 0);
    }
    struct wb_slice keys = call("ListAccessKeys", "{\"UserName\":\"anna\"}");
    struct wb_json list = wb_json_get(wb_json_read(&w.arena, keys, NULL), "AccessKeyMetadata");
    struct wb_slice id = wb_json_get_str(wb_json_item(list, 0), "AccessKeyId", &w.arena);
    call("DeleteAccessKey", wb_dup_cstr(&w.arena, wb_printf(&w.arena,
                                                            "{\"UserName\":\"anna\","
                                                            "\"AccessKeyId\":\"%.*s\"}",
                                                            WB_FMT(id))));
    call("DeleteUser", "{\"UserName\":\"anna\"}");
    static const enum wb_table tables[] = {
        WB_T_IAM_ENTITY, WB_T_IAM_ID,        WB_T_IAM_INLINE,   WB_T_IAM_ATTACHED,
        WB_T_IAM_MEMBER, WB_T_IAM_MEMBER_OF, WB_T_IAM_USER_KEY, WB_T_IAM_ATTACHED_TO,
        WB_T_ACCESS_KEY, WB_T_TAGS};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        assert_int_equal(rows_of(tables[i]).count, 0);
}

/* --- quotas --- */

static void test_groups_of_an_account(void **state)
{
    for (int i = 0; i < 300; i++)
        call("CreateGroup",
             wb_dup_cstr(&w.arena, wb_printf(&w.arena, "{\"GroupName\":\"g%d\"}", i)));
    refused("LimitExceeded", "CreateGroup", "{\"GroupName\":\"more\"}");
    call("UpdateGroup", "{\"GroupName\":\"g7\",\"NewGroupName\":\"seven\"}");
    call("DeleteGroup", "{\"GroupName\":\"g0\"}");
    call("CreateGroup", "{\"GroupName\":\"more\"}");
}

static void test_policies_on_an_entity(void **state)
{
    static const char *const names[] = {"AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess"};
    call("CreateUser", "{\"UserName\":\"Anna\"}");
    for (int i = 0; i < 10; i++) {
        call("CreatePolicy", wb_dup_cstr(&w.arena, wb_printf(&w.arena,
                                                             "{\"PolicyName\":\"p%d\","
                                                             "\"PolicyDocument\":\"" ALLOW "\"}",
                                                             i)));
        call("AttachUserPolicy",
             wb_dup_cstr(&w.arena, wb_printf(&w.arena,
                                             "{\"UserName\":\"Anna\",\"PolicyArn\":"
                                             "\"arn:aws:iam::" ACCOUNT ":policy/p%d\"}",
                                             i)));
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        refused("LimitExceeded", "AttachUserPolicy",
                wb_dup_cstr(&w.arena, wb_printf(&w.arena,
                                                "{\"UserName\":\"Anna\",\"PolicyArn\":"
                                                "\"arn:aws:iam::aws:policy/%s\"}",
                                                names[i])));
    assert_int_equal(faults(), 0);
}

/* --- small things --- */

static void test_document_size(void **state)
{
    assert_int_equal(iam_document_size(WB_S("")), 0);
    assert_int_equal(iam_document_size(WB_S("{ \"a\" :\t1\r\n}")), 7);
    assert_int_equal(iam_document_size(WB_S("\"\xc3\xbc\"")), 3); /* characters, not bytes */
}

static void test_task_ids(void **state)
{
    struct wb_slice path, name;
    assert_true(
        iam_task_parse(WB_S("task/aws-service-role/s.amazonaws.com/Role/uuid"), &path, &name));
    assert_true(wb_slice_is(path, "/aws-service-role/s.amazonaws.com/"));
    assert_true(wb_slice_is(name, "Role"));
    static const char *const wrong[] = {"",
                                        "/",
                                        "task",
                                        "task/aws-service-role/",
                                        "task/aws-service-role/x",
                                        "task/aws-service-role//x",
                                        "task/other/s/Role/uuid",
                                        "x/task/aws-service-role/s/Role/uuid"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(iam_task_parse(wb_slice_str(wrong[i]), &path, &name));
}

static void test_old_tasks_are_forgotten(void **state)
{
    call("CreateServiceLinkedRole", "{\"AWSServiceName\":\"ecs.amazonaws.com\"}");
    call("DeleteServiceLinkedRole", "{\"RoleName\":\"AWSServiceRoleForECS\"}");
    assert_int_equal(rows_of(WB_T_IAM_TASK).count, 1);
    wb_seam_sim_advance(&w.seam, 8 * 24 * 3600 * 1000LL);
    call("CreateServiceLinkedRole", "{\"AWSServiceName\":\"ecs.amazonaws.com\"}");
    struct wb_slice id = call("DeleteServiceLinkedRole", "{\"RoleName\":\"AWSServiceRoleForECS\"}");
    assert_int_equal(rows_of(WB_T_IAM_TASK).count, 1);
    assert_true(
        says(call("GetServiceLinkedRoleDeletionStatus", wb_dup_cstr(&w.arena, id)), "SUCCEEDED"));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, open_world, close_world)
    const struct CMUnitTest tests[] = {
        TEST(test_missing_rows_are_noticed),
        TEST(test_damaged_rows_are_noticed),
        TEST(test_rename),
        TEST(test_everything_goes),
        TEST(test_groups_of_an_account),
        TEST(test_policies_on_an_entity),
        TEST(test_document_size),
        TEST(test_task_ids),
        TEST(test_old_tasks_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
