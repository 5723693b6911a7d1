// structuredClone of the HTML Standard, for what exists here.

const cloneableErrors = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

function structuredClone(value, options = undefined) {
  if (arguments.length === 0)
    throw new TypeError("structuredClone takes a value");
  const transfer = options?.transfer === undefined ? [] : [...options.transfer];
  const memory = new Map();
  for (const buffer of transfer) {
    if (!(buffer instanceof ArrayBuffer) || memory.has(buffer) || buffer.detached)
      throw new DOMException("this can't be transferred", "DataCloneError");
    memory.set(buffer, null);
  }
  const moved = new Set(transfer);
  memory.clear();
  const result = cloned(value, memory, moved);
  for (const buffer of moved)
    if (!buffer.detached)
      buffer.transfer();
  return result;
}

function refuseClone(what) {
  throw new DOMException(`${what} can't be cloned`, "DataCloneError");
}

function cloned(value, memory, moved) {
  if (typeof value === "symbol")
    refuseClone("a symbol");
  if (typeof value === "function")
    refuseClone("a function");
  if (value === null || typeof value !== "object")
    return value;
  if (memory.has(value))
    return memory.get(value);
  const keep = (copy) => {
    memory.set(value, copy);
    return copy;
  };
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  if (kind === "Boolean" && value instanceof Boolean || value instanceof Number || value instanceof String || value instanceof BigInt)
    return keep(Object(value.valueOf()));
  if (value instanceof Date)
    return keep(new Date(value.getTime()));
  if (value instanceof RegExp)
    return keep(new RegExp(value.source, value.flags));
  if (value instanceof ArrayBuffer) {
    if (value.detached)
      refuseClone("a detached buffer");
    return keep(moved.has(value) ? value.transfer() : value.slice(0));
  }
  if (ArrayBuffer.isView(value)) {
    const offset = value.byteOffset, length = value instanceof DataView ? value.byteLength : value.length;
    const buffer = cloned(value.buffer, memory, moved);
    const Class = globalThis[kind] ?? globalThis[value[Symbol.toStringTag]];
    return keep(new Class(buffer, offset, length));
  }
  if (value instanceof Map) {
    const copy = keep(new Map());
    for (const [key, item] of [...value])
      copy.set(cloned(key, memory, moved), cloned(item, memory, moved));
    return copy;
  }
  if (value instanceof Set) {
    const copy = keep(new Set());
    for (const item of [...value])
      copy.add(cloned(item, memory, moved));
    return copy;
  }
  if (value instanceof DOMException)
    return keep(new DOMException(value.message, value.name));
  if (value instanceof Error) {
    const Class = cloneableErrors[value.name] ?? Error;
    const copy = keep(Object.create(Class.prototype));
    const made = new Class();
    memory.set(value, made);
    if (Object.hasOwn(value, "message"))
      Object.defineProperty(made, "message", { value: String(value.message), writable: true, configurable: true });
    if (Object.hasOwn(value, "cause"))
      Object.defineProperty(made, "cause", { value: cloned(value.cause, memory, moved), writable: true, configurable: true });
    Object.defineProperty(made, "stack", { value: String(value.stack), writable: true, configurable: true });
    return copy === made ? copy : made;
  }
  if (value instanceof File)
    return keep(new File([value], value.name, { type: value.type, lastModified: value.lastModified }));
  if (value instanceof Blob)
    return keep(value.slice(0, value.size, value.type));
  if (Array.isArray(value)) {
    const copy = keep(new Array(value.length));
    for (const key of Object.keys(value))
      copy[key] = cloned(value[key], memory, moved);
    return copy;
  }
  if (value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef || value instanceof Promise)
    refuseClone("a " + kind);
  for (const Class of [Headers, Request, Response, AbortSignal, EventTarget, URL, URLSearchParams, FormData, TextDecoder])
    if (value instanceof Class)
      refuseClone("a " + Class.name);
  const copy = keep({});
  for (const key of Object.keys(value))
    Object.defineProperty(copy, key, { value: cloned(value[key], memory, moved), writable: true, enumerable: true, configurable: true });
  return copy;
}
