// The HTTP API as the page uses it: each request is a value that can be sent, or shown as the `p2psim` and the `curl`
// line that do the same. What the server offers is read from its /openapi.json; without one, it is go-ethereum's set.

import { shapeFlags } from '../core/shapes.js';

/** @typedef {{method: string, path: string, body?: unknown, text?: string, cli: string, route: string}} Request */

const CLASSIC = ['GET /', 'POST /start', 'POST /stop', 'GET /mocker', 'POST /mocker/start', 'POST /mocker/stop', 'POST /reset',
  'GET /snapshot', 'POST /snapshot', 'GET /nodes', 'POST /nodes', 'GET /nodes/{}', 'DELETE /nodes/{}', 'POST /nodes/{}/start',
  'POST /nodes/{}/stop', 'POST /nodes/{}/conn/{}', 'DELETE /nodes/{}/conn/{}', 'GET /nodes/{}/rpc', 'POST /topology', 'POST /wait'];

/** The server said no, or did not answer (status 0). */
export class ApiError extends Error {
  /** @param {number} status @param {string} text */
  constructor(status, text) {
    super(text.trim() || `the server answered ${status}`);
    this.status = status;
  }
}

export class Api {
  /** @param {string} base address of the server, with a slash at its end */
  constructor(base) {
    this.base = base;
    this.routes = new Set(CLASSIC);
    /** Set when the server refuses every change. */
    this.readOnly = false;
    /** The description itself, for enumerations of what a field may be. @type {any} */
    this.description = null;
  }

  /** Learns what the server offers. */
  async discover() {
    try {
      const answer = await fetch(new URL('openapi.json', this.base), { headers: { accept: 'application/json' } });
      if (!answer.ok) return;
      const description = await answer.json();
      const routes = new Set();
      for (const [path, verbs] of Object.entries(description.paths ?? {})) {
        for (const verb of Object.keys(verbs)) routes.add(`${verb.toUpperCase()} ${path.replace(/\{[^}]*\}/g, '{}')}`);
      }
      if (routes.size) this.routes = routes;
      this.description = description;
    } catch {
      // A server that is away is told by the live connection, once.
    }
  }

  /** @param {string} route such as `POST /nodes/{}/start` */
  has(route) {
    return this.routes.has(route) && !(this.readOnly && !route.startsWith('GET '));
  }

  /** @param {Request} request @returns {Promise<any>} JSON where the answer is JSON, else its text */
  async send({ method, path, body, text }) {
    const payload = text ?? (body === undefined ? undefined : JSON.stringify(body));
    /** @type {Record<string, string>} */
    const headers = { accept: 'application/json' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    let answer;
    try {
      answer = await fetch(new URL(path.replace(/^\//, ''), this.base), { method, headers, body: payload });
    } catch {
      throw new ApiError(0, 'the server does not answer');
    }
    const said = await answer.text();
    if (!answer.ok) throw new ApiError(answer.status, said);
    return answer.headers.get('content-type')?.includes('json') ? JSON.parse(said) : said;
  }

  /** The line for a shell. @param {Request} request */
  curl({ method, path, body, text }) {
    const url = new URL(path.replace(/^\//, ''), this.base).href;
    const verb = method === 'GET' ? '' : ` -X ${method}`;
    const payload = text ?? (body === undefined ? '' : JSON.stringify(body));
    return `curl -s${verb} ${quote(url)}${payload ? ` -d ${quote(payload)}` : ''}`;
  }

  /** @param {Request} request */
  cli({ cli }) {
    const here = new URL(this.base);
    return here.host === 'localhost:8888' || here.host === '127.0.0.1:8888' ? cli : cli.replace(/^p2psim /, `p2psim --api ${here.origin} `);
  }
}

/** As a POSIX shell wants it. @param {string} word */
export function quote(word) {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`;
}

const part = encodeURIComponent;
/** @param {string} method @param {string} route @param {string[]} names @param {string} cli @param {unknown} [body] @returns {Request} */
function make(method, route, names, cli, body) {
  let i = 0;
  const path = route.replace(/\{\}/g, () => part(names[i++]));
  return { method, path, cli, body, route: `${method} ${route}` };
}

/** Everything that the page asks of a server. */
export const requests = {
  network: () => make('GET', '/', [], 'p2psim show --json'),
  node: (/** @type {string} */ name) => make('GET', '/nodes/{}', [name], `p2psim node show ${quote(name)} --json`),
  create: (/** @type {object} */ config) => make('POST', '/nodes', [], `p2psim node create ${createFlags(config)}`.trim(), config),
  remove: (/** @type {string} */ name) => make('DELETE', '/nodes/{}', [name], `p2psim node delete ${quote(name)}`),
  start: (/** @type {string} */ name) => make('POST', '/nodes/{}/start', [name], `p2psim node start ${quote(name)}`),
  stop: (/** @type {string} */ name) => make('POST', '/nodes/{}/stop', [name], `p2psim node stop ${quote(name)}`),
  connect: (/** @type {string} */ one, /** @type {string} */ other) =>
    make('POST', '/nodes/{}/conn/{}', [one, other], `p2psim node connect ${quote(one)} ${quote(other)}`),
  disconnect: (/** @type {string} */ one, /** @type {string} */ other) =>
    make('DELETE', '/nodes/{}/conn/{}', [one, other], `p2psim node disconnect ${quote(one)} ${quote(other)}`),
  call: (/** @type {string} */ name, /** @type {string} */ method, /** @type {unknown[]} */ params, /** @type {string} */ cli) => make('POST', '/nodes/{}/call', [name], cli, { method, params }),
  startAll: () => make('POST', '/start', [], 'p2psim network start'),
  stopAll: () => make('POST', '/stop', [], 'p2psim network stop'),
  reset: () => make('POST', '/reset', [], 'p2psim network reset'),
  topology: (/** @type {import('../core/shapes.js').Shape} */ shape) => make('POST', '/topology', [], `p2psim topology ${shapeFlags(shape, quote)}`, shape),
  snapshot: () => make('GET', '/snapshot', [], 'p2psim snapshot > snapshot.json'),
  load: (/** @type {string} */ text) => ({ ...make('POST', '/snapshot', [], 'p2psim load snapshot.json'), text }),
  mockers: () => make('GET', '/mocker', [], 'p2psim mocker list'),
  startMocker: (/** @type {string} */ kind, /** @type {number} */ nodes) => ({
    ...make('POST', '/mocker/start', [], `p2psim mocker start ${quote(kind)} --nodes ${nodes}`), text: `mocker-type=${part(kind)}&node-count=${nodes}` }),
  stopMocker: () => make('POST', '/mocker/stop', [], 'p2psim mocker stop'),
  clock: (/** @type {string} */ pace) => make('POST', '/clock', [], `p2psim clock ${pace === 'paused' ? 'pause' : `pace ${pace}`}`, { pace }),
  step: (/** @type {{by?: string, events?: number}} */ step) => make('POST', '/clock/step', [],
    `p2psim clock step${step.by ? ` ${step.by}` : ''}`, step),
  partitions: () => make('GET', '/partitions', [], 'p2psim partition list'),
  partition: (/** @type {object} */ body, /** @type {string} */ flags) => make('POST', '/partitions', [], `p2psim partition ${flags}`, body),
  heal: (/** @type {string} */ id) => make('DELETE', '/partitions/{}', [id], `p2psim heal ${quote(id)}`),
  link: (/** @type {object} */ body, /** @type {string} */ flags) => make('POST', '/links', [], `p2psim link set ${flags}`, body),
  line: (/** @type {object} */ body, /** @type {string} */ flags) => make('POST', '/lines', [], `p2psim line set ${flags}`, body),
  churn: (/** @type {object} */ body, /** @type {string} */ flags) => make('POST', '/churn', [], `p2psim churn start ${flags}`, body),
  stopChurn: () => make('DELETE', '/churn', [], 'p2psim churn stop'),
};

/** Scenarios and their runs. */
export const runs = {
  scenarios: () => make('GET', '/scenarios', [], 'p2psim scenario list'),
  scenario: (/** @type {string} */ name) => make('GET', '/scenarios/{}', [name], `p2psim scenario show ${quote(name)}`),
  check: (/** @type {string} */ text) => ({ ...make('POST', '/scenarios', [], 'p2psim scenario check scenario.toml'), text }),
  list: () => make('GET', '/runs', [], ''),
  /** By its name, or by its text. @param {string} name @param {string} text @param {string} seed @param {string} pace @returns {Request} */
  start: (name, text, seed, pace) => {
    const query = new URLSearchParams(Object.entries({ scenario: name, seed, pace }).filter(([, value]) => value));
    const made = make('POST', '/runs', [], `p2psim run ${name ? `scenarios/${quote(name)}` : 'scenario'}.toml${seed ? ` --seed ${seed}` : ''}`);
    return { ...made, path: `/runs?${query}`, ...(text && { text }) };
  },
  stop: (/** @type {string} */ id) => make('POST', '/runs/{}/stop', [id], ''),
  forget: (/** @type {string} */ id) => make('DELETE', '/runs/{}', [id], ''),
  report: (/** @type {string} */ id) => `runs/${part(id)}/report`,
  compare: (/** @type {number} */ one, /** @type {number} */ other) => `runs/${one}/compare/${other}`,
};

/** @param {any} config */
function createFlags(config) {
  return [config.name && `--name ${quote(config.name)}`, config.services?.length && `--services ${config.services.join(',')}`].filter(Boolean).join(' ');
}
