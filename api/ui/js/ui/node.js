// One node on a page of its own: who it is, how it is, its peers, what happened to it, and its RPC. While it is shown the
// stream brings this node's events and messages alone, so that none of them is left out; addresses and protocols are
// asked of the server when the node changes.

import { bytes, clock, count, plural, span } from '../core/format.js';
import { requests } from '../net/api.js';
import { RpcConsole } from './console.js';
import { confirmed, fill, h, put, select } from './h.js';
import { ShellLines, actionButton, copyLine, facts } from './parts.js';
import { Table } from './table.js';

/** @typedef {import('../main.js').App} App */

export class NodeScreen {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.key = '';
    /** @type {number[]} */
    this.peers = [];
    /** @type {import('../core/frame.js').ShownEvent[]} */
    this.own = [];
    /** What went over each connection since the screen was opened, by peer: messages and bytes. @type {Map<number, [number, number]>} */
    this.traffic = new Map();
    this.title = h('h1', {}, 'Node');
    this.actions = h('div.row');
    this.lines = new ShellLines(app.api, 'Each button shows here what does the same, when it is pointed at.');
    this.identity = h('div');
    this.detail = h('div');
    this.peerCount = h('span.muted');
    this.peerTable = new Table([{ key: 'name', title: 'Peer' }, { key: 'side', title: 'Dialled', width: '96' }, { key: 'messages', title: 'Messages', align: 'right', width: '92' }, { key: 'bytes', title: 'Bytes', align: 'right', width: '86' },
      { key: 'degree', title: 'Its peers', align: 'right', width: '84' }, { key: 'item', title: 'Item after', align: 'right', width: '92' }], 'peers', {
      row: (i) => this.peerRow(this.peers[i]), open: (i) => app.openNode(this.peers[i]) }, { most: 340, empty: 'no peers' });
    this.eventTable = new Table([{ key: 't', title: 'Time', align: 'right', width: '84' }, { key: 'kind', title: 'Kind', width: '76' }, { key: 'text', title: 'What' }, { key: 'other', title: 'Other', width: '110' }], 'events of this node', {
      row: (i) => this.eventRow(this.own[this.own.length - 1 - i]) }, { most: 340 });
    this.eventCount = h('span.muted');
    this.console = new RpcConsole(app);
    this.element = h('div.screen.node-screen', {},
      h('div.tool-bar', {}, this.title, this.actions), this.lines.element,
      h('div.columns', {},
        h('div', {}, h('section.card', {}, h('h2', {}, 'Identity'), this.identity, this.detail), h('section.card', {}, h('h2', {}, 'Peers ', this.peerCount), this.peerTable.element)),
        h('div', {}, this.console.element, h('section.card', {}, h('h2', {}, 'Events of this node ', this.eventCount), this.eventTable.element))));
    this.eventKey = '';
    app.model.on('frame', () => this.count());
    app.model.on('select', () => this.traffic.clear());
  }

  /** @returns {import('../main.js').Wishes} */
  wishes() {
    const { selected } = this.app.model;
    return selected < 0 ? {} : { want: ['HEAT'], filter: { node: selected } };
  }

  count() {
    const { heat, selected } = this.app.model;
    if (this.app.screen !== 'node' || !heat) return;
    for (let i = 0; i < heat.a.length; i++) {
      const peer = heat.a[i] === selected ? heat.b[i] : heat.b[i] === selected ? heat.a[i] : -1;
      if (peer < 0) continue;
      const [messages, size] = this.traffic.get(peer) ?? [0, 0];
      this.traffic.set(peer, [messages + heat.count[i], size + heat.bytes[i]]);
    }
  }

  update() {
    const { app } = this, { model } = app, { view } = model, i = model.selected;
    const there = i >= 0 && i < view.size && view.exists(i);
    this.element.classList.toggle('nobody', !there);
    if (!there) {
      const why = app.wantedName ? `There is no node ${app.wantedName}` : i >= 0 ? `${model.facts.name(i)} was deleted` : 'No node is selected';
      if (this.key === why) return;
      this.key = why;
      put(this.title, why);
      fill(this.actions, h('a', { href: '#nodes' }, 'Choose one from the list'));
      this.lines.element.hidden = true;
      return;
    }
    const up = view.state[i] === 1, name = model.live.directory.name(i);
    const key = `${i} ${name} ${view.state[i]} ${app.api.readOnly} ${app.api.routes.size}`;
    if (key !== this.key) {
      this.key = key;
      put(this.title, name);
      this.showActions(i, name, up);
      this.ask(i, name);
      this.console.attach(name, up);
    }
    this.peers = view.neighbours(i);
    put(this.peerCount, count(this.peers.length));
    this.peerTable.update(this.peers.length);
    const eventKey = `${i} ${model.eventsOf}`;
    if (eventKey !== this.eventKey) {
      this.eventKey = eventKey;
      this.own = model.events.filter((event) => event[4] === i || event[5] === i);
      put(this.eventCount, model.eventsOf > model.eventsShown ? `${count(model.eventsShown)} of ${count(model.eventsOf)}` : count(this.own.length));
      this.eventTable.update(this.own.length);
    }
  }

  /** @param {number} i @param {string} name @param {boolean} up */
  showActions(i, name, up) {
    const { app, lines } = this, { model } = app;
    const others = [];
    for (let k = 0; k < model.view.size && others.length < 500; k++) if (k !== i && model.view.state[k] === 1) others.push(/** @type {[string, string]} */ ([model.facts.name(k), model.facts.name(k)]));
    const other = select(others, others[0]?.[0] ?? '', () => {}, { 'aria-label': 'node to connect to' });
    const may = up && others.length > 0 && app.api.has('POST /nodes/{}/conn/{}');
    fill(this.actions,
      h('button', { onclick: () => this.showInGraph(i) }, 'Show in graph'),
      actionButton(app, lines, up ? 'Stop' : 'Start', () => (up ? requests.stop(name) : requests.start(name)), { kind: up ? '' : 'primary' }),
      may ? h('span.row', {}, other, actionButton(app, lines, 'Connect', () => requests.connect(name, other.value)), actionButton(app, lines, 'Disconnect', () => requests.disconnect(name, other.value))) : null,
      up && model.groupName(i).includes('gossip') && !app.api.readOnly ? h('button', { onclick: () => { app.go('network'); app.waves.publish(i); } }, 'Publish an item') : null,
      actionButton(app, lines, 'Delete', () => requests.remove(name), { kind: 'danger', done: `${name} deleted`, ask: () => confirmed(`Delete ${name}? It is stopped and forgotten.`, 'Delete') }));
  }

  /** @param {number} i */
  showInGraph(i) {
    const { places, camera } = this.app.scene;
    this.app.go('network');
    if (places.known > i) camera.reveal(places.at[i * 2], places.at[i * 2 + 1]);
  }

  /** @param {number} i @param {string} name */
  async ask(i, name) {
    const { app } = this, { model } = app, id = model.live.directory.id(i), up = model.view.state[i] === 1;
    fill(this.identity, facts([['state', h('b', { class: up ? 'up' : 'down' }, up ? '● up' : '◎ down')], ['services', model.groupName(i) || '–'], ['region', model.facts.region(i) || '–'], ['number', String(i)]]), copyLine(id));
    fill(this.detail);
    if (app.synthetic) return;
    try {
      const info = await app.api.send(requests.node(name));
      if (model.selected !== i) return;
      fill(this.detail, info.enode ? copyLine(info.enode) : null, info.enr ? copyLine(info.enr) : null,
        facts([['address', info.ip || '–'], ['ports', `${info.ports?.listener ?? '–'} TCP, ${info.ports?.discovery ?? '–'} UDP`], ['listens at', info.listenAddr || 'not listening']]),
        Object.entries(info.protocols ?? {}).map(([protocol, says]) => h('details', {}, h('summary', {}, `Protocol ${protocol}`), h('pre', {}, JSON.stringify(says, null, 1)))));
    } catch (error) {
      fill(this.detail, h('p.problem', {}, error instanceof Error ? error.message : String(error)));
    }
  }

  /** @param {number} peer */
  peerRow(peer) {
    const { model } = this.app, { edges } = model.view, e = edges.find(model.selected, peer), at = model.facts.arrival(peer);
    const [messages, size] = this.traffic.get(peer) ?? [0, 0];
    return { cells: [nodeLink(model, peer), e >= 0 && edges.a[e] === model.selected ? 'by this one' : 'by the peer', count(messages), bytes(size), count(model.view.degree[peer]), Number.isNaN(at) ? '–' : span(at)],
      label: `${model.facts.name(peer)}, ${plural(model.view.degree[peer], 'peer')}` };
  }

  /** @param {import('../core/frame.js').ShownEvent} event */
  eventRow([, ns, kind, text, a, b, asked]) {
    const { model } = this.app, other = a === model.selected ? b : a;
    return { kind: asked ? 'asked' : '', cells: [clock(ns / 1e9), kind, text, other === null ? '' : nodeLink(model, other)] };
  }
}

/** @param {import('../model.js').Model} model @param {number} node */
export function nodeLink(model, node) {
  const name = model.facts.name(node);
  return h('a', { href: `#node?sel=${encodeURIComponent(name)}` }, name);
}
