#include "services/cloudformation/types/callback.h"
#include "base/ids.h"
#include "base/limits.h"

#define PATH     "/_waybill/cfn-callback"
#define QUERY    "token="
#define TOKEN    40 /* hexadecimal digits */
#define LATER_MS (24 * 3600 * 1000LL)
#define EXPIRE   "cfn.callback"

/* --- rows: {"stack", "id", "token", "answers": [...]}; who is told and what came --- */

static struct wb_slice row_key(struct wb_arena *a, struct wb_slice token)
{
    return wb_key(a, WB_T_CFN_CALLBACK, "s", token);
}

static bool read_row(struct wb_tx *tx, struct wb_slice token, struct wb_json *row)
{
    struct wb_slice value;
    if (token.n != TOKEN || !wb_tx_get(tx, row_key(tx->arena, token), &value))
        return false;
    *row = wb_json_read(tx->arena, wb_dup(tx->arena, value), NULL);
    return wb_json_type(*row) == WB_JSON_OBJECT;
}

static void write_row(struct wb_tx *tx, struct wb_slice key, struct wb_slice stack,
                      struct wb_slice id, struct wb_slice token, struct wb_json answers,
                      struct wb_slice more)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    struct wb_json_iter it = wb_json_iter(answers);
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "stack", stack);
    wb_jw_kstr(&w, "id", id);
    wb_jw_kstr(&w, "token", token);
    wb_jw_key(&w, "answers");
    wb_jw_array(&w);
    while (wb_json_next(&it))
        wb_jw_raw(&w, wb_json_raw(it.value));
    if (more.p)
        wb_jw_raw(&w, more);
    wb_jw_end_array(&w);
    wb_jw_end_object(&w);
    wb_tx_put(tx, key, wb_buf_slice(&b));
}

struct wb_slice cfn_callback_make(struct wb_cfn_resource *r, int64_t until_ms)
{
    struct wb_tx *tx = r->tx;
    struct wb_slice token = wb_id_hex(tx->arena, wb_engine_seam(tx->engine), TOKEN);
    write_row(tx, row_key(tx->arena, token), r->stack_id, r->logical_id, r->token, WB_JSON_NONE,
              WB_SLICE_NULL);
    struct wb_work w = {.target = WB_S(EXPIRE), /* housekeeping */
                        .executor = EXPIRE,
                        .due_ms = until_ms + LATER_MS,
                        .meta = wb_printf(tx->arena, "{\"token\":\"%.*s\"}", WB_FMT(token))};
    if (until_ms)
        wb_work_add(tx, &w);
    return token;
}

struct wb_slice cfn_callback_url(struct wb_cfn_resource *r, struct wb_slice token)
{
    return wb_printf(r->tx->arena, "%s" PATH "?" QUERY "%.*s",
                     wb_engine_config(r->tx->engine)->public_url, WB_FMT(token));
}

struct wb_slice cfn_callback_token(struct wb_slice url)
{
    ptrdiff_t at = wb_slice_find(url, WB_S(PATH "?" QUERY), 0);
    return at < 0 ? WB_SLICE_NULL
                  : wb_slice_sub(url, (size_t)at + sizeof(PATH "?" QUERY) - 1, url.n);
}

bool cfn_callback_answers(struct wb_cfn_resource *r, struct wb_slice token, struct wb_json *list)
{
    struct wb_json row;
    if (!read_row(r->tx, token, &row))
        return false;
    *list = wb_json_get(row, "answers");
    return true;
}

bool cfn_callback_listen(struct wb_cfn_resource *r, struct wb_slice token)
{
    struct wb_json row;
    if (!read_row(r->tx, token, &row))
        return false;
    write_row(r->tx, row_key(r->tx->arena, token), r->stack_id, r->logical_id, r->token,
              wb_json_get(row, "answers"), WB_SLICE_NULL);
    return true;
}

void cfn_callback_drop(struct wb_cfn_resource *r, struct wb_slice token)
{
    wb_tx_del(r->tx, row_key(r->tx->arena, token));
}

/* --- the page --- */

static struct wb_slice token_in(struct wb_slice query)
{
    while (query.p) {
        struct wb_slice part = wb_slice_cut(&query, '&');
        if (wb_slice_starts(part, WB_S(QUERY)))
            return wb_slice_sub(part, sizeof QUERY - 1, part.n);
    }
    return WB_SLICE_NULL;
}

static void put(struct wb_call *c, struct wb_slice query)
{
    struct wb_arena *a = c->arena;
    struct wb_slice token = token_in(query);
    struct wb_json row;
    if (!read_row(c->tx, token, &row)) {
        wb_fail(c, "AccessDenied", 403, "There is no such address, or it was used");
        return;
    }
    if (c->payload.n > WB_CFN_ANSWER_MAX) {
        wb_fail(c, "EntityTooLarge", 400, "Response object is too long.");
        return;
    }
    struct wb_json answer = wb_json_read(a, c->payload, NULL);
    struct wb_json answers = wb_json_get(row, "answers");
    if (wb_json_type(answer) != WB_JSON_OBJECT) {
        wb_fail(c, "MalformedResponse", 400, "The answer is not a JSON object");
        return;
    }
    if (wb_json_count(answers) >= WB_CFN_ANSWERS_MAX) {
        wb_fail(c, "TooManyAnswers", 400, "There are too many answers already");
        return;
    }
    struct wb_slice stack = wb_json_get_str(row, "stack", a), id = wb_json_get_str(row, "id", a),
                    step = wb_json_get_str(row, "token", a);
    write_row(c->tx, row_key(a, token), stack, id, step, answers, wb_json_raw(answer));
    wb_cfn_answer(c->tx, stack, id, step, wb_json_raw(answer));
    c->raw_answer = WB_S("");
}

static void expire(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct wb_slice token =
        wb_json_get_str(wb_json_read(tx->arena, w->meta, NULL), "token", tx->arena);
    wb_tx_del(tx, row_key(tx->arena, token));
    out->kind = WB_DONE;
}

void cfn_callback_start(struct wb_engine *e)
{
    static const struct wb_page page = {
        .method = "PUT", .path = PATH, .writes = true, .handle = put};
    static const struct wb_schedule schedule = {
        .base_ms = 60000, .cap_ms = 3600000, .attempts_max = 100};
    static const struct wb_executor executor = {
        .name = EXPIRE, .schedule = &schedule, .step = expire};
    wb_page_register(e, &page);
    wb_executor_register(e, &executor);
}
