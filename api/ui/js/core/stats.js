// Numbers about numbers: quantiles, cumulative distributions, histograms, and the connected components of a graph.
// Pure functions of arrays.

/** The q-quantile by the nearest rank, the definition that never invents a value; NaN of nothing. @param {ArrayLike<number>} sorted @param {number} q */
export function quantile(sorted, q) {
  if (sorted.length === 0) return NaN;
  const rank = Math.ceil(q * sorted.length);
  return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1];
}

/** A sorted copy. @param {Iterable<number>} values */
export function sorted(values) {
  return Float64Array.from(values).sort();
}

/**
 * Steps of an empirical CDF: after x[i], a share y[i] of `total` is at or below it. At most `limit` points.
 * @param {ArrayLike<number>} sortedValues @param {number} total @param {number} limit
 */
export function cdf(sortedValues, total = sortedValues.length, limit = 240) {
  const n = sortedValues.length;
  /** @type {number[]} */ const x = [];
  /** @type {number[]} */ const y = [];
  const stride = Math.max(1, Math.ceil(n / limit));
  for (let i = 0; i < n; i++) {
    if (i % stride !== stride - 1 && i !== n - 1 && i !== 0) continue;
    // Equal values make one step.
    if (x.length && x[x.length - 1] === sortedValues[i]) y[y.length - 1] = (i + 1) / total;
    else {
      x.push(sortedValues[i]);
      y.push((i + 1) / total);
    }
  }
  return { x, y };
}

/**
 * Counts in bins of equal width that start at multiples of it; integers get bins of whole width.
 * @param {ArrayLike<number>} values @param {number} bins
 */
export function histogram(values, bins = 40, whole = true) {
  if (values.length === 0) return { start: 0, width: 1, counts: /** @type {number[]} */ ([]) };
  let low = Infinity, high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i]);
    high = Math.max(high, values[i]);
  }
  let width = (high - low) / bins || 1;
  if (whole) width = Math.max(1, Math.ceil((high - low + 1) / bins));
  const start = Math.floor(low / width) * width;
  const counts = new Array(Math.floor((high - start) / width) + 1).fill(0);
  for (let i = 0; i < values.length; i++) counts[Math.floor((values[i] - start) / width)]++;
  return { start, width, counts };
}

/**
 * Connected components among the nodes for which `include` holds; edges to others do not count.
 * Labels are 0 for the largest, 1 for the next, and so on; -1 for nodes that are left out.
 * @param {number} size @param {{a: Uint32Array, b: Uint32Array, count: number}} edges @param {(node: number) => boolean} include
 */
export function components(size, edges, include) {
  const parent = new Int32Array(size);
  for (let i = 0; i < size; i++) parent[i] = include(i) ? i : -1;
  const find = (/** @type {number} */ x) => {
    while (parent[x] !== x) {
      parent[x] = parent[parent[x]];
      x = parent[x];
    }
    return x;
  };
  for (let i = 0; i < edges.count; i++) {
    const a = edges.a[i], b = edges.b[i];
    if (a >= size || b >= size || parent[a] < 0 || parent[b] < 0) continue;
    const x = find(a), y = find(b);
    if (x !== y) parent[Math.max(x, y)] = Math.min(x, y);
  }
  /** @type {Map<number, number>} */
  const sizes = new Map();
  for (let i = 0; i < size; i++) if (parent[i] >= 0) sizes.set(find(i), (sizes.get(find(i)) ?? 0) + 1);
  const order = [...sizes].sort((x, y) => y[1] - x[1] || x[0] - y[0]);
  const rank = new Map(order.map(([root], i) => [root, i]));
  const label = new Int32Array(size);
  for (let i = 0; i < size; i++) label[i] = parent[i] < 0 ? -1 : rank.get(find(i)) ?? -1;
  return { label, sizes: order.map(([, count]) => count) };
}
