/* Parameters, versions and labels in the store. */
#include "base/arn.h"
#include "base/limits.h"
#include "codec/text.h"
#include "services/ssm/param.h"

#include "engine/tags.h"

struct wb_slice ssm_arn(struct wb_arena *a, struct wb_slice region, struct wb_slice account,
                        struct wb_slice path)
{
    return wb_arn_make(a, "ssm", region, account, "parameter%.*s", WB_FMT(path));
}

struct wb_slice ssm_key(struct wb_arena *a, struct wb_slice account, struct wb_slice region,
                        struct wb_slice path)
{
    return wb_key(a, WB_T_SSM_PARAMETER, "sss", account, region, path);
}

static struct wb_slice version_key(struct wb_arena *a, const struct ssm_param *p, uint64_t version)
{
    return wb_key(a, WB_T_SSM_VERSION, "uu", p->number, version);
}

struct wb_slice ssm_label_key(struct wb_arena *a, const struct ssm_param *p, struct wb_slice label)
{
    return wb_key(a, WB_T_SSM_LABEL, "us", p->number, label);
}

/* --- parameters --- */

bool ssm_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice value,
                struct ssm_param *out)
{
    struct wb_key_rd r = wb_key_rd(a, key, &(uint16_t){0});
    *out = (struct ssm_param){0};
    out->account = wb_key_rd_str(&r);
    out->region = wb_key_rd_str(&r);
    out->path = wb_key_rd_str(&r);
    if (r.bad || out->path.n < 2 || out->path.p[0] != '/')
        return false;
    struct wb_json v = wb_json_read(a, wb_dup(a, value), NULL);
    out->name = wb_json_bool(wb_json_get(v, "slash"), false)
                    ? out->path
                    : wb_slice_sub(out->path, 1, out->path.n);
    out->arn = ssm_arn(a, out->region, out->account, out->path);
    out->number = (uint64_t)wb_json_get_i64(v, "number", 0);
    out->first = (uint64_t)wb_json_get_i64(v, "first", 0);
    out->version = (uint64_t)wb_json_get_i64(v, "version", 0);
    out->labels = (uint64_t)wb_json_get_i64(v, "labels", 0);
    out->advanced = wb_json_bool(wb_json_get(v, "advanced"), false);
    out->timer_ms = wb_json_get_i64(v, "timer", 0);
    return out->number && out->first && out->version >= out->first;
}

bool ssm_read(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
              const struct ssm_name *name, struct ssm_param *out)
{
    struct wb_slice key = ssm_key(tx->arena, account, region, name->path), value;
    return wb_tx_get(tx, key, &value) && ssm_decode(tx->arena, key, value, out) &&
           (name->arn || wb_slice_eq(name->name, out->name));
}

void ssm_write(struct wb_tx *tx, const struct ssm_param *p)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "number", (int64_t)p->number);
    wb_jw_kbool(&w, "slash", p->name.p[0] == '/');
    wb_jw_ki64(&w, "first", (int64_t)p->first);
    wb_jw_ki64(&w, "version", (int64_t)p->version);
    wb_jw_ki64(&w, "labels", (int64_t)p->labels);
    wb_jw_kbool(&w, "advanced", p->advanced);
    if (p->timer_ms)
        wb_jw_ki64(&w, "timer", p->timer_ms);
    wb_jw_end_object(&w);
    wb_tx_put(tx, ssm_key(tx->arena, p->account, p->region, p->path), wb_buf_slice(&b));
}

/* --- versions --- */

static void read_policies(struct wb_arena *a, struct wb_json in, struct ssm_version *v)
{
    struct wb_json_iter it = wb_json_iter(in);
    while (wb_json_next(&it) && v->policies < WB_SSM_POLICIES_MAX)
        ssm_policy_decode(a, it.value, &v->policy[v->policies++]);
}

bool ssm_decode_version(struct wb_arena *a, struct wb_slice value, struct ssm_version *out)
{
    struct wb_json v = wb_json_read(a, wb_dup(a, value), NULL);
    *out = (struct ssm_version){
        .version = (uint64_t)wb_json_get_i64(v, "version", 0),
        .type = wb_json_get_str(v, "type", a),
        .value = wb_json_get_str(v, "value", a),
        .key_id = wb_json_get_str(v, "key", a),
        .description = wb_json_get_str(v, "description", a),
        .pattern = wb_json_get_str(v, "pattern", a),
        .tier = wb_json_get_str(v, "tier", a),
        .data_type = wb_json_get_str(v, "dataType", a),
        .user = wb_json_get_str(v, "user", a),
        .modified_ms = wb_json_get_i64(v, "modified", 0),
        .policies_ms = wb_json_get_i64(v, "policiesAt", 0),
    };
    read_policies(a, wb_json_get(v, "policies"), out);
    struct wb_json_iter it = wb_json_iter(wb_json_get(v, "labels"));
    while (wb_json_next(&it) && out->labels < WB_SSM_LABELS_MAX)
        out->label[out->labels++] = wb_json_str(it.value, a);
    return out->version && out->type.p && out->value.p;
}

bool ssm_read_version(struct wb_tx *tx, const struct ssm_param *p, uint64_t version,
                      struct ssm_version *out)
{
    struct wb_slice value;
    return wb_tx_get(tx, version_key(tx->arena, p, version), &value) &&
           ssm_decode_version(tx->arena, value, out);
}

static void write_optional(struct wb_json_writer *w, const char *name, struct wb_slice s)
{
    if (s.p)
        wb_jw_kstr(w, name, s);
}

static void write_policies(struct wb_json_writer *w, const struct ssm_version *v)
{
    wb_jw_key(w, "policies");
    wb_jw_array(w);
    for (size_t i = 0; i < v->policies; i++) {
        wb_jw_object(w);
        wb_jw_kstr(w, "text", v->policy[i].text);
        wb_jw_kbool(w, "finished", v->policy[i].finished);
        wb_jw_end_object(w);
    }
    wb_jw_end_array(w);
    wb_jw_ki64(w, "policiesAt", v->policies_ms);
}

void ssm_write_version(struct wb_tx *tx, const struct ssm_param *p, const struct ssm_version *v)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "version", (int64_t)v->version);
    wb_jw_kstr(&w, "type", v->type);
    wb_jw_kstr(&w, "value", v->value);
    write_optional(&w, "key", v->key_id);
    write_optional(&w, "description", v->description);
    write_optional(&w, "pattern", v->pattern);
    wb_jw_kstr(&w, "tier", v->tier);
    wb_jw_kstr(&w, "dataType", v->data_type);
    write_optional(&w, "user", v->user);
    wb_jw_ki64(&w, "modified", v->modified_ms);
    if (v->policies)
        write_policies(&w, v);
    if (v->labels) {
        wb_jw_key(&w, "labels");
        wb_jw_array(&w);
        for (size_t i = 0; i < v->labels; i++)
            wb_jw_str(&w, v->label[i]);
        wb_jw_end_array(&w);
    }
    wb_jw_end_object(&w);
    wb_tx_put(tx, version_key(tx->arena, p, v->version), wb_buf_slice(&b));
}

void ssm_drop_version(struct wb_tx *tx, const struct ssm_param *p, uint64_t version)
{
    wb_tx_del(tx, version_key(tx->arena, p, version));
}

uint64_t ssm_label_version(struct wb_tx *tx, const struct ssm_param *p, struct wb_slice label)
{
    struct wb_slice value;
    if (!wb_tx_get(tx, ssm_label_key(tx->arena, p, label), &value))
        return 0;
    struct wb_rd r = wb_rd(value);
    return wb_rd_le64(&r);
}

static void drop_range(struct wb_tx *tx, const struct ssm_param *p, enum wb_table table, bool job)
{
    struct wb_slice prefix = wb_key(tx->arena, table, "u", p->number), key, value;
    if (job) {
        wb_job_drop_range(tx, wb_printf(tx->arena, "delete parameter %.*s", WB_FMT(p->name)),
                          prefix, wb_key_after(tx->arena, prefix));
        return;
    }
    struct wb_scan *s = wb_tx_scan_prefix(tx, prefix);
    while (s && wb_tx_next(tx, s, &key, &value))
        wb_tx_del(tx, key);
    wb_scan_close(s);
}

void ssm_drop(struct wb_tx *tx, const struct ssm_param *p)
{
    uint64_t rows = p->version - p->first + 1 + p->labels;
    wb_tx_del(tx, ssm_key(tx->arena, p->account, p->region, p->path));
    wb_tags_drop(tx, p->arn);
    ssm_count_add(tx, p->account, p->region, p->advanced, -1);
    drop_range(tx, p, WB_T_SSM_VERSION, rows > WB_SSM_DELETE_INLINE);
    if (p->labels)
        drop_range(tx, p, WB_T_SSM_LABEL, rows > WB_SSM_DELETE_INLINE);
}

/* --- counts --- */

static void read_counts(struct wb_tx *tx, struct wb_slice key, uint32_t count[2])
{
    struct wb_slice value;
    count[0] = count[1] = 0;
    if (!wb_tx_get(tx, key, &value))
        return;
    struct wb_rd r = wb_rd(value);
    count[0] = wb_rd_le32(&r);
    count[1] = wb_rd_le32(&r);
}

static struct wb_slice count_key(struct wb_tx *tx, struct wb_slice account, struct wb_slice region)
{
    return wb_key(tx->arena, WB_T_SSM_COUNT, "ss", account, region);
}

uint32_t ssm_count(struct wb_tx *tx, struct wb_slice account, struct wb_slice region, bool advanced)
{
    uint32_t count[2];
    read_counts(tx, count_key(tx, account, region), count);
    return count[advanced];
}

void ssm_count_add(struct wb_tx *tx, struct wb_slice account, struct wb_slice region, bool advanced,
                   int by)
{
    struct wb_slice key = count_key(tx, account, region);
    struct wb_buf b = wb_buf_in(tx->arena);
    uint32_t count[2];
    read_counts(tx, key, count);
    count[advanced] += (uint32_t)by;
    wb_buf_le32(&b, count[0]);
    wb_buf_le32(&b, count[1]);
    wb_tx_put(tx, key, wb_buf_slice(&b));
}

/* --- values --- */

/* Binds a sealed value to its version, so that rows cannot be exchanged. */
static struct wb_slice place(struct wb_tx *tx, const struct ssm_param *p, uint64_t version)
{
    return version_key(tx->arena, p, version);
}

struct wb_slice ssm_seal(struct wb_tx *tx, const struct ssm_param *p, uint64_t version,
                         struct wb_slice plain)
{
    return wb_base64_encode(tx->arena, wb_keyring_seal(tx->arena, wb_engine_keyring(tx->engine),
                                                       plain, place(tx, p, version)));
}

bool ssm_value(struct wb_tx *tx, const struct ssm_param *p, const struct ssm_version *v,
               bool decrypt, struct wb_slice *out)
{
    struct wb_slice sealed;
    *out = v->value;
    if (!decrypt || !wb_slice_is(v->type, "SecureString"))
        return true;
    return wb_base64_decode(tx->arena, v->value, &sealed) &&
           wb_keyring_unseal(tx->arena, wb_engine_keyring(tx->engine), sealed,
                             place(tx, p, v->version), out);
}
