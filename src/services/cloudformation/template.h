/*
 * Templates: from text (JSON, or YAML with short tags) to a checked document, and from a document
 * with parameters to values. Nothing here touches the store: what a template needs from outside
 * (parameters' values, resources' attributes, exports) comes through struct wb_cfn_env, so the
 * whole language runs in unit tests and under the fuzzer.
 *
 * Steps of a deployment:
 *   wb_template_read       text -> document, functions in their long form; sections, names, forms
 *                          of functions, references and cycles are checked here
 *   wb_template_transform  AWS::LanguageExtensions and AWS::Serverless become plain resources
 *   wb_template_parameters given and default values, checked against type and constraints
 *   wb_template_start      conditions and rules are evaluated
 *   wb_template_resolve    a property's value, an output, ...
 *
 * Rules: CloudFormation User Guide, "Template reference"; texts of errors are CloudFormation's
 * where they are known. Everything lives in the arena that was given. A failed call sets *why to a
 * sentence for the client (ValidationError).
 */
#ifndef WB_CFN_TEMPLATE_H
#define WB_CFN_TEMPLATE_H

#include "base/arena.h"
#include "codec/json.h"

/* A resource of the template, in the order of the text. */
struct wb_template_resource {
    struct wb_slice id, type;
    struct wb_json body;                                    /* the whole object */
    struct wb_json properties;                              /* WB_JSON_NONE when absent */
    struct wb_slice condition;                              /* name or null */
    struct wb_slice deletion_policy, update_replace_policy; /* "Delete" unless said */
    size_t *depends; /* indexes: DependsOn, Ref, GetAtt, Sub; no duplicates, ascending */
    size_t depend_count;
};

struct wb_template {
    struct wb_arena *arena;
    struct wb_slice text; /* as it came */
    struct wb_json doc;   /* normalized */
    bool yaml;
    struct wb_slice description;
    struct wb_template_resource *resource;
    size_t resource_count;
    size_t *order;              /* of creation: a resource comes after all that it depends on */
    struct wb_slice *transform; /* declared, in order */
    size_t transform_count;
    bool iam, named_iam; /* capabilities it needs: CAPABILITY_IAM, CAPABILITY_NAMED_IAM */
    bool extensions;     /* AWS::LanguageExtensions is declared, or was */
    const struct wb_template_names *names; /* where things are: private to template*.c */
};

/* What a template is evaluated with. */
struct wb_cfn_env {
    struct wb_arena *arena;
    struct wb_slice account, region, stack_id, stack_name;
    const struct wb_slice *notification; /* ARNs */
    size_t notification_count;
    void *user;
    /* The value of Ref (attribute null) or GetAtt of a resource that exists, as JSON text. False:
     * it is not known; *why says what is wrong, or stays null: known only after the deployment. */
    bool (*resource)(void *user, struct wb_slice id, struct wb_slice attribute,
                     struct wb_slice *json, struct wb_slice *why);
    bool (*import)(void *user, struct wb_slice name, struct wb_slice *value, struct wb_slice *why);
    /* {{resolve:SERVICE:REFERENCE}} and SSM parameter types: service "ssm", "ssm-secure",
     * "secretsmanager"; reference "name" or "name:version". */
    bool (*dynamic)(void *user, struct wb_slice service, struct wb_slice reference,
                    struct wb_slice *value, struct wb_slice *why);
    /* Filled by wb_template_parameters and wb_template_start. */
    struct wb_template_parameter *parameter;
    size_t parameter_count;
    struct wb_cfn_conditions *conditions; /* NULL before wb_template_start */
};

struct wb_template_parameter {
    struct wb_slice name, type;
    struct wb_slice value;    /* as given, or the default: what DescribeStacks shows */
    struct wb_slice resolved; /* SSM types: the parameter's value; else null */
    bool no_echo;
    bool previous; /* UsePreviousValue; set by the caller together with value */
};

/* What a value that is not known yet is replaced by (as in a change set's property values). */
#define WB_CFN_UNKNOWN "{{changeSet:KNOWN_AFTER_APPLY}}"

struct wb_template *wb_template_read(struct wb_arena *a, struct wb_slice text,
                                     struct wb_slice *why);
/* The same for a text that wb_template_transform made and that was kept: no transform is named in
 * it any more, but what AWS::LanguageExtensions adds may be. */
struct wb_template *wb_template_read_processed(struct wb_arena *a, struct wb_slice text,
                                               struct wb_slice *why);
/* Expands transforms. A template without any comes back as it is. NULL with *why. The processed
 * document's text (GetTemplate, TemplateStage Processed) is in the result's text. */
struct wb_template *wb_template_transform(struct wb_template *t, struct wb_cfn_env *env,
                                          struct wb_slice *why);
/* given: name -> value, in env->parameter before the call; after it, all of the template's
 * parameters in the template's order. */
bool wb_template_parameters(const struct wb_template *t, struct wb_cfn_env *env,
                            struct wb_slice *why);
bool wb_template_start(const struct wb_template *t, struct wb_cfn_env *env, struct wb_slice *why);
/* False also when there is no such condition; a null name is true. */
bool wb_template_condition(const struct wb_cfn_env *env, struct wb_slice name);
/* Evaluates v: functions are replaced by values, AWS::NoValue is gone, branches not taken are not
 * looked at. *json: compact JSON text. *unknown (may be NULL): something is known only later and
 * was replaced by WB_CFN_UNKNOWN; when NULL that is an error. */
bool wb_template_resolve(const struct wb_template *t, struct wb_cfn_env *env, struct wb_json v,
                         struct wb_slice *json, bool *unknown, struct wb_slice *why);

/* --- what GetTemplateSummary and ValidateTemplate tell --- */

struct wb_template_declaration { /* null slices: not said */
    struct wb_slice name, type, initial, description, constraint_description;
    bool no_echo;
    struct wb_slice *allowed; /* AllowedValues */
    size_t allowed_count;
};
/* All parameters that the template declares. */
size_t wb_template_declarations(const struct wb_template *t, struct wb_template_declaration **out);
/* The types of its resources, each once, in the order of the text. */
size_t wb_template_types(const struct wb_template *t, struct wb_slice **out);
/* The capabilities it needs, at most three; *reason is null when there are none. */
size_t wb_template_capabilities(const struct wb_template *t, struct wb_slice out[3],
                                struct wb_slice *reason);

#endif
