/* waybill account: the accounts of one server. */
#include "base/time.h"
#include "cli/cli.h"

#include <stdio.h>

static int add(struct wb_aws *c, struct wb_arena *a, const char *account)
{
    struct wb_aws_answer r;
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "Account", account);
    wb_jw_end_object(&w);
    if (!wb_cli_call(c, a, "CreateAccount", wb_buf_slice(&b), &r))
        return 1;
    struct wb_slice region = wb_json_get_str(r.json, "Region", a);
    printf("export AWS_ACCESS_KEY_ID=%.*s\n", WB_FMT(wb_json_get_str(r.json, "AccessKeyId", a)));
    printf("export AWS_SECRET_ACCESS_KEY=%.*s\n",
           WB_FMT(wb_json_get_str(r.json, "SecretAccessKey", a)));
    printf("export AWS_REGION=%.*s\n", WB_FMT(region));
    printf("export AWS_DEFAULT_REGION=%.*s\n", WB_FMT(region));
    return 0;
}

/* All, or the one; 1 when that one is not there. */
static int list(struct wb_aws *c, struct wb_arena *a, const char *only)
{
    struct wb_slice token = WB_SLICE_NULL;
    int rc = only ? 1 : 0;
    do {
        struct wb_aws_answer r;
        struct wb_slice input =
            token.p ? wb_printf(a, "{\"NextToken\":\"%.*s\"}", WB_FMT(token)) : WB_S("{}");
        if (!wb_cli_call(c, a, "ListAccounts", input, &r))
            return 1;
        struct wb_json_iter it = wb_json_iter(wb_json_get(r.json, "Accounts"));
        while (wb_json_next(&it)) {
            struct wb_slice account = wb_json_get_str(it.value, "Account", a);
            double created = 0;
            if (only && !wb_slice_is(account, only))
                continue;
            rc = 0;
            if (wb_json_double(wb_json_get(it.value, "Created"), &created))
                printf("%.*s  %.*s  credentials-%.*s\n", WB_FMT(account),
                       WB_FMT(wb_time_str(a, (int64_t)(created * 1000), WB_TIME_ISO_S)),
                       WB_FMT(account));
            else
                printf("%.*s  the server's first  credentials\n", WB_FMT(account));
        }
        token = wb_json_get_str(r.json, "NextToken", a);
    } while (token.n);
    if (rc)
        fprintf(stderr, "waybill account: there is no account %s\n", only);
    return rc;
}

static int account_command(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "list", *account = argc > 2 ? argv[2] : NULL;
    bool named = strcmp(verb, "add") == 0 || strcmp(verb, "show") == 0;
    if (argc > 3 || named != (account != NULL) || (!named && strcmp(verb, "list") != 0))
        return WB_WRONG_USAGE;
    struct wb_aws *c = wb_cli_client(NULL);
    if (!c)
        return 1;
    struct wb_arena a;
    wb_arena_init(&a, 0);
    int rc = strcmp(verb, "add") == 0 ? add(c, &a, account) : list(c, &a, account);
    wb_arena_release(&a);
    wb_aws_free(c);
    return rc;
}

const struct wb_app_command wb_cli_account = {
    "account", "add, list and show accounts of this server",
    "usage: waybill account add ACCOUNT\n"
    "       waybill account list\n"
    "       waybill account show ACCOUNT\n\n"
    "ACCOUNT is a number of 12 digits. add prints the exports of the new account's root key, once; "
    "they are also in DATA/credentials-ACCOUNT.\n"
    "list and show tell when an account was made and the name of that file.\n",
    account_command};
