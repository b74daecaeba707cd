#include "engine/tags.h"

#include "base/utf8.h"

#define KEY_CHARS   128
#define VALUE_CHARS 256

static size_t characters(struct wb_slice s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

static const char *wrong(const struct wb_pair *tag, const struct wb_pair *before, size_t count)
{
    if (!tag->name.p || !tag->value.p)
        return "a tag has a Key and a Value, both text";
    if (tag->name.n == 0 || characters(tag->name) > KEY_CHARS)
        return "a tag key has 1 to 128 characters";
    if (characters(tag->value) > VALUE_CHARS)
        return "a tag value has at most 256 characters";
    if (wb_slice_starts(tag->name, WB_S("aws:")))
        return "tag keys that begin with aws: are reserved";
    for (size_t i = 0; i < count; i++)
        if (wb_slice_eq(before[i].name, tag->name))
            return "a tag key appears twice";
    return NULL;
}

bool wb_tags_read(struct wb_arena *a, struct wb_json in, struct wb_pair **tag, size_t *count,
                  struct wb_slice *why)
{
    size_t max = wb_json_count(in);
    bool object = wb_json_type(in) == WB_JSON_OBJECT;
    *count = 0;
    *tag = wb_new_n(a, struct wb_pair, max + 1);
    struct wb_json_iter it = wb_json_iter(in);
    while (wb_json_next(&it)) {
        struct wb_pair *t = &(*tag)[*count];
        if (object)
            *t = (struct wb_pair){wb_json_str(it.key, a), wb_json_str(it.value, a)};
        else
            *t = (struct wb_pair){wb_json_get_str(it.value, "Key", a),
                                  wb_json_get_str(it.value, "Value", a)};
        const char *reason = wrong(t, *tag, *count);
        if (reason) {
            *why = wb_slice_str(reason);
            return false;
        }
        (*count)++;
    }
    if (*count > WB_TAGS_MAX) {
        *why = WB_S("a resource has at most 50 tags");
        return false;
    }
    return true;
}

static struct wb_slice row(struct wb_tx *tx, struct wb_slice arn, struct wb_slice key)
{
    return wb_key(tx->arena, WB_T_TAGS, "ss", arn, key);
}

size_t wb_tags_list(struct wb_tx *tx, struct wb_slice arn, struct wb_pair **tag)
{
    struct wb_slice key, value, prefix = wb_key(tx->arena, WB_T_TAGS, "s", arn);
    struct wb_scan *s = wb_tx_scan_prefix(tx, prefix);
    size_t count = 0;
    *tag = wb_new_n(tx->arena, struct wb_pair, WB_TAGS_MAX);
    while (s && count < WB_TAGS_MAX && wb_tx_next(tx, s, &key, &value)) {
        struct wb_key_rd r = wb_key_rd(tx->arena, key, &(uint16_t){0});
        wb_key_rd_str(&r);
        (*tag)[count++] =
            (struct wb_pair){wb_dup(tx->arena, wb_key_rd_str(&r)), wb_dup(tx->arena, value)};
    }
    wb_scan_close(s);
    return count;
}

bool wb_tags_put(struct wb_tx *tx, struct wb_slice arn, const struct wb_pair *tag, size_t count)
{
    struct wb_pair *there;
    size_t total = wb_tags_list(tx, arn, &there), before = total;
    for (size_t i = 0; i < count; i++) {
        bool known = false;
        for (size_t k = 0; k < before && !known; k++)
            known = wb_slice_eq(there[k].name, tag[i].name);
        total += !known;
    }
    if (total > WB_TAGS_MAX)
        return false;
    for (size_t i = 0; i < count; i++)
        wb_tx_put(tx, row(tx, arn, tag[i].name), tag[i].value);
    return true;
}

void wb_tags_remove(struct wb_tx *tx, struct wb_slice arn, struct wb_slice key)
{
    wb_tx_del(tx, row(tx, arn, key));
}

void wb_tags_drop(struct wb_tx *tx, struct wb_slice arn)
{
    struct wb_pair *tag;
    size_t count = wb_tags_list(tx, arn, &tag);
    for (size_t i = 0; i < count; i++)
        wb_tags_remove(tx, arn, tag[i].name);
}

void wb_tags_out(struct wb_tx *tx, struct wb_slice arn, struct wb_out *out, const char *name)
{
    struct wb_pair *tag;
    size_t count = wb_tags_list(tx, arn, &tag);
    wb_out_list(out, name);
    for (size_t i = 0; i < count; i++) {
        wb_out_object(out, NULL);
        wb_out_str(out, "Key", tag[i].name);
        wb_out_str(out, "Value", tag[i].value);
        wb_out_end(out);
    }
    wb_out_end(out);
}
