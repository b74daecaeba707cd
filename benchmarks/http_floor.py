#!/usr/bin/env python3
"""The HTTP server with nothing behind it, against nginx returning the same constant.

    http_floor.py build/benchmarks/http_floor [SECONDS]
"""
import sys

import lib

# Small requests as wrk sends them; and a signed request's size: 1 kB of head, 400 bytes of body.
SIGNED = """
wrk.method = "POST"
wrk.body = string.rep("x", 400)
wrk.headers["Content-Type"] = "application/x-amz-json-1.0"
wrk.headers["X-Amz-Target"] = "DynamoDB_20120810.GetItem"
wrk.headers["X-Amz-Date"] = "20261122T120000Z"
wrk.headers["X-Amz-Security-Token"] = string.rep("t", 400)
wrk.headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261122/" ..
    "us-east-1/dynamodb/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, " ..
    "Signature=" .. string.rep("0", 64)
wrk.headers["User-Agent"] = "Boto3/1.26.27 Python/3.11.2 Linux/6.1 Botocore/1.29.27"
"""
PIPELINED = """
init = function(args)
    local r = {}
    for i = 1, 16 do r[i] = wrk.format(nil) end
    all = table.concat(r)
end
request = function() return all end
"""
SHAPES = [("GET", None, 64), ("GET", None, 1), ("signed-size POST", SIGNED, 64),
          ("16 pipelined GETs", PIPELINED, 64)]


def main():
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    print("%-20s %5s %12s %12s %6s %9s %9s" % ("request", "conns", "ours/CPU-s", "nginx/CPU-s",
                                               "ratio", "p99 ours", "p99 nginx"))
    with lib.Program(sys.argv[1]) as ours, lib.nginx_constant() as nginx:
        for name, lua, connections in SHAPES:
            def run(server):
                return lib.wrk("http://127.0.0.1:%d/" % server.port, server.pids,
                               connections=connections, seconds=seconds, lua=lua)
            a, b = lib.compare(lambda: run(ours), lambda: run(nginx))
            assert not a.errors, "%d errors" % a.errors
            print("%-20s %5d %12.0f %12.0f %6.2f %7.2fms %7.2fms"
                  % (name, connections, a.per_cpu_second, b.per_cpu_second,
                     a.per_cpu_second / b.per_cpu_second, a.p99_ms, b.p99_ms))


if __name__ == "__main__":
    main()
