/* waybill check: everything in a data directory that no server uses now. */
#include "cli/cli.h"
#include "cli/serve.h"
#include "services/modules.h"

#include <getopt.h>
#include <stdio.h>

static void tell(void *arg, const char *what)
{
    int *told = arg;
    if (++*told <= 100)
        fprintf(stderr, "waybill check: %s\n", what);
}

static int check_command(int argc, char **argv)
{
    static const struct option options[] = {{"key-file", 1, NULL, 'k'}, {0}};
    const char *key_file = NULL;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o == '?')
            return WB_WRONG_USAGE;
        key_file = optarg;
    }
    if (optind != argc)
        return WB_WRONG_USAGE;
    struct wb_arena a;
    struct wb_slice why = WB_SLICE_NULL;
    wb_arena_init(&a, 0);
    struct wb_config config = {.data_dir = wb_cli_data, .auth = true, .cores = 1};
    struct wb_store *s =
        wb_store_open_lmdb(config.data_dir, &(struct wb_store_options){0}, &a, &why);
    if (!s) {
        fprintf(stderr, "waybill check: %s: %.*s\n", config.data_dir, WB_FMT(why));
        wb_arena_release(&a);
        return 1;
    }
    uint64_t rows = 0, sequence = wb_store_sequence(s);
    int told = 0;
    bool ok = false;
    struct wb_keyring *k =
        wb_keyring_open(config.data_dir, key_file, wb_seam_os(), false, &a, &why);
    if (!k)
        fprintf(stderr, "waybill check: no master key (%.*s): sealed secrets are not checked\n",
                WB_FMT(why));
    struct wb_engine *e = wb_engine_new(&config, s, wb_seam_os(), k, wb_modules);
    if (e)
        ok = wb_engine_check(e, tell, &told, &rows);
    wb_engine_free(e);
    wb_keyring_free(k);
    wb_store_close(s);
    printf("%llu rows at commit %llu: %s\n", (unsigned long long)rows, (unsigned long long)sequence,
           ok ? "all well" : "NOT well");
    if (told > 100)
        fprintf(stderr, "waybill check: and %d more\n", told - 100);
    wb_arena_release(&a);
    return ok ? 0 : 1;
}

const struct wb_app_command wb_cli_check = {
    "check", "verify every row, and indexes against items",
    "usage: waybill check [--data DIR] [--key-file F]\n\n"
    "Reads every row of a data directory (or backup) that no server is using: checksums, decoding, "
    "and that indexes agree with items.\n"
    "Exit status 1 when something is wrong.\n",
    check_command};
