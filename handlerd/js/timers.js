// setTimeout and friends, queueMicrotask, console.

const timers = new Map(); // number -> { callback, values, every }

function startTimer(callback, delay, values, repeats) {
  if (typeof callback !== "function")
    throw new TypeError("a timer takes a function");
  const milliseconds = Math.min(Math.max(Number(delay) || 0, 0), 2147483647);
  const id = ++lastId;
  timers.set(id, { callback, values, every: repeats ? Math.max(milliseconds, 1) : null, call: n.current() });
  n.timer(milliseconds, id);
  return id;
}
function setTimeout(callback, delay = 0, ...values) { return startTimer(callback, delay, values, false); }
function setInterval(callback, delay = 0, ...values) { return startTimer(callback, delay, values, true); }
function setImmediate(callback, ...values) { return startTimer(callback, 0, values, false); }
function clearTimeout(id) { timers.delete(Number(id)); }

function onTimer(id) {
  const timer = timers.get(id);
  if (timer === undefined)
    return;
  if (timer.every === null)
    timers.delete(id);
  else
    n.timer(timer.every, id);
  try {
    timer.callback(...timer.values);
  } catch (error) {
    reportError(error);
  }
}

function queueMicrotask(callback) {
  if (typeof callback !== "function")
    throw new TypeError("queueMicrotask takes a function");
  Promise.resolve().then(() => callback()).catch(reportError);
}

function reportError(error) {
  const { text, line, column } = describeError(error);
  logLine("error", text, line, column);
}

// ---- console

let mostLines = 1000;
const lineCounts = new Map(); // call -> lines so far

function logLine(level, text, line = 0, column = 0) {
  const call = n.current(), count = (lineCounts.get(call) ?? 0) + 1;
  lineCounts.set(call, count);
  if (count > mostLines + 1)
    return;
  if (count > mostLines)
    text = `more than ${mostLines} lines in one call; the rest is dropped`;
  send(frame.console, 0, `${level}\n${line}\n${column}\n${text.slice(0, 8192)}`);
}

function shown(value, depth = 0, seen = []) {
  if (typeof value === "string")
    return depth === 0 ? value : JSON.stringify(value);
  if (typeof value === "bigint")
    return value + "n";
  if (typeof value === "function")
    return value.name ? `[Function: ${value.name}]` : "[Function]";
  if (value === null || typeof value !== "object")
    return String(value);
  if (seen.includes(value))
    return "[Circular]";
  if (value instanceof Error)
    return `${value.name}: ${value.message}`;
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp || value instanceof URL)
    return String(value);
  const inner = (each) => shown(each, depth + 1, [...seen, value]);
  if (value instanceof Headers || value instanceof FormData || value instanceof URLSearchParams || value instanceof Map)
    return `${value.constructor.name} {${[...value].map(([k, v]) => ` ${inner(k)} => ${inner(v)}`).join(",")} }`;
  if (depth > 3)
    return "[Object]";
  if (Array.isArray(value))
    return `[ ${value.slice(0, 100).map(inner).join(", ")}${value.length > 100 ? ", …" : ""} ]`;
  if (value instanceof Set)
    return `Set { ${[...value].slice(0, 100).map(inner).join(", ")} }`;
  if (isBufferSource(value))
    return `${value.constructor.name}(${value.byteLength}) [ ${[...bytesOf(value).subarray(0, 32)].join(", ")} ]`;
  if (requestParts.is(value))
    return `Request { ${value.method} ${value.url} }`;
  if (responseParts.is(value))
    return `Response { ${value.status} ${value.statusText} }`;
  const name = value.constructor?.name;
  const fields = Object.keys(value).slice(0, 100).map((key) => `${key}: ${inner(value[key])}`);
  return `${name && name !== "Object" ? name + " " : ""}{ ${fields.join(", ")} }`;
}

function formatted(values) {
  if (typeof values[0] === "string" && /%[sdifoOcj%]/.test(values[0])) {
    let next = 1;
    const text = values[0].replace(/%([sdifoOcj%])/g, (mark, kind) => {
      if (kind === "%")
        return "%";
      if (next >= values.length)
        return mark;
      const value = values[next++];
      switch (kind) {
        case "s": return typeof value === "string" ? value : shown(value, 1);
        case "d": return String(Number(value));
        case "i": return String(Math.trunc(Number(value)));
        case "f": return String(Number.parseFloat(value));
        case "j": return JSON.stringify(value);
        case "c": return "";
        default: return shown(value, 1);
      }
    });
    values = [text, ...values.slice(next)];
  }
  return values.map((value) => shown(value)).join(" ");
}

const consoleCounts = new Map(), consoleTimes = new Map();
const logger = (level) => (...values) => {
  let text;
  try {
    text = formatted(values);
  } catch {
    text = "[can't be shown]";
  }
  logLine(level, text);
};
const consoleObject = {
  debug: logger("debug"), log: logger("info"), info: logger("info"), warn: logger("warning"), error: logger("error"),
  trace: logger("debug"), dir: (value) => consoleObject.log(value), dirxml: logger("info"), table: (value) => consoleObject.log(value),
  group: logger("info"), groupCollapsed: logger("info"), groupEnd() {},
  assert(condition, ...values) { if (!condition) consoleObject.error("Assertion failed:", ...values); },
  count(label = "default") {
    consoleCounts.set(label, (consoleCounts.get(label) ?? 0) + 1);
    consoleObject.log(`${label}: ${consoleCounts.get(label)}`);
  },
  countReset(label = "default") { consoleCounts.delete(label); },
  time(label = "default") { consoleTimes.set(label, now()); },
  timeLog(label = "default", ...values) { consoleObject.log(`${label}: ${(now() - (consoleTimes.get(label) ?? now())).toFixed(2)} ms`, ...values); },
  timeEnd(label = "default") { consoleObject.timeLog(label); consoleTimes.delete(label); },
  clear() {},
};
