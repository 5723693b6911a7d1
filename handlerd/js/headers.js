// Headers of the Fetch Standard. Fields stay in the order and the case in which they came, since the
// door is transparent; iteration shows them sorted and in lower case, as the standard says.

const tokenPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const badValuePattern = /[\0\r\n]|[^\x00-\xff]/;
const blankEnds = /^[\t\n\r ]+|[\t\n\r ]+$/g;

function fieldName(name) {
  if (typeof name !== "string")
    name = String(name);
  if (!tokenPattern.test(name))
    throw new TypeError("not a header name: " + name);
  return name;
}

function fieldValue(value) {
  if (typeof value !== "string")
    value = String(value);
  const first = value.charCodeAt(0), last = value.charCodeAt(value.length - 1);
  if (first <= 32 || last <= 32)
    value = value.replace(blankEnds, "");
  if (badValuePattern.test(value))
    throw new TypeError("not a header value");
  return value;
}

// Whether two names are the same but for case; `lower` is in lower case.
function sameName(name, lower) {
  return name.length === lower.length && (name === lower || name.toLowerCase() === lower);
}

class Headers {
  #list; // name, value, name, value, …
  #frozen = false;
  static { headerParts = {
    make: (list, frozen) => {
      const headers = new Headers(internal);
      headers.#list = list;
      headers.#frozen = frozen;
      return headers;
    },
    list: (headers) => headers.#list,
    is: (value) => value !== null && typeof value === "object" && #list in value,
  }; }
  constructor(init) {
    if (init === internal)
      return;
    if (init === undefined) {
      this.#list = [];
      return;
    }
    if (init === null || (typeof init !== "object" && typeof init !== "function"))
      throw new TypeError("Headers can't be made of this");
    if (#list in init && init[Symbol.iterator] === Headers.prototype.entries) {
      this.#list = init.#list.slice();
      return;
    }
    this.#list = [];
    const iterator = init[Symbol.iterator];
    if (iterator !== undefined && iterator !== null) {
      for (const pair of init) {
        if (pair === null || typeof pair !== "object" || typeof pair[Symbol.iterator] !== "function")
          throw new TypeError("Headers take pairs of name and value");
        const two = [...pair];
        if (two.length !== 2)
          throw new TypeError("Headers take pairs of name and value");
        this.append(two[0], two[1]);
      }
      return;
    }
    const entries = [];
    for (const key of Reflect.ownKeys(init)) {
      const property = Reflect.getOwnPropertyDescriptor(init, key);
      if (property?.enumerable)
        entries.push([fieldName(key), String(init[key])]);
    }
    for (const [name, value] of entries)
      this.append(name, value);
  }
  #change() {
    if (this.#frozen)
      throw new TypeError("these headers can't be changed: make a copy, as new Headers(headers) or new Request(request)");
  }
  append(name, value) {
    if (arguments.length < 2)
      throw new TypeError("append takes a name and a value");
    name = fieldName(name);
    value = fieldValue(value);
    this.#change();
    this.#list.push(name, value);
  }
  set(name, value) {
    if (arguments.length < 2)
      throw new TypeError("set takes a name and a value");
    name = fieldName(name);
    value = fieldValue(value);
    this.#change();
    const list = this.#list, lower = name.toLowerCase();
    for (let i = 0; i < list.length; i += 2) {
      if (sameName(list[i], lower)) {
        list[i + 1] = value;
        this.#deleteFrom(i + 2, lower);
        return;
      }
    }
    list.push(name, value);
  }
  delete(name) {
    if (arguments.length < 1)
      throw new TypeError("delete takes a name");
    name = fieldName(name);
    this.#change();
    this.#deleteFrom(0, name.toLowerCase());
  }
  #deleteFrom(start, lower) {
    const list = this.#list;
    for (let i = list.length - 2; i >= start; i -= 2)
      if (sameName(list[i], lower))
        list.splice(i, 2);
  }
  get(name) {
    if (arguments.length < 1)
      throw new TypeError("get takes a name");
    const list = this.#list, lower = fieldName(name).toLowerCase();
    let value = null;
    for (let i = 0; i < list.length; i += 2)
      if (sameName(list[i], lower))
        value = value === null ? list[i + 1] : value + ", " + list[i + 1];
    return value;
  }
  has(name) {
    if (arguments.length < 1)
      throw new TypeError("has takes a name");
    const list = this.#list, lower = fieldName(name).toLowerCase();
    for (let i = 0; i < list.length; i += 2)
      if (sameName(list[i], lower))
        return true;
    return false;
  }
  getSetCookie() {
    const list = this.#list, values = [];
    for (let i = 0; i < list.length; i += 2)
      if (sameName(list[i], "set-cookie"))
        values.push(list[i + 1]);
    return values;
  }
  // Workers' older name for it.
  getAll(name) {
    if (String(name).toLowerCase() !== "set-cookie")
      throw new TypeError("getAll is for Set-Cookie only");
    return this.getSetCookie();
  }
  #sorted() {
    const list = this.#list, seen = new Map(), pairs = [];
    for (let i = 0; i < list.length; i += 2) {
      const name = list[i].toLowerCase();
      const index = name === "set-cookie" ? undefined : seen.get(name);
      if (index === undefined) {
        seen.set(name, pairs.length);
        pairs.push([name, list[i + 1]]);
      } else {
        pairs[index][1] += ", " + list[i + 1];
      }
    }
    return pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  }
  // The list may change while it is walked.
  #walk(pick) {
    let index = 0;
    return Object.setPrototypeOf({
      next: () => {
        const pairs = this.#sorted();
        return index < pairs.length ? { value: pick(pairs[index++]), done: false } : { value: undefined, done: true };
      },
    }, headersIterator);
  }
  entries() { return this.#walk((pair) => pair); }
  keys() { return this.#walk((pair) => pair[0]); }
  values() { return this.#walk((pair) => pair[1]); }
  forEach(callback, thisArgument) {
    if (typeof callback !== "function")
      throw new TypeError("forEach takes a function");
    for (let i = 0, pairs; i < (pairs = this.#sorted()).length; ++i)
      callback.call(thisArgument, pairs[i][1], pairs[i][0], this);
  }
}
var headerParts;
Object.defineProperty(Headers.prototype, Symbol.iterator,
  { value: Headers.prototype.entries, writable: true, configurable: true });
enumerable(Headers, "append", "delete", "entries", "forEach", "get", "getSetCookie", "has", "keys", "set", "values");
tag(Headers, "Headers");
const iteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
const headersIterator = Object.create(iteratorPrototype,
  { [Symbol.toStringTag]: { value: "Headers Iterator", configurable: true } });
