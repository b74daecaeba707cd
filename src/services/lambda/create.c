/* CreateFunction, UpdateFunctionCode, UpdateFunctionConfiguration, DeleteFunction. */
#include "services/lambda/function.h"
#include "services/lambda/lambda.h"

#include "base/ids.h"
#include "base/limits.h"
#include "engine/tags.h"
#include <sys/utsname.h>

bool lambda_runtime_is_python(struct wb_slice runtime)
{
    return wb_slice_starts(runtime, WB_S("python3"));
}

bool lambda_runtime_is_node(struct wb_slice runtime)
{
    return wb_slice_starts(runtime, WB_S("nodejs"));
}

static void invalid(struct wb_call *c, const char *text)
{
    lambda_fail(c, "InvalidParameterValueException", 400, "User", "%s", text);
}

static const char *machine(void)
{
    static struct utsname u;
    if (!u.machine[0])
        uname(&u);
    return strcmp(u.machine, "aarch64") == 0 ? "arm64" : "x86_64";
}

/* --- what is refused --- */

static void check_code(struct wb_call *c, struct wb_json code)
{
    if (wb_json_is(wb_json_get(code, "ImageUri")))
        invalid(c, "Container images are not run here. Give a .zip package (ZipFile).");
    else if (!wb_json_is(wb_json_get(code, "ZipFile")) &&
             !wb_json_is(wb_json_get(code, "S3Bucket")))
        invalid(c, "Please provide a source for function code.");
}

static void check_features(struct wb_call *c)
{
    if (wb_json_count(wb_in(c, "Layers")))
        invalid(c, "Layers are not available here. Put their files into the package.");
    if (wb_json_count(wb_in(c, "FileSystemConfigs")))
        invalid(c, "File systems cannot be attached to functions here.");
    if (wb_json_count(wb_in(c, "ImageConfig")) || wb_slice_is(wb_in_str(c, "PackageType"), "Image"))
        invalid(c, "Container images are not run here. Give a .zip package (ZipFile).");
    if (wb_in_str(c, "CodeSigningConfigArn").n)
        invalid(c, "The code signing configuration cannot be found. Check that the provided "
                   "configuration is not deleted.");
    if (wb_in_bool(c, "Publish", false))
        invalid(c, "Published versions are not available here; $LATEST is what runs.");
    struct wb_slice arch = wb_json_str(wb_json_item(wb_in(c, "Architectures"), 0), c->arena);
    if (arch.n && !wb_slice_is(arch, machine()))
        lambda_fail(c, "InvalidParameterValueException", 400, "User",
                    "This machine runs %s functions only.", machine());
}

/* Names that a function's environment has from the service (Developer Guide, "Defined runtime
 * environment variables": reserved ones). */
static bool is_reserved(struct wb_slice name)
{
    static const char *const names[] = {"_HANDLER",
                                        "_X_AMZN_TRACE_ID",
                                        "AWS_DEFAULT_REGION",
                                        "AWS_REGION",
                                        "AWS_EXECUTION_ENV",
                                        "AWS_LAMBDA_FUNCTION_NAME",
                                        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                                        "AWS_LAMBDA_FUNCTION_VERSION",
                                        "AWS_LAMBDA_INITIALIZATION_TYPE",
                                        "AWS_LAMBDA_LOG_GROUP_NAME",
                                        "AWS_LAMBDA_LOG_STREAM_NAME",
                                        "AWS_ACCESS_KEY",
                                        "AWS_ACCESS_KEY_ID",
                                        "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN",
                                        "AWS_LAMBDA_RUNTIME_API",
                                        "LAMBDA_TASK_ROOT",
                                        "LAMBDA_RUNTIME_DIR",
                                        "WAYBILL_ENVIRONMENT",
                                        NULL};
    for (size_t i = 0; names[i]; i++) {
        if (wb_slice_is(name, names[i]))
            return true;
    }
    return false;
}

/* The environment as a compact object, checked; null when there is none. */
static struct wb_slice read_environment(struct wb_call *c, struct wb_json vars)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    size_t bytes = 0;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    struct wb_json_iter it = wb_json_iter(vars);
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, c->arena);
        struct wb_slice value = wb_json_str(it.value, c->arena);
        if (is_reserved(name)) {
            lambda_fail(c, "InvalidParameterValueException", 400, "User",
                        "Lambda was unable to configure your environment variables because the "
                        "environment variables you have provided contains reserved keys that are "
                        "currently not supported for modification. Reserved keys used in this "
                        "request: %.*s",
                        WB_FMT(name));
            return WB_SLICE_NULL;
        }
        if (wb_slice_chr(value, 0, 0) >= 0)
            invalid(c, "An environment variable's value cannot hold a NUL character.");
        bytes += name.n + value.n;
        wb_jw_key_slice(&w, name);
        wb_jw_str(&w, value);
    }
    wb_jw_end_object(&w);
    if (bytes > WB_LAMBDA_ENVIRONMENT_MAX)
        invalid(c, "Lambda was unable to configure your environment variables because the "
                   "environment variables you have provided exceeded the 4KB limit.");
    return wb_json_count(vars) ? wb_buf_slice(&b) : WB_SLICE_NULL;
}

/* The configuration members that create and update share; what is absent stays. */
static void read_configuration(struct wb_call *c, struct lambda_function *f)
{
    struct {
        const char *name;
        struct wb_slice *at;
    } texts[] = {{"Runtime", &f->runtime},
                 {"Role", &f->role},
                 {"Handler", &f->handler},
                 {"Description", &f->description},
                 {"KMSKeyArn", &f->kms}};
    check_features(c);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (wb_json_is(wb_in(c, texts[i].name)))
            *texts[i].at = wb_in_str(c, texts[i].name);
    }
    f->timeout_s = wb_in_i64(c, "Timeout", f->timeout_s);
    f->memory_mb = wb_in_i64(c, "MemorySize", f->memory_mb);
    f->tmp_mb = wb_json_get_i64(wb_in(c, "EphemeralStorage"), "Size", f->tmp_mb);
    if (wb_json_is(wb_in(c, "TracingConfig")))
        f->tracing =
            wb_slice_is(wb_json_get_str(wb_in(c, "TracingConfig"), "Mode", c->arena), "Active");
    if (wb_json_is(wb_in(c, "DeadLetterConfig")))
        f->dead_letter = wb_json_get_str(wb_in(c, "DeadLetterConfig"), "TargetArn", c->arena);
    if (wb_json_is(wb_in(c, "VpcConfig")))
        f->vpc = wb_json_count(wb_json_get(wb_in(c, "VpcConfig"), "SubnetIds"))
                     ? wb_json_raw(wb_in(c, "VpcConfig"))
                     : WB_SLICE_NULL;
    if (wb_json_is(wb_in(c, "Environment")))
        f->environment = read_environment(c, wb_json_get(wb_in(c, "Environment"), "Variables"));
    if (!f->runtime.n || !f->handler.n)
        invalid(c, "Runtime and Handler are mandatory parameters for functions created with "
                   "deployment packages.");
    if (wb_json_is(wb_in(c, "Role")))
        lambda_role_check(c, f->role, f->arn);
}

static void touch(struct wb_call *c, struct lambda_function *f)
{
    /* Not a counter: after a reset the same number must not mean other code. */
    wb_engine_seam(c->engine)->random(wb_engine_seam(c->engine), &f->generation,
                                      sizeof f->generation);
    f->generation >>= 2;
    f->revision = wb_id_uuid(c->arena, wb_engine_seam(c->engine));
    f->modified_ms = c->tx->now_ms;
}

static bool revision_ok(struct wb_call *c, const struct lambda_function *f)
{
    struct wb_slice r = wb_in_str(c, "RevisionId");
    if (!r.n || wb_slice_eq(r, f->revision))
        return true;
    lambda_fail(c, "PreconditionFailedException", 412, "User",
                "The Revision Id provided does not match the latest Revision Id. Call the "
                "GetFunction/GetAlias API to retrieve the latest Revision Id");
    return false;
}

/* --- CreateFunction --- */

void lambda_create_prepare(struct wb_call *c)
{
    struct lambda_function scratch = {.timeout_s = 3};
    struct lambda_ref r;
    if (!lambda_ref_here(c, &r))
        return;
    scratch.arn = lambda_function_arn(c->arena, r.account, r.region, r.name);
    if (r.qualifier.n)
        invalid(c, "A function is created without a version or alias.");
    check_code(c, wb_in(c, "Code"));
    read_configuration(c, &scratch);
    /* Asked again in the command; here it saves unpacking for nothing. */
    if (!wb_failed(c) && lambda_function_find(c->tx, r.account, r.region, r.name))
        lambda_fail(c, "ResourceConflictException", 409, "User", "Function already exist: %.*s",
                    WB_FMT(r.name));
    if (!wb_failed(c))
        c->prepared = lambda_package_read(c, wb_in(c, "Code"));
}

void lambda_create(struct wb_call *c)
{
    const struct lambda_package *p = c->prepared;
    struct lambda_ref r;
    struct wb_pair *tag;
    size_t tags;
    struct wb_slice why;
    if (!lambda_ref_of(c, &r))
        return;
    if (lambda_function_find(c->tx, r.account, r.region, r.name)) {
        lambda_fail(c, "ResourceConflictException", 409, "User", "Function already exist: %.*s",
                    WB_FMT(r.name));
        return;
    }
    struct lambda_function f = {.account = r.account,
                                .region = r.region,
                                .name = r.name,
                                .version = 1,
                                .timeout_s = 3,
                                .memory_mb = 128,
                                .tmp_mb = 512,
                                .reserved = -1,
                                .sha256 = p->sha256,
                                .code_bytes = (int64_t)p->zip.n,
                                .architecture = wb_slice_str(machine())};
    f.arn = lambda_function_arn(c->arena, r.account, r.region, r.name);
    read_configuration(c, &f);
    if (!wb_failed(c) && !wb_tags_read(c->arena, wb_in(c, "Tags"), &tag, &tags, &why))
        lambda_fail(c, "InvalidParameterValueException", 400, "User", "%.*s", WB_FMT(why));
    if (wb_failed(c))
        return;
    touch(c, &f);
    f.number = wb_tx_number(c->tx, "function");
    lambda_package_put(c->tx, p, f.number, f.version);
    lambda_function_put(c->tx, &f);
    wb_tags_put(c->tx, f.arn, tag, tags);
    if (lambda_runtime_is_python(f.runtime))
        wb_tx_after(c->tx, lambda_python_created, NULL);
    lambda_function_out(&c->out, &f);
}

/* --- updates --- */

void lambda_update_code_prepare(struct wb_call *c)
{
    check_code(c, c->in);
    check_features(c);
    if (!wb_failed(c) && lambda_function_of(c))
        c->prepared = lambda_package_read(c, c->in);
}

void lambda_update_code(struct wb_call *c)
{
    const struct lambda_package *p = c->prepared;
    const struct lambda_function *old = lambda_function_of(c);
    if (!old || !revision_ok(c, old))
        return;
    struct lambda_function f = *old;
    f.sha256 = p->sha256;
    f.code_bytes = (int64_t)p->zip.n;
    if (!wb_in_bool(c, "DryRun", false)) {
        touch(c, &f);
        f.version++;
        lambda_package_put(c->tx, p, f.number, f.version);
        lambda_package_drop(c->tx, old);
        lambda_function_put(c->tx, &f);
    }
    lambda_function_out(&c->out, &f);
}

void lambda_update_configuration(struct wb_call *c)
{
    const struct lambda_function *old = lambda_function_of(c);
    if (!old || !revision_ok(c, old))
        return;
    struct lambda_function f = *old;
    read_configuration(c, &f);
    if (wb_failed(c))
        return;
    touch(c, &f);
    lambda_function_put(c->tx, &f);
    lambda_function_out(&c->out, &f);
}

void lambda_delete(struct wb_call *c)
{
    const struct lambda_function *f = lambda_function_of(c);
    if (!f)
        return;
    struct wb_slice key = lambda_function_key(c->arena, f->account, f->region, f->name);
    lambda_package_drop(c->tx, f);
    wb_tags_drop(c->tx, f->arn);
    wb_tx_del(c->tx, key);
    wb_tx_del(c->tx, lambda_policy_key(c->arena, f->account, f->region, f->name));
    wb_def_changed(c->tx, &lambda_function_kind, key);
    if (f->reserved > 0)
        lambda_reserved_changed(c->tx, f);
}
