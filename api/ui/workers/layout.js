// The worker in which the layout is computed: takes the network's shape, sends positions as they improve, and rests
// when they do not. Decides nothing: mode, seed and pins come from graph/scene.js.

import { Force } from '../js/graph/force.js';
import { groups, layers, ring } from '../js/graph/arrange.js';

/** @typedef {{type: 'graph', role: Uint8Array, a: Uint32Array, b: Uint32Array, group: Uint16Array, region: Uint8Array, order: Uint32Array, reset: boolean}} GraphMessage */
/** @typedef {GraphMessage | {type: 'mode', mode: string, root: number} | {type: 'pin', node: number, x: number, y: number, hold: boolean} | {type: 'warm', alpha: number}} LayoutMessage */

const port = /** @type {{postMessage: (m: unknown, transfer?: Transferable[]) => void, onmessage: unknown}} */ (/** @type {unknown} */ (self));
let force = new Force(1);
let mode = 'force', root = 0, ticks = 0, told = 0, running = false;
/** @type {Uint16Array} */
let group = new Uint16Array(0);
/** @type {Uint8Array} */
let region = new Uint8Array(0);
/** @type {Uint32Array} */
let order = new Uint32Array(0);

port.onmessage = (/** @type {MessageEvent<LayoutMessage>} */ event) => {
  const message = event.data;
  if (message.type === 'graph') takeGraph(message);
  else if (message.type === 'mode') {
    mode = message.mode;
    root = message.root;
    if (mode === 'force') force.heat(0.5);
    else arrange();
  } else if (message.type === 'pin') {
    const { node, x, y, hold } = message;
    if (node >= force.n || !force.role[node]) return;
    force.x[node] = x;
    force.y[node] = y;
    force.role[node] = hold ? 3 : 1;
    if (mode === 'force') force.heat(0.12);
    else tell(true);
  } else {
    force.heat(message.alpha);
  }
  if (mode === 'force') run();
};

/** @param {GraphMessage} message */
function takeGraph(message) {
  if (message.reset) {
    force = new Force(1);
    ticks = 0;
  }
  const before = force.a.length;
  const fresh = force.change(message.role, message.a, message.b);
  group = message.group;
  region = message.region;
  order = message.order;
  if (mode !== 'force') {
    arrange();
    return;
  }
  // As much heat as there is news: a few connections move a few nodes, a new network begins anew.
  const news = fresh / Math.max(1, force.n) + Math.abs(force.a.length - before) / Math.max(1, force.a.length, before);
  force.heat(news > 0.3 ? 1 : Math.min(0.3, Math.max(0.03, news * 3)));
  tell(false);
}

function arrange() {
  force.alpha = 0;
  if (mode === 'ring') ring(force.x, force.y, force.role, order);
  else if (mode === 'groups') groups(force.x, force.y, force.role, group);
  else if (mode === 'regions') groups(force.x, force.y, force.role, region);
  else layers(force.x, force.y, force.role, force.a, force.b, root);
  tell(true);
}

/** @param {boolean} done */
function tell(done) {
  const at = new Float32Array(force.n * 2);
  for (let i = 0; i < force.n; i++) {
    at[i * 2] = force.x[i];
    at[i * 2 + 1] = force.y[i];
  }
  told = performance.now();
  port.postMessage({ type: 'positions', at, done, alpha: force.alpha, ticks }, [at.buffer]);
}

function run() {
  if (running || force.done) return;
  running = true;
  const step = () => {
    const until = performance.now() + 30;
    while (!force.done && mode === 'force' && performance.now() < until) {
      force.tick();
      ticks++;
    }
    const done = force.done || mode !== 'force';
    if (done || performance.now() - told > 40) tell(done);
    if (done) running = false;
    else setTimeout(step, 0);
  };
  step();
}
