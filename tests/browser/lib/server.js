// The release binary as a server on a port of its own, and its HTTP API as far as the stories need it.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Another binary, and the page's files from a directory instead of the binary: for who works on the page. */
const BINARY = process.env.P2PSIM ?? fileURLToPath(new URL('../../../target/release/p2psim', import.meta.url));
const UI = process.env.P2PSIM_UI;
/** Milliseconds that a loaded machine may take to start a process. */
const PATIENCE = 60_000;

export class Server {
  /** @param {string} command @param {string[]} args beside `--listen` */
  constructor(command, args) {
    this.command = command;
    this.args = args;
    this.port = 0;
    this.url = '';
    /** @type {import('node:child_process').ChildProcess | null} */
    this.child = null;
  }

  /** Starts `p2psim serve` and waits until it says where it listens. @param {...string} args */
  static async start(...args) {
    const server = new Server('serve', args);
    await server.begin();
    return server;
  }

  /** The same of `p2psim demo`, once its network is up. @param {...string} args */
  static async demo(...args) {
    const server = new Server('demo', ['--no-open', ...args]);
    await server.begin();
    return server;
  }

  /** Begins (again), at the port it had. */
  async begin() {
    if (!existsSync(BINARY)) throw new Error(`${BINARY} is not there: cargo build --release -p p2psim`);
    const child = spawn(BINARY, [this.command, '--listen', `127.0.0.1:${this.port}`, ...(UI && this.command === 'serve' && !this.args.includes('--ui-dir') ? ['--ui-dir', UI] : []), ...this.args], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.child = child;
    this.url = await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`p2psim ${this.command} said no address within ${PATIENCE / 1000} s`)), PATIENCE);
      let said = '';
      child.stdout.on('data', (bytes) => {
        said += bytes;
        const found = /http:\/\/[\d.]+:(\d+)/.exec(said);
        if (!found) return;
        clearTimeout(late);
        this.port = Number(found[1]);
        resolve(`${found[0]}/`);
      });
      child.once('exit', (code) => reject(new Error(`p2psim ${this.command} ended with ${code} before it listened: ${said}`)));
    });
  }

  /** Ends it without a word. */
  async kill() {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** Stops it where it is, or lets it go on. @param {boolean} on */
  freeze(on) {
    this.child?.kill(on ? 'SIGSTOP' : 'SIGCONT');
  }

  /** @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<any>} */
  async ask(method, path, body) {
    const answer = await fetch(new URL(path, this.url), { method, body: body === undefined ? undefined : JSON.stringify(body), headers: { accept: 'application/json' } });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text;
  }

  /** @param {string} path */
  get(path) {
    return this.ask('GET', path);
  }

  /** @param {string} path @param {unknown} [body] */
  post(path, body) {
    return this.ask('POST', path, body);
  }

  /** So many nodes, up. Their names, in the order of their numbers. @param {number} count @param {string[]} services */
  async nodes(count, services = ['gossip']) {
    /** @type {string[]} */
    const names = [];
    for (let i = 0; i < count; i++) names.push((await this.post('nodes', { services })).name);
    await this.post('start');
    return names;
  }

  /** Very many, connected at random, each with so many peers. @param {number} count @param {number} degree */
  async crowd(count, degree) {
    let left = count;
    const create = async () => { while (left-- > 0) await this.post('nodes', { services: ['gossip'] }); };
    await Promise.all(Array.from({ length: 16 }, create));
    await this.post('start');
    await this.post('topology', { kind: 'random-regular', degree });
  }

  /** @param {string[]} names @param {[number, number][]} pairs */
  async connect(names, pairs) {
    for (const [a, b] of pairs) await this.post(`nodes/${names[a]}/conn/${names[b]}?wait=false`);
    await this.post('wait', { conns: pairs.length, within: '60s' });
  }
}
