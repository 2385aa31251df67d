// Cards of the Experiment screen that make the network worse: churn, links, partitions. Each is there only if the server
// has the route. Forms check little; what is wrong with a value is said by the server and shown where it was typed.

import { quote, requests } from '../net/api.js';
import { field, fill, h, select } from './h.js';
import { actionButton, card } from './parts.js';

/** @typedef {import('../main.js').App} App */

/** How nodes are named in words, wherever that may be. */
const WORDS = 'Nodes by name, as a pattern (eu*), region:2 or service:gossip.';

const PRESETS = /** @type {Record<string, Record<string, string>>} */ ({
  'LAN': { latency: '500us', jitter: '', loss: '' },
  'same continent': { latency: '20ms', jitter: '3ms', loss: '' },
  'across an ocean': { latency: '80ms', jitter: '8ms', loss: '0.1%' },
  'home line': { latency: '15ms', jitter: '5ms', loss: '0.1%' },
  'bad mobile': { latency: '120ms', jitter: '60ms', loss: '3%' },
});

export class Conditions {
  /** @param {App} app @param {import('./parts.js').ShellLines} lines */
  constructor(app, lines) {
    this.app = app;
    this.lines = lines;
    this.list = h('ul.kept');
    this.asked = -1;
  }

  cards() {
    const { api } = this.app;
    return [this.churnCard(), api.has('POST /links') ? this.linkCard() : null, api.has('POST /lines') ? this.lineCard() : null, api.has('POST /partitions') ? this.partitionCard() : null];
  }

  update() {
    // Partitions may be made from elsewhere; their count tells when to ask.
    const restraints = this.app.model.stat.restraints ?? 0;
    if (this.app.api.has('GET /partitions') && restraints !== this.asked) {
      this.asked = restraints;
      this.showPartitions();
    }
  }

  churnCard() {
    const { app, lines } = this, { api } = app, parts = [];
    if (api.has('POST /churn')) {
      const rate = h('input', { type: 'number', min: '0', step: '0.1', value: '1' }), down = h('input', { value: '3s' });
      const body = () => ({ rate: `${rate.value}/s`, down: down.value });
      parts.push(h('div.form', {}, field('Stops per second', rate), field('Down for', down)), h('div.row', {},
        actionButton(app, lines, 'Churn', () => requests.churn(body(), `--rate ${rate.value}/s --down ${quote(down.value)}`), { kind: 'primary', done: 'churn is on' }),
        actionButton(app, lines, 'Off', requests.stopChurn, { done: 'churn is off' })));
    }
    if (api.has('POST /mocker/start')) {
      const kind = select([['startStop', 'one node at a time'], ['probabilistic', 'runs of neighbours'], ['boot', 'only a ring of new nodes']], 'probabilistic', () => {});
      const nodes = h('input', { type: 'number', min: '3', value: '10' });
      parts.push(h('p.muted', {}, 'A mocker creates nodes of its own, connects them in a ring, and then stops and starts them.'), h('div.form', {}, field('Mocker', kind), field('Nodes', nodes)),
        h('div.row', {}, actionButton(app, lines, 'Start mocker', () => requests.startMocker(kind.value, Number(nodes.value)), { done: 'the mocker is at work' }), actionButton(app, lines, 'Stop mocker', requests.stopMocker, { done: 'the mocker has stopped' })));
    }
    return card('Churn', ...parts);
  }

  linkCard() {
    const { app, lines } = this;
    const from = h('input', { list: 'node-names', placeholder: 'every node', spellcheck: false }), to = h('input', { list: 'node-names', placeholder: 'every node', spellcheck: false });
    const names = h('datalist', { id: 'node-names' });
    const fillNames = () => fill(names, app.model.live.directory.names.slice(0, 2000).map((value) => h('option', { value })));
    from.addEventListener('focus', fillNames);
    to.addEventListener('focus', fillNames);
    /** @type {Record<string, HTMLInputElement>} */
    const inputs = { latency: h('input', { placeholder: '50ms' }), jitter: h('input', { placeholder: '10ms' }), loss: h('input', { placeholder: '1%' }) };
    const preset = select([['', 'by hand'], ...Object.keys(PRESETS).map((name) => /** @type {[string, string]} */ ([name, name]))], '', (name) => {
      for (const [key, value] of Object.entries(PRESETS[name] ?? {})) inputs[key].value = value;
    });
    const link = () => Object.fromEntries(Object.entries(inputs).map(([key, input]) => [key, input.value.trim()]).filter(([, value]) => value));
    const ends = () => (from.value || to.value ? { from: from.value, to: to.value, both: true } : {});
    const flags = (/** @type {boolean} */ reset) => [...(from.value || to.value ? [quote(from.value), quote(to.value)] : ['--default']), ...(reset ? ['--reset'] : Object.entries(link()).map(([key, value]) => `--${key} ${quote(value)}`))].join(' ');
    return card('Links', names, h('p.muted', {}, `How long what is sent takes, and what is lost of it. ${WORDS}`), h('div.form', {}, field('From', from), field('To', to), field('Like', preset), field('Latency', inputs.latency), field('Jitter', inputs.jitter), field('Loss', inputs.loss)),
      h('div.row', {}, actionButton(app, lines, 'Set link', () => requests.link({ ...ends(), link: link() }, flags(false)), { kind: 'primary', done: 'the link is set' }),
        actionButton(app, lines, 'As before', () => requests.link({ ...ends(), link: null }, flags(true)), { done: 'the link is as it was' })));
  }

  lineCard() {
    const { app, lines } = this;
    const nodes = h('input', { list: 'node-names', placeholder: 'every node', spellcheck: false });
    /** @type {Record<string, HTMLInputElement>} */
    const inputs = { up: h('input', { placeholder: '10 Mbit/s' }), down: h('input', { placeholder: '50 Mbit/s' }), queue: h('input', { placeholder: '256 KiB' }) };
    const line = () => Object.fromEntries(Object.entries(inputs).map(([key, input]) => [key, input.value.trim()]).filter(([, value]) => value));
    const whom = () => nodes.value.trim() || '*';
    const flags = () => `${quote(whom())} ${Object.entries(line()).map(([key, value]) => `--${key} ${quote(value)}`).join(' ')}`;
    return card('Lines', h('p.muted', {}, `What a node sends and receives at most. ${WORDS}`), h('div.form', {}, field('Of', nodes), field('Up', inputs.up), field('Down', inputs.down), field('Queue', inputs.queue)),
      h('div.row', {}, actionButton(app, lines, 'Set line', () => requests.line({ nodes: whom(), line: line() }, flags()), { kind: 'primary', done: 'the line is set' }),
        actionButton(app, lines, 'Unlimited', () => requests.line({ nodes: whom(), line: null }, `${quote(whom())} --reset`), { done: 'the line is unlimited' })));
  }

  partitionCard() {
    const { app, lines } = this;
    const heal = h('input', { placeholder: 'never' });
    const names = (/** @type {(i: number) => boolean} */ which) => {
      const { live } = app.model, found = [];
      for (let i = 0; i < live.size; i++) if (live.exists(i) && which(i)) found.push(live.directory.name(i));
      return found;
    };
    const request = (/** @type {string[]} */ a) => requests.partition({ a, ...(heal.value ? { heal: heal.value } : {}) }, `${quote(a.join(','))}${heal.value ? ` --heal ${quote(heal.value)}` : ''}`);
    return card('Partitions', h('p.muted', {}, 'Cuts some nodes off from all others, until healed. Select them on the Network screen by shift-drag or filter.'), h('div.form', {}, field('Heals after', heal)),
      h('div.row', {}, actionButton(app, lines, 'Cut off the selection', () => request(names((i) => app.model.selection.has(i))), { kind: 'primary', done: 'cut off' }),
        actionButton(app, lines, 'Cut in half', () => request(names((i) => i < app.model.live.size / 2)), { done: 'cut in half' })), this.list);
  }

  async showPartitions() {
    const { app, lines } = this;
    try {
      const all = await app.api.send(requests.partitions());
      fill(this.list, all.map((/** @type {any} */ one) => {
        const id = String(one.id ?? one);
        return h('li', {}, `${one.text ?? one.name ?? `partition ${id}`} `, actionButton(app, lines, 'Heal', () => requests.heal(id), { kind: 'link', done: 'healed' }));
      }));
    } catch {
      fill(this.list);
    }
  }
}
