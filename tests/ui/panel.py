#!/usr/bin/python3
"""A desktop's panel: a tray, as hosts of StatusNotifierItem are, and the person's hand on notifications. Runs on the session
bus as the window's user; answers each line of standard input by one line of JSON: "state" gives the icon's tool tip and menu,
"click TEXT" clicks an entry of the menu, "activate" clicks the icon, "choose ACTION" clicks in the latest notification."""

import json
import sys
import threading

from gi.repository import Gio, GLib

WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
PROPERTIES = "org.freedesktop.DBus.Properties"
INTERFACE = f"""<node><interface name="{WATCHER}">
    <method name="RegisterStatusNotifierItem"><arg type="s" direction="in"/></method>
    <method name="RegisterStatusNotifierHost"><arg type="s" direction="in"/></method>
    <property name="IsStatusNotifierHostRegistered" type="b" access="read"/>
    <property name="ProtocolVersion" type="i" access="read"/>
</interface></node>"""

bus = Gio.bus_get_sync(Gio.BusType.SESSION)
item = None  # the bus name of the latest icon


def on_call(_, sender, __, ___, method, ____, invocation):
    global item
    if method == "RegisterStatusNotifierItem":
        item = sender
    invocation.return_value(None)


def on_property(_, __, ___, ____, name):
    return GLib.Variant("b", True) if name == "IsStatusNotifierHostRegistered" else GLib.Variant("i", 0)


def call(path, interface, method, signature, *arguments):
    reply = bus.call_sync(item, path, interface, method, GLib.Variant(signature, arguments), None, 0, 10_000)
    return reply.unpack()


def choose(action):
    """As when a button of the latest notification is clicked; the mock numbers them from 1."""
    mock = ("org.freedesktop.Notifications", "/org/freedesktop/Notifications", "org.freedesktop.DBus.Mock")
    (calls,) = bus.call_sync(*mock, "GetMethodCalls", GLib.Variant("(s)", ("Notify",)), None, 0, 10_000).unpack()
    number = len({when for when, arguments in calls if arguments[1] == 0})
    parameters = [GLib.Variant("u", number), GLib.Variant("s", action)]
    signal = GLib.Variant("(sssav)", ("org.freedesktop.Notifications", "ActionInvoked", "us", parameters))
    bus.call_sync(*mock, "EmitSignal", signal, None, 0, 10_000)
    return True


def answer(command):
    if command.startswith("choose "):
        return choose(command.removeprefix("choose "))
    if item is None:
        return None
    if command == "activate":
        call("/StatusNotifierItem", ITEM, "Activate", "(ii)", 0, 0)
        return True
    (properties,) = call("/StatusNotifierItem", PROPERTIES, "GetAll", "(s)", ITEM)
    menu = properties["Menu"]
    call(menu, MENU, "AboutToShow", "(i)", 0)
    _, (_, _, children) = call(menu, MENU, "GetLayout", "(iias)", 0, -1, [])
    entries = {
        entry["label"].replace("_", ""): {
            "id": number,
            "enabled": entry.get("enabled", True),
            "checked": entry.get("toggle-state", 0) == 1,
        }
        for number, entry, _ in children
        if entry.get("label")
    }
    if command.startswith("click "):
        number = entries[command.removeprefix("click ")]["id"]
        call(menu, MENU, "Event", "(isvu)", number, "clicked", GLib.Variant("s", ""), 0)
        return True
    return {"tip": "".join(properties["ToolTip"][2:]), "menu": entries}


def serve():
    for line in sys.stdin:
        try:
            reply = answer(line.strip())
        except (GLib.Error, KeyError) as error:
            reply = {"error": str(error)}
        print(json.dumps(reply), flush=True)


bus.register_object("/StatusNotifierWatcher", Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0], on_call, on_property)
Gio.bus_own_name_on_connection(bus, WATCHER, Gio.BusNameOwnerFlags.NONE, None, None)
threading.Thread(target=serve, daemon=True).start()
GLib.MainLoop().run()
