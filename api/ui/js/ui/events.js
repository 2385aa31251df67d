// What happened, as a table: events of nodes and connections, and a sample of messages. Messages are filtered by the
// server before it samples them; what was not shown is counted. Beside it, the way of one item as a tree.

import { bytes, clock, count, percent } from '../core/format.js';
import { fill, h, put, select } from './h.js';
import { Table } from './table.js';
import { Trace } from './trace.js';

/** @typedef {import('../main.js').App} App */

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
    this.find = h('input', { type: 'search', placeholder: 'words in the event', 'aria-label': 'find in events', oninput: () => this.reset() });
    this.node = h('input', { type: 'search', placeholder: 'node', 'aria-label': 'messages of this node', onchange: () => this.ask() });
    this.protocol = select([['', 'any protocol']], '', () => this.ask(), { 'aria-label': 'protocol' });
    this.code = h('input', { type: 'number', min: '0', placeholder: 'code', 'aria-label': 'message code', onchange: () => this.ask() });
    this.hold = h('button', { 'aria-pressed': 'false', onclick: () => this.holdOn(!this.held) }, 'Hold');
    this.honest = h('p.muted.honest', { 'aria-live': 'off' });
    this.problem = h('span.problem');
    this.eventTools = h('span.row', {}, this.find);
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
    this.app.wants();
    this.reset();
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

  /** Has the server filter the messages. */
  ask() {
    const { app } = this, name = this.node.value.trim(), node = name ? app.model.live.directory.byName.get(name) ?? -1 : null;
    put(this.problem, node === -1 ? `there is no node ${name}` : '');
    if (node === -1) return;
    app.line.send({ filter: { node, protocol: this.protocol.value || null, code: this.code.value === '' ? null : Number(this.code.value) } });
    app.model.messages = [];
    app.model.messagesOf = app.model.messagesShown = 0;
    this.reset();
  }

  update() {
    const { model } = this.app;
    this.showProtocols();
    if (this.what === 'trace') {
      put(this.honest, '');
      return this.trace.update();
    }
    if (this.held) return;
    const key = `${this.what} ${model.eventsShown} ${model.messagesShown} ${this.find.value}`;
    if (key === this.key) return;
    this.key = key;
    const table = this.what === 'events' ? this.eventTable : this.messageTable, follow = table.atEnd;
    if (this.what === 'events') {
      const words = this.find.value.toLowerCase().split(/\s+/).filter(Boolean);
      const { facts } = model;
      this.events = words.length ? model.events.filter(([, , kind, text, a, b]) => {
        const line = `${kind} ${text} ${a === null ? '' : facts.name(a)} ${b === null ? '' : facts.name(b)}`.toLowerCase();
        return words.every((word) => line.includes(word));
      }) : model.events.slice();
      const hidden = model.eventsOf - model.eventsShown;
      put(this.honest, `${count(this.events.length)} listed${words.length ? ` of ${count(model.events.length)} kept` : ''}; ${count(model.eventsOf)} happened since the page opened, ${hidden ? `${count(hidden)} of them came too fast to be sent` : 'all were sent'}${model.eventsShown > model.events.length ? `; the last ${count(model.events.length)} are kept` : ''}.`);
      table.update(this.events.length);
    } else {
      this.messages = model.messages.slice();
      put(this.honest, `${count(model.messagesShown)} shown of ${count(model.messagesOf)} that match (${percent(model.messagesShown / Math.max(1, model.messagesOf))}): a sample, spread evenly; counters on the other screens count all.`);
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
