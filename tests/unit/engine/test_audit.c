/* CloudTrail's records: who it was, for each kind of identity as the user guide's examples have
 * them; what was asked, without what nobody may read; what does not fit. */
#include "arena.h"
#include "auth/session.h"
#include "engine/audit.h"
#include "world.h"

#define ACCOUNT "123456789012"

static const struct wb_shape text = {.kind = WB_STRING, .name = "Text"};
static const struct wb_shape secret = {.kind = WB_STRING, .name = "Secret", .sensitive = true};
static const struct wb_shape blob = {.kind = WB_BLOB, .name = "Blob"};
static const struct wb_shape any = {.kind = WB_ANY, .name = "AttributeValue"};
static const struct wb_shape anys = {.kind = WB_MAP, .name = "Map", .key = &text, .elem = &any};
static const struct wb_shape tags = {.kind = WB_MAP, .name = "Tags", .key = &text, .elem = &text};
static const struct wb_shape inner = {
    .kind = WB_STRUCTURE,
    .name = "Inner",
    .member = (const struct wb_member[]){
        {.name = "Name", .shape = &text}, {.name = "Password", .shape = &secret}, {0}}};
static const struct wb_shape inners = {.kind = WB_LIST, .name = "Inners", .elem = &inner};
static const struct wb_shape input = {
    .kind = WB_STRUCTURE,
    .name = "Input",
    .member = (const struct wb_member[]){{.name = "TableName", .shape = &text},
                                         {.name = "KMSKeyArn", .shape = &text},
                                         {.name = "ZipFile", .shape = &blob},
                                         {.name = "Tags", .shape = &tags},
                                         {.name = "List", .shape = &inners},
                                         {.name = "Item", .shape = &anys},
                                         {0}}};

static const struct wb_op ops[] = {
    {.name = "Make", .class = WB_WRITE, .input = &input},
    {.name = "Read", .class = WB_READ, .input = &input},
    {.name = "Write", .class = WB_WRITE, .input = &input, .data = true},
    {.name = "Give", .class = WB_READ, .input = &input, .audit = true, .event_name = "Give2015"},
    {.name = "Start", .class = WB_ASYNC, .input = &input},
};
enum { MAKE, READ, WRITE, GIVE, START };
static const struct wb_service service = {
    .name = "made", .signing_name = "things", .op = ops, .op_count = 5};

static struct wb_call call_of(int op)
{
    struct wb_call c = {.service = &service, .op = &ops[op], .arena = &arena};
    c.ctx = (struct wb_ctx){.principal = {.type = WB_PRINCIPAL_USER,
                                          .account = WB_S(ACCOUNT),
                                          .arn = WB_S("arn:aws:iam::" ACCOUNT ":user/a/Alice"),
                                          .id = WB_S("AIDAJ45Q7YFFAREXAMPLE"),
                                          .owner = WB_S("AIDAJ45Q7YFFAREXAMPLE"),
                                          .access_key = WB_S("AKIAIOSFODNN7EXAMPLE")},
                            .account = WB_S(ACCOUNT),
                            .region = WB_S("us-east-2"),
                            .request_id = WB_S("request"),
                            .source_ip = WB_S("192.0.2.1"),
                            .user_agent = WB_S("aws-cli/2.9")};
    return c;
}

static struct wb_json record_of(const struct wb_call *c)
{
    struct wb_audit_frame f = {.account = WB_S(ACCOUNT),
                               .region = c->ctx.region,
                               .event_id = WB_S("event"),
                               .time_ms = WORLD_START_MS};
    struct wb_json v = wb_json_read(&arena, wb_audit_record(&arena, c, &f), NULL);
    assert_int_equal(wb_json_type(v), WB_JSON_OBJECT);
    return v;
}

static void assert_json(struct wb_json v, const char *expected)
{
    assert_string_equal(wb_dup_cstr(&arena, wb_json_raw(v)), expected);
}

static void assert_identity(const struct wb_principal *p, const char *expected)
{
    struct wb_call c = call_of(MAKE);
    c.ctx.principal = *p;
    assert_json(wb_json_get(record_of(&c), "userIdentity"), expected);
}

/* CloudTrail User Guide, "CloudTrail userIdentity element". */
static void test_identities(void **state)
{
    struct wb_principal p = call_of(MAKE).ctx.principal;
    assert_identity(&p, "{\"type\":\"IAMUser\",\"principalId\":\"AIDAJ45Q7YFFAREXAMPLE\","
                        "\"arn\":\"arn:aws:iam::123456789012:user/a/Alice\","
                        "\"accountId\":\"123456789012\",\"accessKeyId\":\"AKIAIOSFODNN7EXAMPLE\","
                        "\"userName\":\"Alice\"}");
    p.expires_ms = WORLD_START_MS + 1; /* GetSessionToken */
    p.session = WB_S("{\"issued\":1383354388000,\"kind\":\"session\"}");
    assert_identity(&p,
                    "{\"type\":\"IAMUser\",\"principalId\":\"AIDAJ45Q7YFFAREXAMPLE\","
                    "\"arn\":\"arn:aws:iam::123456789012:user/a/Alice\","
                    "\"accountId\":\"123456789012\",\"accessKeyId\":\"AKIAIOSFODNN7EXAMPLE\","
                    "\"userName\":\"Alice\",\"sessionContext\":{\"attributes\":{"
                    "\"creationDate\":\"2013-11-02T01:06:28Z\",\"mfaAuthenticated\":\"false\"}}}");
    p = (struct wb_principal){
        .type = WB_PRINCIPAL_SESSION,
        .account = WB_S(ACCOUNT),
        .id = WB_S("AROAIDPPEZS35WEXAMPLE:AssumedRoleSessionName"),
        .arn = WB_S("arn:aws:sts::123456789012:assumed-role/RoleToBeAssumed/MySessionName"),
        .role_arn = WB_S("arn:aws:iam::123456789012:role/RoleToBeAssumed"),
        .owner = WB_S("AROAIDPPEZS35WEXAMPLE"),
        .access_key = WB_S("ASIAIOSFODNN7EXAMPLE"),
        .expires_ms = 1,
        .session = WB_S("{\"issued\":1383354388000,\"source\":\"saanvi\"}")};
    assert_identity(
        &p,
        "{\"type\":\"AssumedRole\",\"principalId\":\"AROAIDPPEZS35WEXAMPLE:"
        "AssumedRoleSessionName\","
        "\"arn\":\"arn:aws:sts::123456789012:assumed-role/RoleToBeAssumed/MySessionName\","
        "\"accountId\":\"123456789012\",\"accessKeyId\":\"ASIAIOSFODNN7EXAMPLE\","
        "\"sessionContext\":{\"sessionIssuer\":{\"type\":\"Role\","
        "\"principalId\":\"AROAIDPPEZS35WEXAMPLE\","
        "\"arn\":\"arn:aws:iam::123456789012:role/RoleToBeAssumed\","
        "\"accountId\":\"123456789012\",\"userName\":\"RoleToBeAssumed\"},"
        "\"sourceIdentity\":\"saanvi\",\"attributes\":{\"creationDate\":\"2013-11-02T01:06:28Z\","
        "\"mfaAuthenticated\":\"false\"}}}");
    p = (struct wb_principal){.type = WB_PRINCIPAL_FEDERATED,
                              .account = WB_S(ACCOUNT),
                              .id = WB_S(ACCOUNT ":bob"),
                              .arn = WB_S("arn:aws:sts::" ACCOUNT ":federated-user/bob"),
                              .access_key = WB_S("ASIAIOSFODNN7EXAMPLE"),
                              .expires_ms = 1};
    assert_identity(&p,
                    "{\"type\":\"FederatedUser\",\"principalId\":\"123456789012:bob\","
                    "\"arn\":\"arn:aws:sts::123456789012:federated-user/bob\","
                    "\"accountId\":\"123456789012\",\"accessKeyId\":\"ASIAIOSFODNN7EXAMPLE\","
                    "\"sessionContext\":{\"sessionIssuer\":{\"type\":\"Root\","
                    "\"principalId\":\"123456789012\","
                    "\"arn\":\"arn:aws:iam::123456789012:root\",\"accountId\":\"123456789012\"},"
                    "\"attributes\":{\"mfaAuthenticated\":\"false\"}}}");
    p = (struct wb_principal){.type = WB_PRINCIPAL_ROOT,
                              .account = WB_S(ACCOUNT),
                              .id = WB_S(ACCOUNT),
                              .arn = WB_S("arn:aws:iam::" ACCOUNT ":root")};
    assert_identity(&p, "{\"type\":\"Root\",\"principalId\":\"123456789012\","
                        "\"arn\":\"arn:aws:iam::123456789012:root\","
                        "\"accountId\":\"123456789012\"}");
    p.account = WB_S("210987654321"); /* of another account than the record's */
    p.id = p.account;
    assert_identity(&p, "{\"type\":\"AWSAccount\",\"principalId\":\"210987654321\","
                        "\"accountId\":\"210987654321\"}");
    p = (struct wb_principal){.type = WB_PRINCIPAL_SERVICE,
                              .service = WB_S("events.amazonaws.com")};
    assert_identity(&p, "{\"type\":\"AWSService\",\"invokedBy\":\"events.amazonaws.com\"}");
    p = (struct wb_principal){.type = WB_PRINCIPAL_ANONYMOUS};
    assert_identity(&p, "{\"type\":\"AWSAccount\",\"principalId\":\"\","
                        "\"accountId\":\"ANONYMOUS_PRINCIPAL\"}");
}

static void assert_parameters(int op, const char *in, const char *expected)
{
    struct wb_call c = call_of(op);
    c.in = wb_json_read(&arena, wb_slice_str(in), NULL);
    assert_json(wb_json_get(record_of(&c), "requestParameters"), expected);
}

static void test_parameters(void **state)
{
    assert_parameters(MAKE, "{}", "null");
    assert_parameters(MAKE, "{\"TableName\":\"t\",\"KMSKeyArn\":null}", "{\"tableName\":\"t\"}");
    assert_parameters(MAKE, "{\"KMSKeyArn\":\"k\",\"Tags\":{\"Team\":\"A\"}}",
                      "{\"kMSKeyArn\":\"k\",\"tags\":{\"Team\":\"A\"}}");
    assert_parameters(MAKE, "{\"ZipFile\":\"UEsDBA==\",\"TableName\":\"t\"}",
                      "{\"zipFile\":\"" WB_HIDDEN "\",\"tableName\":\"t\"}");
    assert_parameters(MAKE, "{\"List\":[{\"Name\":\"n\",\"Password\":\"p\"},{\"Password\":{}}]}",
                      "{\"list\":[{\"name\":\"n\",\"password\":\"" WB_HIDDEN "\"},"
                      "{\"password\":\"" WB_HIDDEN "\"}]}");
    /* What the operation does not know may be anything. */
    assert_parameters(MAKE, "{\"Secret\":\"s\",\"TableName\":\"t\"}", "{\"tableName\":\"t\"}");
    assert_parameters(MAKE, "{\"Item\":{\"P\":{\"S\":\"x\"}}}", "{\"item\":{\"P\":{\"S\":\"x\"}}}");
    assert_parameters(WRITE, "{\"Item\":{\"P\":{\"S\":\"x\"}}}",
                      "{\"item\":{\"P\":\"" WB_HIDDEN "\"}}");
}

static void test_too_large(void **state)
{
    char *big = wb_zalloc(&arena, WB_AUDIT_FIELD_MAX + 1);
    memset(big, 'x', WB_AUDIT_FIELD_MAX);
    struct wb_slice parts[] = {WB_S("{\"TableName\":\""), wb_slice_str(big),
                               WB_S("\",\"KMSKeyArn\":\"k\"}")};
    const char *in = wb_dup_cstr(&arena, wb_concat(&arena, parts, 3));
    assert_parameters(MAKE, in,
                      "{\"omitted\":true,\"originalSize\":102432,"
                      "\"reason\":\"requestParameters too large\"}");
    struct wb_call c = call_of(MAKE);
    c.ctx.user_agent = wb_slice_str(big);
    c.error = (struct wb_error){.code = "Wrong", .message = wb_slice_str(big), .status = 400};
    struct wb_json r = record_of(&c);
    assert_int_equal(wb_json_get_str(r, "userAgent", &arena).n, WB_AUDIT_TEXT_MAX);
    assert_int_equal(wb_json_get_str(r, "errorMessage", &arena).n, WB_AUDIT_TEXT_MAX);
}

/* Answers are kept whatever the protocol. */
static void test_answers(void **state)
{
    for (int xml = 0; xml < 2; xml++) {
        struct wb_call c = call_of(MAKE);
        wb_out_init(&c.out, &arena, xml);
        wb_out_keep(&c.out, &arena);
        wb_out_object(&c.out, "AccessKey");
        wb_out_str(&c.out, "AccessKeyId", WB_S("AKIA"));
        wb_out_str(&c.out, "SecretAccessKey", WB_S("very secret"));
        wb_out_time(&c.out, "CreateDate", WORLD_START_MS);
        wb_out_end(&c.out);
        wb_out_list(&c.out, "Names");
        wb_out_str(&c.out, NULL, WB_S("a<b"));
        wb_out_end(&c.out);
        wb_out_map(&c.out, "Attributes");
        wb_out_map_str(&c.out, WB_S("DisplayName"), WB_S("d"));
        wb_out_end(&c.out);
        wb_out_object(&c.out, "Environment");
        wb_out_map(&c.out, "Variables");
        wb_out_map_str(&c.out, WB_S("A"), WB_S("very secret"));
        wb_out_end(&c.out);
        wb_out_end(&c.out);
        assert_json(wb_json_get(record_of(&c), "responseElements"),
                    "{\"accessKey\":{\"accessKeyId\":\"AKIA\",\"secretAccessKey\":\"" WB_HIDDEN
                    "\",\"createDate\":\"2026-11-22T12:00:00Z\"},\"names\":[\"a<b\"],"
                    "\"attributes\":{\"DisplayName\":\"d\"},\"environment\":\"" WB_HIDDEN "\"}");
        assert_non_null(strstr(wb_dup_cstr(&arena, wb_out_done(&c.out)), "very secret"));
        c.error = (struct wb_error){.code = "Wrong", .status = 400};
        assert_json(wb_json_get(record_of(&c), "responseElements"), "null");
    }
}

static void test_record(void **state)
{
    struct wb_call c = call_of(GIVE);
    c.tls = true;
    c.tls_version = "TLSv1.3";
    c.tls_cipher = "TLS_AES_128_GCM_SHA256";
    c.host = WB_S("waybill.example");
    c.in = wb_json_read(&arena, WB_S("{\"TableName\":\"t\"}"), NULL);
    wb_call_resource(&c, WB_S("arn:aws:iam::" ACCOUNT ":role/a/b/Runs"));
    wb_call_resource(&c, WB_S("arn:aws:iam::" ACCOUNT ":role/a/b/Runs"));
    wb_call_resource(&c, WB_S("*"));
    struct wb_json r = record_of(&c);
    static const char *const order[] = {
        "eventVersion",       "userIdentity",     "eventTime",       "eventSource",
        "eventName",          "awsRegion",        "sourceIPAddress", "userAgent",
        "requestParameters",  "responseElements", "requestID",       "eventID",
        "readOnly",           "resources",        "eventType",       "managementEvent",
        "recipientAccountId", "eventCategory",    "tlsDetails"};
    struct wb_json_iter it = wb_json_iter(r);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        assert_true(wb_json_next(&it));
        assert_string_equal(wb_dup_cstr(&arena, wb_json_str(it.key, &arena)), order[i]);
    }
    assert_false(wb_json_next(&it));
    assert_json(wb_json_get(r, "eventVersion"), "\"1.11\"");
    assert_json(wb_json_get(r, "eventName"), "\"Give2015\"");
    assert_json(wb_json_get(r, "eventSource"), "\"things.amazonaws.com\"");
    assert_json(wb_json_get(r, "eventTime"), "\"2026-11-22T12:00:00Z\"");
    assert_json(wb_json_get(r, "readOnly"), "true");
    assert_json(wb_json_get(r, "resources"),
                "[{\"accountId\":\"123456789012\",\"type\":\"AWS::IAM::Role\","
                "\"ARN\":\"arn:aws:iam::123456789012:role/a/b/Runs\"}]");
    assert_json(wb_json_get(r, "tlsDetails"),
                "{\"tlsVersion\":\"TLSv1.3\",\"cipherSuite\":\"TLS_AES_128_GCM_SHA256\","
                "\"clientProvidedHostHeader\":\"waybill.example\"}");
}

static void test_resources(void **state)
{
    static const struct {
        const char *arn, *type, *name;
    } rows[] = {
        {"arn:aws:dynamodb:us-east-1:1:table/orders", "AWS::DynamoDB::Table", "orders"},
        {"arn:aws:dynamodb:us-east-1:1:table/orders/index/i", "AWS::DynamoDB::Table", "orders"},
        {"arn:aws:lambda:us-east-1:1:function:f", "AWS::Lambda::Function", "f"},
        {"arn:aws:events:us-east-1:1:rule/bus/r", "AWS::Events::Rule", "r"},
        {"arn:aws:events:us-east-1:1:event-bus/b", "AWS::Events::EventBus", "b"},
        {"arn:aws:sns:us-east-1:1:t", "AWS::SNS::Topic", "t"},
        {"arn:aws:iam::1:user/a/u", "AWS::IAM::User", "u"},
        {"arn:aws:iam::1:user/*", NULL, NULL},
        {"arn:aws:other:us-east-1:1:x", NULL, NULL},
        {"*", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wb_slice type, name;
        bool known = wb_audit_resource(wb_slice_str(rows[i].arn), &type, &name);
        assert_int_equal(known, rows[i].type != NULL);
        assert_true(!known || wb_slice_is(type, rows[i].type));
        assert_true(!known || wb_slice_is(name, rows[i].name));
    }
}

/* Which calls have a record. */
static void test_wanted(void **state)
{
    static const struct {
        int op, status; /* 0: it succeeded */
        bool denied, data_on, wanted;
    } rows[] = {
        {MAKE, 0, false, false, true},    {MAKE, 400, false, false, true},
        {MAKE, 500, false, false, false}, {MAKE, 503, false, false, false},
        {MAKE, 403, true, false, true},   {READ, 0, false, false, false},
        {READ, 400, false, false, false}, {READ, 403, true, false, true},
        {WRITE, 0, false, false, false},  {WRITE, 0, false, true, true},
        {WRITE, 400, false, true, false}, {WRITE, 400, true, false, true},
        {GIVE, 0, false, false, true},    {GIVE, 400, false, false, true},
        {START, 0, false, false, true},
    };
    struct wb_denial denial = {.next = NULL};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        world_open(&w, NULL, NULL);
        struct wb_call c = call_of(rows[i].op);
        c.engine = w.engine;
        w.engine->config.audit_data = rows[i].data_on;
        c.denial = rows[i].denied ? &denial : NULL;
        if (rows[i].status)
            c.error = (struct wb_error){.code = "Wrong", .status = rows[i].status};
        assert_int_equal(wb_audit_wanted(&c), rows[i].wanted);
        world_close(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identities), cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_too_large),  cmocka_unit_test(test_answers),
        cmocka_unit_test(test_record),     cmocka_unit_test(test_resources),
        cmocka_unit_test(test_wanted),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
