/* The functions by name, and the form of their calls (User Guide, "Intrinsic function reference"
 * and "Rule-specific intrinsic functions"). */
#include "base/limits.h"
#include "services/cloudformation/template_impl.h"

static const struct {
    const char *name;
} functions[] = {
    [WB_FN_NONE] = {""},
    [WB_FN_REF] = {"Ref"},
    [WB_FN_CONDITION] = {"Condition"},
    [WB_FN_AND] = {"Fn::And"},
    [WB_FN_OR] = {"Fn::Or"},
    [WB_FN_NOT] = {"Fn::Not"},
    [WB_FN_EQUALS] = {"Fn::Equals"},
    [WB_FN_IF] = {"Fn::If"},
    [WB_FN_BASE64] = {"Fn::Base64"},
    [WB_FN_CIDR] = {"Fn::Cidr"},
    [WB_FN_FIND_IN_MAP] = {"Fn::FindInMap"},
    [WB_FN_GET_ATT] = {"Fn::GetAtt"},
    [WB_FN_GET_AZS] = {"Fn::GetAZs"},
    [WB_FN_IMPORT_VALUE] = {"Fn::ImportValue"},
    [WB_FN_JOIN] = {"Fn::Join"},
    [WB_FN_SELECT] = {"Fn::Select"},
    [WB_FN_SPLIT] = {"Fn::Split"},
    [WB_FN_SUB] = {"Fn::Sub"},
    [WB_FN_LENGTH] = {"Fn::Length"},
    [WB_FN_TO_JSON] = {"Fn::ToJsonString"},
    [WB_FN_CONTAINS] = {"Fn::Contains"},
    [WB_FN_EACH_EQUALS] = {"Fn::EachMemberEquals"},
    [WB_FN_EACH_IN] = {"Fn::EachMemberIn"},
    [WB_FN_REF_ALL] = {"Fn::RefAll"},
    [WB_FN_VALUE_OF] = {"Fn::ValueOf"},
    [WB_FN_VALUE_OF_ALL] = {"Fn::ValueOfAll"},
};
#define FUNCTIONS (sizeof functions / sizeof *functions)

const char *wb_function_name(enum wb_function f)
{
    return f < FUNCTIONS ? functions[f].name : "";
}

enum wb_function wb_template_function(struct wb_json v, struct wb_json *argument)
{
    if (wb_json_type(v) != WB_JSON_OBJECT || wb_json_count(v) != 1)
        return WB_FN_NONE;
    struct wb_json_iter it = wb_json_iter(v);
    if (!wb_json_next(&it))
        return WB_FN_NONE;
    struct wb_slice name = wb_json_raw(it.key); /* no function's name needs an escape */
    name = wb_slice_sub(name, 1, name.n - 1);
    *argument = it.value;
    if (!wb_slice_is(name, "Ref") && !wb_slice_is(name, "Condition") &&
        !wb_slice_starts(name, WB_S("Fn::")))
        return WB_FN_NONE;
    for (size_t i = 1; i < FUNCTIONS; i++)
        if (wb_slice_is(name, functions[i].name))
            return (enum wb_function)i;
    return WB_FN_UNKNOWN;
}

/* --- forms --- */

static bool is_list(struct wb_json v, uint32_t from, uint32_t to)
{
    return wb_json_type(v) == WB_JSON_ARRAY && wb_json_count(v) >= from && wb_json_count(v) <= to;
}

static bool is_call(struct wb_json v)
{
    struct wb_json argument;
    return wb_template_function(v, &argument) != WB_FN_NONE;
}

/* A string (or number, which is read as one), or what may give one. */
static bool text_or_call(struct wb_json v)
{
    enum wb_json_type t = wb_json_type(v);
    return (t >= WB_JSON_FALSE && t <= WB_JSON_STRING) || is_call(v);
}

static bool list_or_call(struct wb_json v)
{
    return wb_json_type(v) == WB_JSON_ARRAY || is_call(v);
}

static const char *form_of_sub(struct wb_json v)
{
    static const char wrong[] =
        "Template error: One or more Fn::Sub intrinsic functions don't specify expected "
        "arguments. Specify a string as first argument, and an optional second argument to "
        "specify a mapping of values to replace in the string";
    if (wb_json_type(v) == WB_JSON_STRING)
        return NULL;
    if (!is_list(v, 2, 2) || wb_json_type(wb_json_item(v, 0)) != WB_JSON_STRING ||
        wb_json_type(wb_json_item(v, 1)) != WB_JSON_OBJECT)
        return wrong;
    return NULL;
}

static const char *form_of_getatt(struct wb_json v)
{
    static const char wrong[] = "Template error: every Fn::GetAtt object requires two non-empty "
                                "parameters, the resource name and the resource attribute";
    struct wb_slice text = wb_json_raw(v);
    if (wb_json_type(v) == WB_JSON_STRING) {
        ptrdiff_t dot = wb_slice_chr(text, '.', 0);
        return dot > 1 && (size_t)dot + 2 < text.n ? NULL : wrong;
    }
    if (!is_list(v, 2, UINT32_MAX))
        return wrong;
    struct wb_json_iter it = wb_json_iter(v);
    for (size_t i = 0; wb_json_next(&it); i++) {
        bool string = wb_json_type(it.value) == WB_JSON_STRING && wb_json_raw(it.value).n > 2;
        if (!string && !(i == 1 && wb_json_count(v) == 2 && is_call(it.value)))
            return wrong;
    }
    return NULL;
}

static const char *form_of_find(struct wb_json v)
{
    static const char wrong[] =
        "Template error: every Fn::FindInMap object requires three parameters, the map name, map "
        "key and the attribute for return value";
    if (!is_list(v, 3, 4))
        return wrong;
    struct wb_json_iter it = wb_json_iter(v);
    for (size_t i = 0; wb_json_next(&it); i++) {
        if (i < 3 && !text_or_call(it.value))
            return wrong;
        if (i == 3 &&
            (wb_json_count(it.value) != 1 || !wb_json_is(wb_json_get(it.value, "DefaultValue"))))
            return wrong;
    }
    return NULL;
}

static const char *form_of_logic(enum wb_function f, struct wb_json v)
{
    switch (f) {
    case WB_FN_AND:
        return is_list(v, 2, 10) ? NULL
                                 : "Template error: every Fn::And object requires a list of at "
                                   "least 2 and at most 10 boolean parameters.";
    case WB_FN_OR:
        return is_list(v, 2, 10) ? NULL
                                 : "Template error: every Fn::Or object requires a list of at "
                                   "least 2 and at most 10 boolean parameters.";
    case WB_FN_NOT:
        return is_list(v, 1, 1) ? NULL
                                : "Template error: every Fn::Not object requires one boolean "
                                  "parameter.";
    case WB_FN_EQUALS:
        return is_list(v, 2, 2) ? NULL
                                : "Template error: every Fn::Equals object requires a list of 2 "
                                  "string parameters.";
    default:
        if (!is_list(v, 3, 3))
            return "Template error: Fn::If requires a list argument with three elements";
        return wb_json_type(wb_json_item(v, 0)) == WB_JSON_STRING
                   ? NULL
                   : "Template error: Fn::If requires a list argument with the first element "
                     "being a condition";
    }
}

static const char *form_of_rule(enum wb_function f, struct wb_json v)
{
    switch (f) {
    case WB_FN_CONTAINS:
    case WB_FN_EACH_EQUALS:
    case WB_FN_EACH_IN:
        return is_list(v, 2, 2) && list_or_call(wb_json_item(v, 0))
                   ? NULL
                   : "Template error: every Fn::Contains, Fn::EachMemberEquals and "
                     "Fn::EachMemberIn object requires a list of strings and what it is compared "
                     "with.";
    case WB_FN_REF_ALL:
        return wb_json_type(v) == WB_JSON_STRING
                   ? NULL
                   : "Template error: every Fn::RefAll object must have a single String value.";
    default:
        return is_list(v, 2, 2) && wb_json_type(wb_json_item(v, 0)) == WB_JSON_STRING &&
                       wb_json_type(wb_json_item(v, 1)) == WB_JSON_STRING
                   ? NULL
                   : "Template error: every Fn::ValueOf and Fn::ValueOfAll object requires two "
                     "parameters, a parameter and an attribute.";
    }
}

static const char *form_of_list(enum wb_function f, struct wb_json v)
{
    bool pair = is_list(v, 2, 2);
    switch (f) {
    case WB_FN_JOIN:
        return pair && wb_json_type(wb_json_item(v, 0)) == WB_JSON_STRING &&
                       list_or_call(wb_json_item(v, 1))
                   ? NULL
                   : "Template error: every Fn::Join object requires two parameters, (1) a string "
                     "delimiter and (2) a list of strings to be joined or a function that returns "
                     "a list of strings (such as Fn::GetAZs) to be joined.";
    case WB_FN_SPLIT:
        return pair && wb_json_type(wb_json_item(v, 0)) == WB_JSON_STRING &&
                       text_or_call(wb_json_item(v, 1))
                   ? NULL
                   : "Template error: every Fn::Split object requires two parameters, (1) a string "
                     "delimiter and (2) a string to be split or a function that returns a string "
                     "to be split.";
    case WB_FN_SELECT:
        return pair && text_or_call(wb_json_item(v, 0)) && list_or_call(wb_json_item(v, 1))
                   ? NULL
                   : "Template error: Fn::Select requires a list argument with two elements: an "
                     "integer index and a list";
    default:
        return is_list(v, 2, 3) ? NULL
                                : "Template error: every Fn::Cidr object requires two or three "
                                  "parameters, an IP address block, a count and the bits of a "
                                  "subnet.";
    }
}

const char *wb_function_form(enum wb_function f, struct wb_json v)
{
    switch (f) {
    case WB_FN_REF:
        return wb_json_type(v) == WB_JSON_STRING && wb_json_raw(v).n > 2
                   ? NULL
                   : "Template error: every Ref object must have a single String value.";
    case WB_FN_CONDITION:
        return wb_json_type(v) == WB_JSON_STRING
                   ? NULL
                   : "Template error: every Condition object must have a single String value.";
    case WB_FN_AND:
    case WB_FN_OR:
    case WB_FN_NOT:
    case WB_FN_EQUALS:
    case WB_FN_IF:
        return form_of_logic(f, v);
    case WB_FN_JOIN:
    case WB_FN_SPLIT:
    case WB_FN_SELECT:
    case WB_FN_CIDR:
        return form_of_list(f, v);
    case WB_FN_SUB:
        return form_of_sub(v);
    case WB_FN_GET_ATT:
        return form_of_getatt(v);
    case WB_FN_FIND_IN_MAP:
        return form_of_find(v);
    case WB_FN_BASE64:
        return text_or_call(v) ? NULL
                               : "Template error: every Fn::Base64 object must have a String-typed "
                                 "value.";
    case WB_FN_GET_AZS:
        return text_or_call(v) ? NULL
                               : "Template error: every Fn::GetAZs object must have a String-typed "
                                 "value.";
    case WB_FN_IMPORT_VALUE:
        return text_or_call(v) ? NULL
                               : "Template error: every Fn::ImportValue object must have a "
                                 "String-typed value.";
    case WB_FN_LENGTH:
        return list_or_call(v) || is_call(v)
                   ? NULL
                   : "Template error: every Fn::Length object requires a list.";
    case WB_FN_TO_JSON:
        return wb_json_type(v) >= WB_JSON_ARRAY
                   ? NULL
                   : "Template error: every Fn::ToJsonString object requires an object or a list.";
    case WB_FN_NONE:
    case WB_FN_UNKNOWN:
        return NULL;
    default:
        return form_of_rule(f, v);
    }
}

bool wb_getatt_parts(struct wb_arena *a, struct wb_json argument, struct wb_slice *id,
                     struct wb_slice *attribute, struct wb_json *function)
{
    *function = WB_JSON_NONE;
    if (wb_json_type(argument) == WB_JSON_STRING) {
        *attribute = wb_json_str(argument, a);
        *id = wb_slice_cut(attribute, '.');
        return id->n && attribute->n;
    }
    struct wb_json_iter it = wb_json_iter(argument);
    if (!wb_json_next(&it))
        return false;
    *id = wb_json_str(it.value, a);
    *attribute = WB_SLICE_NULL;
    while (wb_json_next(&it)) {
        struct wb_slice part = wb_json_str(it.value, a);
        if (!part.p)
            *function = it.value;
        else if (attribute->p)
            *attribute = wb_printf(a, "%.*s.%.*s", WB_FMT(*attribute), WB_FMT(part));
        else
            *attribute = part;
    }
    return id->p && (attribute->p || wb_json_is(*function));
}

/* --- texts with variables --- */

static bool name_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '.' || c == ':';
}

/* "${Name}" is a variable, "${!Name}" the text "${Name}", a '$' alone itself. */
bool wb_sub_next(struct wb_sub *s)
{
    if (s->at >= s->text.n)
        return false;
    ptrdiff_t open = wb_slice_find(s->text, WB_S("${"), s->at);
    s->variable = false;
    if (open < 0 || (size_t)open > s->at) {
        size_t end = open < 0 ? s->text.n : (size_t)open;
        s->piece = wb_slice_sub(s->text, s->at, end);
        s->at = end;
        return true;
    }
    ptrdiff_t close = wb_slice_chr(s->text, '}', (size_t)open);
    if (close < 0) { /* no end: it is text */
        s->piece = wb_slice_sub(s->text, s->at, s->text.n);
        s->at = s->text.n;
        return true;
    }
    struct wb_slice name = wb_slice_sub(s->text, (size_t)open + 2, (size_t)close);
    if (name.n && name.p[0] == '!') {
        /* Text is "${", then what is behind the mark. */
        s->piece = WB_S("${");
        s->at = (size_t)open + 3;
        return true;
    }
    s->at = (size_t)close + 1;
    s->piece = name;
    s->variable = true;
    for (size_t i = 0; i < name.n; i++)
        s->bad |= !name_character(name.p[i]);
    s->bad |= s->piece.n == 0;
    return true;
}

bool wb_is_pseudo(struct wb_slice name)
{
    static const char *const names[] = {"AWS::AccountId", "AWS::NotificationARNs", "AWS::NoValue",
                                        "AWS::Partition", "AWS::Region",           "AWS::StackId",
                                        "AWS::StackName", "AWS::URLSuffix"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (wb_slice_is(name, names[i]))
            return true;
    return false;
}
