/* The definition: its row, its cache entry, its appearance in answers. */
#include "services/lambda/function.h"

#include "base/arn.h"
#include "codec/text.h"
#include <stdlib.h>

struct wb_slice lambda_function_key(struct wb_arena *a, struct wb_slice account,
                                    struct wb_slice region, struct wb_slice name)
{
    return wb_key(a, WB_T_FUNCTION, "sss", account, region, name);
}

struct wb_slice lambda_policy_key(struct wb_arena *a, struct wb_slice account,
                                  struct wb_slice region, struct wb_slice name)
{
    return wb_key(a, WB_T_FUNCTION_POLICY, "sss", account, region, name);
}

struct wb_slice lambda_function_arn(struct wb_arena *a, struct wb_slice account,
                                    struct wb_slice region, struct wb_slice name)
{
    return wb_arn_make(a, "lambda", region, account, "function:%.*s", WB_FMT(name));
}

static struct wb_slice encode(struct wb_tx *tx, const struct lambda_function *f,
                              struct wb_slice key)
{
    struct wb_arena *a = tx->arena;
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "number", (int64_t)f->number);
    wb_jw_ki64(&w, "version", (int64_t)f->version);
    wb_jw_ki64(&w, "generation", (int64_t)f->generation);
    wb_jw_kstr(&w, "runtime", f->runtime);
    wb_jw_kstr(&w, "role", f->role);
    wb_jw_kstr(&w, "handler", f->handler);
    wb_jw_kstr(&w, "description", f->description);
    wb_jw_kstr(&w, "kms", f->kms);
    wb_jw_kstr(&w, "deadLetter", f->dead_letter);
    wb_jw_kstr(&w, "revision", f->revision);
    wb_jw_kstr(&w, "sha256", f->sha256);
    wb_jw_kstr(&w, "architecture", f->architecture);
    if (f->vpc.n)
        wb_jw_kraw(&w, "vpc", f->vpc);
    wb_jw_ki64(&w, "timeout", f->timeout_s);
    wb_jw_ki64(&w, "memory", f->memory_mb);
    wb_jw_ki64(&w, "tmp", f->tmp_mb);
    wb_jw_ki64(&w, "codeBytes", f->code_bytes);
    wb_jw_ki64(&w, "modified", f->modified_ms);
    wb_jw_ki64(&w, "reserved", f->reserved);
    wb_jw_kbool(&w, "tracing", f->tracing);
    if (f->environment.n) {
        struct wb_slice sealed =
            wb_keyring_seal(a, wb_engine_keyring(tx->engine), f->environment, key);
        wb_jw_kstr(&w, "environment", wb_base64_encode(a, sealed));
    }
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

void lambda_function_put(struct wb_tx *tx, const struct lambda_function *f)
{
    struct wb_slice key = lambda_function_key(tx->arena, f->account, f->region, f->name);
    wb_tx_put(tx, key, encode(tx, f, key));
    wb_def_changed(tx, &lambda_function_kind, key);
}

static struct wb_slice text(struct wb_json row, const char *name, struct wb_arena *a)
{
    struct wb_slice s = wb_json_get_str(row, name, a);
    return s.p ? s : WB_SLICE_NULL;
}

bool lambda_function_decode(struct wb_arena *a, const struct wb_keyring *k, struct wb_slice key,
                            struct wb_slice value, struct lambda_function *f)
{
    uint16_t table;
    struct wb_key_rd r = wb_key_rd(a, key, &table);
    f->account = wb_key_rd_str(&r);
    f->region = wb_key_rd_str(&r);
    f->name = wb_key_rd_str(&r);
    struct wb_json row = wb_json_read(a, wb_dup(a, value), NULL);
    if (r.bad || wb_json_type(row) != WB_JSON_OBJECT)
        return false;
    f->arn = lambda_function_arn(a, f->account, f->region, f->name);
    f->number = (uint64_t)wb_json_get_i64(row, "number", 0);
    f->version = (uint64_t)wb_json_get_i64(row, "version", 0);
    f->generation = (uint64_t)wb_json_get_i64(row, "generation", 0);
    f->runtime = text(row, "runtime", a);
    f->role = text(row, "role", a);
    f->handler = text(row, "handler", a);
    f->description = text(row, "description", a);
    f->kms = text(row, "kms", a);
    f->dead_letter = text(row, "deadLetter", a);
    f->revision = text(row, "revision", a);
    f->sha256 = text(row, "sha256", a);
    f->architecture = text(row, "architecture", a);
    f->vpc =
        wb_json_is(wb_json_get(row, "vpc")) ? wb_json_raw(wb_json_get(row, "vpc")) : WB_SLICE_NULL;
    f->timeout_s = wb_json_get_i64(row, "timeout", 3);
    f->memory_mb = wb_json_get_i64(row, "memory", 128);
    f->tmp_mb = wb_json_get_i64(row, "tmp", 512);
    f->code_bytes = wb_json_get_i64(row, "codeBytes", 0);
    f->modified_ms = wb_json_get_i64(row, "modified", 0);
    f->reserved = wb_json_get_i64(row, "reserved", -1);
    f->tracing = wb_json_bool(wb_json_get(row, "tracing"), false);
    struct wb_slice sealed = text(row, "environment", a);
    if (sealed.p && !wb_base64_decode(a, sealed, &sealed))
        return false;
    /* Without a keyring (a backup that is checked) the variables stay sealed. */
    if (sealed.p && k && !wb_keyring_unseal(a, k, sealed, key, &f->environment))
        return false;
    return f->number != 0;
}

static void *load(struct wb_tx *tx, struct wb_slice key)
{
    struct wb_slice value, policy;
    if (!wb_tx_get(tx, key, &value))
        return NULL;
    struct lambda_function *f = wb_xcalloc(1, sizeof *f);
    wb_arena_init(&f->arena, 2048);
    if (!lambda_function_decode(&f->arena, wb_engine_keyring(tx->engine), key, value, f)) {
        wb_arena_release(&f->arena);
        free(f);
        return NULL;
    }
    if (wb_tx_get(tx, lambda_policy_key(tx->arena, f->account, f->region, f->name), &policy)) {
        f->policy_text = wb_dup(&f->arena, policy);
        f->policy = wb_policy_stored(f->policy_text, true, f->arn);
    }
    return f;
}

static void unload(void *object)
{
    struct lambda_function *f = object;
    wb_policy_unref(f->policy);
    wb_arena_release(&f->arena);
    free(f);
}

struct wb_def_kind lambda_function_kind = {.name = "function", .load = load, .free = unload};

const struct lambda_function *lambda_function_find(struct wb_tx *tx, struct wb_slice account,
                                                   struct wb_slice region, struct wb_slice name)
{
    return wb_def(tx, &lambda_function_kind, lambda_function_key(tx->arena, account, region, name));
}

/* --- answers --- */

static void out_environment(struct wb_out *o, struct wb_slice environment)
{
    struct wb_buf b = wb_buf_in(o->buf.arena);
    wb_buf_str(&b, "{\"Variables\":");
    wb_buf_slice_put(&b, environment);
    wb_buf_char(&b, '}');
    wb_out_json(o, "Environment", wb_buf_slice(&b));
}

void lambda_function_out(struct wb_out *o, const struct lambda_function *f)
{
    char when[WB_TIME_MAX];
    size_t n = wb_time_format(when, f->modified_ms, WB_TIME_ISO_OFF);
    wb_out_str(o, "FunctionName", f->name);
    wb_out_str(o, "FunctionArn", f->arn);
    wb_out_str(o, "Runtime", f->runtime);
    wb_out_str(o, "Role", f->role);
    wb_out_str(o, "Handler", f->handler);
    wb_out_i64(o, "CodeSize", f->code_bytes);
    wb_out_str(o, "Description", f->description.p ? f->description : WB_S(""));
    wb_out_i64(o, "Timeout", f->timeout_s);
    wb_out_i64(o, "MemorySize", f->memory_mb);
    wb_out_str(o, "LastModified", wb_slice(when, n));
    wb_out_str(o, "CodeSha256", f->sha256);
    wb_out_cstr(o, "Version", "$LATEST");
    if (f->vpc.n)
        wb_out_json(o, "VpcConfig", f->vpc);
    if (f->dead_letter.n) {
        wb_out_object(o, "DeadLetterConfig");
        wb_out_str(o, "TargetArn", f->dead_letter);
        wb_out_end(o);
    }
    if (f->environment.n)
        out_environment(o, f->environment);
    if (f->kms.n)
        wb_out_str(o, "KMSKeyArn", f->kms);
    wb_out_object(o, "TracingConfig");
    wb_out_cstr(o, "Mode", f->tracing ? "Active" : "PassThrough");
    wb_out_end(o);
    wb_out_str(o, "RevisionId", f->revision);
    wb_out_cstr(o, "State", "Active");
    wb_out_cstr(o, "LastUpdateStatus", "Successful");
    wb_out_cstr(o, "PackageType", "Zip");
    wb_out_list(o, "Architectures");
    wb_out_str(o, NULL, f->architecture);
    wb_out_end(o);
    wb_out_object(o, "EphemeralStorage");
    wb_out_i64(o, "Size", f->tmp_mb);
    wb_out_end(o);
    wb_out_object(o, "SnapStart");
    wb_out_cstr(o, "ApplyOn", "None");
    wb_out_cstr(o, "OptimizationStatus", "Off");
    wb_out_end(o);
    wb_out_object(o, "LoggingConfig");
    wb_out_cstr(o, "LogFormat", "Text");
    wb_out_str(o, "LogGroup", wb_printf(o->buf.arena, "/aws/lambda/%.*s", WB_FMT(f->name)));
    wb_out_end(o);
}
