// Changing the network: nodes and their shape, churn, links, partitions, snapshots, scenarios. A card is there only if
// the server offers what it does; each action can be had as a shell line. Asks before anything is lost.

import { bytes, count, plural } from '../core/format.js';
import { KINDS, turned } from '../core/shapes.js';
import { requests } from '../net/api.js';
import { confirmed, download, field, fill, h, put, select } from './h.js';
import { ShellLines, actionButton, card } from './parts.js';
import { Conditions } from './conditions.js';
import { Scenarios } from './scenarios.js';

/** @typedef {import('../main.js').App} App */

/** Kinds that every server knows. */
const CLASSIC = ['none', 'chain', 'ring', 'star', 'full', 'random-regular'];
/** Memory of one node and one connection at message fidelity, roughly. */
const NODE_BYTES = 12_000, CONN_BYTES = 1_400;

export class ExperimentScreen {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.lines = new ShellLines(app.api, 'Each button shows here what does the same, when it is pointed at.');
    this.conditions = new Conditions(app, this.lines);
    this.scenarios = new Scenarios(app, this.lines);
    this.grid = h('div.grid');
    this.element = h('div.screen.experiment', {}, h('div.tool-bar', {}, h('h1', {}, 'Experiment')), this.lines.element, this.grid);
    /** @type {{name: string, text: string}[]} */
    this.kept = [];
    this.keptList = h('ul.kept');
    this.known = '';
    this.learn();
  }

  /** Lays the cards out anew, for what the server offers now. */
  learn() {
    const { api } = this.app, key = `${[...api.routes].sort().join()} ${api.readOnly}`;
    if (key === this.known) return;
    this.known = key;
    if (api.readOnly || this.app.synthetic) {
      fill(this.grid, card('Nothing to change here', h('p.muted', {}, this.app.synthetic ? 'This network exists only in this page.' : 'This server was started with --read-only.')));
      return;
    }
    fill(this.grid, this.buildCard(), this.wholeCard(), ...this.conditions.cards(), this.snapshotCard(), ...this.scenarios.cards());
  }

  update() {
    this.preview?.();
    this.conditions.update();
    this.scenarios.update();
  }

  /** @type {(() => void) | undefined} */
  preview;

  buildCard() {
    const { app, lines } = this, { api } = app;
    const number = h('input', { type: 'number', min: '0', max: '20000', value: '50' });
    const services = h('input', { value: 'gossip', list: 'services', spellcheck: false });
    const names = topologyKinds(api.description), offered = KINDS.filter((one) => names.includes(one.kind));
    const cost = h('p.muted'), knobs = h('div.form');
    /** @type {Record<string, HTMLInputElement>} */
    const inputs = {};
    const chosen = () => offered.find((one) => one.kind === kind.value) ?? offered[0];
    const kind = select(offered.map((one) => /** @type {[string, string]} */ ([one.kind, one.text])), offered[0].kind, () => lay());
    const lay = () => {
      fill(knobs, chosen().knobs.map((knob) => field(knob.label, inputs[knob.key] = h('input', { value: inputs[knob.key]?.value ?? knob.value, spellcheck: false, oninput: () => show() }))));
      show();
    };
    /** @returns {import('../core/shapes.js').Shape} */
    const shape = () => ({ kind: kind.value, ...Object.fromEntries(chosen().knobs.map((knob) => [knob.key, turned(knob, inputs[knob.key].value)])) });
    const plan = () => ({ count: Number(number.value), services: services.value.split(/[,+\s]+/).filter(Boolean), shape: shape() });
    const show = () => {
      const n = Number(number.value) + app.model.live.up, edges = Math.round(chosen().edges(n, (key) => Number(inputs[key].value) || 0));
      put(cost, `${plural(Number(number.value), 'new node')}, then ${plural(n, 'node')} up and about ${plural(edges, 'connection')}; roughly ${bytes(n * NODE_BYTES + edges * CONN_BYTES)} at message fidelity.`);
    };
    this.preview = show;
    number.addEventListener('input', show);
    const shell = () => {
      const { count: n, services: list } = plan(), connect = requests.topology(shape());
      const create = `p2psim node create --count ${n}${list.length ? ` --services ${list.join(',')}` : ''} && p2psim network start`;
      return kind.value === 'none' ? [create] : [`${create} && ${connect.cli}`, api.curl(connect)];
    };
    const go = h('button.primary', { onclick: async () => {
      go.disabled = true;
      put(go, 'Building …');
      await app.build(plan());
      go.disabled = false;
      put(go, 'Build');
    }, onfocus: () => lines.showLines(shell()), onpointerenter: () => lines.showLines(shell()) }, 'Build');
    lay();
    return card('Build a network', h('datalist', { id: 'services' }, ['gossip', 'ping-pong', 'noop'].map((value) => h('option', { value }))),
      h('div.form', {}, field('Nodes', number), field('Services', services), field('Topology', kind)), knobs, cost,
      h('div.row', {}, go, actionButton(app, lines, 'Only connect what is up', () => requests.topology(shape()), { done: 'connected' })));
  }

  wholeCard() {
    const { app, lines } = this, { model } = app;
    return card('The whole network', h('div.row', {},
      actionButton(app, lines, 'Start all', requests.startAll, { done: 'all nodes are up' }),
      actionButton(app, lines, 'Stop all', requests.stopAll, { kind: 'danger', done: 'all nodes are down', ask: () => confirmed(`Stop all ${count(model.live.up)} nodes? Their connections are lost.`, 'Stop all') }),
      actionButton(app, lines, 'Reset', requests.reset, { kind: 'danger', done: 'the network is empty', ask: () => this.askReset() })));
  }

  /** Keeps a snapshot first: a reset cannot be undone otherwise. */
  async askReset() {
    if (!(await confirmed(`Forget all ${count(this.app.model.live.up + this.app.model.live.down)} nodes? A snapshot is kept on this page, from which they can be loaded.`, 'Forget them'))) return false;
    return this.keep('before reset').then(() => true, () => confirmed('The snapshot failed. Forget the nodes all the same?', 'Forget them'));
  }

  snapshotCard() {
    const { app, lines } = this;
    const file = h('input', { type: 'file', accept: '.json,application/json', id: 'snapshot-file', hidden: true, 'aria-label': 'snapshot file', onchange: async () => {
      const chosen = file.files?.[0];
      if (chosen) await this.load(await chosen.text());
      file.value = '';
    } });
    const hover = (/** @type {() => import('../net/api.js').Request} */ request) => ({ onfocus: () => lines.show(request()), onpointerenter: () => lines.show(request()) });
    return card('Snapshots', h('p.muted', {}, 'Nodes with their keys, services and connections. Loading adds to what is there.'), h('div.row', {},
      h('button', { onclick: () => this.keep().catch(() => {}), ...hover(requests.snapshot) }, 'Keep on this page'),
      h('button', { onclick: async () => download('snapshot.json', JSON.stringify(await app.act(requests.snapshot())), 'application/json'), ...hover(requests.snapshot) }, 'Download'),
      h('button', { onclick: () => file.click(), ...hover(() => requests.load('@snapshot.json')) }, 'Load a file'), file), this.keptList);
  }

  /** @param {string} [name] */
  async keep(name) {
    const answer = await this.app.act(requests.snapshot());
    this.kept.push({ name: name ?? `at ${(this.app.model.live.ns / 1e9).toFixed(1)} s`, text: JSON.stringify(answer) });
    this.app.toast('snapshot kept until this page is closed');
    fill(this.keptList, this.kept.map((one) => h('li', {}, `${one.name}, ${bytes(one.text.length)} `, h('button.link', { onclick: () => this.load(one.text) }, 'load'), ' ',
      h('button.link', { onclick: () => download(`snapshot ${one.name}.json`, one.text, 'application/json') }, 'download'))));
  }

  /** @param {string} text */
  async load(text) {
    const { model } = this.app, n = model.live.up + model.live.down;
    if (n && !(await confirmed(`There are ${plural(n, 'node')} already; nodes of the snapshot with the same names are refused. Load?`, 'Load'))) return;
    await this.app.act(requests.load(text), 'snapshot loaded').catch(() => {});
  }
}

/** What shapes a server knows, from its description. @param {any} description @returns {string[]} */
function topologyKinds(description) {
  const kind = description?.components?.schemas?.Topology?.properties?.kind;
  return Array.isArray(kind?.enum) ? kind.enum : CLASSIC;
}
