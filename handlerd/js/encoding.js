// TextEncoder, TextDecoder and their streams; atob and btoa.

// Encoding Standard name -> [labels, converter of ICU]. UTF-8 and UTF-16 are done here.
const encodings = [
  ["utf-8", "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8"],
  ["ibm866", "866 cp866 csibm866 ibm866"],
  ["iso-8859-2", "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2"],
  ["iso-8859-3", "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3"],
  ["iso-8859-4", "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4"],
  ["iso-8859-5", "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988"],
  ["iso-8859-6", "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987"],
  ["iso-8859-7", "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 sun_eu_greek"],
  ["iso-8859-8", "csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 visual"],
  ["iso-8859-8-i", "csiso88598i iso-8859-8-i logical", "iso-8859-8"],
  ["iso-8859-10", "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6"],
  ["iso-8859-13", "iso-8859-13 iso8859-13 iso885913"],
  ["iso-8859-14", "iso-8859-14 iso8859-14 iso885914"],
  ["iso-8859-15", "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9"],
  ["iso-8859-16", "iso-8859-16"],
  ["x-user-defined", "x-user-defined"],
  ["koi8-r", "cskoi8r koi koi8 koi8-r koi8_r"],
  ["koi8-u", "koi8-ru koi8-u"],
  ["macintosh", "csmacintosh mac macintosh x-mac-roman"],
  ["windows-874", "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874"],
  ["windows-1250", "cp1250 windows-1250 x-cp1250"],
  ["windows-1251", "cp1251 windows-1251 x-cp1251"],
  ["windows-1252", "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252"],
  ["windows-1253", "cp1253 windows-1253 x-cp1253"],
  ["windows-1254", "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 windows-1254 x-cp1254"],
  ["windows-1255", "cp1255 windows-1255 x-cp1255"],
  ["windows-1256", "cp1256 windows-1256 x-cp1256"],
  ["windows-1257", "cp1257 windows-1257 x-cp1257"],
  ["windows-1258", "cp1258 windows-1258 x-cp1258"],
  ["x-mac-cyrillic", "x-mac-cyrillic x-mac-ukrainian"],
  ["gbk", "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk", "gb18030"],
  ["gb18030", "gb18030"],
  ["big5", "big5 big5-hkscs cn-big5 csbig5 x-x-big5", "big5-hkscs"],
  ["euc-jp", "cseucpkdfmtjapanese euc-jp x-euc-jp"],
  ["iso-2022-jp", "csiso2022jp iso-2022-jp"],
  ["shift_jis", "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis", "windows-31j"],
  ["euc-kr", "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949", "windows-949"],
  ["utf-16be", "unicodefffe utf-16be"],
  ["utf-16le", "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le"],
];
// ICU has none for it: the characters from 0xa0 on.
const latin10 = "\xa0\u0104\u0105\u0141\u20ac\u201e\u0160\xa7\u0161\xa9\u0218\xab\u0179\xad\u017a\u017b\xb0\xb1\u010c\u0142\u017d\u201d\xb6\xb7\u017e\u010d\u0219\xbb\u0152\u0153\u0178\u017c\xc0\xc1\xc2\u0102\xc4\u0106\xc6\xc7\xc8\xc9\xca\xcb\xcc\xcd\xce\xcf\u0110\u0143\xd2\xd3\xd4\u0150\xd6\u015a\u0170\xd9\xda\xdb\xdc\u0118\u021a\xdf\xe0\xe1\xe2\u0103\xe4\u0107\xe6\xe7\xe8\xe9\xea\xeb\xec\xed\xee\xef\u0111\u0144\xf2\xf3\xf4\u0151\xf6\u015b\u0171\xf9\xfa\xfb\xfc\u0119\u021b\xff";
let labels = null; // label -> [name, converter]

function encodingFor(label) {
  const text = String(label).replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, "").toLowerCase();
  if (text === "utf-8" || text === "utf8")
    return ["utf-8", ""];
  if (labels === null) {
    labels = new Map();
    for (const [name, all, converter] of encodings)
      for (const each of all.split(" "))
        labels.set(each, [name, converter ?? name]);
  }
  const found = labels.get(text);
  if (found === undefined)
    throw new RangeError("not a known encoding: " + text.slice(0, 100));
  return found;
}

class TextEncoder {
  get encoding() { return "utf-8"; }
  encode(text = "") { return n.encode(String(text)); }
  encodeInto(text, target) {
    if (!(target instanceof Uint8Array))
      throw new TypeError("encodeInto takes a Uint8Array");
    let read = 0, written = 0;
    for (const character of String(text)) {
      const bytes = n.encode(character);
      if (written + bytes.length > target.length)
        break;
      target.set(bytes, written);
      written += bytes.length;
      read += character.length;
    }
    return { read, written };
  }
}
enumerable(TextEncoder, "encoding", "encode", "encodeInto");
tag(TextEncoder, "TextEncoder");

class TextDecoder {
  #name; #converter; #fatal; #ignoreMark; #left = emptyBytes; #started = false; #streaming = false;
  constructor(label = "utf-8", options = {}) {
    [this.#name, this.#converter] = encodingFor(label);
    this.#fatal = Boolean(options?.fatal);
    this.#ignoreMark = Boolean(options?.ignoreBOM);
  }
  get encoding() { return this.#name; }
  get fatal() { return this.#fatal; }
  get ignoreBOM() { return this.#ignoreMark; }
  decode(input = undefined, options = {}) {
    if (input !== undefined && !isBufferSource(input))
      throw new TypeError("decode takes an ArrayBuffer or a view of one");
    const more = Boolean(options?.stream);
    if (!this.#streaming) {
      this.#left = emptyBytes;
      this.#started = false;
    }
    this.#streaming = more;
    let bytes = input === undefined ? emptyBytes : bytesOf(input);
    if (this.#left.length > 0)
      bytes = joined([this.#left, bytes], this.#left.length + bytes.length);
    const tail = more ? this.#tail(bytes) : 0;
    this.#left = tail > 0 ? bytes.slice(bytes.length - tail) : emptyBytes;
    if (tail > 0)
      bytes = bytes.subarray(0, bytes.length - tail);
    const text = this.#convert(bytes);
    if (text === null) {
      this.#streaming = false;
      throw new TypeError("the bytes are no " + this.#name);
    }
    if (this.#started || text.length === 0)
      return text;
    this.#started = true;
    const unicode = this.#name.startsWith("utf-");
    return unicode && !this.#ignoreMark && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }
  #tail(bytes) {
    if (this.#name === "utf-8")
      return n.utf8Tail(bytes);
    if (!this.#name.startsWith("utf-16"))
      return 0;
    const odd = bytes.length % 2, at = bytes.length - odd - 2;
    const high = at >= 0 ? bytes[at + (this.#name === "utf-16le" ? 1 : 0)] : 0;
    return high >= 0xd8 && high < 0xdc ? odd + 2 : odd;
  }
  #convert(bytes) {
    if (this.#name === "utf-8")
      return n.utf8(bytes, this.#fatal);
    if (this.#name.startsWith("utf-16"))
      return this.#utf16(bytes);
    if (this.#name === "x-user-defined")
      return n.latin1(bytes).replace(/[\x80-\xff]/g, (c) => String.fromCharCode(0xf700 + c.charCodeAt(0)));
    if (this.#name === "iso-8859-16")
      return n.latin1(bytes).replace(/[\xa0-\xff]/g, (c) => latin10[c.charCodeAt(0) - 0xa0]);
    return n.decode(this.#converter, bytes, this.#fatal);
  }
  #utf16(bytes) {
    const low = this.#name === "utf-16le" ? 0 : 1;
    let text = "";
    for (let i = 0; i + 1 < bytes.length; i += 2)
      text += String.fromCharCode(bytes[i + low] | bytes[i + 1 - low] << 8);
    const whole = bytes.length % 2 === 0;
    if (this.#fatal && (!whole || !text.isWellFormed()))
      return null;
    return text.toWellFormed() + (whole ? "" : "\ufffd");
  }
}
enumerable(TextDecoder, "encoding", "fatal", "ignoreBOM", "decode");
tag(TextDecoder, "TextDecoder");

// Streams of the two, made when somebody first asks for them.
function makeTextEncoderStream() {
  const { TransformStream } = streams();
  class TextEncoderStream {
    #stream;
    constructor() {
      let high = "";
      this.#stream = new TransformStream({
        transform(piece, controller) {
          let text = high + String(piece);
          const last = text.charCodeAt(text.length - 1);
          high = last >= 0xd800 && last < 0xdc00 ? text.slice(-1) : "";
          text = text.slice(0, text.length - high.length);
          if (text !== "")
            controller.enqueue(n.encode(text));
        },
        flush(controller) {
          if (high !== "")
            controller.enqueue(n.encode(high));
        },
      });
    }
    get encoding() { return "utf-8"; }
    get readable() { return this.#stream.readable; }
    get writable() { return this.#stream.writable; }
  }
  tag(TextEncoderStream, "TextEncoderStream");
  return TextEncoderStream;
}
function makeTextDecoderStream() {
  const { TransformStream } = streams();
  class TextDecoderStream {
    #stream; #decoder;
    constructor(label = "utf-8", options = {}) {
      const decoder = (this.#decoder = new TextDecoder(label, options));
      const pass = (text, controller) => { if (text !== "") controller.enqueue(text); };
      this.#stream = new TransformStream({
        transform: (piece, controller) => {
          if (!isBufferSource(piece))
            throw new TypeError("TextDecoderStream takes bytes");
          pass(decoder.decode(piece, { stream: true }), controller);
        },
        flush: (controller) => pass(decoder.decode(), controller),
      });
    }
    get encoding() { return this.#decoder.encoding; }
    get fatal() { return this.#decoder.fatal; }
    get ignoreBOM() { return this.#decoder.ignoreBOM; }
    get readable() { return this.#stream.readable; }
    get writable() { return this.#stream.writable; }
  }
  tag(TextDecoderStream, "TextDecoderStream");
  return TextDecoderStream;
}

function btoa(text) {
  if (arguments.length === 0)
    throw new TypeError("btoa takes a text");
  const coded = n.btoa(String(text));
  if (coded === null)
    throw new DOMException("the text has characters that are no bytes", "InvalidCharacterError");
  return coded;
}
function atob(text) {
  if (arguments.length === 0)
    throw new TypeError("atob takes a text");
  const bytes = n.atob(String(text));
  if (bytes === null)
    throw new DOMException("the text is no base64", "InvalidCharacterError");
  return bytes;
}
