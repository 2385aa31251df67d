// The filter of nodes: `state:down degree:>20 service:gossip node1`. Words must all hold, a comma means or, a minus
// not; a bare word is part of a name or the beginning of an id. Reads text and asks about nodes through `Facts`.

/**
 * @typedef {object} Facts
 * @property {(i: number) => string} name
 * @property {(i: number) => string} id
 * @property {(i: number) => string} state up or down
 * @property {(i: number) => number} degree
 * @property {(i: number) => string} group its services
 * @property {(i: number) => string} region its name or number, empty for none
 * @property {(i: number) => number} arrival seconds after publication of the tracked item, NaN when it has not come
 * @property {(i: number) => number} hops
 * @property {(i: number) => number} component
 * @typedef {(i: number, facts: Facts) => boolean} Test
 * @typedef {{test: Test | null, error: string}} Filter test is null when everything passes
 */

/** What each key asks, as text shown to people. */
export const KEYS = {
  state: 'up or down', degree: 'number of connections: >20, <=3, 4..8', service: 'what it runs', region: 'its region, or none',
  name: 'part of its name', id: 'beginning of its id', item: 'yes or no: has the tracked item',
  arrival: 'milliseconds after publication: <100', hops: 'hops from the publisher', component: 'number of its component, 1 is the largest',
};

/** @param {string} text @returns {Filter} */
export function parseFilter(text) {
  /** @type {Test[]} */
  const tests = [];
  for (const word of text.trim().split(/\s+/).filter(Boolean)) {
    const not = word.startsWith('-') && word.length > 1;
    const bare = not ? word.slice(1) : word;
    const colon = bare.indexOf(':');
    const key = colon > 0 ? bare.slice(0, colon).toLowerCase() : '';
    const values = (colon > 0 ? bare.slice(colon + 1) : bare).toLowerCase().split(',').filter(Boolean);
    // Half a word is being typed: it asks nothing yet.
    if (values.length === 0) continue;
    const made = values.map((value) => one(key, value));
    const wrong = made.find((test) => typeof test === 'string');
    if (typeof wrong === 'string') return { test: null, error: wrong };
    const any = /** @type {Test[]} */ (made);
    tests.push((i, facts) => any.some((test) => test(i, facts)) !== not);
  }
  if (tests.length === 0) return { test: null, error: '' };
  return { test: (i, facts) => tests.every((test) => test(i, facts)), error: '' };
}

/** @param {string} key @param {string} value @returns {Test | string} the test, or what is wrong */
function one(key, value) {
  switch (key) {
    case '': return (i, f) => f.name(i).toLowerCase().includes(value) || f.id(i).startsWith(value);
    case 'name': return (i, f) => f.name(i).toLowerCase().includes(value);
    case 'id': return (i, f) => f.id(i).startsWith(value.replace(/^0x/, ''));
    case 'state':
      if (!['up', 'down'].includes(value)) return `state is up or down, not ${value}`;
      return (i, f) => f.state(i) === value;
    case 'region':
      return (i, f) => (f.region(i) || 'none') === value;
    case 'service': case 'group': case 'role':
      return (i, f) => f.group(i).toLowerCase().split('+').some((name) => name.includes(value));
    case 'item':
      if (!['yes', 'no'].includes(value)) return `item is yes or no, not ${value}`;
      return (i, f) => Number.isNaN(f.arrival(i)) === (value === 'no');
    case 'degree': case 'hops': case 'component': case 'arrival': {
      const range = parseRange(value);
      if (!range) return `${key} wants a number such as 5, >5, <=5 or 2..8, not ${value}`;
      if (key === 'arrival') return (i, f) => range(f.arrival(i) * 1000);
      if (key === 'degree') return (i, f) => range(f.degree(i));
      if (key === 'hops') return (i, f) => !Number.isNaN(f.arrival(i)) && range(f.hops(i));
      return (i, f) => range(f.component(i) + 1);
    }
    default: return `there is no ${key}; known are ${Object.keys(KEYS).join(', ')}`;
  }
}

/** @param {string} text @returns {((n: number) => boolean) | null} */
export function parseRange(text) {
  const between = /^(-?[\d.]+)\.\.(-?[\d.]+)$/.exec(text);
  if (between) return (n) => n >= Number(between[1]) && n <= Number(between[2]);
  const compared = /^(>=|<=|>|<|=)?(-?\d+(?:\.\d+)?)$/.exec(text);
  if (!compared) return null;
  const bound = Number(compared[2]);
  switch (compared[1]) {
    case '>': return (n) => n > bound;
    case '>=': return (n) => n >= bound;
    case '<': return (n) => n < bound;
    case '<=': return (n) => n <= bound;
    default: return (n) => n === bound;
  }
}
