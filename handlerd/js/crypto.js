// crypto: random numbers; SubtleCrypto is in subtle.js.

const integerArrays = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, BigInt64Array, BigUint64Array];

class Crypto {
  #subtle = null;
  constructor(mark) {
    if (mark !== internal)
      throw new TypeError("Illegal constructor");
  }
  get subtle() { return (this.#subtle ??= makeSubtle()); }
  getRandomValues(array) {
    if (!integerArrays.some((Class) => array instanceof Class))
      throw new DOMException("getRandomValues takes an array of integers", "TypeMismatchError");
    if (array.byteLength > 65536)
      throw new DOMException("at most 65536 bytes at once", "QuotaExceededError");
    bytesOf(array).set(n.random(array.byteLength));
    return array;
  }
  randomUUID() {
    const bytes = n.random(16);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }
}
tag(Crypto, "Crypto");
