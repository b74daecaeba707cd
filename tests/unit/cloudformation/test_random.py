#!/usr/bin/env python3
"""Random expressions, evaluated by the program and by a second, obvious evaluator written here from
the documentation. Also random YAML against PyYAML, where that is installed."""

import base64
import json
import random
import sys

from evaluator import Evaluator

RESOURCES = {"A": {"Ref": "a-1", "Arn": "arn:a", "List": ["x", "y", "z"]}, "B": {"Ref": "b 2"}}
PARAMETERS = {"P": "pp", "Q": "1,2 , three", "N": "7.50"}
MAPS = {"M": {"k": {"v": "one", "w": ["l", "m"]}, "pp": {"v": "two", "w": []}}}
CONDITIONS = {
    "T": {"Fn::Equals": [{"Ref": "P"}, "pp"]},
    "F": {"Fn::Equals": [{"Ref": "N"}, "7.5"]},
    "TF": {"Fn::And": [{"Condition": "T"}, {"Condition": "F"}]},
    "ToF": {"Fn::Or": [{"Condition": "F"}, {"Condition": "T"}]},
    "NTF": {"Fn::Not": [{"Condition": "TF"}]},
}
TRUTH = {"T": True, "F": False, "TF": False, "ToF": True, "NTF": True}
GONE = object()


class Refused(Exception):
    pass


# --- making ---

def text(r, depth):
    """An expression that gives a string."""
    if depth == 0:
        return r.choice(["", "x", "a,b", "é\n", "${!A}"[:0] + "q|r", {"Ref": "A"}, {"Ref": "P"},
                         {"Ref": "AWS::Region"}, {"Ref": "N"}, {"Fn::GetAtt": ["A", "Arn"]},
                         {"Fn::GetAtt": "A.Arn"}, 5, True])
    kind = r.randrange(8)
    if kind == 0:
        return {"Fn::Join": [r.choice(["", ",", "--"]), items(r, depth - 1)]}
    if kind == 1:
        return {"Fn::Select": [r.choice([0, 1, "0", "2"]), items(r, depth - 1)]}
    if kind == 2:
        return {"Fn::Sub": "".join(r.choice(["${A}", "${A.Arn}", "${P}-", "$", "{", "}", "${!Z}", "é",
                                             "${AWS::AccountId}", "${Q}"]) for _ in range(r.randrange(5)))}
    if kind == 3:
        return {"Fn::Sub": ["<${x}|${A}|${!x}>", {"x": text(r, depth - 1)}]}
    if kind == 4:
        return {"Fn::If": [r.choice(list(TRUTH)), text(r, depth - 1), text(r, depth - 1)]}
    if kind == 5:
        return {"Fn::Base64": text(r, depth - 1)}
    if kind == 6:
        return {"Fn::FindInMap": ["M", r.choice(["k", {"Ref": "P"}, "nope"]), "v"]}
    return text(r, 0)


def items(r, depth):
    """An expression that gives a list of strings."""
    kind = r.randrange(6) if depth else r.choice([0, 5])
    if kind == 1:
        return {"Fn::Split": [r.choice([",", "|", "--"]), text(r, depth - 1)]}
    if kind == 2:
        return {"Fn::If": [r.choice(list(TRUTH)), items(r, depth - 1), items(r, depth - 1)]}
    if kind == 3:
        return {"Fn::FindInMap": ["M", r.choice(["k", "pp"]), "w"]}
    if kind == 4:
        return r.choice([{"Ref": "Q"}, {"Fn::GetAtt": ["A", "List"]}, {"Fn::GetAZs": ""}])
    if kind == 5:
        return [r.choice([text(r, max(depth - 1, 0)), {"Ref": "AWS::NoValue"}])
                if r.random() < 0.2 else text(r, max(depth - 1, 0)) for _ in range(r.randrange(4))]
    return ["a", "b", "c"]


def value(r, depth):
    kind = r.randrange(5)
    if depth and kind == 0:
        return {f"k{i}": value(r, depth - 1) for i in range(r.randrange(4))}
    if depth and kind == 1:
        return [value(r, depth - 1) for _ in range(r.randrange(4))]
    if kind == 2:
        return items(r, depth)
    if kind == 3 and depth:
        return {"Fn::If": [r.choice(list(TRUTH)), value(r, depth - 1), {"Ref": "AWS::NoValue"}]}
    return text(r, depth)


# --- the second evaluator ---

def string(v):
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, (str, int)):
        return str(v)
    raise Refused()


def ref(name):
    pseudo = {"AWS::Region": "us-east-1", "AWS::AccountId": "111122223333", "AWS::NoValue": GONE}
    if name in pseudo:
        return pseudo[name]
    if name == "Q":
        return [p.strip() for p in PARAMETERS["Q"].split(",")]
    return PARAMETERS[name] if name in PARAMETERS else RESOURCES[name]["Ref"]


def substituted(template, own):
    out, at = "", 0
    while at < len(template):
        if template.startswith("${!", at):
            out, at = out + "${", at + 3
        elif template.startswith("${", at):
            end = template.index("}", at)
            name = template[at + 2:end]
            if name in own:
                v = own[name]
            elif "." in name:
                v = RESOURCES[name.split(".")[0]][name.split(".", 1)[1]]
            else:
                v = ref(name)
            out += ",".join(v) if isinstance(v, list) else string(v)
            at = end + 1
        else:
            out, at = out + template[at], at + 1
    return out


def evaluate(v):
    if isinstance(v, list):
        return [e for e in map(evaluate, v) if e is not GONE]
    if not isinstance(v, dict):
        return v
    if len(v) != 1 or not (next(iter(v)) == "Ref" or next(iter(v)).startswith("Fn::")):
        return {k: e for k, e in ((k, evaluate(x)) for k, x in v.items()) if e is not GONE}
    (name, arg), = v.items()
    if name == "Ref":
        return ref(arg)
    if name == "Fn::GetAtt":
        arg = arg.split(".", 1) if isinstance(arg, str) else arg
        return RESOURCES[arg[0]][arg[1]]
    if name == "Fn::If":
        return evaluate(arg[1] if TRUTH[arg[0]] else arg[2])
    if name == "Fn::GetAZs":
        return ["us-east-1a", "us-east-1b", "us-east-1c"]
    if name == "Fn::Base64":
        return base64.b64encode(string(evaluate(arg)).encode()).decode()
    if name == "Fn::FindInMap":
        try:
            return MAPS[arg[0]][string(evaluate(arg[1]))][arg[2]]
        except KeyError:
            raise Refused() from None
    if name == "Fn::Join":
        return arg[0].join(map(string, evaluate(arg[1])))
    if name == "Fn::Split":
        return string(evaluate(arg[1])).split(arg[0])
    if name == "Fn::Select":
        values = evaluate(arg[1])
        if int(arg[0]) >= len(values):
            raise Refused()
        return values[int(arg[0])]
    if name == "Fn::Sub":
        if isinstance(arg, str):
            return substituted(arg, {})
        return substituted(arg[0], {k: evaluate(x) for k, x in arg[1].items()})
    raise AssertionError(name)


def unfinished(v):
    """A text with a variable that the dice left open is not a fair question."""
    return "${" in json.dumps(v).replace("${A}", "").replace("${A.Arn}", "").replace("${P}", "") \
        .replace("${!Z}", "").replace("${AWS::AccountId}", "").replace("${Q}", "") \
        .replace("${x}", "").replace("${!x}", "")


def compare(program, seed):
    r = random.Random(seed)
    v = value(r, 5)
    if unfinished(v):
        return None
    template = {
        "Parameters": {"P": {"Type": "String"}, "Q": {"Type": "CommaDelimitedList"},
                       "N": {"Type": "Number"}},
        "Mappings": MAPS, "Conditions": CONDITIONS,
        "Resources": {"A": {"Type": "T::T::T"}, "B": {"Type": "T::T::T"},
                      "R": {"Type": "T::T::T", "Properties": {"V": v}}}}
    try:
        want = evaluate({"V": v})
    except Refused:
        want = None
    got = program(template, given=PARAMETERS, resources=RESOURCES)
    have = got.get("properties", {}).get("R")
    if have != want:
        sys.exit(f"seed {seed}\n{json.dumps(v)}\nprogram: {json.dumps(got)}\nhere:    {json.dumps(want)}")
    return want is not None


def random_yaml(program, yaml, count):
    """What PyYAML writes, read by the program; and scalars that people write, read by both."""
    for seed in range(count):
        r = random.Random(seed)
        doc = {"V": [r.choice([r.randrange(-9999, 9999), r.random(), True, False, "yes", "0x1f", "~x",
                               "010", "1e3", "a: b", "#", "é\n ü", " x ", "2026-01-01", "", "1:30",
                               ["n", {"k": "null"}], "- a"]) for _ in range(r.randrange(8))]}
        template = "# or it would be read as JSON\n" + yaml.safe_dump({"Resources": {"R": {"Type": "T::T::T", "Properties": doc}}},
            allow_unicode=r.random() < 0.5, width=20, default_flow_style=r.choice([True, False, None]))
        got = program(template).get("properties", {}).get("R")
        if got != doc:
            sys.exit(f"yaml seed {seed}\n{template}\n{got}\n{doc}")
    scalars = ["1", "+1", "-0", "1_000", "010", "0o10", "0x1F", "0b101", "1:30", "190:20:30", "1.5", ".5",
               "1.", "1.5e+3", "1.5e3", "1e3", "yes", "Yes", "YES", "yEs", "n", "no", "off", "On", "true",
               "012345678901", "089", "0.10", "-.5", "685_230.15", "1.2.3", "10.0.0.0/8", "12e03", "+.5"]
    for s in scalars:
        want = yaml.safe_load(s)
        got = program(f"Resources:\n  R: {{Type: T, Properties: {{V: {s}}}}}\n")
        have = got.get("properties", {}).get("R", {}).get("V")
        if have != want or isinstance(have, bool) != isinstance(want, bool):
            sys.exit(f"scalar {s}: {got} instead of {want!r}")


def main():
    program = Evaluator()
    results = [compare(program, seed) for seed in range(4000)]
    good = results.count(True)
    print(f"{good} values, {results.count(False)} refusals, {results.count(None)} left out")
    if good < 2000 or results.count(False) < 20:
        sys.exit("the dice made too little")
    try:
        import yaml
    except ImportError:
        print("PyYAML is not installed: YAML not compared")
    else:
        random_yaml(program, yaml, 400)
    program.close()


main()
