#!/usr/bin/python3
"""Reads every #include and holds it against the arrows between the folders: dependencies point one way, the engine knows no
Qt, and the window knows nothing of the engine but its API."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What each folder of the engine may include, besides itself.
BASE = {"base"}
VALUES = BASE | {"api"}
DECIDING = VALUES | {"policy", "approval", "tls", "dns"}
STORING = DECIDING | {"store", "log"}
ENGINE = {
    "base": set(),
    "api": BASE,
    "policy": VALUES,
    "approval": VALUES | {"policy"},
    "tls": VALUES | {"policy"},
    "dns": VALUES | {"policy"},
    "secret": VALUES | {"policy"},
    "store": VALUES,
    "log": VALUES | {"store"},
    "binding": VALUES | {"policy", "store"},
    "handler": VALUES | {"policy"},
    "egress": STORING | {"secret", "handler", "binding"},
    "jail": VALUES,
    "image": VALUES,
    "vm": VALUES,
    "guest": VALUES,
    "sandbox": STORING | {"secret", "handler", "binding", "egress", "jail", "image", "vm", "guest"},
    "service": STORING | {"secret", "handler", "binding", "egress", "jail", "image", "vm", "guest", "sandbox"},
}
# The wire, shared by both ends, and headers without code of their own.
GUESTD_MAY = {"engine/guest/messages.h", "engine/guest/protocol.h", "engine/base/unique_fd.h", "engine/base/child_process.h"}
HANDLERD_MAY = {"engine/handler/protocol.h"}
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def problems(path):
    parts = path.relative_to(ROOT).parts
    for quoted, system in INCLUDE.findall(path.read_text(encoding="utf-8")):
        target = quoted or system
        is_qt = bool(system) and re.match(r"Q[A-Z]|Qt", system.split("/")[-1]) is not None
        if parts[0] in ("engine", "guestd", "handlerd") and is_qt:
            yield f"includes Qt: {target}"
        if system or "/" not in target:
            continue
        top, *rest = target.split("/")
        if parts[0] == "engine":
            if top != "engine":
                yield f"includes {target}: the engine knows nothing above it"
            elif rest[0] != parts[1] and rest[0] not in ENGINE.get(parts[1], set()):
                yield f"includes {target}: {parts[1]} may not know {rest[0]}"
        elif parts[0] == "ui" and top == "engine" and rest[0] not in ("api", "base"):
            yield f"includes {target}: the window knows the API only"
        elif parts[0] in ("ui", "guestd", "handlerd") and top == "app":
            yield f"includes {target}"
        elif parts[0] == "guestd" and top != "guestd" and target not in GUESTD_MAY:
            yield f"includes {target}: PID 1 of a guest carries nothing else of ours"
        elif parts[0] == "handlerd" and top != "handlerd" and target not in HANDLERD_MAY:
            yield f"includes {target}: what runs handlers knows nothing else of the engine"


def main():
    count, bad = 0, []
    for folder in ("engine", "ui", "app", "guestd", "handlerd"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".h", ".cpp"):
                count += 1
                bad += [f"{path.relative_to(ROOT)} {problem}" for problem in problems(path)]
    unknown = {p.name for p in (ROOT / "engine").iterdir() if p.is_dir()} - ENGINE.keys()
    bad += [f"engine/{name}: say in this test what it may include" for name in sorted(unknown)]
    print("\n".join(bad) or f"{count} files, every include points the right way")
    return 1 if bad or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
