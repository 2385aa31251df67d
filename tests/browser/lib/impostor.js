// A server in front of a server: the page's files and the API come from the real one, the live line is what a story says.
// For what a real server does once in a million events.

import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

/** What RFC 6455 has both sides add to the key. */
const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** @param {string} real its address @param {(say: (message: string | Uint8Array) => void) => void} story what is said on each line
 * @returns {Promise<{url: string, close: () => void}>} */
export async function impostor(real, story) {
  const server = createServer(async (request, response) => {
    const answer = await fetch(new URL(request.url ?? '/', real), { headers: { accept: request.headers.accept ?? '*/*' } });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  server.on('upgrade', (request, socket) => {
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${MAGIC}`).digest('base64');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    socket.on('error', () => {});
    story((message) => socket.write(framed(message)));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}/`, close: () => { server.closeAllConnections(); server.close(); } };
}

/** One unmasked message of less than 64 KiB. @param {string | Uint8Array} message */
function framed(message) {
  const body = Buffer.from(message), kind = typeof message === 'string' ? 0x81 : 0x82;
  const head = body.length < 126 ? Buffer.from([kind, body.length]) : Buffer.from([kind, 126, body.length >> 8, body.length & 255]);
  return Buffer.concat([head, body]);
}
