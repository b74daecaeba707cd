/* What the files of the Insights language share: values, expressions, the plan of a query. */
#ifndef WB_LOGS_INSIGHTS_IMPL_H
#define WB_LOGS_INSIGHTS_IMPL_H

#include "base/buf.h"
#include "codec/json.h"
#include "codec/regex.h"
#include "services/logs/insights.h"

/* --- values (insights_value.c) --- */

enum ins_kind { INS_NONE, INS_TEXT, INS_NUMBER, INS_TIME, INS_BOOL, INS_JSON };

struct ins_value {
    enum ins_kind kind : 8;
    unsigned looked : 8;  /* TEXT: 0 nobody has looked, 1 no number, 2 a number: num */
    double num;           /* NUMBER; TIME: ms; BOOL: 0 or 1 */
    struct wb_slice text; /* TEXT; JSON: a list or map as it is written */
};
#define INS_MISSING ((struct ins_value){.kind = INS_NONE})

static inline struct ins_value ins_text(struct wb_slice s)
{
    return (struct ins_value){.kind = INS_TEXT, .text = s};
}
struct ins_value ins_number(double d); /* missing when it is none */
static inline struct ins_value ins_bool(bool b)
{
    return (struct ins_value){.kind = INS_BOOL, .num = b};
}
static inline struct ins_value ins_time(double ms)
{
    return (struct ins_value){.kind = INS_TIME, .num = ms};
}

/* "12", "-1.5", "2e3": all of it. */
bool ins_parse_number(struct wb_slice s, double *out);
bool ins_as_number(struct ins_value *v, double *out);
bool ins_true(struct ins_value *v);
/* As rows show it; null when missing. In the arena or the value's own. */
struct wb_slice ins_show(struct wb_arena *a, const struct ins_value *v);
/* = of the language; false of what is missing. */
bool ins_equal(struct wb_arena *a, struct ins_value *x, struct ins_value *y);
/* < of the language: -1, 0, 1; false when one is missing, or a number and the other none. */
bool ins_compare(struct wb_arena *a, struct ins_value *x, struct ins_value *y, int *out);
/* Of `sort`: missing, then what is no number (runs of digits count by their length and value), then
 * numbers. A total order. */
int ins_order(struct wb_arena *a, struct ins_value *x, struct ins_value *y);
struct ins_value ins_copy(struct wb_arena *a, const struct ins_value *v);
/* A JSON value as a field has it: null is missing; lists and maps only when `whole`. */
struct ins_value ins_of_json(struct wb_json v, struct wb_arena *a, bool whole);

/* --- fields (insights_field.c) --- */

enum ins_source {
    SRC_DEFINED, /* by the query */
    SRC_NOTHING, /* behind stats: not one of its columns */
    SRC_JSON,
    SRC_LAMBDA,
    SRC_TIMESTAMP,
    SRC_INGESTED,
    SRC_MESSAGE,
    SRC_STREAM,
    SRC_LOG,
    SRC_PTR,
};

struct ins_slot {
    struct wb_slice name;
    enum ins_source source;
    struct wb_slice path; /* JSON */
    unsigned lambda;      /* which */
};

enum { INS_LAMBDA_FIELDS = 9 };

/* What is known of the event at hand; everything is found out when it is asked for. */
struct ins_line {
    const struct insights_event *event;
    struct wb_arena *a;
    bool json_looked, lambda_looked;
    struct wb_json_doc doc;
    struct wb_json json;
    struct ins_value lambda[INS_LAMBDA_FIELDS];
};

void ins_source_of(struct wb_slice name, struct ins_slot *out);
struct ins_value ins_fetch(struct ins_line *l, const struct ins_slot *s);
/* "a.b.0.c" in a list or map. */
struct wb_json ins_path(struct wb_json v, struct wb_slice path, struct wb_arena *a);

/* --- expressions (insights_eval.c) --- */

enum ins_op {
    OP_CONST,
    OP_SLOT,
    OP_PATH, /* within child 0, a list or map */
    OP_AGG,
    OP_NEG,
    OP_ADD,
    OP_SUB,
    OP_MUL,
    OP_DIV,
    OP_MOD,
    OP_POW,
    OP_EQ,
    OP_NE,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_AND,
    OP_OR,
    OP_NOT,
    OP_IN, /* child 0 in the others */
    OP_LIKE,
    OP_MATCH,
    OP_CALL,
};

struct ins_eval;
struct ins_node;
typedef struct ins_value ins_fn(struct ins_eval *e, const struct ins_node *n);

struct ins_period {
    int64_t n;
    char unit; /* 'f': of n milliseconds; 'w', 'M', 'y' */
};

struct ins_node {
    enum ins_op op;
    struct ins_value value;
    uint32_t slot, agg;
    struct ins_node *child[3]; /* all of them in `list` when there may be more */
    struct ins_node **list;
    uint32_t count;
    ins_fn *fn;
    struct wb_regex_search *regex;
    struct wb_slice path;
    struct ins_period period;
};

struct ins_scope;

struct ins_row {
    struct ins_value *v;
    uint8_t *have; /* v[i] is known */
};

struct ins_eval {
    const struct ins_scope *scope;
    struct ins_row row;
    struct ins_line *line; /* NULL behind stats */
    struct ins_value *agg; /* results of a group's aggregations */
    struct wb_arena *a;    /* of this row */
    int64_t now_ms;
    bool costly; /* a regular expression took too many steps */
};
struct ins_value ins_eval(struct ins_eval *e, const struct ins_node *n);
struct ins_value ins_slot_value(struct ins_eval *e, uint32_t slot);
bool ins_like(struct ins_eval *e, struct wb_regex_search *r, struct wb_slice text,
              struct wb_slice *group);

struct ins_function {
    const char *name; /* lower case */
    uint8_t min, max; /* arguments; max 255: any number */
    ins_fn *fn;
    bool period; /* the last argument is one */
};
const struct ins_function *ins_function_find(struct wb_slice name);
struct ins_value ins_datefloor(const struct ins_period *p, double ms, bool up);

/* --- the plan --- */

enum ins_agg_kind {
    AGG_COUNT,
    AGG_DISTINCT,
    AGG_SUM,
    AGG_AVG,
    AGG_MIN,
    AGG_MAX,
    AGG_STDDEV,
    AGG_PCT,
    AGG_EARLIEST,
    AGG_LATEST,
    AGG_FIRST,
    AGG_LAST,
};

struct ins_agg {
    enum ins_agg_kind kind;
    struct ins_node *arg; /* NULL: all rows count */
    double percent;
};

enum ins_command_kind { CMD_SET, CMD_FILTER, CMD_GLOB, CMD_REGEX, CMD_UNNEST };

struct ins_command {
    struct ins_command *next;
    enum ins_command_kind kind;
    struct ins_node *expr;
    uint32_t *slot; /* where results go: SET and UNNEST one, GLOB and REGEX `count` */
    uint32_t count;
    struct wb_slice *piece; /* GLOB: the texts around the stars, count + 1 */
    struct wb_regex_search *regex;
    uint32_t *group; /* of the expression, for each slot */
};

struct ins_key {
    struct ins_node *expr;
    bool descending;
};

struct ins_column {
    struct wb_slice name;
    uint32_t slot;
};

struct ins_scope { /* the fields that can be spoken of, from one stats to the next */
    struct ins_slot slot[WB_INSIGHTS_SLOTS_MAX];
    uint32_t slots;
    bool events;
};

/* Row by row, then all together: stats, or sort, dedup and limit. */
struct ins_stage {
    struct ins_stage *next;
    struct ins_scope *scope;
    struct ins_command *command;
    bool stats;
    struct ins_key *sort;
    uint32_t sorts;
    struct ins_node **dedup;
    uint32_t dedups;
    int64_t limit; /* -1: none */
    /* stats: outs fill the slots 0 to outs - 1 of the next stage's scope, keys the ones behind */
    struct ins_agg *agg;
    uint32_t aggs;
    struct ins_node **key, **out;
    uint32_t keys, outs;
};

struct insights_query {
    struct ins_stage *stage;
    struct ins_column *column; /* of the result */
    uint32_t columns;
    struct wb_slice prefix[WB_INSIGHTS_PREFIXES_MAX];
    size_t prefixes;
};

/* --- compiling (insights_parse.c: expressions; insights_compile.c: commands) --- */

struct ins_name {
    struct ins_name *next; /* older ones; the newest counts */
    struct wb_slice name;
    uint32_t slot;
    bool defined;
};

struct ins_parse {
    struct wb_arena *a;
    struct wb_slice s;
    size_t at;
    unsigned depth, nodes;
    struct insights_error *error;
    bool bad;
    struct ins_scope *scope;
    struct ins_name *name;
    /* In stats: aggregations may stand here, names are those of columns before. */
    struct ins_stage *stats;
    struct ins_name *column;
    struct insights_query *query;
    struct ins_stage *stage;
    struct ins_command **command_end;
    struct ins_name *shown, **shown_end; /* what the result has; defined: asked for */
    bool display_said, dedup_said, limit_said, sort_said;
    unsigned stats_count, commands;
};

void ins_wrong(struct ins_parse *p, size_t from, size_t to, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void ins_unexpected(struct ins_parse *p); /* what stands here cannot stand here */
void ins_blank(struct ins_parse *p);
bool ins_take(struct ins_parse *p, const char *symbol);
bool ins_take_word(struct ins_parse *p, const char *word);
bool ins_name(struct ins_parse *p, struct wb_slice *out); /* "a.b.0.c"; false: none stands here */
bool ins_string(struct ins_parse *p, struct wb_slice *out);
struct wb_regex_search *ins_regex(struct ins_parse *p);
struct ins_node *ins_expr(struct ins_parse *p); /* NULL when bad */
struct ins_node *ins_field(struct ins_parse *p, struct wb_slice name);
uint32_t ins_define(struct ins_parse *p, struct wb_slice name);
bool ins_integer(struct ins_parse *p, int64_t *out);

/* --- running --- */

struct ins_groups; /* insights_stats.c */
struct ins_groups *ins_groups_new(const struct ins_stage *s);
void ins_groups_free(struct ins_groups *g);
void ins_groups_add(struct ins_groups *g, struct ins_eval *e);
size_t ins_groups_memory(const struct ins_groups *g);
/* In the order of their keys: the row of each for the next stage, valid until fn returns. */
bool ins_groups_each(struct ins_groups *g, struct wb_arena *scratch,
                     bool (*fn)(void *arg, const struct ins_value *row), void *arg);

struct ins_rows; /* insights_rows.c */
/* Keeps at most `limit` rows, of each the slots for which keep is set. */
struct ins_rows *ins_rows_new(const struct ins_stage *s, const bool *keep, int64_t limit);
void ins_rows_free(struct ins_rows *r);
void ins_rows_add(struct ins_rows *r, struct ins_eval *e);
size_t ins_rows_memory(const struct ins_rows *r);
/* A row that is kept. */
struct ins_kept {
    struct insights_event event; /* without its text */
    struct ins_value *v;
};
/* In their order, afterwards. */
size_t ins_rows_done(struct ins_rows *r, struct ins_kept ***row);

#endif
