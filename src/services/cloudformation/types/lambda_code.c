/*
 * Inline code becomes a package with one file, index.js or index.py, and the module that AWS puts
 * beside it for custom resources: cfn-response, cfnresponse (User Guide, "cfn-response module").
 */
#include "services/cloudformation/types/lambda_code.h"
#include "codec/text.h"
#include "codec/zip.h"
#include "crypto/crypto.h"

#define CODE_MAX (4 << 20) /* CloudFormation's limit for ZipFile is 4 MB */

static const char python_module[] =
    "import json\n"
    "import urllib.request\n"
    "\n"
    "SUCCESS = \"SUCCESS\"\n"
    "FAILED = \"FAILED\"\n"
    "\n"
    "\n"
    "def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False, "
    "reason=None):\n"
    "    stream = context.log_stream_name\n"
    "    answer = {\n"
    "        \"Status\": responseStatus,\n"
    "        \"Reason\": reason or \"See the details in CloudWatch Log Stream: "
    "{}\".format(stream),\n"
    "        \"PhysicalResourceId\": physicalResourceId or stream,\n"
    "        \"StackId\": event[\"StackId\"],\n"
    "        \"RequestId\": event[\"RequestId\"],\n"
    "        \"LogicalResourceId\": event[\"LogicalResourceId\"],\n"
    "        \"NoEcho\": noEcho,\n"
    "        \"Data\": responseData,\n"
    "    }\n"
    "    body = json.dumps(answer).encode()\n"
    "    request = urllib.request.Request(event[\"ResponseURL\"], data=body, method=\"PUT\",\n"
    "                                     headers={\"content-type\": \"\"})\n"
    "    try:\n"
    "        with urllib.request.urlopen(request) as got:\n"
    "            print(\"Status code:\", got.status)\n"
    "    except Exception as e:\n"
    "        print(\"send(..) failed executing the request:\", e)\n";

static const char node_module[] =
    "exports.SUCCESS = 'SUCCESS';\n"
    "exports.FAILED = 'FAILED';\n"
    "exports.send = function (event, context, responseStatus, responseData, physicalResourceId, "
    "noEcho) {\n"
    "  return new Promise((resolve, reject) => {\n"
    "    const body = JSON.stringify({\n"
    "      Status: responseStatus,\n"
    "      Reason: 'See the details in CloudWatch Log Stream: ' + context.logStreamName,\n"
    "      PhysicalResourceId: physicalResourceId || context.logStreamName,\n"
    "      StackId: event.StackId,\n"
    "      RequestId: event.RequestId,\n"
    "      LogicalResourceId: event.LogicalResourceId,\n"
    "      NoEcho: noEcho || false,\n"
    "      Data: responseData,\n"
    "    });\n"
    "    const url = new URL(event.ResponseURL);\n"
    "    const http = require(url.protocol === 'https:' ? 'https' : 'http');\n"
    "    const request = http.request(url, { method: 'PUT',\n"
    "      headers: { 'content-type': '', 'content-length': Buffer.byteLength(body) } }, (got) => "
    "{\n"
    "      got.resume();\n"
    "      console.log('Status code: ' + got.statusCode);\n"
    "      resolve(context.done());\n"
    "    });\n"
    "    request.on('error', (error) => {\n"
    "      console.log('send(..) failed executing the request: ' + error);\n"
    "      reject(context.done(error));\n"
    "    });\n"
    "    request.end(body);\n"
    "  });\n"
    "};\n";

static bool put_text(struct cfn_in *in, struct wb_slice text, struct wb_slice runtime)
{
    struct wb_cfn_resource *r = in->r;
    bool python = wb_slice_starts(runtime, WB_S("python"));
    struct wb_slice names[] = {python ? WB_S("index.py") : WB_S("index.js"),
                               python ? WB_S("cfnresponse.py") : WB_S("cfn-response.js")};
    struct wb_slice data[] = {text, python ? wb_slice(python_module, sizeof python_module - 1)
                                           : wb_slice(node_module, sizeof node_module - 1)};
    const bool exec[] = {false, false};
    struct wb_slice zip;
    if (!python && !wb_slice_starts(runtime, WB_S("nodejs"))) {
        wb_cfn_fail(r, "InvalidRequest",
                    "ZipFile can only be used when Runtime is set to either of nodejs or python");
        return false;
    }
    if (text.n > CODE_MAX || !wb_zip_make(r->tx->arena, names, data, exec, 2, &zip)) {
        wb_cfn_fail(r, "InvalidRequest", "ZipFile must be at most %d bytes", CODE_MAX);
        return false;
    }
    cfn_put(in, "ZipFile", wb_base64_encode(r->tx->arena, zip));
    return true;
}

bool cfn_code_put(struct cfn_in *in, struct wb_json code, struct wb_slice runtime)
{
    static const char *const members[] = {"S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri"};
    struct wb_json text = wb_json_get(code, "ZipFile");
    struct wb_json_iter it = wb_json_iter(code);
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, in->r->tx->arena);
        bool known = wb_slice_is(name, "ZipFile");
        for (size_t i = 0; i < sizeof members / sizeof *members; i++)
            known |= wb_slice_is(name, members[i]);
        if (known)
            continue;
        wb_cfn_fail(in->r, "ValidationError", "Encountered unsupported property %.*s",
                    WB_FMT(name));
        return false;
    }
    if (wb_json_is(text))
        return put_text(in, cfn_json_text(in->r->tx->arena, text), runtime);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        cfn_put_json(in, members[i], wb_json_get(code, members[i]));
    return true;
}

/* --- the CDK's log retention --- */

/* The id of the construct that the CDK makes once in a stack (aws-logs, LogRetention). */
#define SINGLETON "LogRetentionaae0aa3c5b4d4f87b02d85b201efdd8a"

static const char stand_in[] =
    "// The asset of this function was never uploaded. The server handles Custom::LogRetention\n"
    "// itself and does not call it.\n"
    "exports.handler = async () => {\n"
    "  throw new Error('the code of this function was never uploaded');\n"
    "};\n";

static struct wb_slice package(struct wb_arena *a)
{
    struct wb_slice name = WB_S("index.js"), data = wb_slice(stand_in, sizeof stand_in - 1),
                    zip = WB_SLICE_NULL;
    const bool exec = false;
    wb_zip_make(a, &name, &data, &exec, 1, &zip);
    return zip;
}

struct wb_slice cfn_code_stand_in(struct wb_arena *a)
{
    return wb_base64_encode(a, package(a));
}

struct wb_slice cfn_code_stand_in_sha256(struct wb_arena *a)
{
    return wb_sha256_base64(a, package(a));
}

bool cfn_code_may_stand_in(const struct wb_cfn_resource *r)
{
    return wb_slice_starts(r->logical_id, WB_S(SINGLETON)) &&
           wb_json_is(wb_json_get(cfn_prop(r, "Code"), "S3Key"));
}
