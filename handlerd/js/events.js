// Event, EventTarget, AbortController, AbortSignal: the DOM Standard without a tree.

class Event {
  #type; #cancelable; #bubbles; #prevented = false; #stopped = false;
  #target = null; #time = now(); #composed; #trusted = false;
  static { eventParts = {
    start: (event, target) => { event.#target = target; event.#stopped = false; },
    stopped: (event) => event.#stopped,
    trust: (event) => { event.#trusted = true; return event; }, // made by the platform itself
  }; }
  constructor(type, init = {}) {
    if (arguments.length === 0)
      throw new TypeError("Event needs a type");
    this.#type = String(type);
    this.#bubbles = Boolean(init?.bubbles);
    this.#cancelable = Boolean(init?.cancelable);
    this.#composed = Boolean(init?.composed);
  }
  get type() { return this.#type; }
  get target() { return this.#target; }
  get currentTarget() { return this.#target; }
  get srcElement() { return this.#target; }
  get bubbles() { return this.#bubbles; }
  get cancelable() { return this.#cancelable; }
  get composed() { return this.#composed; }
  get defaultPrevented() { return this.#prevented; }
  get returnValue() { return !this.#prevented; }
  get timeStamp() { return this.#time; }
  get isTrusted() { return this.#trusted; }
  get eventPhase() { return 0; }
  composedPath() { return this.#target ? [this.#target] : []; }
  preventDefault() { if (this.#cancelable) this.#prevented = true; }
  stopPropagation() {}
  stopImmediatePropagation() { this.#stopped = true; }
}
tag(Event, "Event");
for (const [name, value] of [["NONE", 0], ["CAPTURING_PHASE", 1], ["AT_TARGET", 2], ["BUBBLING_PHASE", 3]])
  for (const target of [Event, Event.prototype])
    Object.defineProperty(target, name, { value, enumerable: true });

class CustomEvent extends Event {
  #detail;
  constructor(type, init = {}) {
    super(type, init);
    this.#detail = init?.detail ?? null;
  }
  get detail() { return this.#detail; }
}
tag(CustomEvent, "CustomEvent");

class EventTarget {
  #listeners = null; // type -> [{ callback, once, signal }]
  addEventListener(type, callback, options) {
    if (callback === null || callback === undefined)
      return;
    const { once = false, signal, capture = false } =
      typeof options === "object" && options !== null ? options : { capture: Boolean(options) };
    if (signal?.aborted)
      return;
    this.#listeners ??= new Map();
    const key = String(type);
    const list = this.#listeners.get(key) ?? [];
    if (list.some((each) => each.callback === callback && each.capture === Boolean(capture)))
      return;
    this.#listeners.set(key, [...list, { callback, once: Boolean(once), capture: Boolean(capture) }]);
    signal?.addEventListener("abort", () => this.removeEventListener(key, callback, { capture }), { once: true });
  }
  removeEventListener(type, callback, options) {
    const capture = Boolean(typeof options === "object" && options !== null ? options.capture : options);
    const list = this.#listeners?.get(String(type));
    if (list)
      this.#listeners.set(String(type), list.filter((each) => each.callback !== callback || each.capture !== capture));
  }
  dispatchEvent(event) {
    if (!(event instanceof Event))
      throw new TypeError("dispatchEvent takes an Event");
    eventParts.start(event, this);
    const property = this["on" + event.type];
    const list = this.#listeners?.get(event.type) ?? [];
    const all = typeof property === "function" ? [{ callback: property }, ...list] : list;
    for (const each of all) {
      if (each.callback !== property && !this.#listeners?.get(event.type)?.includes(each))
        continue;
      if (each.once)
        this.removeEventListener(event.type, each.callback, { capture: each.capture });
      try {
        if (typeof each.callback === "function")
          each.callback.call(this, event);
        else
          each.callback.handleEvent(event);
      } catch (error) {
        reportError(error);
      }
      if (eventParts.stopped(event))
        break;
    }
    return !event.defaultPrevented;
  }
}
tag(EventTarget, "EventTarget");
var eventParts;

class AbortSignal extends EventTarget {
  #aborted = false; #reason = undefined; #dependents = []; #steps = [];
  #sources = null; // of one that follows others: those that don't follow any
  #onabort = null;
  static { abortParts = {
    abort: (signal, reason) => signal.#abort(reason),
    // Runs before any listener.
    addStep: (signal, step) => { signal.#steps.push(step); },
    removeStep: (signal, step) => { signal.#steps = signal.#steps.filter((each) => each !== step); },
    follow: (signal, other) => { other.#dependents.push(signal); },
  }; }
  constructor(mark) {
    if (mark !== internal)
      throw new TypeError("Illegal constructor");
    super();
  }
  #abort(reason = new DOMException("The operation was aborted", "AbortError")) {
    if (this.#aborted)
      return;
    this.#aborted = true;
    this.#reason = reason;
    const dependents = this.#dependents.filter((each) => !each.#aborted);
    this.#dependents = [];
    for (const each of dependents) {
      each.#aborted = true;
      each.#reason = reason;
    }
    for (const each of [this, ...dependents]) {
      const steps = each.#steps;
      each.#steps = [];
      for (const step of steps)
        step(reason);
      each.dispatchEvent(eventParts.trust(new Event("abort")));
    }
  }
  get aborted() { return this.#aborted; }
  get reason() { return this.#reason; }
  get onabort() { return this.#onabort; }
  set onabort(value) { this.#onabort = typeof value === "function" ? value : null; }
  throwIfAborted() {
    if (this.#aborted)
      throw this.#reason;
  }
  static abort(reason) {
    const signal = new AbortSignal(internal);
    signal.#abort(reason);
    return signal;
  }
  static timeout(milliseconds) {
    const signal = new AbortSignal(internal);
    setTimeout(() => signal.#abort(new DOMException("The operation timed out", "TimeoutError")), milliseconds);
    return signal;
  }
  static any(signals) {
    const signal = new AbortSignal(internal);
    const list = [...signals];
    for (const each of list)
      if (!(each instanceof AbortSignal))
        throw new TypeError("AbortSignal.any takes signals");
    const gone = list.find((each) => each.aborted);
    if (gone) {
      signal.#aborted = true;
      signal.#reason = gone.reason;
      return signal;
    }
    signal.#sources = new Set(list.flatMap((each) => (each.#sources ? [...each.#sources] : [each])));
    for (const source of signal.#sources)
      source.#dependents.push(signal);
    return signal;
  }
}
tag(AbortSignal, "AbortSignal");
var abortParts;

class AbortController {
  #signal = new AbortSignal(internal);
  get signal() { return this.#signal; }
  abort(reason) { abortParts.abort(this.#signal, reason); }
}
tag(AbortController, "AbortController");
