// Keeps every byte that the sockets of this process receive and send, in plaintext. The format is tap.py's.
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');

const folder = process.env.CLAVIGER_TAP;
if (folder) {
    const file = fs.openSync(path.join(folder, `node-${process.pid}.tap`), 'a', 0o600);
    const numbers = new WeakMap();
    let last = 0;
    const keep = (stream, direction, data) => {
        if (!numbers.has(stream)) numbers.set(stream, ++last);
        const head = Buffer.alloc(9);
        head.writeUInt32LE(numbers.get(stream), 0);
        head.writeUInt8(direction, 4);
        head.writeUInt32LE(data.length, 5);
        fs.writeSync(file, Buffer.concat([head, data]));
    };
    // TLS sockets are such sockets too, and push what they deciphered.
    const { push, write } = net.Socket.prototype;
    net.Socket.prototype.push = function (chunk, ...rest) {
        if (chunk && chunk.length) keep(this, 0, Buffer.from(chunk));
        return push.call(this, chunk, ...rest);
    };
    net.Socket.prototype.write = function (chunk, encoding, ...rest) {
        if (chunk && chunk.length && (typeof chunk === 'string' || chunk instanceof Uint8Array)) {
            keep(this, 1, Buffer.from(chunk, typeof chunk === 'string' && typeof encoding === 'string' ? encoding : undefined));
        }
        return write.call(this, chunk, encoding, ...rest);
    };
}
