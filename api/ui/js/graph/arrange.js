// Layouts that follow from what nodes are rather than from who they know: a ring in the order of ids, groups side by
// side, layers by hops from one node. Pure functions that fill x and y for nodes that are there.

/**
 * @param {Float32Array} x @param {Float32Array} y @param {ArrayLike<number>} present 0 where there is no node
 * @param {ArrayLike<number>} order rank of each node along the ring
 */
export function ring(x, y, present, order) {
  const there = [];
  for (let i = 0; i < present.length; i++) if (present[i]) there.push(i);
  there.sort((p, q) => order[p] - order[q]);
  const radius = Math.max(60, there.length * 2.2);
  there.forEach((node, i) => {
    const angle = (i / there.length) * 2 * Math.PI - Math.PI / 2;
    x[node] = Math.cos(angle) * radius;
    y[node] = Math.sin(angle) * radius;
  });
}

/**
 * Each group a disc, the discs around a circle.
 * @param {Float32Array} x @param {Float32Array} y @param {ArrayLike<number>} present @param {ArrayLike<number>} group
 */
export function groups(x, y, present, group) {
  /** @type {Map<number, number[]>} */
  const members = new Map();
  for (let i = 0; i < present.length; i++) {
    if (present[i]) members.set(group[i], [...(members.get(group[i]) ?? []), i]);
  }
  const all = [...members].sort((p, q) => p[0] - q[0]).map(([, nodes]) => nodes);
  const size = (/** @type {number[]} */ nodes) => 14 * Math.sqrt(nodes.length) + 30;
  const around = all.reduce((sum, nodes) => sum + 2 * size(nodes), 0);
  const radius = all.length > 1 ? Math.max(around / (2 * Math.PI), ...all.map(size)) * 1.1 : 0;
  let walked = 0;
  for (const nodes of all) {
    const angle = ((walked + size(nodes)) / around) * 2 * Math.PI - Math.PI / 2;
    walked += 2 * size(nodes);
    nodes.forEach((node, i) => {
      const r = 14 * Math.sqrt(i + 0.5), turn = i * 2.399963;
      x[node] = Math.cos(angle) * radius + Math.cos(turn) * r;
      y[node] = Math.sin(angle) * radius + Math.sin(turn) * r;
    });
  }
}

/**
 * Circles around one node, by the number of hops; who cannot be reached lies outside.
 * @param {Float32Array} x @param {Float32Array} y @param {ArrayLike<number>} present
 * @param {ArrayLike<number>} a @param {ArrayLike<number>} b @param {number} root
 */
export function layers(x, y, present, a, b, root) {
  const n = present.length;
  /** @type {number[][]} */
  const near = Array.from({ length: n }, () => []);
  for (let e = 0; e < a.length; e++) {
    near[a[e]].push(b[e]);
    near[b[e]].push(a[e]);
  }
  const seen = new Uint8Array(n);
  let layer = present[root] ? [root] : [], depth = 0, radius = 0;
  if (layer.length) seen[root] = 1;
  while (layer.length) {
    radius = depth === 0 ? 0 : Math.max(radius + 70, (layer.length * 9) / (2 * Math.PI));
    layer.forEach((node, i) => {
      const angle = ((i + 0.5) / layer.length) * 2 * Math.PI - Math.PI / 2;
      x[node] = Math.cos(angle) * radius;
      y[node] = Math.sin(angle) * radius;
    });
    const next = [];
    // Children stand in the order of their parents, so that lines cross less.
    for (const node of layer) {
      for (const other of near[node]) {
        if (!seen[other] && present[other]) {
          seen[other] = 1;
          next.push(other);
        }
      }
    }
    layer = next;
    depth++;
  }
  const rest = [];
  for (let i = 0; i < n; i++) if (present[i] && !seen[i]) rest.push(i);
  rest.forEach((node, i) => {
    const angle = (i / rest.length) * 2 * Math.PI;
    x[node] = Math.cos(angle) * (radius + 110);
    y[node] = Math.sin(angle) * (radius + 110);
  });
}
