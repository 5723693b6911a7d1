// URL and URLSearchParams: parsing is native.

const urlPart = { href: 0, protocol: 1, username: 2, password: 3, hostname: 4, port: 5, pathname: 6, search: 7, hash: 8, origin: 9, host: 10 };

class URL {
  #parts; #params = null;
  static { urlParts = {
    // After its search parameters have changed.
    setSearch: (url, text) => { url.#parts = n.urlSet(url.#parts[0], urlPart.search, text) ?? url.#parts; },
  }; }
  constructor(url, base = undefined) {
    if (arguments.length === 0)
      throw new TypeError("URL needs a text");
    this.#parts = n.urlParse(String(url), base === undefined ? undefined : String(base));
    if (this.#parts === undefined)
      throw new TypeError(`not a URL: ${String(url).slice(0, 200)}`);
  }
  #set(part, value) {
    const parts = n.urlSet(this.#parts[0], part, String(value));
    if (parts === undefined)
      throw new TypeError("not a URL: " + value);
    this.#parts = parts;
    if (this.#params)
      paramParts.reset(this.#params, parts[urlPart.search]);
  }
  get href() { return this.#parts[0]; }
  set href(value) { this.#set(0, value); }
  get origin() { return this.#parts[9]; }
  get protocol() { return this.#parts[1]; }
  set protocol(value) { this.#set(1, value); }
  get username() { return this.#parts[2]; }
  set username(value) { this.#set(2, value); }
  get password() { return this.#parts[3]; }
  set password(value) { this.#set(3, value); }
  get host() { return this.#parts[10]; }
  set host(value) { this.#set(10, value); }
  get hostname() { return this.#parts[4]; }
  set hostname(value) { this.#set(4, value); }
  get port() { return this.#parts[5]; }
  set port(value) { this.#set(5, value); }
  get pathname() { return this.#parts[6]; }
  set pathname(value) { this.#set(6, value); }
  get search() { return this.#parts[7]; }
  set search(value) { this.#set(7, value); }
  get searchParams() { return this.#params ??= paramParts.make(this, this.#parts[7]); }
  get hash() { return this.#parts[8]; }
  set hash(value) { this.#set(8, value); }
  toString() { return this.#parts[0]; }
  toJSON() { return this.#parts[0]; }
  static canParse(url, base = undefined) {
    return n.urlParse(String(url), base === undefined ? undefined : String(base)) !== undefined;
  }
  static parse(url, base = undefined) {
    return URL.canParse(url, base) ? new URL(url, base) : null;
  }
}
var urlParts;
enumerable(URL, "href", "origin", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search",
  "searchParams", "hash", "toString", "toJSON");
tag(URL, "URL");

class URLSearchParams {
  #list; #url = null;
  static { paramParts = {
    make: (url, search) => {
      const params = new URLSearchParams(search);
      params.#url = url;
      return params;
    },
    reset: (params, search) => { params.#list = n.queryParse(search); },
  }; }
  constructor(init = "") {
    if (init !== null && (typeof init === "object" || typeof init === "function")) {
      this.#list = [];
      const iterator = init[Symbol.iterator];
      if (iterator !== undefined && iterator !== null) {
        for (const pair of init) {
          const two = [...pair];
          if (two.length !== 2)
            throw new TypeError("URLSearchParams take pairs of name and value");
          this.#list.push(String(two[0]).toWellFormed(), String(two[1]).toWellFormed());
        }
        return;
      }
      const named = new Map();
      for (const key of Reflect.ownKeys(init))
        if (Reflect.getOwnPropertyDescriptor(init, key)?.enumerable) {
          if (typeof key === "symbol")
            throw new TypeError("a symbol is no name");
          named.set(key.toWellFormed(), String(init[key]).toWellFormed());
        }
      for (const [name, value] of named)
        this.#list.push(name, value);
      return;
    }
    this.#list = n.queryParse(String(init)); // which takes one "?" off
  }
  #changed() {
    if (this.#url)
      urlParts.setSearch(this.#url, this.toString());
  }
  get size() { return this.#list.length / 2; }
  append(name, value) {
    if (arguments.length < 2)
      throw new TypeError("append takes a name and a value");
    this.#list.push(String(name).toWellFormed(), String(value).toWellFormed());
    this.#changed();
  }
  delete(name, value = undefined) {
    if (arguments.length < 1)
      throw new TypeError("delete takes a name");
    name = String(name).toWellFormed();
    if (value !== undefined)
      value = String(value).toWellFormed();
    const list = [];
    for (let i = 0; i < this.#list.length; i += 2)
      if (this.#list[i] !== name || (value !== undefined && this.#list[i + 1] !== value))
        list.push(this.#list[i], this.#list[i + 1]);
    this.#list = list;
    this.#changed();
  }
  get(name) {
    if (arguments.length < 1)
      throw new TypeError("get takes a name");
    return this.getAll(name)[0] ?? null;
  }
  getAll(name) {
    if (arguments.length < 1)
      throw new TypeError("getAll takes a name");
    name = String(name).toWellFormed();
    const values = [];
    for (let i = 0; i < this.#list.length; i += 2)
      if (this.#list[i] === name)
        values.push(this.#list[i + 1]);
    return values;
  }
  has(name, value = undefined) {
    if (arguments.length < 1)
      throw new TypeError("has takes a name");
    const values = this.getAll(name);
    return value === undefined ? values.length > 0 : values.includes(String(value).toWellFormed());
  }
  set(name, value) {
    if (arguments.length < 2)
      throw new TypeError("set takes a name and a value");
    name = String(name).toWellFormed();
    value = String(value).toWellFormed();
    const list = [];
    let isSet = false;
    for (let i = 0; i < this.#list.length; i += 2) {
      if (this.#list[i] !== name)
        list.push(this.#list[i], this.#list[i + 1]);
      else if (!isSet) {
        list.push(name, value);
        isSet = true;
      }
    }
    if (!isSet)
      list.push(name, value);
    this.#list = list;
    this.#changed();
  }
  sort() {
    const pairs = [];
    for (let i = 0; i < this.#list.length; i += 2)
      pairs.push([this.#list[i], this.#list[i + 1]]);
    pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
    this.#list = pairs.flat();
    this.#changed();
  }
  #walk(pick) {
    let index = 0;
    return Object.setPrototypeOf({
      next: () => {
        if (index >= this.#list.length)
          return { value: undefined, done: true };
        const value = pick(this.#list[index], this.#list[index + 1]);
        index += 2;
        return { value, done: false };
      },
    }, paramsIterator);
  }
  entries() { return this.#walk((name, value) => [name, value]); }
  keys() { return this.#walk((name) => name); }
  values() { return this.#walk((name, value) => value); }
  forEach(callback, thisArgument) {
    if (typeof callback !== "function")
      throw new TypeError("forEach takes a function");
    for (let i = 0; i < this.#list.length; i += 2)
      callback.call(thisArgument, this.#list[i + 1], this.#list[i], this);
  }
  toString() { return n.queryText(...this.#list); }
}
var paramParts;
Object.defineProperty(URLSearchParams.prototype, Symbol.iterator,
  { value: URLSearchParams.prototype.entries, writable: true, configurable: true });
enumerable(URLSearchParams, "size", "append", "delete", "get", "getAll", "has", "set", "sort", "entries", "keys", "values",
  "forEach", "toString");
tag(URLSearchParams, "URLSearchParams");
const paramsIterator = Object.create(iteratorPrototype,
  { [Symbol.toStringTag]: { value: "URLSearchParams Iterator", configurable: true } });
