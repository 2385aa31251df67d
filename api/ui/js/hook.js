// window.__p2psim, for tests in a browser: what the page believes, whether the layout is at rest, where a node is drawn,
// and what drawing costs. Reads only, but for `hangUp`. `screenPos` is in CSS pixels, as a mouse event has them.

/** @param {import('./main.js').App} app */
export function hook(app) {
  const { model, scene } = app;
  const api = {
    state() {
      const { view } = model;
      return {
        screen: app.screen, connected: model.connected, live: model.at === null, frames: model.frames, whole: model.wholes, seq: view.seq, time: view.ns / 1e9, clock: model.clock,
        nodes: view.up + view.down, up: view.up, down: view.down, conns: view.conns, components: model.components().sizes.length, gap: model.gap,
        selected: model.selected, selection: [...model.selection], names: model.live.directory.names, item: model.item ? { id: model.item.id, reached: model.item.reached.length } : null,
        wave: scene.wave.playing, shown: model.item ? Math.min(1, scene.wave.t / (model.item.last || 1)) : 0, settled: api.layoutDone(), colour: model.settings.colour, palette: { ...scene.palette }, theme: scene.theme,
      };
    },
    layoutDone: () => scene.places.settled && !scene.camera.goal && model.frames > 0,
    /** @param {number} index */
    screenPos(index) {
      const at = scene.place(index), box = scene.host.getBoundingClientRect();
      return at && model.view.exists(index) ? { x: box.left + at[0], y: box.top + at[1] } : null;
    },
    renderStats() {
      const { stats, lines } = scene, now = performance.now();
      return { frames: stats.frames, fps: stats.times.filter((t) => t > now - 1000).length, firstFrame: stats.firstFrame, drawMs: stats.drawMs, rasterMs: lines.ms,
        rasterFull: lines.full && !scene.stalePicture && !lines.asked, radius: scene.radius, idle: !scene.scheduled };
    },
    /** Lets the line go, as a lost network does. */
    hangUp: () => app.line.retry(true),
    /** From whom everyone had the item in the panel, and after how many hops they both had it. */
    way() {
      const { item } = model;
      return (item?.reached ?? []).filter((node) => item && item.from[node] >= 0).map((node) => ({ from: item?.from[node], node, hops: item?.hops[node], before: item?.hops[item.from[node]] }));
    },
    marks: () => model.markers,
    /** Ends of every connection shown. */
    edges: () => Array.from({ length: model.view.conns }, (_, i) => [model.view.edges.a[i], model.view.edges.b[i]]),
  };
  Object.assign(window, { __p2psim: api });
}
