/*
 * The page, and the files that it fetches. The page is one answer with its styles, its program and
 * the session in it: what a browser fetches besides costs it more than the bytes do (a first view
 * is 70 ms later with three files; docs/BENCHMARKS.md), and with the session there the program
 * need not ask who it works for. It is asked for each time. A name with a hash in it never changes
 * its content and is kept by the browser. A path without a dot is a place inside the console,
 * which its program knows: it gets the page.
 */
#include "codec/text.h"
#include "codec/zip.h"
#include "console/console.h"
#include "console/files.h"

#define PREFIX "/_waybill/console/"

/* Nothing from elsewhere, and nothing inline but our own, by its hash: a name that somebody gave a
 * resource cannot become a script. Styles that scripts set through the object model are not meant
 * by this. */
#define POLICY                                                                                     \
    "default-src 'none'; script-src 'self' %s; style-src 'self' %s; img-src 'self' data: blob:; "  \
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

static const struct wb_embedded *find(struct wb_slice name)
{
    for (const struct wb_embedded *f = wb_console_files; f->name; f++)
        if (wb_slice_is(name, f->name))
            return f;
    return NULL;
}

static void put_headers(struct wb_call *c, const char *type, const char *keep)
{
    wb_call_header(c, "Content-Type", wb_printf(c->arena, "text/%s; charset=utf-8", type));
    wb_call_header(c, "Cache-Control", wb_slice_str(keep));
    wb_call_header(c, "Content-Security-Policy",
                   wb_printf(c->arena, POLICY, wb_console_scripts, wb_console_styles));
    wb_call_header(c, "X-Content-Type-Options", WB_S("nosniff"));
    wb_call_header(c, "Referrer-Policy", WB_S("no-referrer"));
}

static bool takes_gzip(struct wb_call *c)
{
    return wb_slice_find(wb_page_header(c, "Accept-Encoding"), WB_S("gzip"), 0) >= 0;
}

static struct wb_slice part_of_page(int i)
{
    return wb_slice((const char *)wb_console_page[i].bytes, wb_console_page[i].size);
}

static void serve_page(struct wb_call *c)
{
    if (!wb_console_page[0].name) {
        wb_fail(c, "NotFound", 404,
                "This program was built without its console: npm's packages were not there. "
                "Run tools/install, and build again.");
        return;
    }
    struct wb_buf b = wb_buf_in(c->arena);
    wb_buf_slice_put(&b, part_of_page(CONSOLE_HEAD));
    wb_buf_str(&b, "<meta name=\"session\" content=\"");
    wb_xml_text(&b, console_session(c));
    wb_buf_str(&b, "\">\n");
    struct wb_slice tail = part_of_page(CONSOLE_TAIL), gz = WB_SLICE_NULL;
    if (takes_gzip(c))
        gz = wb_gzip_before(c->arena, wb_buf_slice(&b), tail, part_of_page(CONSOLE_PACKED_TAIL));
    if (gz.p)
        wb_call_header(c, "Content-Encoding", WB_S("gzip"));
    else
        wb_buf_slice_put(&b, tail);
    put_headers(c, "html", "no-store");
    c->raw_answer = gz.p ? gz : wb_buf_slice(&b);
}

static void serve(struct wb_call *c, struct wb_slice query)
{
    struct wb_slice path = wb_page_path(c);
    struct wb_slice name = wb_slice_sub(path, sizeof PREFIX - 1, path.n);
    wb_call_header(c, "Vary", WB_S("Accept-Encoding"));
    if (wb_slice_chr(name, '.', 0) < 0) {
        serve_page(c);
        return;
    }
    const struct wb_embedded *f = find(name);
    if (!f) {
        wb_fail(c, "NotFound", 404, "There is no such file.");
        return;
    }
    const struct wb_embedded *gz =
        takes_gzip(c) ? find(wb_printf(c->arena, "%s.gz", f->name)) : NULL;
    if (gz)
        wb_call_header(c, "Content-Encoding", WB_S("gzip"));
    put_headers(c, "javascript", "public, max-age=31536000, immutable");
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
