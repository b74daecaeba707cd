/*
 * What it costs to know who asks and what they may do: the signature is checked and the call
 * authorized, as the front does it, on one thread, against a store in memory.
 *
 * Output: a line a caller: name, ns for the signature with its key, ns with authorization as well.
 */
#include "engine/identity.h"
#include "auth/session.h"
#include "auth/sigv4.h"
#include "engine/internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <waybill/aws.h>

#define POLICIES   100
#define STATEMENTS 20
#define TABLES     64
#define CHUNK      64 /* requests of one reading of the clock; the best counts */
#define ROUNDS     400
#define HEADERS    8
#define ACCOUNT    "111122223333"
#define NAME_FORM  "arn:aws:dynamodb:us-east-1:" ACCOUNT ":table/orders-%04u"

static struct wb_arena keep;
static struct wb_engine *engine;
static struct wb_keyring *keyring;
static struct wb_store *store;

/* --- callers --- */

enum policies { NONE, MIXED, SAME, SAME_ACTION };

/* Statement i of all. Those that allow what is asked (tables 0 to TABLES - 1) come last. */
static void put_statement(struct wb_buf *b, enum policies kind, unsigned i)
{
    static const char *const service[] = {"sqs", "sns", "s3", "lambda", "logs", "dynamodb"};
    static const char *const verb[] = {"Get*", "PutItem", "DescribeTable", "Query", "*"};
    unsigned left = POLICIES * STATEMENTS - 1 - i;
    bool asked = left < TABLES;
    const char *s = kind == MIXED && !asked ? service[i % 6] : "dynamodb";
    const char *v = asked || kind == SAME_ACTION ? "GetItem" : verb[i % 5];
    wb_buf_printf(b,
                  "{\"Effect\":\"%s\",\"Action\":[\"%s:%s\",\"%s:List*\"],\"Resource\":"
                  "\"arn:aws:%s:*:" ACCOUNT ":table/%s-%04u%s\"}",
                  asked || i % 10 ? "Allow" : "Deny", s, v, s, s, asked ? "orders" : "other",
                  asked ? left : i, i % 3 ? "" : "*");
}

static struct wb_slice policy(struct wb_arena *a, enum policies kind, unsigned number)
{
    struct wb_buf b = wb_buf_in(a);
    wb_buf_str(&b, "{\"Version\":\"2012-10-17\",\"Statement\":[");
    for (unsigned i = 0; i < STATEMENTS; i++) {
        wb_buf_str(&b, i ? "," : "");
        put_statement(&b, kind, number * STATEMENTS + i);
    }
    wb_buf_str(&b, "]}");
    return wb_buf_slice(&b);
}

struct caller {
    const char *name;
    enum policies policies;
    const char *user; /* NULL: the root */
    bool session;     /* temporary credentials with a session policy */
    struct wb_slice key_id, secret, token;
};

static struct wb_principal principal_of(struct wb_arena *a, const struct caller *c)
{
    struct wb_principal p = {.type = WB_PRINCIPAL_ROOT,
                             .account = WB_S(ACCOUNT),
                             .id = WB_S(ACCOUNT),
                             .arn = WB_S("arn:aws:iam::" ACCOUNT ":root")};
    if (!c->user)
        return p;
    struct wb_slice id = wb_printf(a, "AIDA%s", c->user);
    p.type = WB_PRINCIPAL_USER;
    p.arn = wb_printf(a, "arn:aws:iam::" ACCOUNT ":user/%s", c->user);
    p.id = p.owner = id;
    return p;
}

static void put_user(struct wb_tx *tx, const struct caller *c)
{
    struct wb_arena *a = tx->arena;
    struct wb_slice name = wb_slice_str(c->user), account = WB_S(ACCOUNT);
    struct wb_slice id = wb_printf(a, "AIDA%s", c->user);
    struct wb_buf row = wb_buf_in(a);
    wb_tx_put(tx, wb_iam_key(a, WB_T_IAM_ENTITY, account, WB_IAM_USER, name),
              wb_printf(a, "{\"name\":\"%s\",\"path\":\"/\",\"id\":\"AIDA%s\",\"created\":1}",
                        c->user, c->user));
    wb_buf_lp(&row, account);
    wb_buf_char(&row, WB_IAM_USER);
    wb_buf_lp(&row, name);
    wb_tx_put(tx, wb_key(a, WB_T_IAM_ID, "s", id), wb_buf_slice(&row));
    for (unsigned i = 0; i < POLICIES && c->policies != NONE; i++)
        wb_tx_put(tx,
                  wb_iam_key2(a, WB_T_IAM_INLINE, account, WB_IAM_USER, name,
                              wb_printf(a, "policy-%03u", i)),
                  policy(a, c->policies, i));
}

struct setting_up {
    struct wb_command command;
    struct caller *caller;
    bool ended;
};

static void set_up_run(struct wb_command *command, struct wb_tx *tx)
{
    struct caller *c = WB_CONTAINER(command, struct setting_up, command)->caller;
    struct wb_principal p = principal_of(&keep, c);
    if (c->user)
        put_user(tx, c);
    c->key_id = wb_printf(&keep, "AKIA%016d", (int)c->policies);
    c->secret = WB_S("wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00");
    struct wb_slice row =
        wb_access_key_encode(tx->arena, keyring, c->key_id, c->secret, &p, true, tx->now_ms);
    wb_tx_put(tx, wb_key(tx->arena, WB_T_ACCESS_KEY, "s", c->key_id), row);
    if (!c->session)
        return;
    struct wb_session session = {
        .issued_ms = tx->now_ms,
        .kind = WB_S(WB_SESSION_FEDERATED),
        .name = WB_S("batch"),
        .policy =
            WB_S("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":"
                 "[\"dynamodb:*\",\"sns:*\"],\"Resource\":\"*\"},{\"Effect\":\"Deny\","
                 "\"Action\":\"dynamodb:DeleteTable\",\"Resource\":\"*\"}]}")};
    p.session = wb_session_write(&keep, &session);
    p.type = WB_PRINCIPAL_FEDERATED;
    p.id = WB_S(ACCOUNT ":batch");
    p.arn = WB_S("arn:aws:sts::" ACCOUNT ":federated-user/batch");
    struct wb_credentials given =
        wb_session_make(&keep, keyring, engine->seam, &p, wb_engine_now(engine), 43200);
    c->key_id = given.key_id;
    c->secret = given.secret;
    c->token = given.token;
}

static void set_up_done(struct wb_command *command, enum wb_commit result)
{
    if (result != WB_COMMITTED)
        abort();
    WB_CONTAINER(command, struct setting_up, command)->ended = true;
}

static void set_up(struct caller *c)
{
    struct setting_up s = {
        .command = {.lane = WB_LANE_INSIDE, .run = set_up_run, .done = set_up_done}, .caller = c};
    if (!wb_submit(engine, &s.command))
        abort();
    while (!s.ended)
        wb_writer_step(engine);
}

/* --- requests --- */

struct asked {
    struct wb_sig_request r;
    struct wb_pair header[HEADERS];
    unsigned table;
};

static void sign(struct asked *x, const struct caller *c, unsigned table)
{
    struct wb_slice target = WB_S("DynamoDB_20120810.GetItem"),
                    type = WB_S("application/x-amz-json-1.0");
    x->header[0] = (struct wb_pair){WB_S("content-type"), type};
    x->header[1] = (struct wb_pair){WB_S("x-amz-target"), target};
    struct wb_sign s = {.method = WB_S("POST"),
                        .path = WB_S("/"),
                        .host = WB_S("127.0.0.1:4566"),
                        .service = WB_S("dynamodb"),
                        .region = WB_S("us-east-1"),
                        .key_id = c->key_id,
                        .secret = c->secret,
                        .token = c->token,
                        .header = x->header,
                        .header_count = 2,
                        .now_ms = engine->seam->wall_ms(engine->seam)};
    s.body = wb_printf(&keep,
                       "{\"TableName\":\"orders-%04u\",\"Key\":{\"id\":{\"S\":\"a-%u\"},\"at\":"
                       "{\"S\":\"2026-11-22T12:00:00.000Z\"}}}",
                       table, table);
    size_t n = 2 + wb_sign_headers(&keep, &s, x->header + 2);
    x->header[n++] = (struct wb_pair){WB_S("host"), s.host};
    x->header[n++] = (struct wb_pair){WB_S("user-agent"), WB_S("aws-cli/2.9.19 Python/3.11")};
    x->table = table;
    x->r = (struct wb_sig_request){
        .method = s.method, .path = s.path, .body = s.body, .header = x->header, .header_count = n};
}

static void name_table(struct wb_call *c)
{
    wb_call_resource(c, wb_printf(c->arena, NAME_FORM, ((struct asked *)c->front)->table));
}

static const struct wb_op op = {.name = "GetItem", .resources = name_table};
static const struct wb_service service = {
    .name = "dynamodb", .signing_name = "dynamodb", .op = &op, .op_count = 1};

/* The key, whoever it belongs to, and the signature: wb_front_authenticate. */
static void authenticate(struct wb_call *c, struct wb_tx *tx, struct wb_txn *t,
                         const struct asked *x)
{
    struct wb_signature sig;
    struct wb_slice why, secret;
    struct wb_session s;
    int64_t now = engine->seam->wall_ms(engine->seam);
    if (wb_sigv4_parse(c->arena, &x->r, &sig, &why) != WB_SIG_OK ||
        wb_key_find(t, keyring, c->arena, sig.access_key, sig.token, now, &secret,
                    &c->ctx.principal) != WB_KEY_OK ||
        (c->ctx.principal.owner.n && !wb_identity_by_id(tx, c->ctx.principal.owner)) ||
        !wb_session_read(c->arena, c->ctx.principal.session, &s) ||
        wb_sigv4_verify(c->arena, &x->r, &sig, secret, WB_S("dynamodb"), now, &why) != WB_SIG_OK)
        abort();
    c->ctx.account = c->ctx.principal.account;
    c->ctx.region = sig.region;
}

static void ask(struct wb_arena *a, struct wb_txn *t, struct asked *x, bool authorize)
{
    struct wb_tx tx;
    struct wb_tx_ext ext;
    struct wb_call c = {.service = &service, .op = &op, .engine = engine, .arena = a, .front = x};
    c.ctx.source_ip = WB_S("127.0.0.1");
    c.ctx.user_agent = WB_S("aws-cli/2.9.19 Python/3.11");
    wb_tx_snapshot(&tx, &ext, engine, t, a);
    authenticate(&c, &tx, t, x);
    if (authorize)
        wb_call_authorize(&c, &tx);
    if (wb_failed(&c)) {
        fprintf(stderr, "%.*s\n", WB_FMT(c.error.message));
        abort();
    }
    wb_tx_release(&tx);
    wb_arena_reset(a);
}

static double measure(const struct caller *c, bool authorize)
{
    struct asked *pool = wb_new_n(&keep, struct asked, TABLES);
    struct wb_arena a;
    struct wb_txn *t;
    double best = 0;
    wb_arena_init(&a, 65536);
    for (unsigned i = 0; i < TABLES; i++)
        sign(&pool[i], c, i);
    if (wb_txn_begin(store, false, &t) != WB_STORE_OK)
        abort();
    for (int round = 0; round < ROUNDS; round++) {
        int64_t from = wb_seam_os()->mono_ns(wb_seam_os());
        for (unsigned i = 0; i < CHUNK; i++)
            ask(&a, t, &pool[i % TABLES], authorize);
        double ns = (double)(wb_seam_os()->mono_ns(wb_seam_os()) - from) / CHUNK;
        best = round == 0 || ns < best ? ns : best;
    }
    wb_txn_abort(t);
    wb_arena_release(&a);
    return best;
}

int main(void)
{
    static struct caller callers[] = {
        {.name = "no policies (root)"},
        {.name = "100 x 20, many services", .policies = MIXED, .user = "mixed"},
        {.name = "100 x 20, this service", .policies = SAME, .user = "same"},
        {.name = "100 x 20, this action", .policies = SAME_ACTION, .user = "action"},
        {.name = "100 x 20, session policy", .policies = SAME, .user = "session", .session = true},
    };
    struct wb_config config = {.data_dir = "", .auth = true, .account = ACCOUNT};
    const struct wb_module *modules[] = {NULL};
    char dir[] = "/tmp/waybill-identity-XXXXXX";
    struct wb_slice why;
    wb_arena_init(&keep, 0);
    if (!mkdtemp(dir) || !(keyring = wb_keyring_open(dir, NULL, wb_seam_os(), true, &keep, &why)))
        abort();
    remove(wb_dup_cstr(&keep, wb_printf(&keep, "%s/key", dir)));
    remove(dir);
    store = wb_store_open_mem();
    engine = wb_engine_new(&config, store, wb_seam_os(), keyring, modules);
    printf("%-26s %12s %12s\n", "caller", "signature ns", "with all ns");
    for (size_t i = 0; i < sizeof callers / sizeof *callers; i++) {
        set_up(&callers[i]);
        double signature = measure(&callers[i], false);
        printf("%-26s %12.0f %12.0f\n", callers[i].name, signature, measure(&callers[i], true));
    }
    wb_engine_free(engine);
    wb_store_close(store);
    wb_keyring_free(keyring);
    wb_arena_release(&keep);
    return 0;
}
