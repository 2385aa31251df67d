// The way of one item as a tree: who brought it to whom, and when. The log tells who had it when and over how many hops;
// where it does not tell from whom, the neighbour with one hop less that had it first is shown, and called likely.

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
    this.title = h('h2');
    this.note = h('p.muted');
    this.tree = h('div.trace-tree', { tabIndex: 0, role: 'region', 'aria-label': 'way of the item' });
    this.hops = new Chart({ title: 'First arrivals by hops', xName: 'hops', yName: 'nodes', xText: (v) => String(Math.round(v)), height: 130, file: 'hops' });
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
    put(this.note, `${plural(item.reached.length, 'node')} reached, ${plural(item.duplicates, 'duplicate')}, ${plural(item.maxHops, 'hop')} at most. Whose copy came first is inferred from hops and times.`);
    const children = childrenOf(item, (node) => model.view.neighbours(node));
    fill(this.tree, h('ul', {}, this.branch(item, item.origin, children, 0)));
    const counts = new Array(item.maxHops + 1).fill(0);
    for (const node of item.reached) counts[item.hops[node]]++;
    this.hops.draw({ plots: [{ name: 'nodes', x: counts.map((_, i) => i), y: counts, kind: 'bars', colour: 0 }] });
  }

  /** @param {Item} item @param {number} node @param {Map<number, number[]>} children @param {number} depth @returns {HTMLElement} */
  branch(item, node, children, depth) {
    const own = children.get(node) ?? [], name = this.app.model.facts.name(node);
    const label = [h('a', { href: `#node?sel=${encodeURIComponent(name)}` }, name), h('span.muted', {}, ` ${node === item.origin ? 'published' : `+${span(item.at(node))}`}${own.length ? `, to ${count(own.length)}` : ''}`)];
    if (!own.length) return h('li', {}, label);
    const list = h('ul');
    const more = (/** @type {number} */ from) => {
      const rest = own.slice(from, from + WIDE).map((child) => this.branch(item, child, children, depth + 1));
      list.append(...rest);
      if (own.length > from + WIDE) {
        const button = h('button.link', { onclick: () => { button.parentElement?.remove(); more(from + WIDE); } }, `${count(own.length - from - WIDE)} more`);
        list.append(h('li', {}, button));
      }
    };
    const fold = h('details', { open: depth < 2, ontoggle: () => fold.open && !list.childElementCount && more(0) }, h('summary', {}, label), list);
    if (fold.open) more(0);
    return h('li', {}, fold);
  }
}

/** Who got it from whom, as far as can be told. @param {Item} item @param {(node: number) => number[]} neighbours */
export function childrenOf(item, neighbours) {
  /** @type {Map<number, number[]>} */
  const children = new Map();
  for (const node of item.reached) {
    if (node === item.origin) continue;
    const parent = item.likelyParent(node, neighbours(node)), from = parent < 0 ? item.origin : parent;
    const list = children.get(from) ?? [];
    list.push(node);
    children.set(from, list);
  }
  return children;
}
