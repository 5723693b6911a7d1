// Request and Response.

const nullBodyStatus = (status) => status === 101 || status === 103 || status === 204 || status === 205 || status === 304;
const usualMethods = { get: "GET", head: "HEAD", post: "POST", put: "PUT", delete: "DELETE", options: "OPTIONS" };

function methodOf(value) {
  const method = String(value);
  if (!tokenPattern.test(method))
    throw new TypeError("not a method: " + method);
  if (/^(connect|trace|track)$/i.test(method))
    throw new TypeError("this method can't be used here: " + method);
  return usualMethods[method.toLowerCase()] ?? method;
}

function oneOf(value, choices, what) {
  const text = String(value);
  if (!choices.includes(text))
    throw new TypeError(`${text} is no ${what}`);
  return text;
}

class Request {
  #method = "GET"; #url; #headers; #body; #signal = null; #redirect = "follow"; #cache = "default"; #integrity = "";
  #credentials = "same-origin"; #keepalive = false; #claimedProcess = null;
  static { requestParts = {
    make: (method, url, list, body, claimedProcess) => {
      const request = new Request(internal);
      request.#method = method;
      request.#url = url;
      request.#headers = list;
      request.#body = body;
      request.#redirect = "manual"; // the guest follows by itself
      request.#claimedProcess = claimedProcess;
      return request;
    },
    body: (request) => request.#body,
    // The list of fields, whether or not somebody has looked at it.
    list: (request) => (Array.isArray(request.#headers) ? request.#headers : headerParts.list(request.#headers)),
    is: (value) => value !== null && typeof value === "object" && #body in value,
    signal: (request) => request.#signal,
  }; }
  constructor(input, init = undefined) {
    if (input === internal)
      return;
    if (arguments.length === 0)
      throw new TypeError("Request needs a URL");
    if (init === undefined || init === null)
      init = {};
    else if (typeof init !== "object" && typeof init !== "function")
      throw new TypeError("the second argument is no set of options");
    let inherited = null;
    if (requestParts.is(input)) {
      inherited = input;
      this.#method = input.#method;
      this.#url = input.#url;
      this.#redirect = input.#redirect;
      this.#cache = input.#cache;
      this.#integrity = input.#integrity;
      this.#credentials = input.#credentials;
      this.#signal = input.#signal;
      this.#claimedProcess = input.#claimedProcess;
    } else {
      const parts = n.urlParse(String(input));
      if (parts === undefined)
        throw new TypeError("not an absolute URL: " + String(input).slice(0, 200));
      if (parts[urlPart.username] !== "" || parts[urlPart.password] !== "")
        throw new TypeError("a URL with a user name can't be fetched");
      this.#url = parts[0];
    }
    if (init.window !== undefined && init.window !== null)
      throw new TypeError("window must be null");
    if (init.method !== undefined)
      this.#method = methodOf(init.method);
    if (init.redirect !== undefined)
      this.#redirect = oneOf(init.redirect, ["follow", "error", "manual"], "way to redirect");
    if (init.cache !== undefined)
      this.#cache = oneOf(init.cache, ["default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"], "cache mode");
    if (init.credentials !== undefined)
      this.#credentials = oneOf(init.credentials, ["omit", "same-origin", "include"], "credentials mode");
    if (init.integrity !== undefined)
      this.#integrity = String(init.integrity);
    if (init.keepalive !== undefined)
      this.#keepalive = Boolean(init.keepalive);
    if (init.signal !== undefined) {
      if (init.signal !== null && !(init.signal instanceof AbortSignal))
        throw new TypeError("signal is no AbortSignal");
      this.#signal = init.signal;
    }
    if (init.headers !== undefined)
      this.#headers = new Headers(init.headers);
    else
      this.#headers = inherited ? headerParts.make(requestParts.list(inherited).slice(), false) : new Headers();
    const hasBody = init.body !== undefined && init.body !== null;
    if ((hasBody || (inherited && init.body === undefined && inherited.#body.kind !== bodyKind.none)) &&
        (this.#method === "GET" || this.#method === "HEAD") && hasBody)
      throw new TypeError("a GET or HEAD request has no body");
    if (hasBody) {
      this.#body = bodyFrom(init.body);
      if (this.#body.kind === bodyKind.stream && init.duplex === undefined && !isStream(init.body))
        throw new TypeError("a stream as body needs duplex: 'half'");
      if (this.#body.type !== null && !this.#headers.has("content-type"))
        this.#headers.append("Content-Type", this.#body.type);
    } else if (inherited && inherited.#body.kind !== bodyKind.none && init.body !== null) {
      if (isUsed(inherited.#body) || isLocked(inherited.#body))
        throw new TypeError("the body of the request has been read already");
      this.#body = takeOver(inherited.#body);
    } else {
      this.#body = noBody();
    }
  }
  #headersObject() {
    if (Array.isArray(this.#headers))
      this.#headers = headerParts.make(this.#headers, true);
    return this.#headers;
  }
  get method() { return this.#method; }
  get url() { return this.#url; }
  get headers() { return this.#headersObject(); }
  get redirect() { return this.#redirect; }
  get signal() { return (this.#signal ??= new AbortSignal(internal)); }
  get cache() { return this.#cache; }
  get credentials() { return this.#credentials; }
  get integrity() { return this.#integrity; }
  get keepalive() { return this.#keepalive; }
  get mode() { return "cors"; }
  get destination() { return ""; }
  get referrer() { return "about:client"; }
  get referrerPolicy() { return ""; }
  get duplex() { return "half"; }
  get cf() { return undefined; }
  clone() {
    if (isUsed(this.#body) || isLocked(this.#body))
      throw new TypeError("the body has been read already");
    const copy = requestParts.make(this.#method, this.#url, null, noBody(), this.#claimedProcess);
    copy.#headers = headerParts.make(requestParts.list(this).slice(), false);
    copy.#redirect = this.#redirect;
    copy.#cache = this.#cache;
    copy.#integrity = this.#integrity;
    copy.#credentials = this.#credentials;
    copy.#signal = this.#signal === null ? null : AbortSignal.any([this.#signal]);
    [this.#body, copy.#body] = twoOf(this.#body);
    return copy;
  }
}
var requestParts;
installBody(Request, requestParts.body, (request) => request.headers.get("content-type"));
enumerable(Request, "method", "url", "headers", "redirect", "signal", "cache", "credentials", "integrity", "keepalive", "mode",
  "destination", "referrer", "referrerPolicy", "duplex", "clone");
tag(Request, "Request");

function twoOf(state) {
  if (state.kind === bodyKind.none)
    return [state, noBody()];
  if (state.stream === null && state.kind !== bodyKind.ref) {
    return [state, new BodyState(state.kind, state.source, state.type)];
  }
  const make = (stream) => {
    const half = new BodyState(bodyKind.stream, stream, state.type);
    half.stream = stream;
    return half;
  };
  const [first, second] = streamOf(state).tee();
  return [make(first), make(second.pipeThrough(new (streams().TransformStream)({
    transform: (piece, controller) => controller.enqueue(piece.slice()),
  })))];
}

class Response {
  #status = 200; #statusText = ""; #headers; #body; #url = ""; #redirected = false; #type = "default"; #manual = false;
  static { responseParts = {
    make: (status, statusText, url, list, body, redirected) => {
      const response = new Response(internal);
      response.#status = status;
      response.#statusText = statusText;
      response.#url = url;
      response.#headers = list;
      response.#body = body;
      response.#redirected = redirected;
      return response;
    },
    body: (response) => response.#body,
    list: (response) => (Array.isArray(response.#headers) ? response.#headers : headerParts.list(response.#headers)),
    is: (value) => value !== null && typeof value === "object" && #body in value,
    isManual: (response) => response.#manual,
  }; }
  constructor(body = null, init = undefined) {
    if (body === internal)
      return;
    if (init === undefined || init === null)
      init = {};
    else if (typeof init !== "object" && typeof init !== "function")
      throw new TypeError("the second argument is no set of options");
    if (init.status !== undefined) {
      const status = Number(init.status) & 0xffff;
      if (status !== 101 && (status < 200 || status > 599))
        throw new RangeError("a status is 101 or from 200 to 599");
      this.#status = status;
    }
    if (init.statusText !== undefined) {
      this.#statusText = String(init.statusText);
      if (/[^\t\x20-\x7e\x80-\xff]/.test(this.#statusText))
        throw new TypeError("not a status text");
    }
    this.#manual = init.encodeBody === "manual";
    this.#headers = init.headers === undefined ? new Headers() : new Headers(init.headers);
    this.#body = bodyFrom(body);
    if (this.#body.kind !== bodyKind.none) {
      if (nullBodyStatus(this.#status))
        throw new TypeError(`an answer with status ${this.#status} has no body`);
      if (this.#body.type !== null && !this.#headers.has("content-type"))
        this.#headers.append("Content-Type", this.#body.type);
    }
  }
  #headersObject() {
    if (Array.isArray(this.#headers))
      this.#headers = headerParts.make(this.#headers, false);
    return this.#headers;
  }
  get status() { return this.#status; }
  get statusText() { return this.#statusText; }
  get ok() { return this.#status >= 200 && this.#status < 300; }
  get headers() { return this.#headersObject(); }
  get url() { return this.#url; }
  get redirected() { return this.#redirected; }
  get type() { return this.#type; }
  get webSocket() { return null; }
  get cf() { return undefined; }
  clone() {
    if (isUsed(this.#body) || isLocked(this.#body))
      throw new TypeError("the body has been read already");
    const copy = responseParts.make(this.#status, this.#statusText, this.#url, null, noBody(), this.#redirected);
    copy.#headers = headerParts.make(responseParts.list(this).slice(), false);
    copy.#type = this.#type;
    [this.#body, copy.#body] = twoOf(this.#body);
    return copy;
  }
  static error() {
    const response = responseParts.make(0, "", "", headerParts.make([], true), noBody(), false);
    response.#type = "error";
    return response;
  }
  static redirect(url, status = 302) {
    const location = new URL(url).href;
    if (![301, 302, 303, 307, 308].includes(status))
      throw new RangeError("not a status of a redirection");
    return responseParts.make(status, "", "", headerParts.make(["Location", location], true), noBody(), false);
  }
  static json(data, init = undefined) {
    const text = JSON.stringify(data);
    if (text === undefined)
      throw new TypeError("this has no form in JSON");
    const response = new Response(text, { ...init, status: init?.status, statusText: init?.statusText, headers: init?.headers });
    if (init?.headers === undefined || !new Headers(init.headers).has("content-type"))
      response.headers.set("Content-Type", "application/json");
    return response;
  }
}
var responseParts;
installBody(Response, responseParts.body, (response) => response.headers.get("content-type"));
enumerable(Response, "status", "statusText", "ok", "headers", "url", "redirected", "type", "clone");
tag(Response, "Response");
