// What the page shows, as the part of the address after '#': a finding can be pasted in a chat. Text to object and
// back; it neither reads nor sets the address.

/** @typedef {{screen: string, values: Record<string, string>}} Place */

export const SCREENS = ['network', 'nodes', 'events', 'measurements', 'experiment', 'node'];

/** `#network?sel=node17&colour=degree`; what is not a screen is the first one. @param {string} hash @returns {Place} */
export function parsePlace(hash) {
  const [screen, query] = hash.replace(/^#/, '').split(/\?(.*)/s);
  /** @type {Record<string, string>} */
  const values = {};
  for (const [key, value] of new URLSearchParams(query ?? '')) values[key] = value;
  return { screen: SCREENS.includes(screen) ? screen : 'network', values };
}

/** Empty values are left out, the rest stands in the order of their names. @param {Place} place */
export function writePlace({ screen, values }) {
  const query = new URLSearchParams();
  for (const key of Object.keys(values).sort()) if (values[key]) query.set(key, values[key]);
  const text = query.toString();
  return `#${screen}${text ? `?${text}` : ''}`;
}
