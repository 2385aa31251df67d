// What happened, as a table: events of nodes and connections, and a sample of messages. Both are filtered by the server
// before it leaves any out, and what was left out is counted. Beside it, the way of one item as a tree.

import { bytes, clock, count, percent } from '../core/format.js';
import { fill, h, put, select } from './h.js';
import { Table } from './table.js';
import { Trace } from './trace.js';

/** @typedef {import('../main.js').App} App */

const KINDS = /** @type {[string, string][]} */ ([['', 'any kind'], ['node', 'node'], ['conn', 'conn'], ['dial', 'dial'], ['asked', 'asked'], ['expectation', 'expectation']]);
/** A number that no node has. */
const NOBODY = 2 ** 32 - 1;

/** What is listed, of how many that passed the filter. @param {number} shown @param {number} of @param {number} kept */
function honest(shown, of, kept) {
  if (of === 0) return 'Nothing matches so far.';
  const sampled = shown < of ? `${count(shown)} shown of ${count(of)} that match (${percent(shown / of)}): a sample, spread evenly` : `${count(of)} match, all are shown`;
  return `${sampled}${kept < shown ? `; the last ${count(kept)} are kept` : ''}.`;
}

export class EventsScreen {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.what = 'events';
    this.held = false;
    /** @type {import('../core/frame.js').ShownEvent[]} */
    this.events = [];
    /** @type {import('../core/frame.js').ShownMessage[]} */
    this.messages = [];
    const tab = (/** @type {string} */ key, /** @type {string} */ text) => h('button.tab', { 'aria-pressed': String(key === this.what), 'data-key': key, onclick: () => this.turn(key) }, text);
    this.tabs = [tab('events', 'Events'), tab('messages', 'Messages'), tab('trace', 'Trace of an item')];
    this.find = h('input', { type: 'search', placeholder: 'words, or names of nodes', 'aria-label': 'find in events', spellcheck: false, oninput: () => this.askSoon() });
    this.kind = select(KINDS, '', () => this.ask(), { 'aria-label': 'kind of event' });
    this.node = h('input', { type: 'search', placeholder: 'node', 'aria-label': 'messages of this node', oninput: () => this.askSoon() });
    this.protocol = select([['', 'any protocol']], '', () => this.ask(), { 'aria-label': 'protocol' });
    this.code = h('input', { type: 'number', min: '0', placeholder: 'code', 'aria-label': 'message code', oninput: () => this.askSoon() });
    this.hold = h('button', { 'aria-pressed': 'false', onclick: () => this.holdOn(!this.held) }, 'Hold');
    this.honest = h('p.muted.honest', { 'aria-live': 'off' });
    this.problem = h('span.problem');
    this.eventTools = h('span.row', {}, this.find, this.kind);
    this.messageTools = h('span.row', { hidden: true }, this.node, this.protocol, this.code, this.problem);
    this.eventTable = new Table([{ key: 'seq', title: 'No.', align: 'right', width: '80' }, { key: 't', title: 'Time', align: 'right', width: '100' }, { key: 'kind', title: 'Kind', width: '100' }, { key: 'what', title: 'What' },
      { key: 'a', title: 'Node', width: '130' }, { key: 'b', title: 'Other', width: '130' }], 'events', { row: (i) => this.eventRow(i), open: (i) => this.openEvent(i) });
    this.messageTable = new Table([{ key: 't', title: 'Time', align: 'right', width: '100' }, { key: 'from', title: 'From', width: '130' }, { key: 'to', title: 'To', width: '130' }, { key: 'protocol', title: 'Protocol' },
      { key: 'code', title: 'Code', align: 'right', width: '70' }, { key: 'size', title: 'Size', align: 'right', width: '90' }, { key: 'seen', title: 'Seen', width: '110' }], 'messages', { row: (i) => this.messageRow(i) });
    this.trace = new Trace(app);
    this.messageTable.element.hidden = this.trace.element.hidden = true;
    this.element = h('div.screen.list', {}, h('div.tool-bar', {}, h('h1', {}, 'Events'), h('span.tabs', { role: 'group', 'aria-label': 'what is listed' }, this.tabs), this.eventTools, this.messageTools, this.hold),
      this.honest, this.eventTable.element, this.messageTable.element, this.trace.element);
    this.key = '';
  }

  /** @param {string} key */
  turn(key) {
    this.what = key;
    for (const tab of this.tabs) tab.setAttribute('aria-pressed', String(tab.dataset.key === key));
    this.eventTools.hidden = this.eventTable.element.hidden = key !== 'events';
    this.messageTools.hidden = this.messageTable.element.hidden = key !== 'messages';
    this.trace.element.hidden = key !== 'trace';
    this.hold.hidden = key === 'trace';
    this.ask();
  }

  /** @returns {import('../main.js').Wishes} */
  wishes() {
    const { byName } = this.app.model.live.directory, name = this.node.value.trim();
    if (this.what === 'events') {
      const words = this.find.value.trim(), kind = this.kind.value;
      return { filter: { ...(kind && { kind }), ...(words && { words }) } };
    }
    if (this.what !== 'messages') return {};
    return { want: ['MSGS'], filter: { ...(name && { node: byName.get(name) ?? NOBODY }), ...(this.protocol.value && { protocol: this.protocol.value.split('/')[0] }),
      ...(this.code.value !== '' && { code: Number(this.code.value) }) } };
  }

  reset() {
    this.key = '';
    this.update();
  }

  /** @param {boolean} held */
  holdOn(held) {
    this.held = held;
    this.hold.setAttribute('aria-pressed', String(held));
    put(this.hold, held ? 'Go on' : 'Hold');
    this.reset();
  }

  /** Has the server filter anew. */
  ask() {
    const name = this.node.value.trim();
    put(this.problem, name && !this.app.model.live.directory.byName.has(name) ? `there is no node ${name}` : '');
    this.app.wants();
    this.reset();
  }

  /** Once the typing pauses. */
  askSoon() {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.ask(), 250);
  }

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  soon;

  update() {
    const { model } = this.app;
    this.showProtocols();
    if (this.what === 'trace') {
      put(this.honest, '');
      return this.trace.update();
    }
    if (this.held) return;
    const key = `${this.what} ${model.eventsOf} ${model.messagesOf} ${model.stat.missed}`;
    if (key === this.key) return;
    this.key = key;
    const table = this.what === 'events' ? this.eventTable : this.messageTable, follow = table.atEnd;
    if (this.what === 'events') {
      this.events = model.events.slice();
      put(this.honest, `${honest(model.eventsShown, model.eventsOf, model.events.length)}${model.stat.missed ? ` ${count(model.stat.missed)} were gone before this page could see them.` : ''}`);
      table.update(this.events.length);
    } else {
      this.messages = model.messages.slice();
      put(this.honest, `${honest(model.messagesShown, model.messagesOf, model.messages.length)} Each message is seen twice: where it is sent and where it comes.`);
      table.update(this.messages.length);
    }
    if (follow) table.toEnd();
  }

  showProtocols() {
    const names = Object.keys(this.app.model.rates);
    if (this.protocol.dataset.key === names.join()) return;
    this.protocol.dataset.key = names.join();
    const value = this.protocol.value;
    fill(this.protocol, h('option', { value: '' }, 'any protocol'), names.map((name) => h('option', { value: name, selected: name === value }, name)));
  }

  /** @param {number | null} node */
  link(node) {
    if (node === null) return '';
    const name = this.app.model.facts.name(node);
    return h('a', { href: `#node?sel=${encodeURIComponent(name)}` }, name);
  }

  /** @param {number} i */
  eventRow(i) {
    const [seq, ns, kind, text, a, b, asked] = this.events[i];
    return { kind: asked ? 'asked' : '', cells: [count(seq), clock(ns / 1e9), kind, `${text}${asked ? ' (asked)' : ''}`, this.link(a), this.link(b)] };
  }

  /** @param {number} i */
  openEvent(i) {
    const [, ns] = this.events[i];
    if (ns >= this.app.model.history.start) this.app.model.showAt(ns);
    this.app.toast(`showing ${clock(ns / 1e9)}; "go live" on the Network screen ends it`);
  }

  /** @param {number} i */
  messageRow(i) {
    const [ns, from, to, protocol, code, received, size] = this.messages[i];
    return { cells: [clock(ns / 1e9), this.link(from), this.link(to), protocol, String(code), bytes(size), received ? 'at receiver' : 'at sender'] };
  }
}
