#include "arena.h"
#include "base/limits.h"
#include "services/dynamodb/expr.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct wb_slice q(const char *s)
{
    struct wb_slice d = wb_dup(&arena, wb_slice_str(s));
    for (size_t i = 0; i < d.n; i++)
        if (d.p[i] == '\'')
            ((char *)d.p)[i] = '"';
    return d;
}

static struct wb_json json(const char *s)
{
    if (!s)
        return WB_JSON_NONE;
    struct wb_json j = wb_json_read(&arena, q(s), NULL);
    assert_true(wb_json_is(j));
    return j;
}

static void expect_text(const char *what, struct wb_slice got, struct wb_slice want)
{
    if (!wb_slice_eq(got, want))
        fail_msg("%s\ngot  %.*s\nwant %.*s", what, WB_FMT(got), WB_FMT(want));
}

static void bind(struct wb_bindings *b, const char *names, const char *values)
{
    struct wb_av_error e;
    if (!wb_bindings_read(b, &arena, json(names), json(values), &e))
        fail_msg("%.*s", WB_FMT(e.message));
}

static struct wb_av item_of(const char *text)
{
    struct wb_av v;
    struct wb_av_error e;
    if (!wb_av_parse_map(&arena, json(text), &v, &e))
        fail_msg("%s: %.*s", text, WB_FMT(e.message));
    return v;
}

static struct wb_slice text_of(const struct wb_av *m)
{
    struct wb_buf b = wb_buf_in(&arena);
    wb_av_write_map(&b, m);
    return wb_buf_slice(&b);
}

#define VALUES                                                                                     \
    "{':s':{'S':'x'},':n':{'N':'5'},':n2':{'N':'9'},':b':{'B':'YQ=='},':t':{'BOOL':true},"         \
    "':z':{'NULL':true},':l':{'L':[]},':m':{'M':{}},':ss':{'SS':['a','b']},':ns':{'NS':['1']},"    \
    "':ty':{'S':'S'},':e':{'S':''}}"

static void test_condition_errors(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "The expression can not be empty;"},
        {"a", "Syntax error; token: \"<EOF>\", near: \"a\""},
        {"a =", "Syntax error; token: \"<EOF>\", near: \"=\""},
        {"a = = :n", "Syntax error; token: \"=\", near: \"= = :n\""},
        {"!a = :n", "Syntax error; token: \"!\", near: \"!a\""},
        {"a = :n b", "Syntax error; token: \"b\", near: \":n b\""},
        {"(a = :n", "Syntax error; token: \"<EOF>\", near: \":n\""},
        {"a = :n)", "Syntax error; token: \")\", near: \":n)\""},
        {"_a = :n", "Syntax error; token: \"_\", near: \"_a\""},
        {"a.0 = :n", "Syntax error; token: \"0\", near: \".0 =\""},
        {"a[:n] = :n", "Syntax error; token: \":n\", near: \"[:n]\""},
        {"a AND b = :n", "Syntax error; token: \"AND\", near: \"a AND b\""},
        {"NOT a", "Syntax error; token: \"<EOF>\", near: \"a\""},
        {"a BETWEEN :n OR :n2", "Syntax error; token: \"OR\", near: \":n OR :n2\""},
        {"a IN ()", "Syntax error; token: \")\", near: \"()\""},
        {"a = :n + :n", "Syntax error; token: \"+\", near: \":n + :n\""},
        {"# = :n", "Syntax error; token: \"#\", near: \"# =\""},
        {"a[99999999999] = :n", "List index is not within the allowable range; index: "
                                "[99999999999]"},
        {"((a = :n))", "The expression has redundant parentheses;"},
        {"((a)) = :n", "The expression has redundant parentheses;"},
        {"a = ((:n))", "The expression has redundant parentheses;"},
        {"foo(a)", "Invalid function name; function: foo"},
        {"Contains(a, :s)", "Invalid function name; function: Contains"},
        {"list_append(a, :s) = :s", "Invalid function name; function: list_append"},
        {"size(a)", "The function is not allowed to be used this way in an expression; function: "
                    "size"},
        {"a = :n AND size(a)", "The function is not allowed to be used this way in an expression; "
                               "function: size"},
        {"attribute_exists(a) = :n", "The function is not allowed to be used this way in an "
                                     "expression; function: attribute_exists"},
        {"contains(a, contains(b, :s))", "The function is not allowed to be used this way in an "
                                         "expression; function: contains"},
        {"status = :n", "Attribute name is a reserved keyword; reserved keyword: status"},
        {"a.Status = :n", "Attribute name is a reserved keyword; reserved keyword: Status"},
        {"timestamp = :n", "Attribute name is a reserved keyword; reserved keyword: timestamp"},
        {"location = :n", "Attribute name is a reserved keyword; reserved keyword: location"},
        {"a = :q", "An expression attribute value used in expression is not defined; attribute "
                   "value: :q"},
        {"#a = :n", "An expression attribute name used in the document path is not defined; "
                    "attribute name: #a"},
        {"attribute_exists(a, b)", "Incorrect number of operands for operator or function; "
                                   "operator or function: attribute_exists, number of operands: "
                                   "2"},
        {"contains(a)", "Incorrect number of operands for operator or function; operator or "
                        "function: contains, number of operands: 1"},
        {"a.b[1] = a.b[1]", "The first operand must be distinct from the remaining operands for "
                            "this operator or function; operator: =, first operand: [a, b, [1]]"},
        {"contains(a, a)", "The first operand must be distinct from the remaining operands for "
                           "this operator or function; operator: contains, first operand: [a]"},
        {"attribute_exists(:s)", "Operator or function requires a document path; operator or "
                                 "function: attribute_exists"},
        {"begins_with(a, :n)", "Incorrect operand type for operator or function; operator or "
                               "function: begins_with, operand type: N"},
        {"begins_with(size(a), :s)", "Incorrect operand type for operator or function; operator "
                                     "or function: begins_with, operand type: N"},
        {"attribute_type(a, b)", "Incorrect operand type for operator or function; operator or "
                                 "function: attribute_type, operand type: "
                                 "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"},
        {"attribute_type(a, :n)", "Incorrect operand type for operator or function; operator or "
                                  "function: attribute_type, operand type: N"},
        {"attribute_type(a, :s)", "Invalid attribute type name found; type: x, valid types: "
                                  "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}"},
        {"size(:n) = :n", "Incorrect operand type for operator or function; operator or function: "
                          "size, operand type: N"},
        {"a < :l", "Incorrect operand type for operator or function; operator or function: <, "
                   "operand type: L"},
        {"a BETWEEN :t AND :t", "Incorrect operand type for operator or function; operator or "
                                "function: BETWEEN, operand type: BOOL"},
        {"a BETWEEN :n AND :s", "The BETWEEN operator requires same data type for lower and upper "
                                "bounds; lower bound operand: AttributeValue: {N:5}, upper bound "
                                "operand: AttributeValue: {S:x}"},
        {"a BETWEEN :n2 AND :n", "The BETWEEN operator requires upper bound to be greater than or "
                                 "equal to lower bound; lower bound operand: AttributeValue: "
                                 "{N:9}, upper bound operand: AttributeValue: {N:5}"},
        /* priorities */
        {"((status = :q))", "The expression has redundant parentheses;"},
        {"foo(status) AND size(a)", "Invalid function name; function: foo"},
        {"status = :q", "Attribute name is a reserved keyword; reserved keyword: status"},
        {"a < :l AND b = :q", "Incorrect operand type for operator or function; operator or "
                              "function: <, operand type: L"},
        {"b = :q AND a < :l", "An expression attribute value used in expression is not defined; "
                              "attribute value: :q"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct wb_bindings b;
        struct wb_slice why = WB_SLICE_NULL;
        bind(&b, NULL, VALUES);
        struct wb_expr *e =
            wb_expr_condition(&b, wb_slice_str(cases[i].text), "ConditionExpression", &why);
        assert_null(e);
        expect_text(cases[i].text, why,
                    wb_printf(&arena, "Invalid ConditionExpression: %s", cases[i].message));
    }
}

static void test_limits(void **state)
{
    struct wb_bindings b;
    struct wb_slice why;
    struct wb_buf t = wb_buf_in(&arena);
    bind(&b, NULL, VALUES);
    for (int i = 0; i < 151; i++)
        wb_buf_str(&t, i ? " OR a=:n" : "a=:n"); /* 151 comparisons, 150 ORs */
    assert_null(wb_expr_condition(&b, wb_buf_slice(&t), "X", &why));
    expect_text("301", why,
                WB_S("Invalid X: The expression contains too many operators; operator count: 301"));
    t.n -= 8; /* one condition less: 299 */
    assert_non_null(wb_expr_condition(&b, wb_buf_slice(&t), "X", &why));
    t.n = 0;
    while (t.n <= WB_DDB_EXPR_MAX)
        wb_buf_char(&t, ' ');
    assert_null(wb_expr_condition(&b, wb_buf_slice(&t), "X", &why));
    expect_text("4097", why,
                WB_S("Invalid X: Expression size has exceeded the maximum allowed size; "
                     "expression size: 4097"));
    /* Nothing nests deep enough to hurt. */
    static const char *const open[] = {"(", "NOT ", "size(", "NOT(", "a[", "a IN (", "((a)=(", "-"};
    for (size_t i = 0; i < sizeof(open) / sizeof(*open); i++) {
        t.n = 0;
        while (t.n + strlen(open[i]) <= WB_DDB_EXPR_MAX)
            wb_buf_str(&t, open[i]);
        assert_null(wb_expr_condition(&b, wb_buf_slice(&t), "X", &why));
        struct wb_update u;
        t.n = 0;
        wb_buf_str(&t, "SET a=");
        while (t.n + strlen(open[i]) <= WB_DDB_EXPR_MAX)
            wb_buf_str(&t, open[i]);
        assert_false(wb_expr_update(&b, wb_buf_slice(&t), &u, &why));
    }
    t.n = 0;
    wb_buf_str(&t, "a IN (:n");
    for (int i = 1; i < 100; i++)
        wb_buf_str(&t, ",:n");
    wb_buf_str(&t, ")");
    assert_non_null(wb_expr_condition(&b, wb_buf_slice(&t), "X", &why));
    t.n--;
    wb_buf_str(&t, ",:n)");
    assert_null(wb_expr_condition(&b, wb_buf_slice(&t), "X", &why));
    expect_text("IN", why,
                WB_S("Invalid X: The IN operator is provided with too many operands; number of "
                     "operands: 101"));
}

static void test_conditions(void **state)
{
    static const char item[] =
        "{'a':{'N':'5'},'b':{'S':'hello'},'c':{'L':[{'N':'1'},{'M':{'x':{'S':'y'}}}]},"
        "'d':{'SS':['b','a']},'e':{'NULL':true},'f':{'BOOL':false},'g':{'B':'YWJj'},"
        "'m':{'M':{'k':{'NS':['2','1']}}},'status':{'S':'ok'},'n':{'NS':['1','5']}}";
    static const struct {
        const char *text;
        bool truth;
    } cases[] = {
        {"a = :n", true},
        {"a <> :n", false},
        {"a < :n2", true},
        {"a<=:n and a>=:n", true},
        {"a > :n", false},
        {":n = a", true},
        {"b = :n", false},
        {"b <> :n", true},
        {"b < :n", false},
        {"q = z", false},
        {"q <> z", true},
        {"q = :n", false},
        {"q <> :n", true},
        {"NOT q < :n", true},
        {"a BETWEEN :n AND :n2", true},
        {"a between :n2 and :n2", false},
        {"a IN (:s, :n)", true},
        {"a in (:s)", false},
        {"b = :s OR a = :n", true},
        {"b = :s OR a = :n AND f = :t", false},
        {"NOT b = :s AND NOT f = :t", true},
        {"NOT (b = :s OR a = :n)", false},
        {"(a) = (:n)", true},
        {"(c)[0] = :one", true},
        {"attribute_exists(a)", true},
        {"attribute_exists(c[1].x)", true},
        {"attribute_exists(c[2])", false},
        {"attribute_exists(a.x)", false},
        {"attribute_not_exists(q)", true},
        {"attribute_type(b, :ty)", true},
        {"attribute_type(a, :ty)", false},
        {"begins_with(b, :he)", true},
        {"begins_with(b, :s)", false},
        {"begins_with(g, :b)", true},
        {"begins_with(b, :b)", false},
        {"begins_with(b, :e)", true},
        {"contains(b, :ll)", true},
        {"contains(d, :as)", true},
        {"contains(d, :s)", false},
        {"contains(n, :n)", true},
        {"contains(n, :as)", false},
        {"contains(c, :one)", true},
        {"contains(c, :s)", false},
        {"contains(g, :b)", true},
        {"size(b) = :n", true},
        {"size(c) < :n", true},
        {"size(g) > :n", false},
        {"size(a) = :n", false},
        {"size(m) = :one", true},
        {"size(d) = size(n)", true},
        {"d = :ba", true},
        {"m = :mm", true},
        {"e = :z", true},
        {"#s = :ok", true},
        {"#s.#s = :ok", false},
    };
    static const char values[] =
        "{':s':{'S':'x'},':n':{'N':'5.0'},':n2':{'N':'9'},':b':{'B':'YQ=='},':t':{'BOOL':true},"
        "':z':{'NULL':true},':ty':{'S':'S'},':e':{'S':''},':he':{'S':'he'},':ll':{'S':'ll'},"
        "':as':{'S':'a'},':one':{'N':'1'},':ba':{'SS':['b','a']},"
        "':mm':{'M':{'k':{'NS':['1','2.0']}}},':ok':{'S':'ok'}}";
    struct wb_av v = item_of(item);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct wb_bindings b;
        struct wb_slice why = WB_SLICE_NULL;
        bind(&b, "{'#s':'status'}", values);
        struct wb_expr *e = wb_expr_condition(&b, wb_slice_str(cases[i].text), "X", &why);
        if (!e)
            fail_msg("%s: %.*s", cases[i].text, WB_FMT(why));
        if (wb_expr_matches(e, &v) != cases[i].truth)
            fail_msg("%s is not %d", cases[i].text, cases[i].truth);
    }
}

static void test_bindings(void **state)
{
    static const struct {
        const char *names, *values, *message;
    } cases[] = {
        {"{}", NULL, "ExpressionAttributeNames must not be empty"},
        {NULL, "{}", "ExpressionAttributeValues must not be empty"},
        {"{'a':'b'}", NULL,
         "ExpressionAttributeNames contains invalid key: Syntax error; key: \"a\""},
        {"{'#':'b'}", NULL,
         "ExpressionAttributeNames contains invalid key: Syntax error; key: \"#\""},
        {NULL, "{'a':{'S':'b'}}",
         "ExpressionAttributeValues contains invalid key: Syntax error; key: \"a\""},
        {NULL, "{':a':{'N':'b'}}",
         "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a "
         "numeric value: b for key :a"},
    };
    struct wb_bindings b;
    struct wb_av_error e;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_false(wb_bindings_read(&b, &arena, json(cases[i].names), json(cases[i].values), &e));
        expect_text("bindings", e.message, wb_slice_str(cases[i].message));
    }
    struct wb_slice why;
    bind(&b, "{'#b':'x','#a':'y'}", "{':v':{'S':'s'},':u':{'S':'s'}}");
    assert_false(wb_bindings_used(&b, &why));
    expect_text("unused", why,
                WB_S("Value provided in ExpressionAttributeNames unused in expressions: keys: "
                     "{#a, #b}"));
    assert_non_null(wb_expr_condition(&b, WB_S("#a = :v AND #b = :v"), "X", &why));
    assert_false(wb_bindings_used(&b, &why));
    expect_text("unused", why,
                WB_S("Value provided in ExpressionAttributeValues unused in expressions: keys: "
                     "{:u}"));
    assert_non_null(wb_expr_condition(&b, WB_S("#a = :u"), "X", &why));
    assert_true(wb_bindings_used(&b, &why));
}

static void test_update_errors(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "The expression can not be empty;"},
        {"a = :n", "Syntax error; token: \"a\", near: \"a =\""},
        {"SET", "Syntax error; token: \"<EOF>\", near: \"SET\""},
        {"SET a = :n,", "Syntax error; token: \"<EOF>\", near: \",\""},
        {"SET a = :n + :n + :n", "Syntax error; token: \"+\", near: \":n + :n\""},
        {"SET a = (:n + :n) + :n", "Syntax error; token: \"+\", near: \") + :n\""},
        {"ADD a b", "Syntax error; token: \"b\", near: \"a b\""},
        {"REMOVE a b", "Syntax error; token: \"b\", near: \"a b\""},
        {"SET status = :q", "Attribute name is a reserved keyword; reserved keyword: status"},
        {"SET a = foo(status)", "Attribute name is a reserved keyword; reserved keyword: status"},
        {"SET a = foo(b)", "Invalid function name; function: foo"},
        {"SET a = size(b)", "Invalid function name; function: size"},
        {"SET a = :n SET b = :n",
         "The \"SET\" section can only be used once in an update expression;"},
        {"remove a REMOVE b",
         "The \"REMOVE\" section can only be used once in an update expression;"},
        {"SET #a = :q", "An expression attribute name used in the document path is not defined; "
                        "attribute name: #a"},
        {"SET a = :q", "An expression attribute value used in expression is not defined; attribute "
                       "value: :q"},
        {"SET a = :n, a.b = :n", "Two document paths overlap with each other; must remove or "
                                 "rewrite one of these paths; path one: [a], path two: [a, b]"},
        {"SET a[1] = :n REMOVE a[1]", "Two document paths overlap with each other; must remove or "
                                      "rewrite one of these paths; path one: [a, [1]], path two: "
                                      "[a, [1]]"},
        {"SET a[1] = :n, a.b = :n", "Two document paths conflict with each other; must remove or "
                                    "rewrite one of these paths; path one: [a, [1]], path two: "
                                    "[a, b]"},
        {"ADD a :s", "Incorrect operand type for operator or function; operator: ADD, operand "
                     "type: STRING"},
        {"ADD a :l", "Incorrect operand type for operator or function; operator: ADD, operand "
                     "type: LIST"},
        {"DELETE a :n", "Incorrect operand type for operator or function; operator: DELETE, "
                        "operand type: NUMBER"},
        {"DELETE a :t", "Incorrect operand type for operator or function; operator: DELETE, "
                        "operand type: BOOLEAN"},
        {"SET a = :s + :n", "Incorrect operand type for operator or function; operator or "
                            "function: +, operand type: S"},
        {"SET a = list_append(b, :n)", "Incorrect operand type for operator or function; operator "
                                       "or function: list_append, operand type: N"},
        {"SET a = list_append(b)", "Incorrect number of operands for operator or function; "
                                   "operator or function: list_append, number of operands: 1"},
        {"SET a = if_not_exists(:n, :n)", "Operator or function requires a document path; operator "
                                          "or function: if_not_exists"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct wb_bindings b;
        struct wb_slice why = WB_SLICE_NULL;
        struct wb_update u;
        bind(&b, NULL, VALUES);
        assert_false(wb_expr_update(&b, wb_slice_str(cases[i].text), &u, &why));
        expect_text(cases[i].text, why,
                    wb_printf(&arena, "Invalid UpdateExpression: %s", cases[i].message));
    }
}

static void test_updates(void **state)
{
#define NO_ATTRIBUTE                                                                               \
    "The provided expression refers to an attribute that does not exist in the item"
#define BAD_TYPE "An operand in the update expression has an incorrect data type"
#define BAD_PATH "The document path provided in the update expression is invalid for update"
    static const struct {
        const char *item, *text, *out; /* out: JSON, or a text */
    } cases[] = {
        {"{}", "SET a = :n", "{'a':{'N':'5'}}"},
        {"{'a':{'N':'1'}}", "SET a = a + :n", "{'a':{'N':'6'}}"},
        {"{'a':{'N':'1'}}", "SET a = :n - a, b = a", "{'a':{'N':'4'},'b':{'N':'1'}}"},
        {"{'a':{'N':'1'}}", "SET a = (a + :n)", "{'a':{'N':'6'}}"},
        {"{'a':{'N':'1'}}", "SET a = (a) - (:n)", "{'a':{'N':'-4'}}"},
        {"{'a':{'N':'1'},'b':{'N':'2'}}", "SET a = b, b = a", "{'a':{'N':'2'},'b':{'N':'1'}}"},
        {"{}", "SET a = b", NO_ATTRIBUTE},
        {"{}", "SET a = a + :n", NO_ATTRIBUTE},
        {"{'a':{'S':'x'}}", "SET a = a + :n", BAD_TYPE},
        {"{}", "SET a = if_not_exists(a, :z0) + :n", "{'a':{'N':'5'}}"},
        {"{'a':{'N':'2'}}", "SET a = if_not_exists(a, :z0) + :n", "{'a':{'N':'7'}}"},
        {"{}", "SET a = list_append(if_not_exists(a, :el), :l1)", "{'a':{'L':[{'N':'1'}]}}"},
        {"{'a':{'L':[{'S':'0'}]}}", "SET a = list_append(a, :l1)",
         "{'a':{'L':[{'S':'0'},{'N':'1'}]}}"},
        {"{'a':{'L':[{'S':'0'}]}}", "SET a = list_append(:l1, a)",
         "{'a':{'L':[{'N':'1'},{'S':'0'}]}}"},
        {"{'a':{'S':'0'}}", "SET a = list_append(:l1, a)", BAD_TYPE},
        {"{}", "SET a.b = :n", BAD_PATH},
        {"{'a':{'S':'x'}}", "SET a.b = :n", BAD_PATH},
        {"{'a':{'M':{}}}", "SET a.b = :n", "{'a':{'M':{'b':{'N':'5'}}}}"},
        {"{'a':{'M':{}}}", "SET a[0] = :n", BAD_PATH},
        {"{'a':{'M':{'x':{'L':[{'N':'1'}]}}}}", "SET a.x[0] = :n, a.y = a.x[0]",
         "{'a':{'M':{'x':{'L':[{'N':'5'}]},'y':{'N':'1'}}}}"},
        {"{'a':{'L':[]}}", "SET a[7] = :n, a[3] = :s, a[5] = :t",
         "{'a':{'L':[{'S':'x'},{'BOOL':true},{'N':'5'}]}}"},
        {"{'a':{'L':[{'N':'0'},{'N':'1'},{'N':'2'},{'N':'3'}]}}", "REMOVE a[1], a[3]",
         "{'a':{'L':[{'N':'0'},{'N':'2'}]}}"},
        {"{'a':{'L':[{'N':'0'},{'N':'1'}]}}", "REMOVE a[0] SET a[1] = :n, a[9] = :s",
         "{'a':{'L':[{'N':'5'},{'S':'x'}]}}"},
        {"{'a':{'L':[{'L':[{'N':'1'},{'N':'2'}]},{'N':'0'},{'L':[{'N':'7'},{'N':'8'}]}]}}",
         "REMOVE a[0][0], a[1], a[2][1]", "{'a':{'L':[{'L':[{'N':'2'}]},{'L':[{'N':'7'}]}]}}"},
        {"{'a':{'N':'1'},'b':{'N':'2'}}", "REMOVE a, q", "{'b':{'N':'2'}}"},
        {"{'a':{'N':'1'}}", "REMOVE a[1]", BAD_PATH},
        {"{'a':{'L':[]}}", "REMOVE a[1]", "{'a':{'L':[]}}"},
        {"{}", "ADD a :n", "{'a':{'N':'5'}}"},
        {"{'a':{'N':'1.5'}}", "ADD a :n", "{'a':{'N':'6.5'}}"},
        {"{'a':{'S':'1.5'}}", "ADD a :n", BAD_TYPE},
        {"{'a':{'N':'1'}}", "ADD a :ss", BAD_TYPE},
        {"{}", "ADD a :ss", "{'a':{'SS':['a','b']}}"},
        {"{'a':{'SS':['c','a']}}", "ADD a :ss", "{'a':{'SS':['a','b','c']}}"},
        {"{'a':{'SS':['c','a']}}", "DELETE a :ss", "{'a':{'SS':['c']}}"},
        {"{'a':{'SS':['b','a']}}", "DELETE a :ss", "{}"},
        {"{'a':{'L':[{'SS':['b']},{'N':'1'}]}}", "DELETE a[0] :ss", "{'a':{'L':[{'N':'1'}]}}"},
        {"{'a':{'NS':['1']}}", "DELETE a :ss", BAD_TYPE},
        {"{}", "DELETE a :ss", "{}"},
        {"{'a':{'M':{'n':{'N':'1'}}}}", "ADD a.n :n, a.m :n",
         "{'a':{'M':{'m':{'N':'5'},'n':{'N':'6'}}}}"},
        {"{'z':{'N':'1'}}", "SET #st = :s REMOVE z ADD c :n DELETE s :ss",
         "{'c':{'N':'5'},'status':{'S':'x'}}"},
        {"{'a':{'N':'99999999999999999999999999999999999999'}}", "ADD a :n",
         "Attempting to store more than 38 significant digits in a Number"},
        {"{'a':{'N':'9e125'}}", "SET a = a + a",
         "Number overflow. Attempting to store a number with magnitude larger than supported "
         "range"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct wb_bindings b;
        struct wb_slice why = WB_SLICE_NULL;
        struct wb_update u;
        bind(&b, "{'#st':'status'}",
             "{':s':{'S':'x'},':n':{'N':'5'},':z0':{'N':'0'},':el':{'L':[]},':t':{'BOOL':true},"
             "':l1':{'L':[{'N':'1'}]},':ss':{'SS':['a','b']}}");
        if (!wb_expr_update(&b, wb_slice_str(cases[i].text), &u, &why))
            fail_msg("%s: %.*s", cases[i].text, WB_FMT(why));
        struct wb_av v = item_of(cases[i].item), old = v;
        struct wb_slice before = text_of(&v);
        if (wb_update_apply(&arena, &u, &v, &why))
            expect_text(cases[i].text, text_of(&v), q(cases[i].out));
        else
            expect_text(cases[i].text, why, wb_slice_str(cases[i].out));
        expect_text("the old item stays", text_of(&old), before);
    }
}

/* Expressions that would make a huge item, or huge lists on the way, cost no more than the limit.
 */
static void test_update_bombs(void **state)
{
    struct wb_arena a;
    struct wb_av list = {.type = WB_AV_L, .count = 200000}, item = {.type = WB_AV_M}, v;
    list.elem = wb_new_n(&arena, struct wb_av, list.count);
    for (uint32_t i = 0; i < list.count; i++)
        list.elem[i].type = WB_AV_NULL;
    wb_av_set(&arena, &item, WB_S("l"), &list);
    assert_true(wb_av_item_fits(&item, WB_DDB_ITEM_MAX));
    struct wb_buf copies = wb_buf_in(&arena), appends = wb_buf_in(&arena);
    for (int i = 0; i < 500; i++)
        wb_buf_printf(&copies, "%sb%d=l", i ? "," : "SET ", i);
    for (int i = 0; i < 100; i++)
        wb_buf_printf(&appends, "%sb%d=list_append(l,l)", i ? "," : "SET ", i);
    struct wb_slice texts[] = {wb_buf_slice(&copies), wb_buf_slice(&appends)};
    for (int i = 0; i < 2; i++) {
        struct wb_bindings b;
        struct wb_update u;
        struct wb_slice why = WB_SLICE_NULL;
        bind(&b, NULL, NULL);
        wb_arena_init(&a, 0);
        assert_true(wb_expr_update(&b, texts[i], &u, &why));
        v = item;
        assert_false(wb_update_apply(&a, &u, &v, &why));
        expect_text("bomb", why, WB_S("Item size to update has exceeded the maximum allowed size"));
        assert_true(a.total < 256 << 20);
        wb_arena_release(&a);
    }
}

static void test_projection(void **state)
{
    static const char item[] =
        "{'a':{'N':'5'},'b':{'L':[{'N':'0'},{'N':'1'},{'L':[{'S':'p'},{'S':'q'}]}]},"
        "'c':{'M':{'x':{'M':{'y':{'S':'z'}}},'w':{'S':'v'}}}}";
    static const struct {
        const char *text, *out;
    } cases[] = {
        {"a", "{'a':{'N':'5'}}"},
        {"q", "{}"},
        {"a, c.w", "{'a':{'N':'5'},'c':{'M':{'w':{'S':'v'}}}}"},
        {"b[1]", "{'b':{'L':[{'N':'1'}]}}"},
        {"b[2][1], b[0]", "{'b':{'L':[{'N':'0'},{'L':[{'S':'q'}]}]}}"},
        {"b[9], c.x.y, c.q", "{'c':{'M':{'x':{'M':{'y':{'S':'z'}}}}}}"},
        {"a.b, c.x[0]", "{}"},
    };
    static const struct {
        const char *text, *message;
    } errors[] = {
        {"", "The expression can not be empty;"},
        {"a,", "Syntax error; token: \"<EOF>\", near: \",\""},
        {"!!", "Syntax error; token: \"!\", near: \"!!\""},
        {"a b", "Syntax error; token: \"b\", near: \"a b\""},
        {"status", "Attribute name is a reserved keyword; reserved keyword: status"},
        {"#q", "An expression attribute name used in the document path is not defined; attribute "
               "name: #q"},
        {"a, a", "Two document paths overlap with each other; must remove or rewrite one of these "
                 "paths; path one: [a], path two: [a]"},
        {"a.b, a[0]", "Two document paths conflict with each other; must remove or rewrite one of "
                      "these paths; path one: [a, b], path two: [a, [0]]"},
    };
    struct wb_av v = item_of(item);
    struct wb_bindings b;
    struct wb_slice why = WB_SLICE_NULL;
    struct wb_projection p;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        bind(&b, NULL, NULL);
        if (!wb_expr_projection(&b, wb_slice_str(cases[i].text), &p, &why))
            fail_msg("%s: %.*s", cases[i].text, WB_FMT(why));
        struct wb_av out = wb_project(&arena, p.path, p.count, &v);
        expect_text(cases[i].text, text_of(&out), q(cases[i].out));
    }
    for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
        bind(&b, NULL, NULL);
        assert_false(wb_expr_projection(&b, wb_slice_str(errors[i].text), &p, &why));
        expect_text(errors[i].text, why,
                    wb_printf(&arena, "Invalid ProjectionExpression: %s", errors[i].message));
    }
}

static void test_key_conditions(void **state)
{
    static const struct {
        const char *text, *message;
    } errors[] = {
        {"a = :n OR b = :n", "Invalid operator used in KeyConditionExpression: OR"},
        {"NOT a = :n", "Invalid operator used in KeyConditionExpression: NOT"},
        {"a IN (:n)", "Invalid operator used in KeyConditionExpression: IN"},
        {"a <> :n", "Invalid operator used in KeyConditionExpression: <>"},
        {"contains(a, :n)", "Invalid operator used in KeyConditionExpression: contains"},
        {"size(a) = :n", "KeyConditionExpressions cannot contain nested operations"},
        {"a.b = :n", "KeyConditionExpressions cannot have conditions on nested attributes"},
        {"a = b", "Invalid condition in KeyConditionExpression: Multiple attribute names used in "
                  "one condition"},
        {":n = :n", "Invalid condition in KeyConditionExpression: No key attribute specified"},
        {"a = :n AND a > :n", "KeyConditionExpressions must only contain one condition per key"},
        {":n BETWEEN a AND b", "Invalid condition in KeyConditionExpression: BETWEEN operator must "
                               "have the key attribute as its first operand"},
        {"a = :n AND b = :n AND c = :n", "Conditions can be of length 1 or 2 only"},
        {"status = :n", "Invalid KeyConditionExpression: Attribute name is a reserved keyword; "
                        "reserved keyword: status"},
    };
    struct wb_bindings b;
    struct wb_slice why = WB_SLICE_NULL;
    struct wb_key_conditions k;
    for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
        bind(&b, NULL, VALUES);
        assert_false(wb_expr_key_condition(&b, wb_slice_str(errors[i].text), &k, &why));
        expect_text(errors[i].text, why, wb_slice_str(errors[i].message));
    }
    bind(&b, NULL, VALUES);
    assert_true(wb_expr_key_condition(&b, WB_S("(:s = a) AND (b BETWEEN :n AND :n2)"), &k, &why));
    assert_int_equal(k.count, 2);
    assert_int_equal(k.cond[0].kind, WB_EX_EQ);
    assert_int_equal(k.cond[1].kind, WB_EX_BETWEEN);
    assert_int_equal(k.cond[1].count, 2);
    assert_true(wb_expr_key_condition(&b, WB_S(":n < b"), &k, &why));
    assert_int_equal(k.cond[0].kind, WB_EX_GT);
    assert_true(wb_expr_key_condition(&b, WB_S("a = :s and begins_with(b, :s)"), &k, &why));
    assert_int_equal(k.cond[1].kind, WB_EX_BEGINS);
}

/*
 * Random conditions on random items. While the text is made, its truth is worked out on the plain
 * C values the item is made of.
 */
struct plain {
    int type; /* 0 none, 1 number, 2 string, 3 number set */
    int n;    /* number; set: bits */
    char s[4];
};

static struct plain field[4], constant[6];
static struct wb_buf text;

static bool plain_eq(const struct plain *x, const struct plain *y)
{
    return x->type && x->type == y->type && (x->type == 2 ? strcmp(x->s, y->s) == 0 : x->n == y->n);
}

static bool plain_lt(const struct plain *x, const struct plain *y, bool *comparable)
{
    *comparable = x->type && x->type == y->type && x->type != 3;
    return *comparable && (x->type == 1 ? x->n < y->n : strcmp(x->s, y->s) < 0);
}

static const struct plain *random_operand(bool ordered)
{
    for (;;) {
        if (rand() % 2) {
            int i = rand() % 4;
            wb_buf_printf(&text, "f%d", i);
            return &field[i];
        }
        int i = rand() % 6;
        if (ordered && constant[i].type == 3)
            continue;
        wb_buf_printf(&text, ":c%d", i);
        return &constant[i];
    }
}

static bool random_leaf(void)
{
    static const char *const signs[] = {"=", "<>", "<", "<=", ">", ">="};
    int kind = rand() % 9, i = rand() % 4, j = rand() % 4;
    bool comparable, less, more;
    const struct plain *y;
    if (kind < 6) {
        wb_buf_printf(&text, "f%d %s ", i, signs[kind]);
        size_t mark = text.n;
        y = random_operand(kind > 1);
        while (y == &field[i]) {
            text.n = mark;
            y = random_operand(kind > 1);
        }
        less = plain_lt(&field[i], y, &comparable);
        more = plain_lt(y, &field[i], &comparable);
        switch (kind) {
        case 0:
            return plain_eq(&field[i], y);
        case 1:
            return !plain_eq(&field[i], y);
        case 2:
            return less;
        case 3:
            return comparable && !more;
        case 4:
            return more;
        default:
            return comparable && !less;
        }
    }
    if (kind == 6) {
        wb_buf_printf(&text, "attribute_%sexists(f%d)", j % 2 ? "" : "not_", i);
        return (field[i].type != 0) == (j % 2 == 1);
    }
    if (kind == 7) {
        wb_buf_printf(&text, "f%d IN (:c0, :c%d, f%d)", i, j, (i + 1) % 4);
        return plain_eq(&field[i], &constant[0]) || plain_eq(&field[i], &constant[j]) ||
               plain_eq(&field[i], &field[(i + 1) % 4]);
    }
    wb_buf_printf(&text, "contains(f%d, :c%d)", i, j);
    const struct plain *c = &constant[j];
    if (field[i].type == 2)
        return c->type == 2 && strstr(field[i].s, c->s);
    return field[i].type == 3 && c->type == 1 && c->n >= 0 && c->n < 8 && (field[i].n >> c->n & 1);
}

static bool random_condition(int depth)
{
    int kind = depth ? rand() % 4 : 3;
    bool x, y;
    if (kind == 3)
        return random_leaf();
    if (kind == 2) {
        wb_buf_str(&text, "NOT ");
        x = random_condition(depth - 1);
        return !x;
    }
    wb_buf_str(&text, "(");
    x = random_condition(depth - 1);
    wb_buf_str(&text, kind ? " AND q <> q1 AND " : " OR q = q1 OR ");
    y = random_condition(depth - 1);
    wb_buf_str(&text, ")");
    return kind ? x && y : x || y;
}

static struct wb_av av_of(const struct plain *p)
{
    struct wb_av v = {.type = WB_AV_S, .s = wb_dup(&arena, wb_slice_str(p->s))};
    if (p->type == 1) {
        v.type = WB_AV_N;
        v.s = wb_printf(&arena, "%d", p->n);
    } else if (p->type == 3) {
        v.type = WB_AV_NS;
        v.elem = wb_new_n(&arena, struct wb_av, 8);
        for (int i = 0; i < 8; i++)
            if (p->n >> i & 1)
                v.elem[v.count++] =
                    (struct wb_av){.type = WB_AV_N, .s = wb_printf(&arena, "%d", i)};
    }
    return v;
}

static void random_plain(struct plain *p, bool none)
{
    p->type = none && rand() % 5 == 0 ? 0 : 1 + rand() % 3;
    p->n = p->type == 3 ? 1 + rand() % 255 : rand() % 7 - 3;
    int len = rand() % 3;
    memset(p->s, 0, sizeof(p->s));
    for (int i = 0; i < len; i++)
        p->s[i] = (char)('a' + rand() % 2);
}

static void test_random_conditions(void **state)
{
    srand(42);
    int truths = 0;
    for (int round = 0; round < 20000; round++) {
        wb_arena_reset(&arena);
        text = wb_buf_in(&arena);
        struct wb_av item = {.type = WB_AV_M};
        struct wb_buf values = wb_buf_in(&arena);
        for (int i = 0; i < 4; i++) {
            random_plain(&field[i], true);
            struct wb_av v = av_of(&field[i]);
            if (field[i].type)
                wb_av_set(&arena, &item, wb_printf(&arena, "f%d", i), &v);
        }
        for (int i = 0; i < 6; i++) {
            random_plain(&constant[i], false);
            struct wb_av v = av_of(&constant[i]);
            wb_buf_printf(&values, "%c\":c%d\":", i ? ',' : '{', i);
            wb_av_write(&values, &v);
        }
        wb_buf_char(&values, '}');
        bool truth = random_condition(1 + rand() % 4);
        struct wb_bindings b;
        struct wb_av_error ve;
        struct wb_slice why;
        assert_true(wb_bindings_read(&b, &arena, WB_JSON_NONE,
                                     wb_json_read(&arena, wb_buf_slice(&values), NULL), &ve));
        struct wb_expr *e = wb_expr_condition(&b, wb_buf_slice(&text), "X", &why);
        if (!e)
            fail_msg("%.*s: %.*s", WB_FMT(wb_buf_slice(&text)), WB_FMT(why));
        if (wb_expr_matches(e, &item) != truth)
            fail_msg("%.*s is not %d on %.*s with %.*s", WB_FMT(wb_buf_slice(&text)), truth,
                     WB_FMT(text_of(&item)), WB_FMT(wb_buf_slice(&values)));
        truths += truth;
    }
    assert_in_range(truths, 5000, 15000); /* the test says something */
}

static void test_reserved(void **state)
{
    assert_true(wb_reserved_word(WB_S("abort")));
    assert_true(wb_reserved_word(WB_S("Zone")));
    assert_true(wb_reserved_word(WB_S("LOCALTIMESTAMP")));
    assert_false(wb_reserved_word(WB_S("shipmentId")));
    assert_false(wb_reserved_word(WB_S("")));
    assert_false(wb_reserved_word(WB_S("LOCALTIMESTAMPS")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_condition_errors), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_conditions),       cmocka_unit_test(test_bindings),
        cmocka_unit_test(test_update_errors),    cmocka_unit_test(test_updates),
        cmocka_unit_test(test_update_bombs),     cmocka_unit_test(test_projection),
        cmocka_unit_test(test_key_conditions),   cmocka_unit_test(test_random_conditions),
        cmocka_unit_test(test_reserved),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
