#include "auth/session.h"

bool wb_session_read(struct wb_arena *a, struct wb_slice json, struct wb_session *out)
{
    *out = (struct wb_session){.policies = WB_JSON_NONE, .tags = WB_JSON_NONE};
    out->transitive = WB_JSON_NONE;
    if (!json.p)
        return true;
    struct wb_json v = wb_json_read(a, json, NULL);
    if (wb_json_type(v) != WB_JSON_OBJECT)
        return false;
    out->issued_ms = wb_json_get_i64(v, "issued", 0);
    out->key = wb_json_get_str(v, "key", a);
    out->name = wb_json_get_str(v, "name", a);
    out->source = wb_json_get_str(v, "source", a);
    out->kind = wb_json_get_str(v, "kind", a);
    out->policy = wb_json_get_str(v, "policy", a);
    out->policies = wb_json_get(v, "policies");
    out->tags = wb_json_get(v, "tags");
    out->transitive = wb_json_get(v, "transitive");
    return true;
}
