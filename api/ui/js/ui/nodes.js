// All nodes as a table: the equal of the graph for those who do not look at it. Sorted by any column, cut by the same
// filter, and a row opens the node.

import { count, plural, shortId, span } from '../core/format.js';
import { h, put } from './h.js';
import { Table } from './table.js';

/** @typedef {import('../main.js').App} App */

export class NodesScreen {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    const { model } = app;
    /** @type {number[]} */
    this.order = [];
    this.sort = 'index';
    this.falling = false;
    this.table = new Table([
      { key: 'name', title: 'Name', sort: true }, { key: 'state', title: 'State', sort: true }, { key: 'degree', title: 'Peers', sort: true, align: 'right' },
      { key: 'group', title: 'Services', sort: true }, { key: 'arrival', title: 'Item after', sort: true, align: 'right' }, { key: 'id', title: 'Id', sort: true }], 'nodes', {
      row: (i) => this.row(this.order[i]),
      open: (i) => app.openNode(this.order[i]),
      sorted: (key) => {
        this.falling = this.sort === key ? !this.falling : key === 'degree';
        this.sort = key;
        this.key = '';
        this.update();
      },
    });
    this.filter = h('input', { type: 'search', placeholder: 'state:down degree:>20', 'aria-label': 'filter nodes', value: model.settings.filter, oninput: () => model.set({ filter: this.filter.value }) });
    this.count = h('span.muted', { 'aria-live': 'polite' });
    this.key = '';
    this.element = h('div.screen.list', {}, h('div.tool-bar', {}, h('h1', {}, 'Nodes'), this.filter, this.count), this.table.element);
  }

  update() {
    const { model } = this.app, { view } = model;
    if (document.activeElement !== this.filter) this.filter.value = model.settings.filter;
    const key = `${view === model.live} ${view.nodeVersion} ${view.edgeVersion} ${model.settings.filter} ${this.sort} ${this.falling} ${model.item?.version}`;
    if (key === this.key) return;
    this.key = key;
    const nodes = [];
    for (let i = 0; i < view.size; i++) if (view.exists(i) && model.passes(i)) nodes.push(i);
    const { facts } = model;
    /** @type {Record<string, (i: number) => string | number>} */
    const by = { name: facts.name, state: facts.state, degree: facts.degree, group: facts.group, id: facts.id, index: (i) => i, arrival: (i) => (Number.isNaN(facts.arrival(i)) ? Infinity : facts.arrival(i)) };
    const values = new Map(nodes.map((i) => [i, by[this.sort](i)]));
    const sign = this.falling ? -1 : 1;
    this.order = nodes.sort((p, q) => {
      const x = values.get(p) ?? 0, y = values.get(q) ?? 0;
      return (typeof x === 'string' ? x.localeCompare(String(y), 'en', { numeric: true }) : x - Number(y)) * sign || p - q;
    });
    this.table.markSort(this.sort, this.falling);
    this.table.update(nodes.length);
    put(this.count, model.filterError || `${plural(nodes.length, 'node')}${model.filterTest ? ` of ${count(view.up + view.down)}` : ''}`);
  }

  /** @param {number} i */
  row(i) {
    const { model } = this.app, up = model.view.state[i] === 1, at = model.facts.arrival(i);
    return {
      kind: i === model.selected ? 'chosen' : '',
      cells: [h('a', { href: `#node?sel=${encodeURIComponent(model.facts.name(i))}` }, model.facts.name(i)), h('span', { class: up ? 'up' : 'down' }, up ? '● up' : '◎ down'),
        count(model.view.degree[i]), model.groupName(i) || '–', Number.isNaN(at) ? '–' : span(at), h('code', {}, shortId(model.facts.id(i)))],
    };
  }
}
