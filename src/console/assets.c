/*
 * The files. A name with a hash in it never changes its content and is kept by the browser; the
 * page itself is asked for each time. A path that names no file is a place inside the console,
 * which its script knows: it gets the page.
 */
#include "base/embed.h"
#include "console/console.h"

#define PREFIX "/_waybill/console/"

extern const struct wb_embedded wb_console_files[]; /* made by tools/build-console */

static const struct {
    const char *end, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
};

/* Nothing from elsewhere, nothing inline: a name that somebody gave a resource cannot become a
 * script. Styles that scripts set through the object model are not meant by this. */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

static const struct wb_embedded *find(struct wb_slice name)
{
    for (const struct wb_embedded *f = wb_console_files; f->name; f++)
        if (wb_slice_is(name, f->name))
            return f;
    return NULL;
}

static bool ends_with(struct wb_slice s, const char *end)
{
    size_t n = strlen(end);
    return s.n >= n && wb_slice_is(wb_slice_sub(s, s.n - n, s.n), end);
}

static void put_type(struct wb_call *c, struct wb_slice name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (ends_with(name, types[i].end))
            wb_call_header(c, "Content-Type", wb_slice_str(types[i].type));
}

static void serve(struct wb_call *c, struct wb_slice query)
{
    struct wb_slice path = wb_page_path(c);
    struct wb_slice name = wb_slice_sub(path, sizeof PREFIX - 1, path.n);
    const struct wb_embedded *f = find(name);
    bool page = !f && wb_slice_chr(name, '.', 0) < 0;
    if (page) {
        name = WB_S("index.html");
        f = find(name);
    }
    if (!f) {
        wb_fail(c, "NotFound", 404,
                page ? "This program was built without its console: npm's packages were not there. "
                       "Run tools/install, and build again."
                     : "There is no such file.");
        return;
    }
    bool packs = wb_slice_find(wb_page_header(c, "Accept-Encoding"), WB_S("gzip"), 0) >= 0;
    const struct wb_embedded *gz = packs ? find(wb_printf(c->arena, "%s.gz", f->name)) : NULL;
    put_type(c, name);
    if (gz)
        wb_call_header(c, "Content-Encoding", WB_S("gzip"));
    wb_call_header(c, "Vary", WB_S("Accept-Encoding"));
    wb_call_header(c, "Cache-Control",
                   wb_slice_is(name, "index.html") ? WB_S("no-cache")
                                                   : WB_S("public, max-age=31536000, immutable"));
    wb_call_header(c, "Content-Security-Policy", wb_slice_str(policy));
    wb_call_header(c, "X-Content-Type-Options", WB_S("nosniff"));
    wb_call_header(c, "Referrer-Policy", WB_S("no-referrer"));
    f = gz ? gz : f;
    c->raw_answer = wb_slice((const char *)f->bytes, f->size);
}

static void add_slash(struct wb_call *c, struct wb_slice query)
{
    c->status = 302;
    wb_call_header(c, "Location", WB_S(PREFIX));
    c->raw_answer = WB_S("");
}

void console_assets_register(struct wb_engine *e)
{
    static const struct wb_page files = {.method = "GET", .path = PREFIX "*", .handle = serve};
    static const struct wb_page bare = {
        .method = "GET", .path = "/_waybill/console", .handle = add_slash};
    wb_page_register(e, &files);
    wb_page_register(e, &bare);
}
