#!/usr/bin/python3
"""Runs beside the window, as its user, and tells what a screen reader would see: for each line on standard input, one line of
JSON with every showing widget (role, name, text, place, states). Tables' cells are left out: there can be millions."""

import json
import sys

import pyatspi

MOST_WIDGETS = 3000
TABLES = {"table", "tree table"}


def describe(widget):
    states = widget.getState()
    box = widget.queryComponent().getExtents(pyatspi.DESKTOP_COORDS)
    entry = {
        "role": widget.getRoleName(),
        "name": widget.name,
        "box": [box.x, box.y, box.width, box.height],
        "enabled": states.contains(pyatspi.STATE_ENABLED),
        "focused": states.contains(pyatspi.STATE_FOCUSED),
        "checked": states.contains(pyatspi.STATE_CHECKED),
    }
    try:
        entry["text"] = widget.queryText().getText(0, 20000)
    except NotImplementedError:
        pass
    return entry


def collect(widget, found):
    if widget is None or len(found) >= MOST_WIDGETS:
        return
    try:
        if widget.getRoleName() != "application":  # which has no place
            if not widget.getState().contains(pyatspi.STATE_SHOWING):
                return
            found.append(describe(widget))
        if widget.getRoleName() in TABLES:
            return
        for index in range(min(widget.childCount, 300)):
            collect(widget.getChildAtIndex(index), found)
    except Exception:  # a widget that went while it was looked at
        return


for _ in sys.stdin:
    widgets = []
    try:
        for application in pyatspi.Registry.getDesktop(0):
            if application is not None and application.name.lower().startswith("sallyport"):
                collect(application, widgets)
    except Exception as error:
        print(json.dumps({"error": str(error)}), flush=True)
        continue
    print(json.dumps(widgets), flush=True)
