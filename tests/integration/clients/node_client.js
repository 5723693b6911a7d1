// Clients of node behind the door. Arguments: what to do, host, port, the door's port, the sandbox's certificate.
// Prints a line that the test compares.
'use strict';
const fs = require('fs');
const http2 = require('http2');
const https = require('https');
const net = require('net');
const tls = require('tls');
const WebSocket = require('/usr/share/nodejs/ws');

const [, , deed, host, port, front, caFile] = process.argv;
const ca = fs.readFileSync(caFile);
const authority = `https://${host}:${port}`;
const open = (options) => tls.connect({ host: '127.0.0.1', port: Number(front), servername: host, ca, ...options });
const connect = () => http2.connect(authority, { createConnection: () => open({ ALPNProtocols: ['h2'] }) });
const fail = (error) => { console.log('error ' + (error.code || error.message)); process.exit(1); };
const done = (text) => { console.log(text); process.exit(0); };
setTimeout(() => fail(new Error('nothing happened')), 30000);

// One request of a session: its status, body, trailers, early hints, or the error that ended it.
function ask(session, headers, body, trailers) {
    return new Promise((resolve) => {
        const stream = session.request(headers, { endStream: body === undefined, waitForTrailers: !!trailers });
        const got = { body: '', first: 0 };
        const start = Date.now();
        stream.on('headers', (more) => { got.early = more[':status'] + ' ' + more.link; });
        stream.on('response', (head) => { got.status = head[':status']; });
        stream.on('trailers', (fields) => { got.trailers = { ...fields }; });
        stream.on('data', (piece) => { got.first = got.first || Date.now() - start; got.body += piece; });
        stream.on('error', (error) => { got.error = error.code; });
        stream.on('close', () => resolve({ ...got, code: stream.rstCode }));
        if (trailers)
            stream.on('wantTrailers', () => stream.sendTrailers(trailers));
        if (body !== undefined)
            stream.end(body);
    });
}

function frame(opcode, text) {
    const mask = Buffer.from([1, 2, 3, 4]);
    const payload = Buffer.from(text).map((byte, at) => byte ^ mask[at % 4]);
    return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length]), mask, payload]);
}

const deeds = {
    async trailers() {
        const got = await ask(connect(), { ':path': '/trailers', ':method': 'POST' }, 'up', { 'x-up': 'yes' });
        done(`${got.status} ${got.body} ${got.trailers['x-sum']} ${got.trailers['x-got']}`);
    },
    async early() {
        const got = await ask(connect(), { ':path': '/early' });
        done(`${got.early} ${got.status} ${got.body}`);
    },
    async reset() {
        const got = await ask(connect(), { ':path': '/reset' });
        done(`${got.status} ${got.body} ${got.code}`);
    },
    async refused() {
        const got = await ask(connect(), { ':path': '/refused' });
        done(`${got.status}`);
    },
    // A stream under way ends well, and what comes after goes to another connection of the upstream.
    async goaway() {
        const session = connect();
        const first = await ask(session, { ':path': '/goaway' });
        const second = await ask(session, { ':path': '/session' });
        const [, number] = first.body.split('after ');
        done(`${first.body.startsWith('before after')} ${first.code} ${second.status} ${Number(second.body) > Number(number)}`);
    },
    async die() {
        const session = connect();
        const [dead, slow] = await Promise.all([ask(session, { ':path': '/die' }), ask(session, { ':path': '/hello' })]);
        const next = await ask(session, { ':path': '/hello' });
        done(`${dead.status} ${next.status} ${next.body}`);
        return slow;
    },
    async flush() {
        const got = await ask(connect(), { ':path': '/slow' });
        done(`${got.first < 1000} ${got.body.split('\n').length}`);
    },
    async many() {
        const session = connect();
        const all = await Promise.all([...Array(80).keys()].map((at) => ask(session, { ':path': '/n' + at })));
        done(`${all.filter((each) => each.status === 200).length}`);
    },
    // WebSocket as a stream of HTTP/2.
    stream() {
        const session = connect();
        session.on('error', fail);
        session.on('remoteSettings', (settings) => {
            if (!settings.enableConnectProtocol)
                return fail(new Error('not offered'));
            const stream = session.request(
                { ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'https', ':path': '/chat?x=1', ':authority': `${host}:${port}`,
                  'sec-websocket-version': '13', 'sec-websocket-protocol': 'echo' }, { endStream: false });
            let status = 0, got = Buffer.alloc(0), accept;
            stream.on('response', (head) => {
                status = head[':status'];
                accept = 'sec-websocket-accept' in head || 'upgrade' in head || 'connection' in head;
                stream.protocolName = head['sec-websocket-protocol'];
                stream.write(frame(1, 'hello'));
            });
            stream.on('data', (data) => {
                got = Buffer.concat([got, data]);
                if (!stream.writableEnded && got.toString('latin1').includes('hello'))
                    stream.end(frame(8, ''));
            });
            stream.on('error', fail);
            stream.on('close', () => done(`${status} ${stream.protocolName} ${accept} ${got.subarray(0, 7).toString('latin1').slice(2)}`));
        });
    },
    unknown() {
        const session = connect();
        session.on('remoteSettings', () => {
            const stream = session.request({ ':method': 'CONNECT', ':protocol': 'connect-udp', ':scheme': 'https', ':path': '/', ':authority': `${host}:${port}` });
            stream.on('response', (head) => done(String(head[':status'])));
            stream.on('error', fail);
        });
    },
    // The ws library over HTTP/1.1.
    ws() {
        const agent = new https.Agent();
        agent.createConnection = () => open({ ALPNProtocols: ['http/1.1'] });
        const socket = new WebSocket(`wss://${host}:${port}/chat`, 'echo', { agent, perMessageDeflate: true });
        socket.on('error', fail);
        socket.on('open', () => { socket.send('hello'); socket.send(Buffer.alloc(70000, 7)); socket.ping(); });
        let text = '', bytes = 0, pong = false;
        const end = () => { if (text && bytes && pong) socket.close(1000, 'bye'); };
        socket.on('message', (data, isBinary) => { if (isBinary) bytes = data.length; else text = data.toString(); end(); });
        socket.on('pong', () => { pong = true; end(); });
        socket.on('close', (code) => done(`${socket.protocol} ${text} ${bytes} ${code}`));
    },
};
deeds[deed]();
