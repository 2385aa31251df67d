// The way of one item as a tree: from whom each node had its first copy, and when; beside it, how far it went, and how
// long each hop took.

import { count, itemName, plural, span } from '../core/format.js';
import { Chart } from './chart.js';
import { fill, h, put } from './h.js';

/** @typedef {import('../main.js').App} App */
/** @typedef {import('../core/items.js').Item} Item */

/** Children shown of one node before the rest is folded. */
const WIDE = 12;

export class Trace {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.key = '';
    this.title = h('h2.name');
    this.note = h('p.muted');
    this.tree = h('div.trace-tree', { tabIndex: 0, role: 'region', 'aria-label': 'way of the item' });
    this.hops = new Chart({ title: 'First arrivals by hops', xName: 'hops', yName: 'nodes', xText: (v) => String(Math.round(v)), height: 130, file: 'hops', whole: true });
    this.element = h('div.trace', {}, h('div', {}, this.title, this.note, this.tree), h('div', {}, this.hops.element));
  }

  update() {
    const { model } = this.app, { item } = model;
    if (!item) {
      if (this.key === 'none') return;
      this.key = 'none';
      put(this.title, 'No item is tracked');
      fill(this.note, 'Publish one on the ', h('a', { href: '#network' }, 'Network'), ' screen.');
      return;
    }
    const key = `${item.id} ${item.reached.length}`;
    if (key === this.key) return;
    this.key = key;
    put(this.title, `Item ${itemName(item.id)} from ${model.facts.name(item.origin)}`);
    put(this.note, `${plural(item.reached.length, 'node')} reached, ${plural(item.duplicates, 'duplicate')}, ${plural(item.maxHops, 'hop')} at most.`);
    const children = item.children();
    fill(this.tree, h('ul', {}, this.branch(item, item.origin, children, 0)));
    const counts = item.byHops();
    this.hops.draw({ plots: [{ name: 'nodes', x: counts.map((_, i) => i), y: counts, kind: 'bars', colour: 0 }] });
  }

  /** @param {Item} item @param {number} node @param {Map<number, number[]>} children @param {number} depth @returns {HTMLElement} */
  branch(item, node, children, depth) {
    const own = children.get(node) ?? [], name = this.app.model.facts.name(node);
    const label = [h('a', { href: `#node?sel=${encodeURIComponent(name)}` }, name), h('span.muted', {}, ` ${node === item.origin ? 'published' : `+${span(item.at(node))}`}${own.length ? `, to ${count(own.length)}` : ''}`)];
    if (!own.length) return h('li.leaf', {}, label);
    const list = h('ul');
    const more = (/** @type {number} */ from) => {
      const rest = own.slice(from, from + WIDE).map((child) => this.branch(item, child, children, depth + 1));
      list.append(...rest);
      if (own.length > from + WIDE) {
        const button = h('button.link', { onclick: () => { button.parentElement?.remove(); more(from + WIDE); } }, `${count(own.length - from - WIDE)} more`);
        list.append(h('li.leaf', {}, button));
      }
    };
    const turn = (/** @type {boolean} */ open) => {
      if (open && !list.childElementCount) more(0);
      list.hidden = !open;
      put(fold, open ? '▾' : '▸');
      fold.setAttribute('aria-expanded', String(open));
    };
    const fold = h('button.fold', { 'aria-label': `whom ${name} brought it to`, onclick: () => turn(Boolean(list.hidden)) });
    turn(depth < 2);
    return h('li', {}, fold, label, list);
  }
}
