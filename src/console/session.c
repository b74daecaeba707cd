/*
 * Signing in and out, and who a call through the door comes from. See console.h.
 */
#include "auth/keys.h"
#include "base/limits.h"
#include "base/time.h"
#include "codec/text.h"
#include "console/console.h"

#define COOKIE "waybill_session"
#define GUARD  "X-Waybill-Console" /* any value: a foreign page may not send it */
#define AAD    "console session"

struct session {
    struct wb_slice key, token; /* access key id; session token or null */
    int64_t ends_ms;            /* engine clock */
};

/* --- the cookie --- */

static struct wb_slice find_cookie(const struct wb_call *c)
{
    struct wb_slice rest = wb_page_header(c, "Cookie");
    while (rest.p) {
        struct wb_slice value = wb_slice_trim(wb_slice_cut(&rest, ';'));
        if (wb_slice_is(wb_slice_cut(&value, '='), COOKIE))
            return value;
    }
    return WB_SLICE_NULL;
}

static struct wb_slice seal(struct wb_call *c, const struct session *s)
{
    struct wb_buf b = wb_buf_in(c->arena);
    wb_buf_lp(&b, s->key);
    wb_buf_lp(&b, s->token);
    wb_buf_le64(&b, (uint64_t)s->ends_ms);
    return wb_hex_encode(c->arena, wb_keyring_seal(c->arena, wb_engine_keyring(c->engine),
                                                   wb_buf_slice(&b), WB_S(AAD)));
}

static bool unseal(struct wb_call *c, struct wb_slice cookie, struct session *s)
{
    struct wb_slice bytes, plain;
    if (!cookie.n || cookie.n > WB_CONSOLE_COOKIE_MAX || !wb_hex_decode(c->arena, cookie, &bytes) ||
        !wb_keyring_unseal(c->arena, wb_engine_keyring(c->engine), bytes, WB_S(AAD), &plain))
        return false;
    struct wb_rd r = wb_rd(plain);
    s->key = wb_rd_lp(&r);
    s->token = wb_rd_lp(&r);
    s->ends_ms = (int64_t)wb_rd_le64(&r);
    if (!s->token.n)
        s->token = WB_SLICE_NULL;
    return wb_rd_done(&r) && wb_engine_now(c->engine) < s->ends_ms;
}

static void set_cookie(struct wb_call *c, struct wb_slice value, int64_t seconds)
{
    wb_call_header(c, "Set-Cookie",
                   wb_printf(c->arena,
                             COOKIE "=%.*s; Path=/_waybill/console/; Max-Age=%lld; HttpOnly; "
                                    "SameSite=Strict%s",
                             WB_FMT(value), (long long)seconds, c->tls ? "; Secure" : ""));
}

/* --- who --- */

static bool guarded(struct wb_call *c)
{
    if (wb_page_header(c, GUARD).p)
        return true;
    wb_fail(c, "Forbidden", 403, "Only the console's own pages may ask for this.");
    return false;
}

static void as_root(struct wb_call *c)
{
    const struct wb_config *conf = wb_engine_config(c->engine);
    c->ctx.principal = wb_root_principal(c->arena, wb_slice_str(conf->account));
    c->ctx.account = wb_slice_str(conf->account);
    c->ctx.region = wb_slice_str(conf->region);
}

/* False: nobody is signed in. */
static bool identify(struct wb_call *c)
{
    struct session s;
    if (!wb_engine_config(c->engine)->auth) {
        as_root(c);
        return true;
    }
    return unseal(c, find_cookie(c), &s) && wb_call_identify(c, s.key, WB_SLICE_NULL, s.token);
}

static bool is_region(struct wb_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') ||
              s.p[i] == '-'))
            return false;
    return s.n > 0 && s.n < 32;
}

static void who(struct wb_call *c)
{
    if (!guarded(c))
        return;
    if (!identify(c)) {
        wb_fail(c, "NotSignedIn", 401, "Sign in first.");
        return;
    }
    struct wb_slice region = wb_page_header(c, "X-Waybill-Region");
    if (is_region(region))
        c->ctx.region = region;
}

/* --- pages --- */

static struct wb_slice describe(struct wb_call *c, bool in)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kbool(&w, "signedIn", in);
    wb_jw_kbool(&w, "auth", wb_engine_config(c->engine)->auth);
    wb_jw_kbool(&w, "testClock", wb_engine_config(c->engine)->test_clock);
    wb_jw_ki64(&w, "now", wb_engine_now(c->engine));
    if (in) {
        wb_jw_kstr(&w, "arn", c->ctx.principal.arn);
        wb_jw_kstr(&w, "account", c->ctx.account);
        wb_jw_kstr(&w, "region", c->ctx.region);
        wb_jw_kbool(&w, "root", c->ctx.principal.type == WB_PRINCIPAL_ROOT);
    }
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

struct wb_slice console_session(struct wb_call *c)
{
    return describe(c, identify(c));
}

static void answer(struct wb_call *c, bool in)
{
    c->raw_answer = describe(c, in);
    wb_call_header(c, "Content-Type", WB_S("application/json"));
    wb_call_header(c, "Cache-Control", WB_S("no-store"));
}

static void get_session(struct wb_call *c, struct wb_slice query)
{
    answer(c, identify(c));
}

static void sign_in(struct wb_call *c, struct wb_slice query)
{
    if (!guarded(c))
        return;
    struct wb_json in = wb_json_read(c->arena, c->payload, NULL);
    struct session s = {.key = wb_slice_trim(wb_json_get_str(in, "accessKeyId", c->arena)),
                        .token = wb_slice_trim(wb_json_get_str(in, "sessionToken", c->arena)),
                        .ends_ms = wb_engine_now(c->engine) + WB_CONSOLE_SESSION_MS};
    struct wb_slice secret = wb_slice_trim(wb_json_get_str(in, "secretAccessKey", c->arena));
    if (!s.token.n)
        s.token = WB_SLICE_NULL;
    if (!s.key.n || !secret.n) {
        wb_fail(c, "BadRequest", 400, "Give an access key id and its secret access key.");
        return;
    }
    if (wb_engine_config(c->engine)->auth && !wb_call_identify(c, s.key, secret, s.token)) {
        wb_fail(c, "NotSignedIn", 401, "The access key or its secret is not right, or not active.");
        return;
    }
    struct wb_slice cookie = seal(c, &s);
    if (cookie.n > WB_CONSOLE_COOKIE_MAX) {
        wb_fail(c, "BadRequest", 400, "The session token is too long for a browser's cookie.");
        return;
    }
    if (!wb_engine_config(c->engine)->auth)
        as_root(c);
    set_cookie(c, cookie, WB_CONSOLE_SESSION_MS / 1000);
    answer(c, true);
}

static void sign_out(struct wb_call *c, struct wb_slice query)
{
    if (!guarded(c))
        return;
    set_cookie(c, WB_S(""), 0);
    answer(c, false);
}

void console_session_register(struct wb_engine *e)
{
    static const char path[] = "/_waybill/console/session";
    static const struct wb_page in = {.method = "POST", .path = path, .handle = sign_in};
    static const struct wb_page out = {.method = "DELETE", .path = path, .handle = sign_out};
    static const struct wb_page get = {.method = "GET", .path = path, .handle = get_session};
    static const struct wb_door door = {.path = "/_waybill/console/api/", .who = who};
    wb_page_register(e, &in);
    wb_page_register(e, &out);
    wb_page_register(e, &get);
    wb_door_register(e, &door);
}
