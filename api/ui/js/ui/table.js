// A table of any length with fifty rows in the document: a real <table> whose first and last row stand for all that is
// out of sight. Rows have one height. Knows columns and cells, not what they are about.

import { attribute, fill, h } from './h.js';

const ROW = 28;

/**
 * @typedef {{key: string, title: string, width?: string, sort?: boolean, align?: 'right'}} Column
 * @typedef {{cells: (string | Node)[], kind?: string, label?: string}} Row
 */

export class Table {
  /**
   * @param {Column[]} columns @param {string} label
   * @param {{row: (i: number) => Row, open?: (i: number) => void, sorted?: (key: string) => void}} source
   */
  constructor(columns, label, source) {
    this.columns = columns;
    this.source = source;
    this.count = 0;
    this.focus = 0;
    this.heads = columns.map((column) => {
      const title = column.sort ? h('button.link', { onclick: () => source.sorted?.(column.key) }, column.title) : column.title;
      return h('th', { scope: 'col', class: column.align ?? '', width: column.width ?? '' }, title);
    });
    this.body = h('tbody');
    this.table = h('table', { 'aria-label': label }, h('thead', {}, h('tr', {}, this.heads)), this.body);
    this.element = h('div.table-box', { tabIndex: 0, role: 'region', 'aria-label': label, onscroll: () => this.render(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event) }, this.table);
    new ResizeObserver(() => this.render()).observe(this.element);
    this.first = -1;
  }

  /** @param {number} count */
  update(count) {
    this.count = count;
    this.focus = Math.min(this.focus, Math.max(0, count - 1));
    attribute(this.table, 'aria-rowcount', count + 1);
    this.render();
  }

  /** Whether the end of the table is in view, so that what comes may be followed. */
  get atEnd() {
    const { scrollTop, clientHeight, scrollHeight } = this.element;
    return scrollTop + clientHeight >= scrollHeight - ROW * 2;
  }

  toEnd() {
    this.element.scrollTop = this.element.scrollHeight;
  }

  /** @param {string} key @param {boolean} falling */
  markSort(key, falling) {
    this.columns.forEach((column, i) => attribute(this.heads[i], 'aria-sort', column.key === key ? (falling ? 'descending' : 'ascending') : null));
  }

  render() {
    const height = this.element.clientHeight;
    if (!height) return;
    const show = Math.ceil(height / ROW) + 6;
    const first = Math.max(0, Math.min(Math.floor(this.element.scrollTop / ROW) - 3, this.count - show));
    const last = Math.min(this.count, first + show);
    const pad = (/** @type {number} */ rows) => (rows > 0 ? h('tr.space', { 'aria-hidden': 'true' }, (() => {
      const cell = h('td', { colSpan: this.columns.length });
      cell.style.height = `${rows * ROW}px`;
      return cell;
    })()) : null);
    const rows = [];
    for (let i = first; i < last; i++) {
      const { cells, kind, label } = this.source.row(i);
      const row = h('tr', { class: `${kind ?? ''} ${i === this.focus && document.activeElement === this.element ? 'focus' : ''}`, 'aria-rowindex': i + 2, 'aria-label': label,
        onclick: () => { this.focus = i; this.source.open?.(i); } },
        cells.map((cell, c) => h('td', { class: this.columns[c].align ?? '' }, cell)));
      rows.push(row);
    }
    fill(this.body, pad(first), rows, pad(this.count - last));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW) - 2);
    const by = /** @type {Record<string, number>} */ ({ ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity })[event.key];
    if (event.key === 'Enter') this.source.open?.(this.focus);
    else if (by !== undefined) this.focus = Math.min(this.count - 1, Math.max(0, this.focus + by));
    else return;
    event.preventDefault();
    const at = this.focus * ROW, { scrollTop, clientHeight } = this.element;
    if (at < scrollTop) this.element.scrollTop = at;
    else if (at > scrollTop + clientHeight - ROW * 2.5) this.element.scrollTop = at - clientHeight + ROW * 2.5;
    this.render();
  }
}
