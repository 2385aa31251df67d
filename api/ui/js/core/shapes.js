// Shapes of networks as they are asked for: what each needs to be told, and how many connections it will have. A guess
// for people before they build; the server counts what it built.

/**
 * @typedef {{kind: string, center?: number, degree?: number, rewire?: string, links?: number, bucket?: number}} Shape
 * @typedef {{key: 'degree' | 'rewire' | 'links' | 'bucket', label: string, value: string}} Knob
 * @typedef {{kind: string, text: string, knobs: Knob[], edges: (n: number, knob: (key: string) => number) => number}} Kind
 */

const DEGREE = /** @type {Knob} */ ({ key: 'degree', label: 'Degree', value: '6' });

/** @type {Kind[]} */
export const KINDS = [
  { kind: 'random-regular', text: 'random, all with the same degree', knobs: [DEGREE], edges: (n, knob) => (n * Math.min(knob('degree'), Math.max(0, n - 1))) / 2 },
  { kind: 'small-world', text: 'small world', knobs: [DEGREE, { key: 'rewire', label: 'Rewired', value: '10%' }], edges: (n, knob) => (n * knob('degree')) / 2 },
  { kind: 'scale-free', text: 'scale free', knobs: [{ key: 'links', label: 'Links of a newcomer', value: '4' }], edges: (n, knob) => Math.max(0, n - knob('links')) * knob('links') },
  { kind: 'kademlia', text: 'Kademlia', knobs: [{ key: 'bucket', label: 'Of each distance', value: '3' }], edges: (n, knob) => (n > 1 ? (n * knob('bucket') * Math.log2(n)) / 1.6 : 0) },
  { kind: 'ring', text: 'ring', knobs: [], edges: (n) => (n > 2 ? n : Math.max(0, n - 1)) },
  { kind: 'chain', text: 'chain', knobs: [], edges: (n) => Math.max(0, n - 1) },
  { kind: 'star', text: 'star', knobs: [], edges: (n) => Math.max(0, n - 1) },
  { kind: 'full', text: 'full: everyone with everyone', knobs: [], edges: (n) => (n * (n - 1)) / 2 },
  { kind: 'none', text: 'none', knobs: [], edges: () => 0 },
];

/** What a knob says as the server wants it. @param {Knob} knob @param {string} text @returns {number | string} */
export function turned(knob, text) {
  return knob.key === 'rewire' ? text.trim() : Number(text);
}

/** The same for a shell. @param {Shape} shape @param {(word: string) => string} quote */
export function shapeFlags({ kind, ...knobs }, quote) {
  return [kind, ...Object.entries(knobs).filter(([, value]) => value !== undefined).map(([key, value]) => `--${key} ${quote(String(value))}`)].join(' ');
}
