/* Shared by the files of the template language; nobody else includes it. */
#ifndef WB_CFN_TEMPLATE_IMPL_H
#define WB_CFN_TEMPLATE_IMPL_H

#include "services/cloudformation/template.h"
#include "services/cloudformation/tree.h"

/* Sections of a template, by the place of their members. */
enum wb_section {
    WB_RESOURCES,
    WB_PARAMETERS,
    WB_CONDITIONS,
    WB_MAPPINGS,
    WB_OUTPUTS,
    WB_RULES,
    WB_SECTIONS
};

struct wb_template_names {
    struct wb_json section[WB_SECTIONS]; /* WB_JSON_NONE when absent */
    struct wb_names name[WB_SECTIONS];   /* -> place in the section */
    struct wb_json *member[WB_SECTIONS];
    struct wb_slice *key[WB_SECTIONS];
    size_t count[WB_SECTIONS];
};

/* The member of that name, or WB_JSON_NONE. */
struct wb_json wb_template_member(const struct wb_template *t, enum wb_section section,
                                  struct wb_slice name);

enum wb_function {
    WB_FN_NONE, /* not a function */
    WB_FN_REF,
    WB_FN_CONDITION,
    WB_FN_AND,
    WB_FN_OR,
    WB_FN_NOT,
    WB_FN_EQUALS,
    WB_FN_IF,
    WB_FN_BASE64,
    WB_FN_CIDR,
    WB_FN_FIND_IN_MAP,
    WB_FN_GET_ATT,
    WB_FN_GET_AZS,
    WB_FN_IMPORT_VALUE,
    WB_FN_JOIN,
    WB_FN_SELECT,
    WB_FN_SPLIT,
    WB_FN_SUB,
    WB_FN_LENGTH,
    WB_FN_TO_JSON,
    WB_FN_CONTAINS,
    WB_FN_EACH_EQUALS,
    WB_FN_EACH_IN,
    WB_FN_REF_ALL,
    WB_FN_VALUE_OF,
    WB_FN_VALUE_OF_ALL,
    WB_FN_UNKNOWN, /* looks like one */
};

/* Which function v is a call of, and its argument. An object with more than one member is none. */
enum wb_function wb_template_function(struct wb_json v, struct wb_json *argument);
const char *wb_function_name(enum wb_function f);
/* The call's form, as far as the text shows it: NULL when it is right, else what is wrong. */
const char *wb_function_form(enum wb_function f, struct wb_json argument);
/* GetAtt's two parts; attribute may be a function in the list form. False: malformed. */
bool wb_getatt_parts(struct wb_arena *a, struct wb_json argument, struct wb_slice *id,
                     struct wb_slice *attribute, struct wb_json *function);

/* Text of Fn::Sub, piece by piece: while (wb_sub_next(&it)) it.literal, or it.name. */
struct wb_sub {
    struct wb_slice text, piece;
    size_t at;
    bool variable; /* piece is a name; else literal text */
    bool bad;      /* a name with characters that names do not have */
};
bool wb_sub_next(struct wb_sub *s);

bool wb_is_pseudo(struct wb_slice name); /* AWS::AccountId, ... */
bool wb_is_alphanumeric(struct wb_slice s);

/* Fails with a sentence; returns false, so that callers can return it. */
bool wb_template_fail(struct wb_arena *a, struct wb_slice *why, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* template.c: as wb_template_read, up to the size of an expanded one. */
struct wb_template *wb_template_read_as(struct wb_arena *a, struct wb_slice text, bool extensions,
                                        struct wb_slice *why);
/* template_param.c: the Parameters section itself. */
bool wb_template_declared(const struct wb_template *t, struct wb_slice *why);
/* template_check.c: references, forms of functions, dependencies and their order. */
bool wb_template_check(struct wb_template *t, struct wb_slice *why);

/* template_eval.c */
/* The conditions alone: for transforms. */
bool wb_template_conditions(const struct wb_template *t, struct wb_cfn_env *env,
                            struct wb_slice *why);
struct wb_eval {
    const struct wb_template *t;
    struct wb_cfn_env *env;
    struct wb_arena *a;
    struct wb_slice *why;
    const char *block; /* "Resources", for errors */
    bool rule;         /* rule functions are known */
    bool blind;        /* everything outside is unknown: to find what is wrong in any case */
    bool *unknown;     /* NULL: unknown values are errors */
    size_t made;       /* bytes of values */
    unsigned depth;    /* of conditions within conditions */
};
extern const struct wb_tree wb_no_value; /* what AWS::NoValue gives */
/* NULL: failed. The result may be &wb_no_value. */
struct wb_tree *wb_eval(struct wb_eval *e, struct wb_json v);
struct wb_tree *wb_eval_fail(struct wb_eval *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
bool wb_eval_bool(struct wb_eval *e, struct wb_json v, bool *out);
struct wb_tree *wb_eval_text(struct wb_eval *e, struct wb_slice text); /* accounts for it */
struct wb_tree *wb_eval_unknown(struct wb_eval *e);
struct wb_tree *wb_eval_ref(struct wb_eval *e, struct wb_slice name);
struct wb_tree *wb_eval_getatt(struct wb_eval *e, struct wb_slice id, struct wb_slice attribute);
/* True when the named condition holds; evaluates it when needed. False return: failed. */
bool wb_eval_condition(struct wb_eval *e, struct wb_slice name, bool *out);
/* template_string.c */
struct wb_tree *wb_eval_join(struct wb_eval *e, struct wb_json arg);
struct wb_tree *wb_eval_split(struct wb_eval *e, struct wb_json arg);
struct wb_tree *wb_eval_sub(struct wb_eval *e, struct wb_json arg);
struct wb_tree *wb_eval_base64(struct wb_eval *e, struct wb_json arg);
struct wb_tree *wb_eval_to_json(struct wb_eval *e, struct wb_json arg);
/* template_cidr.c */
struct wb_tree *wb_eval_cidr(struct wb_eval *e, struct wb_json arg);
/* template_rule.c */
struct wb_tree *wb_eval_rule_function(struct wb_eval *e, enum wb_function f, struct wb_json arg);
bool wb_template_rules(const struct wb_template *t, struct wb_cfn_env *env, struct wb_slice *why);
/* template_dynamic.c: {{resolve:...}} in the strings of a finished value. */
bool wb_eval_dynamic(struct wb_eval *e, struct wb_tree *v);

/* The value of a parameter as Ref gives it: a string, or an array for list types. */
struct wb_tree *wb_parameter_value(struct wb_arena *a, const struct wb_template_parameter *p);
const struct wb_template_parameter *
wb_parameter_find(const struct wb_template *t, const struct wb_cfn_env *env, struct wb_slice name);

#endif
