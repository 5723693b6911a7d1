// Bodies. One that came from the engine stays there, known by its number, until a script looks at it.

const bodyKind = { none: 0, text: 1, bytes: 2, ref: 3, stream: 4 };

class BodyState {
  constructor(kind, source, type = null, length = -1) {
    this.kind = kind;
    this.source = source; // text, bytes, number of the engine's body, or stream
    this.type = type;     // the content type that it brings along
    this.length = length;
    this.used = false;
    this.stream = null;   // once somebody looked at `body`
    this.coding = null;   // content coding of a body of the engine's
  }
}
const noBody = () => new BodyState(bodyKind.none, null);

// ---- Bodies of the engine's

const pulls = new Map(); // number -> { resolve, reject }

function pullPiece(id) {
  return new Promise((resolve, reject) => {
    pulls.set(id, { resolve, reject });
    send(frame.pull, id, "");
  });
}

// Pieces as they are on the wire, then decoded: () => Promise<Uint8Array | null>
function piecesOf(state) {
  const raw = () => pullPiece(state.source);
  if (state.coding === null)
    return raw;
  const inflater = n.inflater(state.coding);
  let ended = false;
  return async () => {
    while (!ended) {
      const left = n.inflate(inflater);
      if (left !== undefined && left.byteLength > 0)
        return left;
      const piece = await raw();
      if (piece === null) {
        ended = true;
        n.inflateEnd(inflater);
        return null;
      }
      const made = n.inflate(inflater, piece);
      if (made.byteLength > 0)
        return made;
    }
    return null;
  };
}

// ---- Streams, whose implementation is loaded when the first is needed

let streamClasses = null;
const streamOwner = new WeakMap(); // stream -> the state whose bytes it gives

function streams() {
  streamClasses ??= withUnopened(n.load("streams"));
  return streamClasses;
}

// Most streams of bodies are only handed on, as in `new Response(answer.body, answer)`, and a stream is dear to make.
// So a body gives an object that becomes a real stream when it is first used as one.
const unopened = new WeakMap(); // such an object -> the state whose bytes it will give
const taken = new WeakSet();    // those whose bytes went elsewhere: locked, once they are real
let unopenedPrototype = null;

function openStream(stream) {
  const state = unopened.get(stream);
  if (state === undefined)
    return stream;
  unopened.delete(stream);
  const real = makeStream(state);
  Object.setPrototypeOf(stream, Object.getPrototypeOf(real));
  Object.assign(stream, real);
  stream._readableStreamController._controlledReadableByteStream = stream;
  if (taken.delete(stream))
    stream.getReader();
  return stream;
}

function withUnopened(classes) {
  const { ReadableStream } = classes, { prototype } = ReadableStream;
  unopenedPrototype = Object.create(prototype);
  for (const name of ["cancel", "getReader", "pipeThrough", "pipeTo", "tee", "values", Symbol.asyncIterator])
    Object.defineProperty(unopenedPrototype, name, { value(...values) { return openStream(this)[name](...values); } });
  Object.defineProperty(unopenedPrototype, "locked", { get() { return unopened.has(this) ? taken.has(this) : openStream(this).locked; } });
  // What takes a stream as argument opens it first.
  const opening = {};
  for (const name of ["ReadableStreamDefaultReader", "ReadableStreamBYOBReader"]) {
    opening[name] = new Proxy(classes[name], {
      construct: (Class, values, target) => Reflect.construct(Class, [openStream(values[0]), ...values.slice(1)], target),
    });
    classes[name].prototype.constructor = opening[name];
  }
  return { ...classes, ...opening };
}
function isStream(value) {
  return streamClasses !== null && value instanceof streamClasses.ReadableStream;
}

function streamOf(state) {
  if (state.stream !== null || state.kind === bodyKind.none)
    return state.stream;
  if (state.kind === bodyKind.stream)
    return (state.stream = state.source);
  streams();
  state.stream = Object.create(unopenedPrototype);
  unopened.set(state.stream, state);
  streamOwner.set(state.stream, state);
  return state.stream;
}

function makeStream(state) {
  const { ReadableStream } = streams();
  const next = state.kind === bodyKind.ref ? piecesOf(state) : onePiece(plainBytes(state));
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      state.used = true;
      const piece = await next();
      if (piece === null) {
        controller.close();
        controller.byobRequest?.respond(0);
      } else {
        controller.enqueue(new Uint8Array(piece));
      }
    },
    cancel() {
      state.used = true;
      if (state.kind === bodyKind.ref)
        send(frame.cancel, state.source, "");
    },
  }, { highWaterMark: 0 });
}

// Nobody has used it as a stream.
function isUnopened(state) {
  return state.stream !== null && unopened.has(state.stream);
}

function onePiece(bytes) {
  let left = bytes.byteLength > 0 ? bytes : null;
  return async () => {
    const piece = left;
    left = null;
    return piece;
  };
}

function plainBytes(state) {
  return state.kind === bodyKind.text ? n.encode(state.source) : state.source;
}

function isUsed(state) {
  return state.used || (state.stream !== null && n.isDisturbed(state.stream));
}
function isLocked(state) {
  return state.stream !== null && state.stream.locked;
}
n.isDisturbed = (stream) => {
  const state = streamOwner.get(stream);
  return (state !== undefined && state.used) || stream._disturbed === true;
};

// ---- Taking bodies in

// What may be a body: text, bytes, Blob, FormData, URLSearchParams, a stream.
function bodyFrom(value) {
  if (value === null || value === undefined)
    return noBody();
  if (typeof value === "string")
    return new BodyState(bodyKind.text, value.toWellFormed(), "text/plain;charset=UTF-8");
  if (isBufferSource(value))
    return new BodyState(bodyKind.bytes, bytesOf(value).slice());
  if (value instanceof Blob)
    return new BodyState(bodyKind.bytes, blobParts.bytes(value), value.type || null);
  if (value instanceof URLSearchParams)
    return new BodyState(bodyKind.text, value.toString(), "application/x-www-form-urlencoded;charset=UTF-8");
  if (value instanceof FormData) {
    const { bytes, boundary } = encodeForm(value);
    return new BodyState(bodyKind.bytes, bytes, "multipart/form-data; boundary=" + boundary);
  }
  if (isStream(value)) {
    if (value.locked)
      throw new TypeError("the stream is locked: somebody reads it already");
    const owner = streamOwner.get(value);
    if (owner !== undefined && !owner.used && !value._disturbed)
      return takeOver(owner);
    if (value._disturbed)
      throw new TypeError("the stream has been read from already");
    const state = new BodyState(bodyKind.stream, value);
    state.stream = value;
    return state;
  }
  if (typeof value === "object" && typeof value[Symbol.asyncIterator] === "function")
    return bodyFrom(streams().ReadableStream.from(value));
  return bodyFrom(String(value));
}

// Moves a body nobody has looked into from one message to another. The first's stream, where there
// is one, counts as read and stays locked.
function takeOver(owner) {
  const state = new BodyState(owner.kind, owner.source, null, owner.length);
  state.coding = owner.coding;
  state.moved = true;
  owner.used = true;
  if (isUnopened(owner))
    taken.add(owner.stream);
  else
    owner.stream?.getReader();
  return state;
}

// ---- Reading

async function readAll(state) {
  if (state.kind === bodyKind.none)
    return emptyBytes;
  if (isUsed(state) || isLocked(state))
    throw new TypeError("the body has been read already");
  state.used = true;
  if (state.stream === null && state.kind !== bodyKind.ref)
    return plainBytes(state);
  let next;
  if (state.stream === null) {
    next = piecesOf(state);
  } else {
    const reader = state.stream.getReader();
    next = async () => {
      const { value, done } = await reader.read();
      if (done)
        return null;
      if (!(value instanceof Uint8Array))
        throw new TypeError("the stream gave something other than a Uint8Array");
      return value;
    };
  }
  const pieces = [];
  let size = 0;
  for (let piece; (piece = await next()) !== null;) {
    size += piece.byteLength;
    if (size > n.mostBuffered)
      throw new RangeError(`a body of more than ${n.mostBuffered} bytes can't be gathered: read it as a stream`);
    pieces.push(piece);
  }
  return pieces.length === 0 ? emptyBytes : joined(pieces, size);
}

async function readText(state) {
  if (state.kind === bodyKind.text && state.stream === null && !state.used) {
    state.used = true;
    return state.source;
  }
  const bytes = await readAll(state);
  return n.utf8(skipMark(bytes), false);
}

function skipMark(bytes) {
  const marked = bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return marked ? bytes.subarray(3) : bytes;
}

// Gives a class the reading half of messages. `stateOf` finds the body, `typeOf` the content type.
function installBody(Class, stateOf, typeOf) {
  const methods = {
    get body() { return streamOf(stateOf(this)); },
    get bodyUsed() { return stateOf(this).kind !== bodyKind.none && isUsed(stateOf(this)); },
    async arrayBuffer() {
      const bytes = await readAll(stateOf(this));
      return bytes.slice().buffer;
    },
    async bytes() { return new Uint8Array(await this.arrayBuffer()); },
    async text() { return readText(stateOf(this)); },
    async json() { return JSON.parse(await readText(stateOf(this))); },
    async blob() {
      const type = typeOf(this);
      return new Blob([await readAll(stateOf(this))], { type: type ?? "" });
    },
    async formData() {
      const type = typeOf(this);
      return parseForm(await readAll(stateOf(this)), type ?? "");
    },
  };
  Object.defineProperties(Class.prototype, Object.getOwnPropertyDescriptors(methods));
}

// ---- Sending

const outgoing = new Map(); // number -> { next, left }

// The line that names a body to the engine, and its bytes where they go along.
function wireBody(state) {
  if (state.kind === bodyKind.none)
    return ["", undefined];
  if (isUsed(state) || isLocked(state))
    throw new TypeError("the body has been read already");
  state.used = true;
  if (isUnopened(state))
    taken.add(state.stream);
  if (state.stream === null || isUnopened(state)) {
    if (state.kind === bodyKind.ref)
      return ["ref " + state.source, undefined];
    if (state.kind === bodyKind.text && state.source.length <= mostInline / 3)
      return ["bytes", state.source];
    const bytes = plainBytes(state);
    if (bytes.byteLength <= mostInline)
      return ["bytes", bytes];
    return ["stream " + offer(onePiece(bytes)), undefined];
  }
  const reader = state.stream.getReader();
  return ["stream " + offer(async () => {
    const { value, done } = await reader.read();
    if (done)
      return null;
    if (typeof value === "string")
      return n.encode(value);
    if (!isBufferSource(value))
      throw new TypeError("the stream of a body gave something that is no bytes");
    return bytesOf(value);
  }, (reason) => reader.cancel(reason)), undefined];
}

function offer(next, cancel = () => {}) {
  const id = ++lastId;
  outgoing.set(id, { next, cancel, left: null });
  n.own(id);
  return id;
}

// The engine asks for more of a body of ours.
async function onPull(id) {
  const source = outgoing.get(id);
  if (source === undefined) {
    send(frame.pieceFailed, id, "there is no such body");
    return;
  }
  const call = n.current();
  try {
    let piece = source.left;
    source.left = null;
    while (piece === null || piece.byteLength === 0) {
      piece = await source.next();
      if (piece === null) {
        outgoing.delete(id);
        send(frame.pieceEnd, id, "", undefined, call);
        return;
      }
    }
    if (piece.byteLength > mostPiece) {
      source.left = piece.subarray(mostPiece);
      piece = piece.subarray(0, mostPiece);
    }
    send(frame.piece, id, "", piece, call);
  } catch (error) {
    outgoing.delete(id);
    send(frame.pieceFailed, id, describeError(error).text, undefined, call);
  }
}

function onCancel(id) {
  const source = outgoing.get(id);
  outgoing.delete(id);
  source?.cancel(new DOMException("nobody reads this any more", "AbortError"));
}
