// CompressionStream and DecompressionStream.

function makeCompressionClass(name, compresses) {
  const { TransformStream } = streams();
  const formats = ["deflate", "deflate-raw", "gzip"];
  const Class = {[name]: class {
    #stream;
    constructor(format) {
      if (arguments.length === 0)
        throw new TypeError(`${name} takes a format`);
      format = String(format);
      if (!formats.includes(format))
        throw new TypeError(`${format} is no format: there are ${formats.join(", ")}`);
      const coder = n.coder(format, compresses);
      const run = (bytes, isEnd, controller) => {
        for (let out = n.code(coder, bytes, isEnd); ; out = n.code(coder, undefined, isEnd)) {
          if (out === undefined) {
            n.codeEnd(coder);
            throw new TypeError(`the bytes are no ${format}, or more follows its end`);
          }
          if (out.byteLength === 0)
            return;
          controller.enqueue(out);
        }
      };
      this.#stream = new TransformStream({
        transform(piece, controller) {
          if (!isBufferSource(piece)) {
            n.codeEnd(coder);
            throw new TypeError(`${name} takes bytes`);
          }
          run(bytesOf(piece), false, controller);
        },
        flush(controller) {
          run(undefined, true, controller);
          if (!n.codeEnd(coder))
            throw new TypeError(`the ${format} data ends too early`);
        },
        cancel() { n.codeEnd(coder); },
      });
    }
    get readable() { return this.#stream.readable; }
    get writable() { return this.#stream.writable; }
  }}[name];
  tag(Class, name);
  enumerable(Class, "readable", "writable");
  return Class;
}
