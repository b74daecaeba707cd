/* The rows of accounts, and the operations that make and list them. See account.h. */
#include "engine/account.h"
#include "base/ids.h"
#include "engine/internal.h"

static struct wb_slice row_key(struct wb_arena *a, struct wb_slice account)
{
    return wb_key(a, WB_T_ACCOUNT, "s", account);
}

static bool is_first(const struct wb_engine *e, struct wb_slice account)
{
    return wb_slice_is(account, e->config.account);
}

bool wb_account_exists(struct wb_tx *tx, struct wb_slice account)
{
    struct wb_slice row;
    return is_first(tx->engine, account) || wb_tx_get(tx, row_key(tx->arena, account), &row);
}

size_t wb_accounts(struct wb_tx *tx, struct wb_slice **account)
{
    struct wb_slice key, row;
    struct wb_vec v = {0};
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_ACCOUNT, ""));
    *(struct wb_slice *)wb_vec_push(&v, tx->arena, sizeof key) =
        wb_slice_str(tx->engine->config.account);
    while (wb_tx_next(tx, s, &key, &row)) {
        uint16_t table;
        struct wb_key_rd r = wb_key_rd(tx->arena, key, &table);
        *(struct wb_slice *)wb_vec_push(&v, tx->arena, sizeof key) =
            wb_dup(tx->arena, wb_key_rd_str(&r));
    }
    wb_scan_close(s);
    *account = v.p;
    return v.n;
}

static const char *exports_path(const struct wb_engine *e, struct wb_arena *a,
                                struct wb_slice account)
{
    return wb_dup_cstr(a, wb_printf(a, "%s/credentials-%.*s", e->config.data_dir, WB_FMT(account)));
}

enum wb_store_status wb_accounts_ensure(struct wb_engine *e, struct wb_arena *a)
{
    struct wb_txn *t;
    struct wb_scan *scan;
    struct wb_slice key, row, lo = wb_key(a, WB_T_ACCOUNT, "");
    struct wb_vec accounts = {0};
    enum wb_store_status st = wb_txn_begin(e->store, false, &t);
    if (st != WB_STORE_OK)
        return st;
    st = wb_scan_open(t, lo, wb_key_after(a, lo), false, &scan);
    if (st == WB_STORE_OK) {
        uint16_t table;
        while ((st = wb_scan_next(scan, &key, &row)) == WB_STORE_OK) {
            struct wb_key_rd r = wb_key_rd(a, key, &table);
            *(struct wb_slice *)wb_vec_push(&accounts, a, sizeof(struct wb_slice)) =
                wb_dup(a, wb_key_rd_str(&r));
        }
        wb_scan_close(scan);
    }
    wb_txn_abort(t);
    if (st == WB_STORE_NOT_FOUND)
        st = WB_STORE_OK;
    for (size_t i = 0; i < accounts.n && st == WB_STORE_OK; i++) {
        struct wb_slice account = *WB_VEC_AT(&accounts, struct wb_slice, i);
        st = wb_root_key_ensure(e->store, e->keyring, e->seam, exports_path(e, a, account), account,
                                wb_slice_str(e->config.region), a);
    }
    return st;
}

/* --- CreateAccount --- */

struct new_key {
    struct wb_slice account, id, secret;
};

/* The key is committed. Should this fail, the next start writes the file. */
static void write_file(struct wb_engine *e, void *arg)
{
    const struct new_key *n = arg;
    struct wb_arena a;
    wb_arena_init(&a, 0);
    if (wb_root_key_write(exports_path(e, &a, n->account), n->id, n->secret,
                          wb_slice_str(e->config.region), &a) != WB_STORE_OK)
        wb_log(WB_LOG_WARN, "account", "the credentials file cannot be written", "account",
               wb_dup_cstr(&a, n->account), NULL);
    wb_arena_release(&a);
}

void wb_account_create(struct wb_call *c)
{
    struct wb_tx *tx = c->tx;
    struct wb_engine *e = c->engine;
    struct new_key *n = wb_new(c->arena, struct new_key);
    n->account = wb_in_str(c, "Account");
    if (wb_account_exists(tx, n->account)) {
        wb_fail(c, "AccountAlreadyExistsException", 400, "There is an account %.*s already.",
                WB_FMT(n->account));
        return;
    }
    n->id = wb_id_account_key(c->arena, e->seam, "AKIA", n->account);
    n->secret = wb_id_secret_key(c->arena, e->seam);
    struct wb_principal root = wb_root_principal(c->arena, n->account);
    wb_tx_put(
        tx, wb_key(c->arena, WB_T_ACCESS_KEY, "s", n->id),
        wb_access_key_encode(c->arena, e->keyring, n->id, n->secret, &root, true, tx->now_ms));
    wb_tx_put(tx, row_key(c->arena, n->account),
              wb_printf(c->arena, "{\"created\":%lld}", (long long)tx->now_ms));
    wb_tx_after(tx, write_file, n);
    for (size_t i = 0; e->modules[i]; i++)
        if (e->modules[i]->account)
            e->modules[i]->account(tx, n->account);
    wb_out_str(&c->out, "Account", n->account);
    wb_out_str(&c->out, "AccessKeyId", n->id);
    wb_out_str(&c->out, "SecretAccessKey", n->secret);
    wb_out_cstr(&c->out, "Region", e->config.region);
}

/* --- ListAccounts --- */

static void put_account(struct wb_call *c, struct wb_slice account, int64_t created_ms)
{
    wb_out_object(&c->out, NULL);
    wb_out_str(&c->out, "Account", account);
    if (created_ms)
        wb_out_time(&c->out, "Created", created_ms);
    wb_out_end(&c->out);
}

void wb_account_list(struct wb_call *c)
{
    struct wb_tx *tx = c->tx;
    struct wb_slice key, row, after = wb_in_str(c, "NextToken"), last = WB_SLICE_NULL;
    struct wb_slice first = wb_slice_str(c->engine->config.account);
    struct wb_slice all = wb_key(c->arena, WB_T_ACCOUNT, "");
    struct wb_slice lo = after.p ? wb_key_after(c->arena, row_key(c->arena, after)) : all;
    struct wb_scan *s = wb_tx_scan(tx, lo, wb_key_after(c->arena, all), false);
    bool more = false;
    wb_out_list(&c->out, "Accounts");
    if (!after.p)
        put_account(c, first, 0);
    for (size_t n = 0; !more && wb_tx_next(tx, s, &key, &row); n++) {
        uint16_t table;
        struct wb_key_rd r = wb_key_rd(c->arena, key, &table);
        more = n == WB_ACCOUNTS_PAGE_MAX;
        if (more)
            break;
        last = wb_key_rd_str(&r);
        put_account(c, last, wb_json_get_i64(wb_json_read(c->arena, row, NULL), "created", 0));
    }
    wb_scan_close(s);
    wb_out_end(&c->out);
    if (more)
        wb_out_str(&c->out, "NextToken", last);
}

/* --- what they take --- */

static const struct wb_shape account_id = {
    .kind = WB_STRING, .name = "AccountId", .pattern = "^\\d{12}$"};
const struct wb_shape wb_account_create_in = {
    .kind = WB_STRUCTURE,
    .name = "CreateAccountInput",
    .member = (const struct wb_member[]){
        {.name = "Account", .shape = &account_id, .required = true}, {0}}};
const struct wb_shape wb_account_list_in = {
    .kind = WB_STRUCTURE,
    .name = "ListAccountsInput",
    .member = (const struct wb_member[]){{.name = "NextToken", .shape = &account_id}, {0}}};
