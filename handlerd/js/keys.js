// Keys in pairs: RSA, ECDSA, Ed25519. A CryptoKey holds DER, PKCS #8 or SubjectPublicKeyInfo.

const curveNames = ["P-256", "P-384", "P-521"];
const pairAlgorithms = ["RSASSA-PKCS1-v1_5", "RSA-PSS", "ECDSA", "Ed25519"];
const canonicalNames = new Map([...pairAlgorithms, "HMAC", "AES-GCM", "AES-CBC", "HKDF", "PBKDF2"].map((name) => [name.toUpperCase(), name]));
const jwkHashes = { "SHA-1": "1", "SHA-256": "256", "SHA-384": "384", "SHA-512": "512" };
const rsaParts = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];

// The kind of key that an algorithm means: "RSA", a curve, "Ed25519".
function pairKind(name, algorithm) {
  if (name === "Ed25519")
    return name;
  if (name !== "ECDSA")
    return "RSA";
  if (!curveNames.includes(algorithm.namedCurve))
    throw new DOMException(`${algorithm.namedCurve} is no curve: there are ${curveNames.join(", ")}`, "NotSupportedError");
  return algorithm.namedCurve;
}

function makePairKey(der, isPrivate, name, algorithm, extractable, usages) {
  for (const usage of usages)
    if (usage !== (isPrivate ? "sign" : "verify"))
      throw new DOMException(`${usage} is no use of a ${isPrivate ? "private" : "public"} key for ${name}`, "SyntaxError");
  if (isPrivate && usages.length === 0)
    throw new DOMException("a private key needs a use", "SyntaxError");
  const kind = pairKind(name, algorithm);
  if (der === undefined || n.keyKind(der, isPrivate) !== kind)
    throw new DOMException(`this is no ${isPrivate ? "private" : "public"} key for ${name}`, "DataError");
  const full = { name };
  if (name === "ECDSA")
    full.namedCurve = kind;
  if (kind === "RSA") {
    const modulus = n.keyPart(der, isPrivate, 0);
    full.modulusLength = modulus.byteLength * 8;
    full.publicExponent = n.keyPart(der, isPrivate, 1);
    full.hash = { name: digestName(algorithm.hash) };
  }
  return new CryptoKey(internal, der, full, isPrivate ? extractable : extractable, usages, isPrivate ? "private" : "public");
}

function importPair(format, data, name, algorithm, extractable, usages) {
  const kind = pairKind(name, algorithm);
  if (format === "pkcs8" || format === "spki")
    return makePairKey(needBytes(data).slice(), format === "pkcs8", name, algorithm, extractable, usages);
  if (format === "raw") {
    const bytes = needBytes(data);
    if (kind === "Ed25519")
      return makePairKey(n.keyMake(kind, false, bytes), false, name, algorithm, extractable, usages);
    if (kind === "RSA")
      throw new DOMException("a raw key is for ECDSA or Ed25519", "NotSupportedError");
    const half = (bytes.byteLength - 1) / 2;
    if (bytes[0] !== 4 || !Number.isInteger(half))
      throw new DOMException("the point is not in its long form", "DataError");
    return makePairKey(n.keyMake(kind, false, bytes.subarray(1, 1 + half), bytes.subarray(1 + half)), false, name, algorithm, extractable, usages);
  }
  return importPairJwk(data, kind, name, algorithm, extractable, usages);
}

function importPairJwk(jwk, kind, name, algorithm, extractable, usages) {
  const type = kind === "RSA" ? "RSA" : kind === "Ed25519" ? "OKP" : "EC";
  const wrong = (why) => { throw new DOMException("the JSON Web Key " + why, "DataError"); };
  if (jwk === null || typeof jwk !== "object")
    throw new TypeError("a JSON Web Key is an object");
  if (jwk.kty !== type || (type !== "RSA" && jwk.crv !== kind))
    wrong(`is not for ${name}`);
  if (jwk.use !== undefined && jwk.use !== "sig")
    wrong("is for another use");
  if (jwk.ext === false && extractable)
    wrong("says that it can't be exported");
  if (Array.isArray(jwk.key_ops) && usages.some((usage) => !jwk.key_ops.includes(usage)))
    wrong("is not for these operations");
  const isPrivate = jwk.d !== undefined;
  const names = type === "RSA" ? rsaParts.slice(0, isPrivate ? 8 : 2) : type === "EC" ? ["x", "y", "d"].slice(0, isPrivate ? 3 : 2) : ["x", "d"].slice(0, isPrivate ? 2 : 1);
  const parts = names.map((part) => (typeof jwk[part] === "string" ? base64Url.from(jwk[part]) : wrong("lacks " + part)));
  return makePairKey(n.keyMake(kind, isPrivate, ...parts), isPrivate, name, algorithm, extractable, usages);
}

function exportPair(format, key) {
  const der = keyParts.bytes(key), isPrivate = key.type === "private", { name, hash, namedCurve } = key.algorithm;
  if (format === (isPrivate ? "pkcs8" : "spki"))
    return der.slice().buffer;
  const kind = namedCurve ?? (name === "Ed25519" ? name : "RSA");
  const part = (index) => n.keyPart(der, isPrivate, index);
  if (format === "raw" && !isPrivate && kind !== "RSA")
    return (kind === "Ed25519" ? part(0) : joined([Uint8Array.of(4), part(0), part(1)], 1 + 2 * part(0).byteLength)).slice().buffer;
  if (format !== "jwk")
    throw new DOMException(`a ${key.type} key does not go out as ${format}`, format === "raw" ? "InvalidAccessError" : "InvalidAccessError");
  const jwk = { key_ops: key.usages, ext: key.extractable };
  const put = (names) => names.forEach((each, index) => { jwk[each] = base64Url.to(part(index)); });
  if (kind === "RSA") {
    put(rsaParts.slice(0, isPrivate ? 8 : 2));
    return { ...jwk, kty: "RSA", alg: (name === "RSA-PSS" ? "PS" : "RS") + jwkHashes[hash.name] };
  }
  put(kind === "Ed25519" ? ["x", "d"].slice(0, isPrivate ? 2 : 1) : ["x", "y", "d"].slice(0, isPrivate ? 3 : 2));
  return { ...jwk, kty: kind === "Ed25519" ? "OKP" : "EC", crv: kind, ...(kind === "Ed25519" ? { alg: "Ed25519" } : {}) };
}

function generatePair(name, algorithm, extractable, usages) {
  const kind = pairKind(name, algorithm);
  let bits = 0, exponent = 0;
  if (kind === "RSA") {
    bits = Number(algorithm.modulusLength);
    exponent = needBytes(algorithm.publicExponent).reduce((sum, byte) => sum * 256 + byte, 0);
    if (!(bits >= 1024 && bits <= 4096 && bits % 8 === 0) || (exponent !== 3 && exponent !== 65537))
      throw new DOMException("an RSA key has 1024 to 4096 bits, and 3 or 65537 as exponent", "OperationError");
    digestName(algorithm.hash);
  }
  for (const usage of usages)
    if (usage !== "sign" && usage !== "verify")
      throw new DOMException(`${usage} is no use of keys for ${name}`, "SyntaxError");
  const der = n.keyGenerate(kind, bits, exponent);
  if (der === undefined)
    throw new DOMException("the key could not be made", "OperationError");
  return {
    publicKey: makePairKey(n.keyPublic(der), false, name, algorithm, true, usages.filter((usage) => usage === "verify")),
    privateKey: makePairKey(der, true, name, algorithm, extractable, usages.filter((usage) => usage === "sign")),
  };
}

// The scheme of a signature: its name, its digest, and the length of its salt.
function signatureScheme(algorithm, key) {
  const name = key.algorithm.name;
  if (name === "ECDSA")
    return [name, digestName(algorithm.hash), 0];
  if (name === "Ed25519")
    return [name, "", 0];
  if (name === "RSA-PSS" && !Number.isInteger(algorithm.saltLength))
    throw new TypeError("RSA-PSS needs a saltLength");
  return [name, key.algorithm.hash.name, name === "RSA-PSS" ? algorithm.saltLength : 0];
}

function signWithPair(algorithm, key, data) {
  const signature = n.keySign(...signatureScheme(algorithm, key), keyParts.bytes(key), needBytes(data));
  if (signature === undefined)
    throw new DOMException("signing failed", "OperationError");
  return signature.buffer;
}
function verifyWithPair(algorithm, key, signature, data) {
  return n.keyVerify(...signatureScheme(algorithm, key), keyParts.bytes(key), needBytes(signature), needBytes(data));
}

function deriveBits(algorithm, key, length) {
  const name = key.algorithm.name;
  if (!Number.isInteger(length) || length < 0 || length % 8 !== 0)
    throw new DOMException("bits are derived in whole bytes", "OperationError");
  const digest = digestName(algorithm.hash), secret = keyParts.bytes(key), salt = needBytes(algorithm.salt);
  let bytes;
  if (name === "HKDF")
    bytes = n.hkdf(digest, secret, salt, needBytes(algorithm.info), length / 8);
  else if (algorithm.iterations > 0)
    bytes = n.pbkdf2(digest, secret, salt, algorithm.iterations, length / 8);
  if (bytes === undefined)
    throw new DOMException("the bits can't be derived", "OperationError");
  return bytes.buffer;
}
