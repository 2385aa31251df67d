// One node on a page of its own: who it is, how it is, its peers, what happened to it, and its RPC. What the live
// connection knows comes from the model; the rest (addresses, protocols) is asked of the server when the node changes.

import { clock, count, plural, span } from '../core/format.js';
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
    this.node = -1;
    this.key = '';
    /** @type {number[]} */
    this.peers = [];
    /** @type {import('../core/frame.js').ShownEvent[]} */
    this.own = [];
    this.title = h('h1', {}, 'Node');
    this.actions = h('div.row');
    this.lines = new ShellLines(app.api);
    this.identity = h('div');
    this.detail = h('div');
    this.peerCount = h('span.muted');
    this.peerTable = new Table([{ key: 'name', title: 'Peer' }, { key: 'side', title: 'Dialled by' }, { key: 'degree', title: 'Its peers', align: 'right' }, { key: 'group', title: 'Services' }], 'peers', {
      row: (i) => this.peerRow(this.peers[i]), open: (i) => app.openNode(this.peers[i]) });
    this.eventTable = new Table([{ key: 't', title: 'Time', align: 'right', width: '90' }, { key: 'kind', title: 'Kind', width: '90' }, { key: 'text', title: 'What' }], 'events of this node', {
      row: (i) => {
        const [, ns, kind, text] = this.own[this.own.length - 1 - i];
        return { cells: [clock(ns / 1e9), kind, text] };
      } });
    this.console = new RpcConsole(app);
    this.element = h('div.screen.node-screen', {},
      h('div.tool-bar', {}, this.title, this.actions), this.lines.element,
      h('div.columns', {},
        h('div', {}, h('section.card', {}, h('h2', {}, 'Identity'), this.identity, this.detail), h('section.card', {}, h('h2', {}, 'Peers ', this.peerCount), this.peerTable.element)),
        h('div', {}, this.console.element, h('section.card', {}, h('h2', {}, 'Events of this node'), this.eventTable.element))));
    this.eventKey = '';
  }

  update() {
    const { app } = this, { model } = app, { view } = model, i = model.selected;
    if (i < 0 || i >= view.size) {
      if (this.key !== 'none') {
        this.key = 'none';
        put(this.title, 'No node is selected');
        fill(this.actions, h('a', { href: '#nodes' }, 'Choose one from the list'));
        fill(this.identity);
        fill(this.detail);
      }
      return;
    }
    const up = view.state[i] === 1, name = model.live.directory.name(i);
    const key = `${i} ${view.state[i]} ${app.api.readOnly} ${app.api.routes.size}`;
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
    const eventKey = `${i} ${model.eventsShown}`;
    if (eventKey !== this.eventKey) {
      this.eventKey = eventKey;
      this.own = model.events.filter((event) => event[4] === i || event[5] === i);
      this.eventTable.update(this.own.length);
    }
  }

  /** @param {number} i @param {string} name @param {boolean} up */
  showActions(i, name, up) {
    const { app, lines } = this, { model } = app;
    const others = [];
    for (let k = 0; k < model.view.size && others.length < 500; k++) if (k !== i && model.view.state[k] === 1) others.push(/** @type {[string, string]} */ ([model.facts.name(k), model.facts.name(k)]));
    const other = select(others, others[0]?.[0] ?? '', () => {}, { 'aria-label': 'node to connect to' });
    fill(this.actions,
      h('button', { onclick: () => { app.go('network'); app.scene.places.known > i && app.scene.camera.reveal(app.scene.places.at[i * 2], app.scene.places.at[i * 2 + 1]); } }, 'Show in graph'),
      actionButton(app, lines, up ? 'Stop' : 'Start', () => (up ? requests.stop(name) : requests.start(name)), { kind: up ? '' : 'primary' }),
      up && others.length ? h('span.row', {}, other, actionButton(app, lines, 'Connect', () => requests.connect(name, other.value)), actionButton(app, lines, 'Disconnect', () => requests.disconnect(name, other.value))) : null,
      up && model.groupName(i).includes('gossip') && !app.api.readOnly ? h('button', { onclick: () => { app.go('network'); app.publish(i); } }, 'Publish an item') : null,
      actionButton(app, lines, 'Delete', () => requests.remove(name), { kind: 'danger', done: `${name} deleted`, ask: () => confirmed(`Delete ${name}? It is stopped and forgotten.`, 'Delete') }));
  }

  /** @param {number} i @param {string} name */
  async ask(i, name) {
    const { app } = this, { model } = app, id = model.live.directory.id(i), up = model.view.state[i] === 1;
    fill(this.identity, facts([['state', h('b', { class: up ? 'up' : 'down' }, up ? '● up' : '◎ down')], ['services', model.groupName(i) || '–'], ['number', String(i)]]), copyLine(id));
    fill(this.detail);
    if (app.synthetic) return;
    try {
      const info = await app.api.send(requests.node(name));
      if (model.selected !== i) return;
      fill(this.detail, info.enode ? copyLine(info.enode) : null, info.enr ? copyLine(info.enr) : null,
        facts([['address', info.ip || '–'], ['port', `${info.ports?.listener ?? '–'} TCP, ${info.ports?.discovery ?? '–'} UDP`], ['listens at', info.listenAddr || 'not listening']]),
        Object.entries(info.protocols ?? {}).map(([protocol, says]) => h('details', {}, h('summary', {}, `Protocol ${protocol}`), h('pre', {}, JSON.stringify(says, null, 1)))));
    } catch (error) {
      fill(this.detail, h('p.problem', {}, error instanceof Error ? error.message : String(error)));
    }
  }

  /** @param {number} peer */
  peerRow(peer) {
    const { model } = this.app, { edges } = model.view, e = edges.find(model.selected, peer), item = model.item;
    const dialler = e >= 0 ? model.facts.name(edges.a[e]) : '';
    const at = item?.at(peer) ?? NaN;
    return { cells: [h('a', { href: `#node?sel=${encodeURIComponent(model.facts.name(peer))}` }, model.facts.name(peer)), dialler, count(model.view.degree[peer]),
      `${model.groupName(peer)}${Number.isNaN(at) ? '' : `, item after ${span(at)}`}`], label: `${model.facts.name(peer)}, ${plural(model.view.degree[peer], 'peer')}` };
  }
}
