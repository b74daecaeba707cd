/* Structs to rows and back. */
#include "services/cloudformation/record.h"

#include "codec/text.h"

static void write_slice(struct wb_tx *tx, struct wb_json_writer *w, const struct cfn_member *m,
                        struct wb_slice s, struct wb_slice place)
{
    struct wb_arena *a = tx->arena;
    if (!s.p)
        return;
    if (m->kind == CFN_SECRET)
        s = wb_keyring_seal(a, wb_engine_keyring(tx->engine), s, place);
    if (m->kind == CFN_SECRET || m->kind == CFN_BYTES)
        s = wb_base64_encode(a, s);
    if (m->kind == CFN_JSON)
        wb_jw_kraw(w, m->name, s);
    else
        wb_jw_kstr(w, m->name, s);
}

struct wb_slice cfn_record_write(struct wb_tx *tx, const struct cfn_member *m, const void *from,
                                 struct wb_slice place)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    for (; m->name; m++) {
        const void *at = (const char *)from + m->at;
        if (m->kind == CFN_NUMBER && *(const int64_t *)at)
            wb_jw_ki64(&w, m->name, *(const int64_t *)at);
        else if (m->kind == CFN_FLAG && *(const bool *)at)
            wb_jw_kbool(&w, m->name, true);
        else if (m->kind != CFN_NUMBER && m->kind != CFN_FLAG)
            write_slice(tx, &w, m, *(const struct wb_slice *)at, place);
    }
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static bool read_slice(struct wb_tx *tx, const struct cfn_member *m, struct wb_json v,
                       struct wb_slice place, struct wb_slice *out)
{
    struct wb_arena *a = tx->arena;
    if (m->kind == CFN_JSON) {
        *out = wb_json_raw(v);
        return true;
    }
    struct wb_slice text = wb_json_str(v, a);
    if (m->kind == CFN_TEXT) {
        *out = text;
        return text.p != NULL;
    }
    if (!text.p || !wb_base64_decode(a, text, &text))
        return false;
    *out = text;
    return m->kind == CFN_BYTES ||
           wb_keyring_unseal(a, wb_engine_keyring(tx->engine), text, place, out);
}

bool cfn_record_read(struct wb_tx *tx, const struct cfn_member *m, struct wb_slice row,
                     struct wb_slice place, void *to)
{
    struct wb_json doc = wb_json_read(tx->arena, wb_dup(tx->arena, row), NULL);
    bool good = wb_json_type(doc) == WB_JSON_OBJECT;
    for (; m->name && good; m++) {
        void *at = (char *)to + m->at;
        struct wb_json v = wb_json_get(doc, m->name);
        if (!wb_json_is(v))
            continue;
        if (m->kind == CFN_NUMBER)
            good = wb_json_i64(v, at);
        else if (m->kind == CFN_FLAG)
            *(bool *)at = wb_json_bool(v, false);
        else
            good = read_slice(tx, m, v, place, at);
    }
    return good;
}
