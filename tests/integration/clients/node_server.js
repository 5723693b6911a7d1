// Upstreams for the door: HTTP/2 alone with WebSockets as streams (RFC 8441), and HTTP/1.1 alone with the ws library.
// Prints their ports. Arguments: certificate, key, and where to listen: an address and two ports.
'use strict';
const fs = require('fs');
const http2 = require('http2');
const https = require('https');
const { WebSocketServer } = require('/usr/share/nodejs/ws');

const tls = { cert: fs.readFileSync(process.argv[2]), key: fs.readFileSync(process.argv[3]) };

let sessions = 0;
const modern = http2.createSecureServer({ ...tls, settings: { enableConnectProtocol: true } });
modern.on('session', (session) => { session.number = ++sessions; session.on('error', () => {}); });
modern.on('stream', (stream, headers) => {
    const answers = {
        '/trailers': () => {
            stream.respond({ ':status': 200 }, { waitForTrailers: true });
            stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42', 'x-got': String(stream.gotTrailers) }));
            stream.on('trailers', (trailers) => { stream.gotTrailers = trailers['x-up']; });
            stream.resume();
            stream.on('end', () => stream.end('body'));
        },
        '/early': () => {
            stream.additionalHeaders({ ':status': 103, link: '</a.css>' });
            stream.respond({ ':status': 200 });
            stream.end('early');
        },
        '/reset': () => { stream.respond({ ':status': 200 }); stream.write('half'); setTimeout(() => stream.destroy(new Error('reset')), 100); },
        '/refused': () => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM),
        '/goaway': () => {
            stream.respond({ ':status': 200 });
            stream.write('before ');
            stream.session.goaway(http2.constants.NGHTTP2_NO_ERROR, stream.id);
            setTimeout(() => stream.end('after ' + stream.session.number), 300);
        },
        '/session': () => { stream.respond({ ':status': 200 }); stream.end(String(stream.session.number)); },
        '/die': () => stream.session.destroy(),
        '/slow': () => { stream.respond({ ':status': 200 }); stream.write('first\n'); setTimeout(() => stream.end('last\n'), 1500); },
    };
    stream.on('error', () => {});
    if (headers[':method'] === 'CONNECT') {
        const wrong = headers[':protocol'] !== 'websocket' || 'sec-websocket-key' in headers || 'upgrade' in headers;
        stream.respond(wrong ? { ':status': 400 } : { ':status': 200, 'sec-websocket-protocol': 'echo' });
        stream.on('data', (data) => stream.write(echo(data)));
        stream.on('end', () => stream.end());
    } else if (answers[headers[':path']]) {
        answers[headers[':path']]();
    } else {
        stream.respond({ ':status': 200 });
        stream.end('modern');
    }
});

// One masked frame of the client, sent back without its mask.
function echo(data) {
    const size = data[1] & 0x7f;
    const mask = data.subarray(2, 6);
    const payload = Buffer.from(data.subarray(6, 6 + size)).map((byte, at) => byte ^ mask[at % 4]);
    return Buffer.concat([Buffer.from([data[0], size]), payload]);
}

const classic = https.createServer({ ...tls, ALPNProtocols: ['http/1.1'] }, (request, response) => response.end('classic'));
new WebSocketServer({ server: classic, handleProtocols: (offered) => [...offered][0] }).on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});

const [address = '127.0.0.1', first = 0, second = 0] = process.argv.slice(4);
modern.listen(first, address, () => classic.listen(second, address, () => console.log(modern.address().port + ' ' + classic.address().port)));
process.stdin.resume().on('end', () => process.exit(0));
