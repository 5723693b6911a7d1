// What the other parts stand on. All files of this folder are one function: (n) => dispatch, where
// `n` has the native functions. They share one scope, in the order of CMakeLists.txt.

const { send, now } = n;
const frame = {
  timer: 0, compile: 1, init: 2, call: 3, abort: 4, fetched: 5, fetchFailed: 6, opReply: 7, opFailed: 8, release: 9,
  piece: 64, pieceEnd: 65, pieceFailed: 66, pull: 67, cancel: 68,
  ready: 128, failed: 129, respond: 130, callFailed: 131, fetch: 132, op: 133, console: 134, done: 135, abortFetch: 137, use: 138,
  idle: 255,
};
const mostPiece = 65536;
const mostInline = 262144;
let lastId = 0;
const internal = Symbol("internal"); // marks constructor calls of our own

function define(name, value) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
}

// A global whose maker runs at its first use.
function defineLazily(name, make) {
  Object.defineProperty(globalThis, name, {
    configurable: true,
    enumerable: false,
    get() {
      const value = make();
      define(name, value);
      return value;
    },
    set(value) { define(name, value); },
  });
}

function tag(Class, name) {
  Object.defineProperty(Class.prototype, Symbol.toStringTag, { value: name, configurable: true });
}

function enumerable(Class, ...names) {
  for (const name of names)
    Object.defineProperty(Class.prototype, name, { enumerable: true });
}

const domCodes = {
  IndexSizeError: 1, HierarchyRequestError: 3, WrongDocumentError: 4, InvalidCharacterError: 5,
  NoModificationAllowedError: 7, NotFoundError: 8, NotSupportedError: 9, InUseAttributeError: 10, InvalidStateError: 11,
  SyntaxError: 12, InvalidModificationError: 13, NamespaceError: 14, InvalidAccessError: 15, TypeMismatchError: 17, SecurityError: 18,
  NetworkError: 19, AbortError: 20, URLMismatchError: 21, QuotaExceededError: 22, TimeoutError: 23,
  InvalidNodeTypeError: 24, DataCloneError: 25,
};

class DOMException extends Error {
  #name;
  constructor(message = "", name = "Error") {
    super(message);
    this.#name = String(name);
  }
  get name() { return this.#name; }
  get code() { return domCodes[this.#name] ?? 0; }
}
tag(DOMException, "DOMException");
enumerable(DOMException, "name", "code");
// As the standard has them, the ones that nothing uses any more included.
["INDEX_SIZE", "DOMSTRING_SIZE", "HIERARCHY_REQUEST", "WRONG_DOCUMENT", "INVALID_CHARACTER", "NO_DATA_ALLOWED",
  "NO_MODIFICATION_ALLOWED", "NOT_FOUND", "NOT_SUPPORTED", "INUSE_ATTRIBUTE", "INVALID_STATE", "SYNTAX", "INVALID_MODIFICATION",
  "NAMESPACE", "INVALID_ACCESS", "VALIDATION", "TYPE_MISMATCH", "SECURITY", "NETWORK", "ABORT", "URL_MISMATCH",
  "QUOTA_EXCEEDED", "TIMEOUT", "INVALID_NODE_TYPE", "DATA_CLONE"].forEach((name, index) => {
  for (const target of [DOMException, DOMException.prototype])
    Object.defineProperty(target, name + "_ERR", { value: index + 1, enumerable: true });
});

const emptyBytes = new Uint8Array(0);

function isBufferSource(value) {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
}

// The bytes of a BufferSource, not copied.
function bytesOf(value) {
  if (value instanceof Uint8Array)
    return value;
  if (ArrayBuffer.isView(value))
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return new Uint8Array(value);
}

function joined(pieces, size) {
  if (pieces.length === 1)
    return pieces[0];
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}

// What went wrong, for the log: text, and where in the module it was.
function describeError(error) {
  if (error === null || typeof error !== "object")
    return { text: "threw " + String(error), line: 0, column: 0 };
  let text;
  try {
    text = String(error.name ?? "Error") + ": " + String(error.message ?? "");
  } catch {
    text = "threw something that can't be shown";
  }
  let { line, column, sourceURL } = error;
  if (sourceURL !== moduleName) {
    const place = /(?:^|@)module:(\d+):(\d+)$/m.exec(String(error.stack ?? ""));
    [line, column] = place ? [Number(place[1]), Number(place[2])] : [0, 0];
  }
  if (line === 1)
    column = Math.max(1, column - modulePrefix.length);
  return { text: text.slice(0, 4000), line: Number(line) || 0, column: Number(column) || 0 };
}
