// What env holds besides text: namespaces, buckets, services, other sandboxes. The engine does it
// (engine/binding/store_request.h), for this sandbox and as far as it may.

async function useBinding(what, request, state = noBody()) {
  const [line, bytes] = plainWireBody(state);
  try {
    const reply = await new Promise((resolve, reject) => {
      const id = ++lastId;
      operations.set(id, { resolve, reject });
      send(frame.use, id, line + "\n" + JSON.stringify(request), bytes);
    });
    return { ...JSON.parse(reply.head), bytes: reply.bytes };
  } catch (error) {
    throw new Error(`${what}: ${error.message}`);
  }
}

// As a script sees it: an answer that came compressed is stored as what it says.
function plainWireBody(state) {
  const isCoded = state.kind === bodyKind.ref && state.coding !== null && (state.stream === null || isUnopened(state));
  if (!isCoded || isUsed(state) || isLocked(state))
    return wireBody(state);
  state.used = true;
  if (isUnopened(state))
    taken.add(state.stream);
  return ["stream " + offer(piecesOf(state)), undefined];
}

// The body of a reply.
function replyBody(reply) {
  return reply.body === undefined ? new BodyState(bodyKind.bytes, reply.bytes) : new BodyState(bodyKind.ref, reply.body);
}

function valueBody(value, what, more = () => false) {
  if (typeof value === "string" || isBufferSource(value) || isStream(value) || more(value))
    return bodyFrom(value);
  throw new TypeError(`${what} takes a string, an ArrayBuffer, a view of one, or a ReadableStream`);
}

function optionsOf(value) {
  if (value !== undefined && value !== null && typeof value !== "object")
    throw new TypeError("the options are no object");
  return value ?? {};
}

const inMilliseconds = (date) => {
  const time = new Date(date).getTime();
  if (Number.isNaN(time))
    throw new TypeError("not a date");
  return time;
};

// ---- Keys and values

const kvTypes = ["text", "json", "arrayBuffer", "stream"];
const mostKvKeys = 100;

class KvNamespace {
  #name;
  constructor(mark, name) {
    if (mark !== internal)
      throw new TypeError("a namespace comes from env");
    this.#name = name;
  }
  #use(op, values, body) {
    return useBinding(`KV ${op} failed`, { kind: "kv", name: this.#name, op, ...values }, body);
  }
  async #read(key, type) {
    const reply = await this.#use("get", { keys: [String(key)] });
    if (reply.item === null)
      return { value: null, metadata: null, cacheStatus: null };
    const state = replyBody(reply);
    const { metadata } = reply.item;
    switch (type) {
      case "json": return { value: JSON.parse(await readText(state)), metadata, cacheStatus: null };
      case "arrayBuffer": return { value: (await readAll(state)).slice().buffer, metadata, cacheStatus: null };
      case "stream": return { value: streamOf(state), metadata, cacheStatus: null };
    }
    return { value: await readText(state), metadata, cacheStatus: null };
  }
  async #get(keys, options, pick) {
    const type = (typeof options === "string" ? options : options?.type) ?? "text";
    if (!kvTypes.includes(type))
      throw new TypeError(`KV get failed: there is no type "${type}"; there are ${kvTypes.join(", ")}`);
    if (!Array.isArray(keys))
      return pick(await this.#read(keys, type));
    if (keys.length > mostKvKeys)
      throw new RangeError(`KV get failed: at most ${mostKvKeys} keys at once`);
    if (type !== "text" && type !== "json")
      throw new TypeError(`KV get failed: several keys at once give text or json, not "${type}"`);
    const values = await Promise.all(keys.map((key) => this.#read(key, type)));
    return new Map(keys.map((key, index) => [String(key), pick(values[index])]));
  }
  async get(key, options) { return this.#get(key, options, ({ value }) => value); }
  async getWithMetadata(key, options) { return this.#get(key, options, (all) => all); }
  async put(key, value, options) {
    const { expiration, expirationTtl, metadata } = optionsOf(options);
    await this.#use("put", { keys: [String(key)], expiration, expirationTtl, metadata }, valueBody(value, "KV put()"));
  }
  async delete(key) {
    await this.#use("delete", { keys: [String(key)] });
  }
  async list(options) {
    const { prefix, cursor, limit } = optionsOf(options);
    const { keys, list_complete, cursor: next } = await this.#use("list", { prefix, cursor, limit });
    return list_complete ? { keys, list_complete, cacheStatus: null } : { keys, list_complete, cursor: next, cacheStatus: null };
  }
}
tag(KvNamespace, "KvNamespace");

// ---- Objects

const httpNames = {
  contentType: "content-type", contentLanguage: "content-language", contentDisposition: "content-disposition",
  contentEncoding: "content-encoding", cacheControl: "cache-control", cacheExpiry: "expires",
};
const checksumNames = ["md5", "sha1", "sha256", "sha384", "sha512"];
const hexOf = (bytes) => Array.from(bytesOf(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");

function bytesOfHex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16)).buffer;
}

function httpOf(metadata) {
  const isHeaders = metadata instanceof Headers, http = {};
  for (const [name, field] of Object.entries(httpNames)) {
    const value = isHeaders ? metadata.get(field) : metadata?.[name];
    if (value !== undefined && value !== null)
      http[field] = value instanceof Date ? value.toUTCString() : String(value);
  }
  return http;
}

function textsOf(values, what) {
  if (values === undefined || values === null)
    return undefined;
  if (typeof values !== "object")
    throw new TypeError(`${what} is no object of texts`);
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

const etagsOf = (value) => {
  const all = value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
  return all.map((etag) => String(etag).replace(/^W\//, "").replace(/^"(.*)"$/, "$1"));
};

function conditionOf(onlyIf) {
  if (onlyIf === undefined || onlyIf === null)
    return undefined;
  if (onlyIf instanceof Headers) {
    const fields = {};
    for (const name of ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"])
      if (onlyIf.has(name))
        fields[name] = onlyIf.get(name);
    return { fields };
  }
  const { etagMatches, etagDoesNotMatch, uploadedBefore, uploadedAfter, secondsGranularity } = optionsOf(onlyIf);
  return {
    etagMatches: etagsOf(etagMatches), etagDoesNotMatch: etagsOf(etagDoesNotMatch), seconds: secondsGranularity ? 1 : 0,
    uploadedBefore: uploadedBefore === undefined ? undefined : inMilliseconds(uploadedBefore),
    uploadedAfter: uploadedAfter === undefined ? undefined : inMilliseconds(uploadedAfter),
  };
}

function rangeOf(range) {
  if (range instanceof Headers)
    return range.get("range") ?? undefined;
  return range === undefined || range === null ? undefined : { offset: range.offset, length: range.length, suffix: range.suffix };
}

function objectOptions(options) {
  const { httpMetadata, customMetadata, onlyIf } = optionsOf(options);
  const given = checksumNames.filter((name) => options?.[name] !== undefined && options[name] !== null);
  if (given.length > 1)
    throw new TypeError("only one checksum can be given");
  const [digest] = given;
  const expected = digest === undefined ? undefined : isBufferSource(options[digest]) ? hexOf(options[digest]) : String(options[digest]);
  return { http: httpOf(httpMetadata), customMetadata: textsOf(customMetadata, "customMetadata"), condition: conditionOf(onlyIf), digest, expected };
}

class R2Checksums {
  #hex;
  constructor(hex) {
    this.#hex = hex;
    for (const [name, text] of Object.entries(hex))
      this[name] = bytesOfHex(text);
  }
  toJSON() { return { ...this.#hex }; }
}

class R2Object {
  constructor(mark, item, range) {
    if (mark !== internal)
      throw new TypeError("an object comes from a bucket");
    const { key, version, size, etag, uploaded, http, customMetadata, checksums } = item;
    const httpMetadata = {};
    for (const [name, field] of Object.entries(httpNames))
      if (http[field] !== undefined)
        httpMetadata[name] = name === "cacheExpiry" ? new Date(http[field]) : http[field];
    Object.assign(this, {
      key, version, size, etag, httpEtag: `"${etag}"`, uploaded: new Date(uploaded), httpMetadata, customMetadata,
      checksums: new R2Checksums(checksums), storageClass: "Standard",
    });
    if (range !== undefined)
      this.range = range;
  }
  writeHttpMetadata(headers) {
    for (const [field, value] of Object.entries(httpOf(this.httpMetadata)))
      headers.set(field, value);
  }
}
tag(R2Object, "R2Object");

class R2ObjectBody extends R2Object {
  #state;
  static { objectState = (object) => object.#state; }
  constructor(mark, item, range, state) {
    super(mark, item, range);
    this.#state = state;
  }
}
var objectState;
installBody(R2ObjectBody, (object) => objectState(object), (object) => object.httpMetadata.contentType ?? null);

class R2MultipartUpload {
  #use;
  constructor(use, key, uploadId) {
    this.#use = use;
    this.key = key;
    this.uploadId = uploadId;
  }
  async uploadPart(partNumber, value) {
    const body = valueBody(value, "uploadPart()", (each) => each instanceof Blob);
    const reply = await this.#use("part", { keys: [this.key], uploadId: this.uploadId, partNumber: Number(partNumber) }, body);
    return { partNumber: reply.partNumber, etag: reply.etag };
  }
  async complete(parts) {
    const wanted = [...parts].map(({ partNumber, etag }) => ({ partNumber: Number(partNumber), etag: String(etag) }));
    const { item } = await this.#use("complete", { keys: [this.key], uploadId: this.uploadId, parts: wanted });
    return new R2Object(internal, item);
  }
  async abort() {
    await this.#use("abort", { keys: [this.key], uploadId: this.uploadId });
  }
}

class R2Bucket {
  #use;
  constructor(mark, name) {
    if (mark !== internal)
      throw new TypeError("a bucket comes from env");
    this.#use = (op, values, body) => useBinding(`R2 ${op} failed`, { kind: "objects", name, op, ...values }, body);
  }
  async head(key) {
    const { item } = await this.#use("head", { keys: [String(key)] });
    return item === null ? null : new R2Object(internal, item);
  }
  async get(key, options) {
    const { range, onlyIf } = optionsOf(options);
    const reply = await this.#use("get", { keys: [String(key)], range: rangeOf(range), condition: conditionOf(onlyIf) });
    if (reply.item === null)
      return null;
    return reply.failed ? new R2Object(internal, reply.item) : new R2ObjectBody(internal, reply.item, reply.range, replyBody(reply));
  }
  async put(key, value, options) {
    const body = value === null ? noBody() : valueBody(value, "R2 put()", (each) => each instanceof Blob);
    const { item } = await this.#use("put", { keys: [String(key)], ...objectOptions(options) }, body);
    return item === null ? null : new R2Object(internal, item);
  }
  async delete(keys) {
    await this.#use("delete", { keys: (Array.isArray(keys) ? keys : [keys]).map(String) });
  }
  async list(options) {
    const { prefix, delimiter, cursor, startAfter, limit } = optionsOf(options);
    const { objects, truncated, cursor: next, delimitedPrefixes } = await this.#use("list", { prefix, delimiter, cursor, startAfter, limit });
    const list = { objects: objects.map((item) => new R2Object(internal, item)), truncated, delimitedPrefixes };
    return truncated ? { ...list, cursor: next } : list;
  }
  async createMultipartUpload(key, options) {
    const { http, customMetadata } = objectOptions(options);
    const { uploadId } = await this.#use("begin", { keys: [String(key)], http, customMetadata });
    return this.resumeMultipartUpload(key, uploadId);
  }
  // Not looked up: what is wrong shows at its first use.
  resumeMultipartUpload(key, uploadId) { return new R2MultipartUpload(this.#use, String(key), String(uploadId)); }
}
tag(R2Bucket, "R2Bucket");

// ---- Services and other sandboxes

// Whatever host the request names, it goes there. Redirections are the caller's.
function fetchFrom(authority, input, init) {
  try {
    const request = init === undefined && requestParts.is(input) ? input : new Request(input, init);
    const signal = requestParts.signal(request);
    if (signal?.aborted)
      return Promise.reject(signal.reason);
    const parts = n.urlParse(request.url);
    const url = `http://${authority}${parts[urlPart.pathname]}${parts[urlPart.search]}`;
    return fetchOnce(request.method, url, requestParts.list(request), requestParts.body(request), signal);
  } catch (error) {
    return Promise.reject(error);
  }
}

class Fetcher {
  #authority;
  constructor(mark, name) {
    if (mark !== internal)
      throw new TypeError("a service comes from env");
    this.#authority = name + ".service.sallyport.internal";
  }
  fetch(input, init) { return fetchFrom(this.#authority, input, init); }
}
tag(Fetcher, "Fetcher");

class SandboxStub {
  #ports;
  constructor(name, ports) {
    this.name = name;
    this.#ports = ports;
  }
  // A port that is bound as a service: the URL's, or the only one.
  #authority(port) {
    if (this.#ports.length === 0)
      throw new Error(`no port of the sandbox ${this.name} is bound to this one`);
    const wanted = port || (this.#ports.includes(80) ? 80 : this.#ports.length === 1 ? this.#ports[0] : 0);
    if (!this.#ports.includes(wanted))
      throw new Error(`of the sandbox ${this.name}, ${this.#ports.join(", ")} is bound: name one as the port of the URL`);
    return `${this.name}.sandbox.sallyport.internal:${wanted}`;
  }
  async fetch(input, init) {
    const request = init === undefined && requestParts.is(input) ? input : new Request(input, init);
    return fetchFrom(this.#authority(Number(n.urlParse(request.url)[urlPart.port])), request);
  }
  async containerFetch(input, init, port) {
    return typeof init === "number" ? fetchFrom(this.#authority(init), input) : fetchFrom(this.#authority(port), input, init);
  }
}

class SandboxNamespace {
  #ports;
  constructor(ports) { this.#ports = ports; }
  get(name) { return new SandboxStub(String(name), Object.hasOwn(this.#ports, String(name)) ? this.#ports[String(name)] : []); }
  getByName(name) { return this.get(name); }
  idFromName(name) { return String(name); }
}

// Text stays; an object says what it stands for.
function environmentValue(value) {
  switch (value?.kind) {
    case "kv": return new KvNamespace(internal, value.name);
    case "objects": return new R2Bucket(internal, value.name);
    case "service": return new Fetcher(internal, value.name);
    case "sandboxes": return new SandboxNamespace(value.ports);
  }
  return value;
}

function makeEnvironment(settings) {
  return Object.fromEntries(Object.entries(settings.env).map(([name, value]) => [name, environmentValue(value)]));
}
