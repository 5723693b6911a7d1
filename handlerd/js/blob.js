// Blob, File, FormData and multipart/form-data.

class Blob {
  #bytes = emptyBytes; #type = "";
  static { blobParts = { bytes: (blob) => blob.#bytes }; }
  constructor(parts = [], options = {}) {
    if (parts === undefined)
      parts = [];
    if (parts === null || typeof parts !== "object" || typeof parts[Symbol.iterator] !== "function")
      throw new TypeError("Blob takes a list of parts");
    const pieces = [];
    let size = 0;
    for (const part of parts) {
      let piece;
      if (part instanceof Blob)
        piece = part.#bytes;
      else if (isBufferSource(part))
        piece = bytesOf(part).slice();
      else {
        const text = String(part).toWellFormed();
        piece = n.encode(options?.endings === "native" ? text.replace(/\r\n?/g, "\n") : text);
      }
      size += piece.byteLength;
      pieces.push(piece);
    }
    if (pieces.length > 0)
      this.#bytes = joined(pieces, size);
    const type = options?.type === undefined ? "" : String(options.type);
    this.#type = /[^\x20-\x7e]/.test(type) ? "" : type.toLowerCase();
  }
  get size() { return this.#bytes.byteLength; }
  get type() { return this.#type; }
  slice(start = 0, end = this.size, type = "") {
    const blob = new Blob([], { type });
    blob.#bytes = this.#bytes.slice(start, end);
    return blob;
  }
  async arrayBuffer() { return this.#bytes.slice().buffer; }
  async bytes() { return this.#bytes.slice(); }
  async text() { return n.utf8(skipMark(this.#bytes), false); }
  stream() { return streamOf(new BodyState(bodyKind.bytes, this.#bytes)); }
}
var blobParts;
enumerable(Blob, "size", "type", "slice", "arrayBuffer", "bytes", "text", "stream");
tag(Blob, "Blob");

class File extends Blob {
  #name; #modified;
  constructor(parts, name, options = {}) {
    if (arguments.length < 2)
      throw new TypeError("File takes parts and a name");
    super(parts, options);
    this.#name = String(name).toWellFormed();
    this.#modified = options?.lastModified === undefined ? Date.now() : Math.trunc(Number(options.lastModified)) || 0;
  }
  get name() { return this.#name; }
  get lastModified() { return this.#modified; }
}
enumerable(File, "name", "lastModified");
tag(File, "File");

class FormData {
  #entries = []; // [name, text or File]
  constructor(form = undefined) {
    if (form !== undefined)
      throw new TypeError("there are no forms here");
  }
  #value(name, value, filename, count) {
    if (count < 2)
      throw new TypeError("FormData takes a name and a value");
    if (!(value instanceof Blob)) {
      if (count > 2)
        throw new TypeError("a file name is for files");
      return [String(name).toWellFormed(), String(value).toWellFormed()];
    }
    const isNamed = value instanceof File && filename === undefined;
    const file = isNamed ? value : new File([value], filename ?? (value instanceof File ? value.name : "blob"), { type: value.type });
    return [String(name).toWellFormed(), file];
  }
  append(name, value, filename) { this.#entries.push(this.#value(name, value, filename, arguments.length)); }
  set(name, value, filename) {
    const entry = this.#value(name, value, filename, arguments.length);
    const index = this.#entries.findIndex((each) => each[0] === entry[0]);
    if (index < 0) {
      this.#entries.push(entry);
      return;
    }
    this.#entries = this.#entries.filter((each, i) => i <= index || each[0] !== entry[0]);
    this.#entries[index] = entry;
  }
  delete(name) { this.#entries = this.#entries.filter((each) => each[0] !== String(name)); }
  get(name) { return this.getAll(name)[0] ?? null; }
  getAll(name) { return this.#entries.filter((each) => each[0] === String(name)).map((each) => each[1]); }
  has(name) { return this.#entries.some((each) => each[0] === String(name)); }
  *entries() { for (let i = 0; i < this.#entries.length; ++i) yield [...this.#entries[i]]; }
  *keys() { for (const [name] of this.entries()) yield name; }
  *values() { for (const [, value] of this.entries()) yield value; }
  forEach(callback, thisArgument) {
    for (const [name, value] of this.entries())
      callback.call(thisArgument, value, name, this);
  }
}
Object.defineProperty(FormData.prototype, Symbol.iterator,
  { value: FormData.prototype.entries, writable: true, configurable: true });
enumerable(FormData, "append", "set", "delete", "get", "getAll", "has", "entries", "keys", "values", "forEach");
tag(FormData, "FormData");

function encodeForm(form) {
  const boundary = "----formdata-" + globalThis.crypto.randomUUID();
  const lines = (text) => text.replace(/\r\n?|\n/g, "\r\n");
  const quoted = (text) => lines(text).replace(/\r\n/g, "%0D%0A").replace(/"/g, "%22");
  const parts = [];
  for (const [name, value] of form) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"`;
    if (typeof value === "string")
      parts.push(`${head}\r\n\r\n${lines(value)}\r\n`);
    else
      parts.push(`${head}; filename="${quoted(value.name)}"\r\nContent-Type: ${value.type || "application/octet-stream"}\r\n\r\n`, value, "\r\n");
  }
  return { bytes: blobParts.bytes(new Blob([...parts, `--${boundary}--\r\n`])), boundary };
}

function parseForm(bytes, type) {
  const form = new FormData();
  if (/^\s*application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    for (const [name, value] of new URLSearchParams("?" + n.utf8(bytes, false)))
      form.append(name, value);
    return form;
  }
  const match = /^\s*multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(type);
  if (!match)
    throw new TypeError("the body is no form");
  // As characters of one byte each, so that a text search finds what bytes there are.
  const text = n.latin1(bytes), mark = "--" + (match[1] ?? match[2]);
  const decode = (part) => n.utf8(Uint8Array.from(part, (c) => c.charCodeAt(0)), false);
  let at = text.indexOf(mark);
  if (at < 0)
    throw new TypeError("the form has no part");
  at += mark.length;
  while (!text.startsWith("--", at)) {
    const start = text.indexOf("\r\n", at) + 2, headEnd = text.indexOf("\r\n\r\n", start - 2), end = text.indexOf("\r\n" + mark, headEnd + 2);
    if (start < 2 || headEnd < 0 || end < 0)
      throw new TypeError("the form is cut off");
    const head = decode(text.slice(start, headEnd));
    const value = (name) => {
      const found = new RegExp(`;\\s*${name}="([^"]*)"`, "i").exec(head);
      return found ? found[1].replace(/%0D%0A/gi, "\r\n").replace(/%22/g, '"') : undefined;
    };
    const name = value("name"), filename = value("filename");
    if (name === undefined)
      throw new TypeError("a part of the form has no name");
    const from = Math.min(headEnd + 4, end);
    if (filename === undefined)
      form.append(name, n.utf8(skipMark(bytes.slice(from, end)), false));
    else
      form.append(name, new File([bytes.slice(from, end)], filename,
        { type: /^content-type:\s*(.*?)\s*$/im.exec(head)?.[1] ?? "text/plain" }));
    at = end + 2 + mark.length;
  }
  return form;
}
