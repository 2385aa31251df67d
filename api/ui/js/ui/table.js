// A table of any length with fifty rows in the document: a real <table> whose first and last row stand for all that is
// out of sight. Rows have one height, and a row that says the same stays the same element, so that it can be clicked and
// copied while others change. Knows columns and cells, not what they are about.

import { attribute, fill, h } from './h.js';

/** Pixels of a row and of the head, as app.css has them. */
const ROW = 28, HEAD = 30;

/**
 * @typedef {{key: string, title: string, width?: string, sort?: boolean, align?: 'right'}} Column
 * @typedef {{cells: (string | Node)[], kind?: string, label?: string}} Row
 * @typedef {{row: (i: number) => Row, open?: (i: number) => void, sorted?: (key: string) => void}} Source
 */

export class Table {
  /** @param {Column[]} columns @param {string} label @param {Source} source @param {{most?: number, empty?: string}} [more] most: as high as its rows, up to so many pixels */
  constructor(columns, label, source, { most, empty = 'nothing yet' } = {}) {
    this.columns = columns;
    this.source = source;
    this.most = most;
    this.empty = empty;
    this.count = 0;
    this.focus = 0;
    /** @type {Map<number, {key: string, tr: HTMLElement}>} */
    this.rows = new Map();
    this.heads = columns.map((column) => {
      const title = column.sort ? h('button.link', { onclick: () => source.sorted?.(column.key) }, column.title) : column.title;
      return h('th', { scope: 'col', class: column.align ?? '', width: column.width ?? '' }, title);
    });
    this.body = h('tbody');
    this.table = h('table', { 'aria-label': label }, h('thead', {}, h('tr', {}, this.heads)), this.body);
    this.element = h('div.table-box', { tabIndex: 0, role: 'region', 'aria-label': label, onscroll: () => this.render(), onfocus: () => this.render(), onblur: () => this.render(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event), onclick: (/** @type {MouseEvent} */ event) => this.click(event) }, this.table);
    new ResizeObserver(() => this.render()).observe(this.element);
  }

  /** @param {number} count */
  update(count) {
    this.count = count;
    this.focus = Math.min(this.focus, Math.max(0, count - 1));
    attribute(this.table, 'aria-rowcount', count + 1);
    if (this.most) this.element.style.height = `${Math.min(this.most, HEAD + ROW * Math.max(1, count) + 3)}px`;
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
    const last = Math.min(this.count, first + show), before = this.rows;
    this.rows = new Map();
    for (let i = first; i < last; i++) this.rows.set(i, this.row(i, before.get(i)));
    const shown = [...this.rows.values()].map(({ tr }) => tr);
    const none = this.count ? null : h('tr', {}, h('td.muted', { colSpan: this.columns.length }, this.empty));
    const wanted = [this.space(first), ...shown, this.space(this.count - last), none].filter(Boolean);
    const there = this.body.children;
    // What stands where it should is left alone: a press on it may be under way.
    if (there.length !== wanted.length || wanted.some((tr, i) => there[i] !== tr)) fill(this.body, wanted);
  }

  /** @param {number} i @param {{key: string, tr: HTMLElement} | undefined} before */
  row(i, before) {
    const { cells, kind = '', label } = this.source.row(i);
    const focus = i === this.focus && document.activeElement === this.element ? 'focus' : '';
    const key = `${kind}|${focus}|${cells.map((cell) => (typeof cell === 'string' ? cell : cell.textContent)).join('|')}`;
    if (before?.key === key) return before;
    const tr = h('tr', { class: `${kind} ${focus}`.trim(), 'aria-rowindex': i + 2, 'data-row': i, 'aria-label': label }, cells.map((cell, c) => h('td', { class: this.columns[c].align ?? '' }, cell)));
    // Rows are walked with the arrows; fifty links are no way through a page.
    for (const link of tr.querySelectorAll('a')) link.tabIndex = -1;
    return { key, tr };
  }

  /** Stands for so many rows. @param {number} rows */
  space(rows) {
    if (rows <= 0) return null;
    const cell = h('td', { colSpan: this.columns.length });
    cell.style.height = `${rows * ROW}px`;
    return h('tr.space', { 'aria-hidden': 'true' }, cell);
  }

  /** The row that is under the pointer now, which may not be the one that was there at the press. @param {MouseEvent} event */
  click(event) {
    const under = document.elementFromPoint(event.clientX, event.clientY) ?? event.target;
    const row = under instanceof Element ? under.closest('tr[data-row]') : null;
    if (!(row instanceof HTMLElement) || (event.target instanceof Element && event.target.closest('a, button'))) return;
    this.focus = Number(row.dataset.row);
    const link = under instanceof Element ? under.closest('a') : null;
    if (link instanceof HTMLElement) link.click();
    else this.source.open?.(this.focus);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW) - 2);
    const by = /** @type {Record<string, number>} */ ({ ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity })[event.key];
    if (event.target !== this.element) return;
    if (event.key === 'Enter' && this.count) this.source.open?.(this.focus);
    else if (by !== undefined) this.focus = Math.min(this.count - 1, Math.max(0, this.focus + by));
    else return;
    event.preventDefault();
    const at = this.focus * ROW, { scrollTop, clientHeight } = this.element;
    if (at < scrollTop) this.element.scrollTop = at;
    else if (at > scrollTop + clientHeight - ROW * 2.5) this.element.scrollTop = at - clientHeight + ROW * 2.5;
    this.render();
  }
}
