// Elements without a framework: h() makes one, on() and fill() change it, and a few small parts that every screen uses.
// Nothing is parsed from text, so nothing that a node says can become markup.

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, unknown>} Props */

/**
 * `h('button.primary', {onclick, title}, 'Go')`: names with `on` are listeners, `class` and `for` are attributes, the rest
 * are properties where the element has them and attributes where not.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K | `${K}.${string}`} kind @param {Props} [props] @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(kind, props = {}, ...children) {
  const [tag, ...classes] = kind.split('.');
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(' ');
  assign(element, props);
  fill(element, ...children);
  return /** @type {HTMLElementTagNameMap[K]} */ (element);
}

/** @param {Element} element @param {Props} props */
export function assign(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith('on') && typeof value === 'function') element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (name.includes('-') || ['class', 'for', 'role', 'list'].includes(name) || !(name in element)) attribute(element, name, value);
    else /** @type {any} */ (element)[name] = value;
  }
}

/** @param {Element} element @param {string} name @param {unknown} value */
export function attribute(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}

/** Replaces what is inside. @param {Element} element @param {...(Child | Child[])} children */
export function fill(element, ...children) {
  const flat = children.flat().filter((child) => child !== null && child !== undefined && child !== false);
  element.replaceChildren(.../** @type {(Node | string)[]} */ (flat.map((child) => (typeof child === 'number' ? String(child) : child))));
  return element;
}

/** Sets a text if it is another one: an element that keeps its text costs nothing. @param {Element} element @param {string} text */
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {string} label @param {HTMLElement} control @param {string} [hint] */
export function field(label, control, hint) {
  const id = control.id || `f${++fields}`;
  control.id = id;
  const note = hint ? h('small.hint', { id: `${id}-hint` }, hint) : null;
  if (hint) control.setAttribute('aria-describedby', `${id}-hint`);
  return h('div.field', {}, h('label', { for: id }, label), control, note);
}
let fields = 0;

/** @param {[string, string][]} options value and text @param {string} value @param {(value: string) => void} changed @param {Props} [props] */
export function select(options, value, changed, props = {}) {
  const element = h('select', { ...props, onchange: () => changed(element.value) },
    options.map(([key, text]) => h('option', { value: key, selected: key === value }, text)));
  return element;
}

/** A dialog that asks before something is lost. @param {string} question @param {string} verb @returns {Promise<boolean>} */
export function confirmed(question, verb) {
  return new Promise((resolve) => {
    const answer = (/** @type {boolean} */ yes) => {
      dialog.close();
      dialog.remove();
      resolve(yes);
    };
    const dialog = h('dialog.ask', { 'aria-label': question, oncancel: () => answer(false) }, h('p', {}, question),
      h('div.row', {}, h('button', { onclick: () => answer(false) }, 'Keep it'), h('button.danger', { onclick: () => answer(true) }, verb)));
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Hands a file to the browser. @param {string} name @param {string} text @param {string} type */
export function download(name, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  h('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without the right to the clipboard (plain http from another host), by selection.
    const area = h('textarea', { value: text });
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
}
