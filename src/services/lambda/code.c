/*
 * Packages: checked and unpacked when they are uploaded, kept in the store in chunks, and unpacked
 * again whenever the folder is not there. DATA/run/code is a cache: each folder is named after the
 * package's SHA-256 and never changed once it has its name.
 */
#include "services/lambda/function.h"

#include "base/ids.h"
#include "base/limits.h"
#include "codec/text.h"
#include "codec/zip.h"
#include "crypto/crypto.h"
#include "engine/blob.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct wb_slice lambda_code_dir(struct wb_arena *a, struct wb_engine *e,
                                const struct lambda_function *f)
{
    char *name = wb_dup_cstr(a, f->sha256);
    for (char *p = name; *p; p++)
        *p = *p == '/' ? '_' : *p == '+' ? '-' : *p == '=' ? '.' : *p;
    return wb_printf(a, "%s/code/z%s", lambda_run_dir(e), name);
}

/* Unpacks into a new folder beside the cache; the null slice with *why on failure. */
static struct wb_slice unpack(struct wb_arena *a, struct wb_engine *e, struct wb_slice zip,
                              struct wb_slice *why)
{
    struct wb_slice id = wb_id_hex(a, wb_seam_os(), 16);
    struct wb_slice dir = wb_printf(a, "%s/code/new-%.*s", lambda_run_dir(e), WB_FMT(id));
    if (mkdir(dir.p, 0755)) {
        *why = wb_printf(a, "cannot make %s: %s", dir.p, strerror(errno));
        return WB_SLICE_NULL;
    }
    int fd = open(dir.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *why = WB_S("the folder for it cannot be opened");
    int r = fd < 0 ? -errno
                   : wb_zip_unpack(a, zip, fd, WB_LAMBDA_UNPACKED_MAX, WB_LAMBDA_FILES_MAX, why);
    if (fd >= 0)
        close(fd);
    if (r == 0)
        return dir;
    lambda_remove_tree(dir.p);
    return WB_SLICE_NULL;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    return remove(path);
}

void lambda_remove_tree(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The bytes of a package, from the request or from a bucket. */
static bool read_zip(struct wb_call *c, struct wb_json code, struct wb_slice *zip)
{
    struct wb_slice base64 = wb_json_get_str(code, "ZipFile", c->arena),
                    bucket = wb_json_get_str(code, "S3Bucket", c->arena),
                    key = wb_json_get_str(code, "S3Key", c->arena);
    struct wb_error e = {.code = NULL};
    if (base64.p) {
        if (wb_base64_decode(c->arena, base64, zip))
            return true;
        wb_fail(c, "SerializationException", 400, "The package is not valid base64");
    } else if (!bucket.n || !key.n) {
        lambda_fail(c, "InvalidParameterValueException", 400, "User",
                    "S3Bucket and S3Key must both be given.");
    } else if (wb_call_object(c->tx, &c->ctx, bucket, key,
                              wb_json_get_str(code, "S3ObjectVersion", c->arena), WB_LAMBDA_ZIP_MAX,
                              zip, &e)) {
        return true;
    } else if (e.status == 403) {
        lambda_fail(c, "AccessDeniedException", 403, "User",
                    "Your access has been denied by S3, please make sure your request credentials "
                    "have permission to GetObject for %.*s/%.*s. S3 Error Code: %s. S3 Error "
                    "Message: %.*s",
                    WB_FMT(bucket), WB_FMT(key), e.code, WB_FMT(e.message));
    } else {
        lambda_fail(c, "InvalidParameterValueException", 400, "User",
                    "Error occurred while GetObject. S3 Error Code: %s. S3 Error Message: %.*s",
                    e.code, WB_FMT(e.message));
    }
    return false;
}

struct lambda_package *lambda_package_read(struct wb_call *c, struct wb_json code)
{
    struct lambda_package *p = wb_new(c->arena, struct lambda_package);
    struct wb_slice why;
    if (!read_zip(c, code, &p->zip))
        return NULL;
    if (p->zip.n > WB_LAMBDA_ZIP_MAX) {
        lambda_fail(c, "RequestEntityTooLargeException", 413, "User",
                    "Request must be smaller than %d bytes for the %s operation",
                    WB_LAMBDA_REQUEST_MAX, c->op->name);
        return NULL;
    }
    p->sha256 = wb_sha256_base64(c->arena, p->zip);
    /* Where it will be run from: by its hash, so it does not matter whether the call succeeds, or
     * is undone and run again; and the same bytes need not be unpacked twice. */
    struct lambda_function f = {.sha256 = p->sha256};
    struct wb_slice dir = lambda_code_dir(c->arena, c->engine, &f);
    if (access(dir.p, X_OK) == 0)
        return p;
    struct wb_slice staged = unpack(c->arena, c->engine, p->zip, &why);
    if (!staged.p) {
        lambda_fail(c, "InvalidParameterValueException", 400, "User",
                    "Could not unzip uploaded file. Please check your file, then try to upload "
                    "again. (%.*s)",
                    WB_FMT(why));
        return NULL;
    }
    /* When this fails, the code is unpacked again at its first use. */
    if (rename(staged.p, dir.p))
        lambda_remove_tree(staged.p);
    return p;
}

void lambda_package_put(struct wb_tx *tx, const struct lambda_package *p, uint64_t number,
                        uint64_t version)
{
    uint64_t chunk = 0;
    for (size_t at = 0; at < p->zip.n; at += WB_LAMBDA_CHUNK, chunk++)
        wb_tx_put(tx, wb_key(tx->arena, WB_T_CODE, "uuu", number, version, chunk),
                  wb_slice_sub(p->zip, at, at + WB_LAMBDA_CHUNK));
}

void lambda_package_drop(struct wb_tx *tx, const struct lambda_function *f)
{
    struct wb_slice lo = wb_key(tx->arena, WB_T_CODE, "uu", f->number, f->version);
    wb_job_drop_range(tx, wb_printf(tx->arena, "delete old code of function %.*s", WB_FMT(f->name)),
                      lo, wb_key_after(tx->arena, lo));
}

int64_t lambda_package_bytes(struct wb_tx *tx, const struct lambda_function *f)
{
    struct wb_slice key, value;
    int64_t sum = 0;
    struct wb_scan *s =
        wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_CODE, "uu", f->number, f->version));
    while (s && wb_tx_next(tx, s, &key, &value))
        sum += (int64_t)value.n;
    wb_scan_close(s);
    return sum;
}

bool lambda_code_ensure(struct wb_tx *tx, const struct lambda_function *f, struct wb_slice *why)
{
    struct wb_slice dir = lambda_code_dir(tx->arena, tx->engine, f);
    if (access(dir.p, X_OK) == 0)
        return true;
    struct wb_buf zip = {0};
    struct wb_slice key, value;
    struct wb_scan *s =
        wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_CODE, "uu", f->number, f->version));
    while (s && wb_tx_next(tx, s, &key, &value))
        wb_buf_slice_put(&zip, value);
    wb_scan_close(s);
    *why = WB_S("its package is not in the store");
    struct wb_slice staged = WB_SLICE_NULL;
    if (zip.n && tx->status == WB_STORE_OK)
        staged = unpack(tx->arena, tx->engine, wb_buf_slice(&zip), why);
    wb_buf_release(&zip);
    if (!staged.p)
        return false;
    /* Another thread may have been faster. */
    if (rename(staged.p, dir.p) && access(dir.p, X_OK)) {
        *why = WB_S("its unpacked code cannot be put in place");
        lambda_remove_tree(staged.p);
        return false;
    }
    if (access(staged.p, F_OK) == 0)
        lambda_remove_tree(staged.p);
    return true;
}
