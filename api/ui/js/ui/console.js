// A console for one node's RPC: methods by name, completed from what the node says it can be asked (rpc_methods), with
// parameters as JSON, results with the time they took, history with the up arrow, and subscriptions that go on. Each call
// is shown as shell lines too.

import { plural, span } from '../core/format.js';
import { Rpc } from '../net/rpc.js';
import { field, fill, h, put } from './h.js';
import { ShellLines } from './parts.js';

/** @typedef {import('../main.js').App} App */

export class RpcConsole {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.node = '';
    /** @type {Rpc | null} */
    this.rpc = null;
    /** @type {string[]} */
    this.history = [];
    this.back = 0;
    /** @type {Set<string>} */
    this.subscriptions = new Set();
    this.names = h('datalist', { id: 'rpc-methods' });
    this.method = h('input', { list: 'rpc-methods', placeholder: 'admin_peers', spellcheck: false, autocomplete: 'off', onkeydown: (/** @type {KeyboardEvent} */ e) => this.key(e) });
    this.params = h('input', { placeholder: 'parameters as JSON, for example "enode://…", 5', spellcheck: false, autocomplete: 'off', onkeydown: (/** @type {KeyboardEvent} */ e) => this.key(e), oninput: () => this.check() });
    this.known = h('p.hint.methods');
    this.problem = h('small.problem', { id: 'rpc-problem' });
    this.params.setAttribute('aria-describedby', 'rpc-problem');
    this.out = h('div.rpc-out', { tabIndex: 0, role: 'log', 'aria-label': 'answers' });
    this.lines = new ShellLines(app.api);
    this.form = h('form.rpc-form', { onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); this.call(); } },
      field('Method', this.method), field('Parameters', this.params), h('button.primary', { type: 'submit' }, 'Call'));
    this.element = h('section.card', {}, h('h2', {}, 'RPC console'), this.form, this.names, this.problem, this.known, this.out, this.lines.element);
  }

  /** @param {string} node @param {boolean} up */
  async attach(node, up) {
    const key = `${node} ${up}`;
    if (key === this.key_) return;
    this.key_ = key;
    this.rpc?.close();
    this.rpc = null;
    if (node !== this.node) fill(this.out);
    this.node = node;
    this.form.querySelectorAll('input, button').forEach((control) => { /** @type {HTMLInputElement} */ (control).disabled = !up; });
    this.problem.textContent = up ? '' : 'The node is down: nobody answers.';
    put(this.known, '');
    if (!up || this.app.synthetic) return;
    try {
      const { methods, subscriptions } = /** @type {{methods: string[], subscriptions: string[]}} */ (await this.line().call('rpc_methods'));
      if (this.node !== node) return;
      this.subscriptions = new Set(subscriptions);
      fill(this.names, [...methods, ...subscriptions].sort().map((value) => h('option', { value })));
      put(this.known, `${plural(methods.length, 'method')}: ${methods.join(' ')}; to subscribe to: ${subscriptions.join(' ')}`);
    } catch (error) {
      this.problem.textContent = String(error instanceof Error ? error.message : error);
    }
  }

  key_ = '';

  line() {
    if (!this.rpc) {
      const rpc = this.rpc = new Rpc(this.app.base, this.node);
      rpc.onNotice = (_, value) => this.print('notice', JSON.stringify(value, null, 1));
      rpc.onClose = (reason) => {
        if (this.rpc === rpc) this.rpc = null;
        this.print('error', `connection closed: ${reason}`);
      };
    }
    return this.rpc;
  }

  /** @returns {unknown[] | null} */
  check() {
    try {
      const params = JSON.parse(`[${this.params.value}]`);
      this.problem.textContent = '';
      this.params.removeAttribute('aria-invalid');
      return params;
    } catch (error) {
      this.problem.textContent = `Parameters: ${error instanceof Error ? error.message : error}`;
      this.params.setAttribute('aria-invalid', 'true');
      return null;
    }
  }

  async call() {
    const method = this.method.value.trim(), params = this.check();
    if (!method || !params) return;
    this.history.push(`${method} ${this.params.value}`.trim());
    this.back = this.history.length;
    const stream = this.subscriptions.has(method);
    this.lines.showLines(this.app.rpcLines(this.node, method, params, stream));
    this.print('asked', `> ${method}(${this.params.value})`);
    const begin = performance.now();
    try {
      const [module, name] = method.split(/_(.*)/s);
      const result = stream ? await this.line().call(`${module}_subscribe`, [name, ...params]) : await this.line().call(method, params);
      this.print('answer', `${JSON.stringify(result, null, 1)}`, span((performance.now() - begin) / 1000));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
      this.print('error', `${error instanceof Error ? error.message : error}${code}`);
    }
  }

  /** @param {string} kind @param {string} text @param {string} [took] */
  print(kind, text, took) {
    const cut = text.length > 20_000 ? `${text.slice(0, 20_000)}\n… ${text.length - 20_000} more characters` : text;
    this.out.append(h('pre', { class: kind }, cut, took ? h('small.muted', {}, `  ${took}`) : null));
    while (this.out.children.length > 60) this.out.firstElementChild?.remove();
    this.out.scrollTop = this.out.scrollHeight;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    if (event.key === 'ArrowDown' && this.back >= this.history.length) return;
    if (event.target === this.method && this.method.value && this.back === this.history.length && event.key === 'ArrowUp' && !this.history.length) return;
    event.preventDefault();
    this.back = Math.min(this.history.length, Math.max(0, this.back + (event.key === 'ArrowUp' ? -1 : 1)));
    const [method, params] = (this.history[this.back] ?? '').split(/ (.*)/s);
    this.method.value = method ?? '';
    this.params.value = params ?? '';
  }
}
