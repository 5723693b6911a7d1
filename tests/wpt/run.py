#!/usr/bin/python3
"""Web platform tests in the process that runs handlers: tests/wpt/suite has excerpts of them as they were published, and
expected.json how many subtests of each file pass and why the others do not. Each file runs in a process of its own, under
the same confinement as a handler.
usage: tests/wpt/run.py PATH/sallyport-handlerd [FILE…] [--update] [--suite FOLDER]"""

import argparse
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from handler_host import CALL, CALL_FAILED, FETCH, FETCH_FAILED, INIT, PULL, READY, RESPOND, STREAM_END, STREAM_PIECE, Host  # noqa: E402

# What the harness needs around it: no document, files by name, and the results at the end as one body.
PRELUDE = """
const wptFiles = FILES;
const wptFetch = globalThis.fetch;
const fetch = (name) => (name in wptFiles ? Promise.resolve(new Response(wptFiles[name])) : wptFetch(name));
const location = { search: "", href: "http://wpt.example/" };
self.GLOBAL = { isWindow: () => false, isWorker: () => false, isShadowRealm: () => false };
let wptDone;
const wptResults = new Promise((resolve) => { wptDone = resolve; });
"""
# The tests run at the first call, so that all of their work belongs to it.
HARNESS_END = """
add_completion_callback((tests, status) => {
  wptDone(JSON.stringify({ status: status.status, message: status.message,
    tests: tests.map((test) => [test.name, test.status, String(test.message ?? "").slice(0, 300)]) }));
});
"""


def scripts_of(suite, file):
    """The file, with what its META lines name before it; and the data files that it fetches."""
    text = file.read_text()
    scripts, data = [], {}
    for name in re.findall(r"^// META: script=(.+)$", text, re.M):
        path = suite / name.lstrip("/") if name.startswith("/") else (file.parent / name)
        scripts.append(path.read_text())
    for name in re.findall(r"""fetch\(["']([\w/.-]+\.json)["']\)""", text):
        data[name] = (file.parent / name).read_text()
    return [*scripts, text], data


def run(program, suite, file, fast=False, seconds=120):
    scripts, data = scripts_of(suite, file)
    harness = (suite / "resources/testharness.js").read_text()
    # One function: what the harness defines for the world is defined before the test's own scope begins.
    body = PRELUDE.replace("FILES", json.dumps(data)) + harness + HARNESS_END + "\n".join(scripts)
    body += "\ndone();" if re.search(r"^setup\(\{.*single_test", scripts[-1], re.M) else ""
    module = "exports.default = { async outbound() {\n" + body + "\nreturn new Response(await wptResults); } };"
    host = Host(program, 0, fast)
    try:
        host.send(INIT, head=json.dumps({"containerId": "wpt", "env": {}, "mostLines": 1000}), tail=module)
        kind, _, _, head, _ = host.receive(seconds)
        if kind != READY:
            return {"status": 1, "message": head, "tests": []}
        host.send(CALL, call=1, head="\n".join(["outbound", "", "GET", "http://wpt.example/", "", "", ""]))
        pieces, stream = [], None
        while True:
            kind, number, _, head, tail = host.receive(seconds)
            if kind == FETCH:
                host.send(FETCH_FAILED, number, 1, "there is no network here")
            elif kind == CALL_FAILED:
                return {"status": 1, "message": head, "tests": []}
            elif kind == RESPOND:
                place = head.split("\n")[2]
                if place == "bytes":
                    return json.loads(tail)
                stream = int(place.split()[1])
                host.send(PULL, stream, 1)
            elif kind == STREAM_PIECE and number == stream:
                pieces.append(tail)
                host.send(PULL, stream, 1)
            elif kind == STREAM_END and number == stream:
                return json.loads(b"".join(pieces))
    except (SystemExit, TimeoutError) as error:
        return {"status": 2, "message": str(error), "tests": []}
    finally:
        host.end()


def is_explained(test, reasons):
    """A key is the name of a subtest, or /an expression/ that names several."""
    return test in reasons or any(key.startswith("/") and re.search(key[1:-1], test) for key in reasons)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("files", nargs="*")
    parser.add_argument("--suite", type=pathlib.Path, default=HERE / "suite")
    parser.add_argument("--update", action="store_true", help="write what passes now, keeping the reasons that are known")
    options = parser.parse_args()
    suite = options.suite
    expected_file = HERE / "expected.json"
    expected = json.loads(expected_file.read_text()) if expected_file.exists() else {"files": {}}
    found = sorted(p for pattern in ("*.any.js", "*.window.js") for p in suite.rglob(pattern))
    files = [suite / name for name in options.files] or found
    wrong, passed, total, groups = [], 0, 0, {}
    for file in files:
        name = str(file.relative_to(suite))
        result = run(options.program, suite, file)
        known = expected["files"].get(name, {"passed": 0, "failing": {}})
        failing = {test[0]: test[2] for test in result["tests"] if test[1] != 0}
        if result["status"] != 0 and not result["tests"]:
            failing["(the file)"] = result["message"] or "did not end"
        good = sum(test[1] == 0 for test in result["tests"])
        passed, total = passed + good, total + max(len(result["tests"]), 1 if failing else 0)
        group = groups.setdefault(name.split("/")[0], [0, 0])
        group[0], group[1] = group[0] + good, group[1] + len(result["tests"])
        if options.update:
            groups_ = {key: why for key, why in known["failing"].items() if key.startswith("/") and any(is_explained(test, {key: why}) for test in failing)}
            single = {test: known["failing"].get(test, "UNEXPLAINED: " + text) for test, text in failing.items() if not is_explained(test, groups_)}
            expected["files"][name] = {"passed": good, "failing": {**groups_, **single}}
        else:
            wrong += [f"{name}: {test}: {text}" for test, text in failing.items() if not is_explained(test, known["failing"])]
            if good < known["passed"]:
                wrong.append(f"{name}: {good} subtests pass, {known['passed']} did before")
        if options.files:
            for test, text in failing.items():
                print(f"  {name}: {test}: {text}")
    for group, (good, all_) in sorted(groups.items()):
        print(f"{group}: {good} of {all_} subtests pass")
    print(f"all: {passed} of {total}")
    if options.update:
        expected_file.write_text(json.dumps(expected, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    for line in wrong:
        print("NOT EXPECTED:", line)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
