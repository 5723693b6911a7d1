// SubtleCrypto: digests, HMAC, AES-GCM, AES-CBC, keys in pairs (keys.js), HKDF and PBKDF2.

class CryptoKey {
  #type; #algorithm; #extractable; #usages; #bytes;
  static { keyParts = { bytes: (key) => key.#bytes }; }
  constructor(mark, bytes, algorithm, extractable, usages, type = "secret") {
    if (mark !== internal)
      throw new TypeError("Illegal constructor");
    this.#type = type;
    this.#bytes = bytes;
    this.#algorithm = algorithm;
    this.#extractable = Boolean(extractable);
    this.#usages = [...usages];
  }
  get type() { return this.#type; }
  get algorithm() { return this.#algorithm; }
  get extractable() { return this.#extractable; }
  get usages() { return [...this.#usages]; }
}
var keyParts;
tag(CryptoKey, "CryptoKey");

const digestNames = ["SHA-1", "SHA-256", "SHA-384", "SHA-512", "MD5"];
const blockBytes = { "SHA-1": 64, "SHA-256": 64, "SHA-384": 128, "SHA-512": 128, MD5: 64 };
const keyUsages = { HMAC: ["sign", "verify"], "AES-GCM": ["encrypt", "decrypt", "wrapKey", "unwrapKey"], "AES-CBC": ["encrypt", "decrypt", "wrapKey", "unwrapKey"],
  HKDF: ["deriveBits", "deriveKey"], PBKDF2: ["deriveBits", "deriveKey"] };
const base64Url = {
  from: (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0)),
  to: (bytes) => n.btoa(n.latin1(bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, ""),
};

function algorithmName(algorithm) {
  const name = String(typeof algorithm === "string" ? algorithm : algorithm?.name).toUpperCase();
  return canonicalNames.get(name) ?? name;
}
function digestName(algorithm) {
  const name = algorithmName(algorithm);
  if (!digestNames.includes(name))
    throw new DOMException(`${name} is no digest that there is`, "NotSupportedError");
  return name;
}
function secretAlgorithm(name) {
  if (!(name in keyUsages))
    throw new DOMException(`${name} is not supported: ${[...canonicalNames.values()].join(", ")} are`, "NotSupportedError");
  return name;
}
function needBytes(value) {
  if (!isBufferSource(value))
    throw new TypeError("an ArrayBuffer or a view of one is needed");
  return bytesOf(value);
}
function needKey(key, name, usage) {
  if (!(key instanceof CryptoKey))
    throw new TypeError("this is no CryptoKey");
  if (key.algorithm.name !== name || !key.usages.includes(usage))
    throw new DOMException(`the key is not for ${usage} by ${name}`, "InvalidAccessError");
  return keyParts.bytes(key);
}
function makeKey(bytes, algorithm, extractable, usages) {
  const name = secretAlgorithm(algorithmName(algorithm));
  for (const usage of usages)
    if (!keyUsages[name].includes(usage))
      throw new DOMException(`${usage} is no use of a key for ${name}`, "SyntaxError");
  if (usages.length === 0)
    throw new DOMException("a secret key needs a use", "SyntaxError");
  if (name === "HMAC") {
    if (bytes.byteLength === 0)
      throw new DOMException("the key is empty", "DataError");
    return new CryptoKey(internal, bytes, { name, hash: { name: digestName(algorithm.hash) }, length: bytes.byteLength * 8 }, extractable, usages);
  }
  if (name === "HKDF" || name === "PBKDF2") {
    if (extractable)
      throw new DOMException(`a key for ${name} can't be exported`, "SyntaxError");
    return new CryptoKey(internal, bytes, { name }, false, usages);
  }
  if (![16, 24, 32].includes(bytes.byteLength))
    throw new DOMException("an AES key has 128, 192 or 256 bits", "DataError");
  return new CryptoKey(internal, bytes, { name, length: bytes.byteLength * 8 }, extractable, usages);
}
function runAes(encrypts, algorithm, key, data) {
  const name = secretAlgorithm(algorithmName(algorithm));
  const bytes = needKey(key, name, encrypts ? "encrypt" : "decrypt");
  const tagBits = algorithm.tagLength ?? 128;
  if (name === "AES-GCM" && ![32, 64, 96, 104, 112, 120, 128].includes(tagBits))
    throw new DOMException("not a length of a tag", "OperationError");
  const extra = algorithm.additionalData === undefined ? emptyBytes : needBytes(algorithm.additionalData);
  const result = n.aes(name, encrypts, bytes, needBytes(algorithm.iv), extra, tagBits / 8, needBytes(data));
  if (result === undefined)
    throw new DOMException(encrypts ? "encryption failed" : "decryption failed", "OperationError");
  return result.buffer;
}

class SubtleCrypto {
  constructor(mark) {
    if (mark !== internal)
      throw new TypeError("Illegal constructor");
  }
  async digest(algorithm, data) { return n.digest(digestName(algorithm), needBytes(data)).buffer; }
  async importKey(format, data, algorithm, extractable, usages) {
    const name = algorithmName(algorithm);
    if (pairAlgorithms.includes(name))
      return importPair(format, data, name, algorithm, extractable, [...usages]);
    if (format === "raw")
      return makeKey(needBytes(data).slice(), algorithm, extractable, usages);
    if (format !== "jwk")
      throw new DOMException("keys come as raw or jwk", "NotSupportedError");
    if (data?.kty !== "oct" || typeof data.k !== "string")
      throw new DOMException("the JSON Web Key is no secret key", "DataError");
    return makeKey(base64Url.from(data.k), algorithm, extractable, usages);
  }
  async exportKey(format, key) {
    if (!(key instanceof CryptoKey) || !key.extractable)
      throw new DOMException("the key can't be exported", "InvalidAccessError");
    if (key.type !== "secret")
      return exportPair(format, key);
    const bytes = keyParts.bytes(key);
    if (format === "raw")
      return bytes.slice().buffer;
    if (format !== "jwk")
      throw new DOMException("keys go out as raw or jwk", "NotSupportedError");
    const { name, hash, length } = key.algorithm;
    const alg = name === "HMAC" ? "HS" + hash.name.slice(4) : `A${length}${name.slice(4)}`;
    return { kty: "oct", k: base64Url.to(bytes), alg, key_ops: key.usages, ext: true };
  }
  async generateKey(algorithm, extractable, usages) {
    if (pairAlgorithms.includes(algorithmName(algorithm)))
      return generatePair(algorithmName(algorithm), algorithm, extractable, [...usages]);
    const name = secretAlgorithm(algorithmName(algorithm));
    if (name === "HKDF" || name === "PBKDF2")
      throw new DOMException(`keys for ${name} are imported`, "NotSupportedError");
    const bits = algorithm.length ?? (name === "HMAC" ? blockBytes[digestName(algorithm.hash)] * 8 : 0);
    return makeKey(n.random(bits / 8), algorithm, extractable, usages);
  }
  async sign(algorithm, key, data) {
    if (pairAlgorithms.includes(algorithmName(algorithm))) {
      needKey(key, algorithmName(algorithm), "sign");
      return signWithPair(algorithm, key, data);
    }
    const bytes = needKey(key, secretAlgorithm(algorithmName(algorithm)), "sign");
    return n.hmac(key.algorithm.hash.name, bytes, needBytes(data)).buffer;
  }
  async verify(algorithm, key, signature, data) {
    if (pairAlgorithms.includes(algorithmName(algorithm))) {
      needKey(key, algorithmName(algorithm), "verify");
      return verifyWithPair(algorithm, key, signature, data);
    }
    const bytes = needKey(key, secretAlgorithm(algorithmName(algorithm)), "verify");
    return n.same(n.hmac(key.algorithm.hash.name, bytes, needBytes(data)), needBytes(signature));
  }
  async deriveBits(algorithm, key, length) {
    needKey(key, secretAlgorithm(algorithmName(algorithm)), "deriveBits");
    return deriveBits(algorithm, key, length);
  }
  async deriveKey(algorithm, key, wanted, extractable, usages) {
    needKey(key, secretAlgorithm(algorithmName(algorithm)), "deriveKey");
    const name = secretAlgorithm(algorithmName(wanted));
    const bits = wanted.length ?? (name === "HMAC" ? blockBytes[digestName(wanted.hash)] * 8 : 256);
    return makeKey(new Uint8Array(deriveBits(algorithm, key, bits)), wanted, extractable, usages);
  }
  async encrypt(algorithm, key, data) { return runAes(true, algorithm, key, data); }
  async decrypt(algorithm, key, data) { return runAes(false, algorithm, key, data); }
  // Workers' own.
  timingSafeEqual(a, b) {
    if (needBytes(a).byteLength !== needBytes(b).byteLength)
      throw new TypeError("the two have different lengths");
    return n.same(bytesOf(a), bytesOf(b));
  }
}
tag(SubtleCrypto, "SubtleCrypto");
const makeSubtle = () => new SubtleCrypto(internal);
