// Calls, their context, and what the engine sends.

let environment = Object.freeze({});
let containerId = "", className = "";
const calls = new Map(); // number -> Call

class Call {
  constructor(id) {
    this.id = id;
    this.settled = false;
    this.waiting = 0; // promises of waitUntil
    this.abort = null;
  }
}

class Context {
  #call; #params; #request; #process;
  constructor(call, params, request, process) {
    this.#call = call;
    this.#params = params;
    this.#request = request;
    this.#process = process;
  }
  get containerId() { return containerId; }
  get className() { return className; }
  // As JSON until somebody asks.
  get params() {
    if (typeof this.#params === "string")
      this.#params = this.#params === "" ? undefined : JSON.parse(this.#params);
    return this.#params;
  }
  get claimedProcess() { return this.#process; }
  waitUntil(promise) {
    const call = this.#call;
    ++call.waiting;
    Promise.resolve(promise).catch(reportError).then(() => {
      --call.waiting;
      if (call.settled && call.waiting === 0)
        send(frame.done, 0, "", undefined, call.id);
    });
  }
  passThroughOnException() {}
  // Takes the request to the person. Resolves to the answer for the guest: the upstream's where it
  // was allowed, the refusal where not.
  async ask(options = {}) {
    const { head } = await operation("ask", JSON.stringify({ reason: String(options?.reason ?? options?.why ?? "") }));
    const { allowed, status, body, headers } = JSON.parse(head);
    if (allowed)
      return fetch(options?.request ?? this.#request);
    return new Response(body, { status, headers });
  }
}
function currentContext() { return calls.get(n.current())?.context; }

// ---- Operations of the engine's

const operations = new Map(); // number -> { resolve, reject }

function operation(name, text) {
  return new Promise((resolve, reject) => {
    const id = ++lastId;
    operations.set(id, { resolve, reject });
    send(frame.op, id, name, text);
  });
}

async function operate(name, values) {
  const { head } = await operation(name, JSON.stringify(values));
  return head === "" ? undefined : JSON.parse(head);
}

// ---- Handling

function onCall(id, head) {
  const lines = head.split("\n");
  const call = new Call(id);
  calls.set(id, call);
  const body = lines[4] === "" ? noBody() : new BodyState(bodyKind.ref, Number(lines[4]));
  const request = requestParts.make(lines[2], lines[3], lines.length > 7 ? lines.slice(7) : [], body, lines[5]);
  call.context = new Context(call, lines[6], request, lines[5]);
  call.request = request;
  const key = lines[0] === "outbound" ? "outbound" : lines[0] + " " + lines[1];
  const handler = handlers.get(key);
  if (handler === undefined) {
    fail(call, new Error(`the module has no handler ${lines[1] || "outbound"}`));
    return;
  }
  if (lines[0] === "hook") {
    runHook(call, handler);
    return;
  }
  let result;
  try {
    result = handler[0].call(handler[1], request, environment, call.context);
  } catch (error) {
    fail(call, error);
    return;
  }
  if (responseParts.is(result))
    respond(call, result);
  else
    Promise.resolve(result).then((value) => respond(call, value), (error) => fail(call, error));
}

// Something happened to the sandbox; there is no request and no answer.
async function runHook(call, [hook, owner]) {
  try {
    await hook.call(owner);
    call.settled = true;
    send(frame.done, 0, "", undefined, call.id);
  } catch (error) {
    fail(call, error);
  }
}

function respond(call, response) {
  if (call.settled)
    return;
  if (!responseParts.is(response)) {
    fail(call, new TypeError("the handler returned no Response"));
    return;
  }
  try {
    if (response.type === "error")
      throw new TypeError("the handler returned an error response");
    const body = responseParts.body(response);
    // Bytes that were decoded on their way here, or made here, are plain.
    const isPlain = body.kind !== bodyKind.ref || (body.stream !== null && !isUnopened(body));
    const [line, bytes] = wireBody(body);
    let list = responseParts.list(response);
    if (isPlain && !responseParts.isManual(response))
      list = without(list, /^content-encoding$/i);
    const head = response.status + "\n" + response.statusText + "\n" + line + "\n" + (call.waiting > 0 ? "more" : "");
    send(frame.respond, 0, list.length > 0 ? head + "\n" + list.join("\n") : head, bytes, call.id);
    call.settled = true;
  } catch (error) {
    fail(call, error);
  }
}

function fail(call, error) {
  if (call.settled)
    return;
  call.settled = true;
  send(frame.callFailed, 0, JSON.stringify(describeError(error)), undefined, call.id);
}

function onRelease(id) {
  calls.delete(id);
  lineCounts.delete(id);
}

function onAbort(id) {
  const call = calls.get(id);
  const signal = call && requestParts.signal(call.request);
  if (signal)
    abortParts.abort(signal, new DOMException("the client has gone", "AbortError"));
}

// Nothing will happen any more: who still waits would wait for ever.
function onIdle() {
  if (fetches.size > 0 || operations.size > 0 || pulls.size > 0 || timers.size > 0 || outgoing.size > 0)
    return;
  for (const call of calls.values())
    if (!call.settled)
      fail(call, new Error("the handler waits for something that can't happen: its promise never settles"));
}

// ---- Start

function onCompile(text) {
  try {
    const { code, problem } = compile(text);
    if (problem !== undefined) {
      send(frame.failed, 0, JSON.stringify(problem));
      return;
    }
    send(frame.ready, 0, JSON.stringify(loadModule(code)), code);
  } catch (error) {
    send(frame.failed, 0, JSON.stringify(problemOf(error)));
  }
}

function onInit(head, code) {
  try {
    const settings = JSON.parse(head);
    environment = Object.freeze(makeEnvironment(settings));
    containerId = settings.containerId ?? "";
    mostLines = settings.mostLines ?? mostLines;
    const description = loadModule(code);
    className = description.className;
    send(frame.ready, 0, JSON.stringify(description));
  } catch (error) {
    send(frame.failed, 0, JSON.stringify(problemOf(error)));
  }
}

function settle(map, id, method, value) {
  const entry = map.get(id);
  map.delete(id);
  if (entry !== undefined)
    entry[method](value);
}

function dispatch(type, id, call, head, bytes) {
  switch (type) {
    case frame.call: onCall(call, head); break;
    case frame.fetched: onFetched(id, head); break;
    case frame.fetchFailed: {
      fetches.get(id)?.over?.();
      settle(fetches, id, "reject", new TypeError(head));
      break;
    }
    case frame.release: onRelease(call); break;
    case frame.piece: settle(pulls, id, "resolve", bytes); break;
    case frame.pieceEnd: settle(pulls, id, "resolve", null); break;
    case frame.pieceFailed: settle(pulls, id, "reject", new TypeError(head)); break;
    case frame.pull: onPull(id); break;
    case frame.cancel: onCancel(id); break;
    case frame.timer: onTimer(id); break;
    case frame.opReply: settle(operations, id, "resolve", { head, bytes }); break;
    case frame.opFailed: settle(operations, id, "reject", new Error(head)); break;
    case frame.abort: onAbort(call); break;
    case frame.idle: onIdle(); break;
    case frame.init: onInit(head, bytes); break;
    case frame.compile: onCompile(bytes); break;
  }
}

// ---- Globals

for (const [name, value] of Object.entries({
  DOMException, Event, CustomEvent, EventTarget, AbortSignal, AbortController, Headers, URL, URLSearchParams, Blob, File, FormData,
  Request, Response, fetch, TextEncoder, TextDecoder, btoa, atob, setTimeout, setInterval, setImmediate, clearTimeout,
  clearInterval: clearTimeout, clearImmediate: clearTimeout, queueMicrotask, reportError, structuredClone, Crypto, CryptoKey,
  SubtleCrypto,
  crypto: new Crypto(internal), console: consoleObject, self: globalThis,
  performance: Object.freeze({ now, timeOrigin: 0 }),
  navigator: Object.freeze({ userAgent: "Sallyport" }),
}))
  define(name, value);
for (const name of ["ReadableStream", "ReadableStreamDefaultReader", "ReadableStreamBYOBReader", "ReadableStreamDefaultController",
  "ReadableByteStreamController", "ReadableStreamBYOBRequest", "WritableStream", "WritableStreamDefaultWriter",
  "WritableStreamDefaultController", "TransformStream", "TransformStreamDefaultController", "ByteLengthQueuingStrategy",
  "CountQueuingStrategy"])
  defineLazily(name, () => streams()[name]);
defineLazily("TextEncoderStream", makeTextEncoderStream);
defineLazily("TextDecoderStream", makeTextDecoderStream);
defineLazily("CompressionStream", () => makeCompressionClass("CompressionStream", true));
defineLazily("DecompressionStream", () => makeCompressionClass("DecompressionStream", false));
defineLazily("URLPattern", () => n.load("urlpattern").URLPattern);
// Code that comes from elsewhere at run time is no handler.
delete globalThis.WebAssembly;

return dispatch;
