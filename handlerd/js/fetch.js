// fetch(): the engine does it, checks where it goes, and never asks the ladder again.

const fetches = new Map(); // number -> { resolve, reject }
const mostRedirects = 20;

function fetchOnce(method, url, list, body, signal) {
  const [line, bytes] = wireBody(body);
  const id = ++lastId;
  let head = method + "\n" + url + "\n" + line;
  if (list.length > 0)
    head += "\n" + list.join("\n");
  return new Promise((resolve, reject) => {
    const entry = { resolve, reject, url, method };
    if (signal !== null) {
      const step = (reason) => {
        if (fetches.delete(id)) {
          send(frame.abortFetch, id, "");
          reject(reason);
        }
      };
      abortParts.addStep(signal, step);
      entry.over = () => abortParts.removeStep(signal, step);
    }
    fetches.set(id, entry);
    send(frame.fetch, id, head, bytes);
  });
}

function onFetched(id, head) {
  const entry = fetches.get(id);
  fetches.delete(id);
  if (entry === undefined)
    return;
  entry.over?.();
  const lines = head.split("\n");
  const list = lines.length > 4 ? lines.slice(4) : [];
  const status = Number(lines[0]);
  let body = noBody();
  if (lines[3] !== "") {
    body = new BodyState(bodyKind.ref, Number(lines[3]));
    for (let i = 0; i < list.length; i += 2)
      if (sameName(list[i], "content-encoding"))
        body.coding = codingOf(list[i + 1]);
  }
  entry.resolve(responseParts.make(status, lines[1], lines[2], list, body, false));
}

function codingOf(text) {
  const name = text.trim().toLowerCase();
  return name === "gzip" || name === "x-gzip" || name === "deflate" || name === "br" ? name.replace("x-", "") : null;
}

function fetch(input, init = undefined) {
  try {
    const request = init === undefined && requestParts.is(input) ? input : new Request(input, init);
    const signal = requestParts.signal(request);
    if (signal?.aborted)
      return Promise.reject(signal.reason);
    const body = requestParts.body(request), list = requestParts.list(request);
    // What can be sent again if the other side sends us elsewhere.
    const keeps = body.kind === bodyKind.none || (body.stream === null && body.kind !== bodyKind.ref);
    const copy = keeps ? new BodyState(body.kind, body.source, body.type) : null;
    const answer = fetchOnce(request.method, request.url, list, body, signal);
    return request.redirect === "manual" ? answer : answer.then((response) => follow(response, request, list, copy, signal));
  } catch (error) {
    return Promise.reject(error);
  }
}

async function follow(response, request, list, body, signal) {
  let method = request.method, url = request.url;
  for (let count = 0; ; ++count) {
    const location = [301, 302, 303, 307, 308].includes(response.status) ? response.headers.get("location") : null;
    if (location === null)
      return count === 0 ? response : responseParts.make(response.status, response.statusText, url,
        responseParts.list(response), responseParts.body(response), true);
    if (request.redirect === "error")
      throw new TypeError("the other side redirects, which the request forbids");
    if (count === mostRedirects)
      throw new TypeError("too many redirections");
    const next = new URL(location, url);
    if (responseParts.body(response).kind === bodyKind.ref)
      send(frame.cancel, responseParts.body(response).source, "");
    const rewrites = (response.status === 303 && method !== "GET" && method !== "HEAD") ||
      (response.status < 303 && method === "POST");
    if (rewrites) {
      method = "GET";
      body = noBody();
      list = without(list, /^content-(encoding|language|location|type|length)$/i);
    }
    if (body === null)
      throw new TypeError("the body is gone: a redirection can't send it again");
    if (next.origin !== new URL(url).origin)
      list = without(list, /^(authorization|cookie|host)$/i);
    url = next.href;
    response = await fetchOnce(method, url, list, new BodyState(body.kind, body.source, body.type), signal);
  }
}

function without(list, pattern) {
  const left = [];
  for (let i = 0; i < list.length; i += 2)
    if (!pattern.test(list[i]))
      left.push(list[i], list[i + 1]);
  return left;
}
