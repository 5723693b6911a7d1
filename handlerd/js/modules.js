// The handlers' module: what it may import, running it, and finding the class in it.

const moduleName = "module";
const modulePrefix = "(function(exports,require,module){";

class Container {
  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
  }
}
// For the sandbox that the handlers belong to; the engine does it.
for (const name of ["setOutboundHandler", "setOutboundByHost", "setOutboundByHosts", "removeOutboundByHost", "setAllowedHosts",
  "setDeniedHosts", "allowHost", "denyHost", "removeAllowedHost", "removeDeniedHost"])
  Object.defineProperty(Container.prototype, name, {
    value(...values) { return operate("sandbox." + name, values); },
    writable: true, configurable: true,
  });
class Sandbox extends Container {}
class WorkerEntrypoint {
  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
  }
}
class DurableObject extends WorkerEntrypoint {}
class RpcTarget {}
class ContainerProxy extends WorkerEntrypoint {}

// `ctx.exports.Name({ props })`: an exported class with fetch(), to be set as a handler by its name.
class EntrypointStub {
  constructor(name, props) {
    this.name = name;
    this.props = props;
  }
}
const entrypointStubs = new Proxy({}, {
  get: (_, name) => (typeof name === "string" ? ({ props } = {}) => new EntrypointStub(name, props) : undefined),
});
function needStub(worker) {
  if (!(worker instanceof EntrypointStub))
    throw new TypeError("a worker comes from ctx.exports: this.ctx.exports.Name({ props })");
  return worker;
}
// What a class finds as this.ctx. The sandbox is started by its owner, so start() only closes it.
const containerContext = {
  storage: {},
  id: { toString: () => containerId },
  exports: entrypointStubs,
  waitUntil: (promise) => currentContext()?.waitUntil(promise),
  blockConcurrencyWhile: (run) => run(),
  container: {
    running: true,
    start(options) { return options?.enableInternet === false ? operate("sandbox.closeInternet", []) : Promise.resolve(); },
    interceptOutboundHttp(host, worker) {
      const { name, props } = needStub(worker);
      return operate("sandbox.setOutboundByHost", [String(host), name, props ?? null]);
    },
    interceptAllOutboundHttp(worker) {
      const { name, props } = needStub(worker);
      return operate("sandbox.setOutboundHandler", [name, props ?? null]);
    },
  },
};

// The sandbox that the handlers belong to, whatever name is asked for: there is no other to be had.
function ownSandbox() { return new Sandbox(containerContext, environment); }
// But for those whose ports are bound: getContainer(env.SANDBOXES, name).
function sandboxOf(namespace, name) {
  return namespace instanceof SandboxNamespace && name !== undefined ? namespace.get(name) : ownSandbox();
}

const sandboxExports = {
  Sandbox, Container, ContainerProxy, getSandbox: sandboxOf, getContainer: sandboxOf, getRandom: async () => ownSandbox(),
  proxyToSandbox: async () => null, switchPort: (request) => request,
};
const importable = {
  "@cloudflare/sandbox": sandboxExports,
  "@cloudflare/containers": sandboxExports,
  "cloudflare:workers": {
    WorkerEntrypoint, DurableObject, RpcTarget,
    get env() { return environment; },
    waitUntil: (promise) => currentContext()?.waitUntil(promise),
  },
};

function requireModule(name) {
  const found = importable[String(name)];
  if (found === undefined)
    throw new Error(`there is no module "${name}": a handlers' module is one file, and may import ${Object.keys(importable).join(", ")}`);
  return found;
}

// Classes that the text declares where a statement may begin, exported or not. The stripper puts words of its
// own before the first. One inside of a function is not seen by the name's use below, and does no harm.
function classNames(code) {
  return [...code.matchAll(/(?:^|[;{}])[ \t]*(?:export[ \t]+(?:default[ \t]+)?)?class[ \t]+([\p{ID_Start}$_][\p{ID_Continue}$]*)/gmu)].map((match) => match[1]);
}

// Runs the module, which is CommonJS by now. Returns what it exports and the classes it declares.
function runModule(code) {
  const module = { exports: {} }, found = [];
  const names = classNames(code);
  const collect = names.map((name) => `typeof ${name}==="function"?${name}:null`).join(",");
  const make = n.evaluate(`${modulePrefix}${code}\n;require("$found")(()=>[${collect}])})`, moduleName);
  const withBases = (name) => {
    if (name === "$found")
      return (list) => found.push(...list().filter((each) => each !== null));
    return requireModule(name);
  };
  make.call(undefined, module.exports, withBases, module);
  return { exports: module.exports, classes: found };
}

const isObject = (value) => value !== null && (typeof value === "object" || typeof value === "function");
const egressNames = ["outbound", "outboundByHost", "outboundHandlers", "allowedHosts", "deniedHosts", "enableInternet", "interceptHttps"];
const speaksOfEgress = (value) => isObject(value) && egressNames.some((name) => value[name] !== undefined);
const isSandboxClass = (value) => typeof value === "function" && value.prototype instanceof Container;

// What of a module gives the handlers: its default export, else the one class for sandboxes.
function findSource({ exports, classes }) {
  if (isSandboxClass(exports.default) || speaksOfEgress(exports.default))
    return exports.default;
  const exported = Object.values(exports).filter(isSandboxClass);
  const all = [...new Set([...exported, ...classes.filter(isSandboxClass)])];
  const speaking = all.filter((each) => speaksOfEgress(each) || speaksOfEgress(instanceOf(each)));
  const choice = speaking.length > 0 ? speaking : all;
  // A class that another one extends is not meant.
  const leaves = choice.filter((each) => !choice.some((other) => other !== each && other.prototype instanceof each));
  if (leaves.length === 1)
    return leaves[0];
  if (leaves.length > 1)
    throw new Error(`the module has several classes for sandboxes (${leaves.map((each) => each.name).join(", ")}): export the one that is meant as default`);
  if (speaksOfEgress(exports))
    return exports;
  throw new Error("the module has no class that extends Sandbox or Container, and no default export with outbound, outboundByHost or outboundHandlers");
}

const instances = new Map();
function instanceOf(Class) {
  if (typeof Class !== "function")
    return null;
  if (!instances.has(Class)) {
    let made = null;
    try {
      made = new Class(containerContext, environment);
    } catch {
      // A constructor that needs more than there is here: only its statics count.
    }
    instances.set(Class, made);
  }
  return instances.get(Class);
}

let handlers = new Map(); // "outbound", "host PATTERN", "named NAME" -> [function, this]
let source = null;
const hookNames = ["onStart", "onStop"];

// Exported classes with fetch(), which stand as handlers by their names.
function entrypointsOf(exports) {
  return Object.entries(exports).filter(([name, value]) =>
    name !== "default" && typeof value === "function" && value.prototype instanceof WorkerEntrypoint &&
    !(value.prototype instanceof DurableObject) && typeof value.prototype.fetch === "function");
}
function callEntrypoint(Class) {
  return (request, env, ctx) => new Class({
    props: ctx.params ?? {}, exports: entrypointStubs, waitUntil: (promise) => ctx.waitUntil(promise), passThroughOnException() {},
  }, env).fetch(request);
}

// Reads the handlers off their class into `handlers`, and says what there is.
function describeSource(value, exports) {
  const table = new Map(), problems = [];
  const instance = instanceOf(value);
  const setting = (name) => (value[name] !== undefined ? value[name] : instance?.[name]);
  const need = (where, handler) => {
    if (typeof handler !== "function")
      problems.push(`${where} is no function`);
    return typeof handler === "function";
  };
  const outbound = value.outbound, byHost = value.outboundByHost ?? {}, named = value.outboundHandlers ?? {};
  if (outbound !== undefined && outbound !== null && need("outbound", outbound))
    table.set("outbound", [outbound, value]);
  for (const [host, handler] of Object.entries(byHost))
    if (need(`outboundByHost["${host}"]`, handler))
      table.set("host " + host, [handler, undefined]);
  for (const [name, handler] of Object.entries(named))
    if (need(`outboundHandlers.${name}`, handler))
      table.set("named " + name, [handler, named]);
  for (const [name, Class] of entrypointsOf(exports))
    if (!table.has("named " + name))
      table.set("named " + name, [callEntrypoint(Class), undefined]);
  for (const name of hookNames)
    if (typeof instance?.[name] === "function")
      table.set("hook " + name, [instance[name], instance]);
  const hosts = (name) => {
    const list = setting(name);
    if (list === undefined || list === null)
      return null;
    if (!Array.isArray(list) || list.some((each) => typeof each !== "string")) {
      problems.push(`${name} is no list of host names`);
      return null;
    }
    return [...list];
  };
  const flag = (name) => (typeof setting(name) === "boolean" ? setting(name) : null);
  const sleepAfter = setting("sleepAfter");
  const description = {
    className: typeof value === "function" ? value.name : "",
    outbound: table.has("outbound"),
    outboundByHost: Object.keys(byHost),
    outboundHandlers: [...table.keys()].filter((key) => key.startsWith("named ")).map((key) => key.slice(6)),
    hooks: hookNames.filter((name) => table.has("hook " + name)),
    allowedHosts: hosts("allowedHosts"),
    deniedHosts: hosts("deniedHosts"),
    enableInternet: flag("enableInternet"),
    interceptHttps: flag("interceptHttps"),
    sleepAfter: typeof sleepAfter === "string" || typeof sleepAfter === "number" ? String(sleepAfter) : null,
  };
  if (problems.length > 0)
    throw new Error(problems.join("; "));
  handlers = table;
  return description;
}

// Globals of a module that imports nothing, as the examples of the articles do.
function defineBases() {
  for (const [name, value] of Object.entries({ Sandbox, Container, WorkerEntrypoint, DurableObject }))
    define(name, value);
}

function loadModule(code) {
  defineBases();
  const module = runModule(code);
  source = findSource(module);
  return describeSource(source, module.exports);
}

// ---- Checking and compiling, in a process of its own

// The language engine's own words about a text without types, whose places are exact. Import and export
// are blanked out, since it takes no modules.
function syntaxErrorOf(text) {
  const blank = (match) => match.replace(/[^\n]/g, " ");
  const script = text
    .replace(/^[ \t]*import\b(?!\s*\()[^;'"]*(['"])[^'"\n]*\1[ \t]*;?/gm, blank)
    .replace(/^[ \t]*export[ \t]+default\b/gm, (match) => "0,".padStart(match.length))
    .replace(/^[ \t]*export[ \t]*(?:\{[^}]*\}|\*)[^;\n]*;?/gm, blank)
    .replace(/^[ \t]*export\b/gm, blank);
  try {
    n.evaluate(`${modulePrefix}"use strict";${script}\n})`, moduleName);
    return null;
  } catch (error) {
    const { text: what, line, column } = describeError(error);
    const length = text.split("\n")[line - 1]?.length ?? 0;
    return { text: what, line, column: Math.min(column, length + 1) };
  }
}

function compile(text) {
  const { transform } = n.load("sucrase");
  const options = { disableESTransforms: true, production: true, keepUnusedImports: false, filePath: "module" };
  let problem = null;
  for (const transforms of [["imports"], ["imports", "typescript"]]) {
    try {
      const { code } = transform(text, { ...options, transforms });
      n.evaluate(`${modulePrefix}${code}\n})`, moduleName); // its syntax only
      return { code };
    } catch (error) {
      problem = problemOf(error);
    }
  }
  // Each parser stumbles over what it does not know; who came further is right.
  const other = syntaxErrorOf(text);
  return { problem: other !== null && other.line > problem.line ? other : problem };
}

function problemOf(error) {
  // Sucrase: "Error transforming module: Unexpected token (3:14)"
  const match = /^(?:Error transforming module: )?(.*?)\s*\((\d+):(\d+)\)$/s.exec(error?.message ?? "");
  if (match && error.sourceURL !== moduleName)
    return { text: "SyntaxError: " + match[1], line: Number(match[2]), column: Number(match[3]) };
  return describeError(error);
}
