// The worker that holds the page's one WebSocket: connects to /live, passes frames on unread, tells when the line is
// lost and comes back, and asks for what was missed by sequence number. It folds nothing and draws nothing.

/** @typedef {{type: 'connect', url: string} | {type: 'send', text: string} | {type: 'ack', seq: number} | {type: 'retry', hangUp: boolean}} LiveCommand */

const port = /** @type {{postMessage: (m: unknown, transfer?: Transferable[]) => void, onmessage: unknown}} */ (/** @type {unknown} */ (self));
/** The first wait before trying again, and the longest, in milliseconds. */
const SOON = 400, LATE = 5000;
/** A server that has said nothing for so long, not even that it is there, is asked anew. */
const SILENT = 20_000;

let url = '', run = '', seq = -1, wait = SOON, heard = 0;
/** @type {WebSocket | undefined} */
let socket;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** What the server has to hear again after each connect, by the name of its one field. @type {Map<string, string>} */
const wishes = new Map();
/** What it has to hear once, when there is a connection. @type {string[]} */
let once = [];

port.onmessage = (/** @type {MessageEvent<LiveCommand>} */ { data }) => {
  if (data.type === 'connect') {
    url = data.url;
    connect();
  } else if (data.type === 'ack') {
    seq = data.seq;
    say(JSON.stringify({ ack: seq }));
  } else if (data.type === 'retry') {
    if (data.hangUp) socket?.close();
    else connect();
  } else {
    const name = Object.keys(JSON.parse(data.text))[0];
    if (name !== 'again') wishes.set(name, data.text);
    else if (socket?.readyState !== WebSocket.OPEN) once = [data.text];
    say(data.text);
  }
};

/** @param {string} text */
function say(text) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(text);
}

function connect() {
  clearTimeout(timer);
  if (socket && socket.readyState <= WebSocket.OPEN) return;
  const line = new WebSocket(url);
  socket = line;
  line.binaryType = 'arraybuffer';
  line.onopen = () => {
    wait = SOON;
    heard = performance.now();
    if (run && seq >= 0) say(JSON.stringify({ since: seq, run }));
    for (const text of [...wishes.values(), ...once]) say(text);
    once = [];
    port.postMessage({ type: 'status', open: true });
  };
  line.onmessage = (event) => {
    if (socket !== line) return;
    heard = performance.now();
    if (typeof event.data !== 'string') {
      port.postMessage({ type: 'frame', buffer: event.data }, [event.data]);
      return;
    }
    const message = JSON.parse(event.data);
    if (message.hello) {
      // Another run has other nodes under the same numbers: its whole frame is on its way.
      if (message.hello.run !== run) seq = -1;
      run = message.hello.run;
    }
    port.postMessage({ type: 'text', message });
  };
  line.onclose = (event) => {
    if (socket !== line) return;
    socket = undefined;
    port.postMessage({ type: 'status', open: false, again: wait, reason: event.reason });
    timer = setTimeout(connect, wait);
    wait = Math.min(LATE, wait * 1.7);
  };
}

// A machine that slept, or a cable that was pulled: the socket believes that it is open.
setInterval(() => {
  if (socket?.readyState !== WebSocket.OPEN || performance.now() - heard < SILENT) return;
  const dead = socket;
  socket = undefined;
  dead.close();
  port.postMessage({ type: 'status', open: false, again: 0, reason: 'it said nothing' });
  connect();
}, 1000);
