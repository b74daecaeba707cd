/*
 * Local code of a template: what `aws cloudformation package` does. A function whose Code (CodeUri
 * in AWS::Serverless::Function) is text names a folder or a .zip; the package goes to the asset
 * bucket under its SHA-256, so the same code is uploaded once and changed code changes the stack.
 */
#include "base/limits.h"
#include "cli/deploy.h"
#include "codec/zip.h"
#include "crypto/crypto.h"
#include "services/cloudformation/template.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define DEPTH_MAX 32

struct wb_slice deploy_bucket(const struct deploy *d)
{
    return wb_printf(d->a, "cdk-hnb659fds-assets-%.*s-%.*s", WB_FMT(d->account), WB_FMT(d->region));
}

struct wb_slice deploy_upload(struct deploy *d, struct wb_slice bytes, const char *ending)
{
    struct wb_aws_answer r;
    struct wb_slice key = wb_printf(d->a, "%.*s.%s", WB_FMT(wb_sha256_hex(d->a, bytes)), ending);
    const char *path = wb_printf(d->a, "/%.*s/%.*s", WB_FMT(deploy_bucket(d)), WB_FMT(key)).p;
    if (wb_aws_rest(d->aws, d->a, "s3", "PUT", path, bytes, &r))
        return key;
    deploy_complain("upload to the asset bucket", &r);
    return WB_SLICE_NULL;
}

/* --- a folder as a package --- */

struct files {
    struct wb_arena *a;
    struct wb_slice *name, *data;
    bool *exec;
    size_t count, cap;
    uint64_t bytes;
};

static void add_file(struct files *f, struct wb_slice name, struct wb_slice data, bool exec)
{
    if (f->count == f->cap) {
        size_t cap = f->cap * 2 + 64;
        struct wb_slice *names = wb_new_n(f->a, struct wb_slice, cap);
        struct wb_slice *datas = wb_new_n(f->a, struct wb_slice, cap);
        bool *execs = wb_new_n(f->a, bool, cap);
        if (f->count) {
            memcpy(names, f->name, f->count * sizeof *names);
            memcpy(datas, f->data, f->count * sizeof *datas);
            memcpy(execs, f->exec, f->count * sizeof *execs);
        }
        *f = (struct files){f->a, names, datas, execs, f->count, cap, f->bytes};
    }
    f->name[f->count] = name;
    f->data[f->count] = data;
    f->exec[f->count++] = exec;
    f->bytes += data.n;
}

static bool refuse(const char *path, const char *why)
{
    fprintf(stderr, "waybill deploy: %s: %s\n", path, why);
    return false;
}

/* In the order of names, so that the same folder gives the same package. */
static bool add_folder(struct files *f, const char *path, struct wb_slice inside, int depth)
{
    struct dirent **list;
    int n = depth > DEPTH_MAX ? -1 : scandir(path, &list, NULL, alphasort);
    if (n < 0)
        return refuse(path, depth > DEPTH_MAX ? "folders are nested too deep" : strerror(errno));
    bool ok = true;
    for (int i = 0; i < n; i++) {
        const char *e = list[i]->d_name;
        struct stat st;
        if (ok && strcmp(e, ".") != 0 && strcmp(e, "..") != 0) {
            const char *at = wb_printf(f->a, "%s/%s", path, e).p;
            struct wb_slice name = wb_printf(f->a, "%.*s%s", WB_FMT(inside), e);
            if (stat(at, &st) != 0)
                ok = refuse(at, strerror(errno));
            else if (S_ISDIR(st.st_mode))
                ok = add_folder(f, at, wb_printf(f->a, "%.*s/", WB_FMT(name)), depth + 1);
            else if (f->bytes + (uint64_t)st.st_size > WB_LAMBDA_UNPACKED_MAX)
                ok = refuse(path, "the folder is larger than a function's package may be");
            else {
                struct wb_slice data = deploy_read(f->a, at);
                ok = data.p != NULL;
                if (ok)
                    add_file(f, name, data, st.st_mode & 0111);
            }
        }
        free(list[i]);
    }
    free(list);
    return ok;
}

/* The package that local code stands for; null with a message. */
static struct wb_slice package(struct deploy *d, const char *path)
{
    struct stat st;
    struct wb_slice zip = WB_SLICE_NULL;
    if (stat(path, &st) != 0) {
        refuse(path, strerror(errno));
        return WB_SLICE_NULL;
    }
    if (!S_ISDIR(st.st_mode))
        return deploy_read(d->a, path);
    struct files f = {.a = d->a};
    if (!add_folder(&f, path, WB_S(""), 0))
        return WB_SLICE_NULL;
    if (f.count == 0)
        refuse(path, "the folder is empty");
    else if (!wb_zip_make(d->a, f.name, f.data, f.exec, f.count, &zip))
        refuse(path, "it cannot be packed");
    return zip;
}

static const char *place(const struct deploy *d, struct wb_slice text)
{
    if (text.p[0] == '/')
        return wb_dup_cstr(d->a, text);
    const char *slash = strrchr(d->file, '/');
    if (d->code)
        return wb_printf(d->a, "%s/%.*s", d->code, WB_FMT(text)).p;
    if (!slash)
        return wb_dup_cstr(d->a, text);
    return wb_printf(d->a, "%.*s/%.*s", (int)(slash - d->file), d->file, WB_FMT(text)).p;
}

/* --- the template with its packages --- */

static const char *code_property(struct wb_slice type)
{
    if (wb_slice_is(type, "AWS::Lambda::Function"))
        return "Code";
    return wb_slice_is(type, "AWS::Serverless::Function") ? "CodeUri" : NULL;
}

/* The local code of a resource, or the null slice. */
static struct wb_slice local_code(struct wb_arena *a, struct wb_json resource, const char **name)
{
    struct wb_slice type = wb_json_get_str(resource, "Type", a);
    *name = type.p ? code_property(type) : NULL;
    if (!*name)
        return WB_SLICE_NULL;
    struct wb_slice text = wb_json_get_str(wb_json_get(resource, "Properties"), *name, a);
    return text.n && !wb_slice_starts(text, WB_S("s3://")) ? text : WB_SLICE_NULL;
}

static bool put_properties(struct deploy *d, struct wb_json_writer *w, struct wb_json properties,
                           const char *code, struct wb_slice key)
{
    struct wb_json_iter it = wb_json_iter(properties);
    wb_jw_object(w);
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, d->a);
        wb_jw_key_slice(w, name);
        if (!wb_slice_is(name, code)) {
            wb_jw_raw(w, wb_json_raw(it.value));
            continue;
        }
        bool serverless = strcmp(code, "CodeUri") == 0;
        wb_jw_object(w);
        wb_jw_kstr(w, serverless ? "Bucket" : "S3Bucket", deploy_bucket(d));
        wb_jw_kstr(w, serverless ? "Key" : "S3Key", key);
        wb_jw_end_object(w);
    }
    wb_jw_end_object(w);
    return true;
}

static bool put_resource(struct deploy *d, struct wb_json_writer *w, struct wb_json resource)
{
    const char *code;
    struct wb_slice text = local_code(d->a, resource, &code);
    if (!text.p) {
        wb_jw_raw(w, wb_json_raw(resource));
        return true;
    }
    struct wb_slice zip = package(d, place(d, text));
    struct wb_slice key = zip.p ? deploy_upload(d, zip, "zip") : WB_SLICE_NULL;
    if (!key.p)
        return false;
    struct wb_json_iter it = wb_json_iter(resource);
    wb_jw_object(w);
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, d->a);
        wb_jw_key_slice(w, name);
        if (wb_slice_is(name, "Properties"))
            put_properties(d, w, it.value, code, key);
        else
            wb_jw_raw(w, wb_json_raw(it.value));
    }
    wb_jw_end_object(w);
    return true;
}

static bool has_local_code(struct wb_arena *a, struct wb_json resources)
{
    struct wb_json_iter it = wb_json_iter(resources);
    const char *code;
    while (wb_json_next(&it))
        if (local_code(a, it.value, &code).p)
            return true;
    return false;
}

bool deploy_upload_code(struct deploy *d)
{
    struct wb_slice why;
    struct wb_template *t = wb_template_read(d->a, d->text, &why);
    if (!t) {
        fprintf(stderr, "waybill deploy: %s: %.*s\n", d->file, WB_FMT(why));
        return false;
    }
    struct wb_json doc = t->doc;
    struct wb_json resources = wb_json_get(doc, "Resources");
    if (!has_local_code(d->a, resources))
        return true;
    struct wb_buf b = wb_buf_in(d->a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    struct wb_json_iter it = wb_json_iter(doc);
    bool ok = true;
    while (ok && wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, d->a);
        wb_jw_key_slice(&w, name);
        if (!wb_slice_is(name, "Resources")) {
            wb_jw_raw(&w, wb_json_raw(it.value));
            continue;
        }
        struct wb_json_iter r = wb_json_iter(it.value);
        wb_jw_object(&w);
        while (ok && wb_json_next(&r)) {
            wb_jw_key_slice(&w, wb_json_str(r.key, d->a));
            ok = put_resource(d, &w, r.value);
        }
        if (ok)
            wb_jw_end_object(&w);
    }
    if (!ok)
        return false;
    wb_jw_end_object(&w);
    d->text = wb_buf_slice(&b);
    return true;
}
