/* waybill backup, waybill restore. */
#include "cli/cli.h"
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int backup_command(int argc, char **argv)
{
    char absolute[PATH_MAX], here[PATH_MAX / 2];
    if (argc != 2 || argv[1][0] == '-')
        return WB_WRONG_USAGE;
    if (argv[1][0] == '/' || !getcwd(here, sizeof here))
        snprintf(absolute, sizeof absolute, "%s", argv[1]);
    else
        snprintf(absolute, sizeof absolute, "%s/%s", here, argv[1]);
    const struct wb_aws_options patient = {.attempts = 1, .timeout_ms = 24 * 3600000LL};
    struct wb_aws *c = wb_cli_client(&patient);
    if (!c)
        return 1;
    struct wb_arena a;
    struct wb_aws_answer r;
    wb_arena_init(&a, 0);
    struct wb_buf b = wb_buf_in(&a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "Directory", absolute);
    wb_jw_end_object(&w);
    bool ok = wb_cli_call(c, &a, "Backup", wb_buf_slice(&b), &r);
    if (ok)
        printf("Backup of account %.*s in %s. It does not hold the master key: keep a copy of "
               "DATA/key elsewhere.\n",
               WB_FMT(wb_json_get_str(r.json, "Account", &a)), absolute);
    wb_arena_release(&a);
    wb_aws_free(c);
    return ok ? 0 : 1;
}

const struct wb_app_command wb_cli_backup = {
    "backup", "write a consistent copy of everything while the server runs",
    "usage: waybill backup DIR\n\n"
    "DIR is made, or must be empty; the server writes it. The copy is one snapshot, compacted; "
    "objects of S3 are further names\n"
    "of the same files when DIR is on the same disk, else copies. Secrets in it stay sealed: "
    "without the master key (DATA/key,\n"
    "or --key-file) it does not give them away, and cannot be used.\n",
    backup_command};

/* --- restore --- */

static int fail(const char *path)
{
    fprintf(stderr, "waybill restore: %s: %s\n", path, strerror(errno));
    return -1;
}

/* Copies a file and syncs it. The new one is private. */
static int copy_file(const char *from, const char *to)
{
    char part[1 << 16];
    int in = open(from, O_RDONLY | O_CLOEXEC),
        out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ssize_t n = 0;
    bool ok = out >= 0;
    while (ok && (n = read(in, part, sizeof part)) > 0)
        for (ssize_t done = 0; ok && done < n;) {
            ssize_t w = write(out, part + done, (size_t)(n - done));
            ok = w > 0;
            done += ok ? w : 0;
        }
    ok = ok && n == 0 && fsync(out) == 0;
    int rc = ok ? 0 : fail(in < 0 ? from : to);
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return rc;
}

static int copy_tree(const char *from, const char *to)
{
    DIR *d = opendir(from);
    if (!d)
        return fail(from);
    int rc = mkdir(to, 0700) < 0 && errno != EEXIST ? fail(to) : 0;
    for (struct dirent *e; rc == 0 && (e = readdir(d));) {
        char a[PATH_MAX], b[PATH_MAX];
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(a, sizeof a, "%s/%s", from, e->d_name);
        snprintf(b, sizeof b, "%s/%s", to, e->d_name);
        if (lstat(a, &st) < 0)
            rc = fail(a);
        else if (S_ISDIR(st.st_mode))
            rc = copy_tree(a, b);
        else if (S_ISREG(st.st_mode))
            rc = copy_file(a, b);
    }
    closedir(d);
    int fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (rc == 0 && (fd < 0 || fsync(fd) < 0))
        rc = fail(to);
    if (fd >= 0)
        close(fd);
    return rc;
}

static bool empty_or_absent(const char *dir)
{
    DIR *d = opendir(dir);
    if (!d)
        return errno == ENOENT;
    bool empty = true;
    for (struct dirent *e; (e = readdir(d));)
        empty = empty && (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0);
    closedir(d);
    return empty;
}

static int restore_command(int argc, char **argv)
{
    static const struct option options[] = {{"key", 1, NULL, 'k'}, {0}};
    const char *key = NULL;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o == '?')
            return WB_WRONG_USAGE;
        key = optarg;
    }
    if (optind != argc - 1)
        return WB_WRONG_USAGE;
    const char *from = argv[optind], *to = wb_cli_data;
    struct wb_arena a;
    struct wb_slice why = WB_SLICE_NULL;
    wb_arena_init(&a, 0);
    if (!empty_or_absent(to)) {
        fprintf(stderr, "waybill restore: %s is not empty; name a new directory with --data\n", to);
        return 1;
    }
    struct wb_store *s =
        wb_store_open_lmdb(from, &(struct wb_store_options){.read_only = true}, &a, &why);
    if (!s) {
        fprintf(stderr, "waybill restore: %s is no backup: %.*s\n", from, WB_FMT(why));
        wb_arena_release(&a);
        return 1;
    }
    uint64_t sequence = wb_store_sequence(s);
    wb_store_close(s);
    int rc = copy_tree(from, to);
    if (rc == 0 && key)
        rc = copy_file(key, wb_printf(&a, "%s/key", to).p);
    if (rc == 0)
        printf("Restored commit %llu into %s.%s\n", (unsigned long long)sequence, to,
               key ? ""
                   : " Put the master key of the original there as `key` (mode 0600), or start "
                     "with --key-file.");
    wb_arena_release(&a);
    return rc == 0 ? 0 : 1;
}

const struct wb_app_command wb_cli_restore = {
    "restore", "make a data directory from a backup",
    "usage: waybill restore BACKUP --data DIR [--key FILE]\n\n"
    "DIR is made, or must be empty. FILE is the master key that belonged to the server (its "
    "DATA/key), which a backup does not hold.\n",
    restore_command};
