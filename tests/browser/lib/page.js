// The page in Debian's Chromium, headless and without a GPU: opened, asked through window.__p2psim, and watched for
// anything that goes wrong in it.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { Picture } from './pixels.js';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** Without --disable-gpu Debian's Chromium draws a plain canvas through a software GPU, ten times slower. */
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update',
  '--disable-extensions', '--no-first-run', '--mute-audio'];
/** Milliseconds for anything to come true: the machine may be busy with eight other things. */
export const PATIENCE = 90_000;


/** @typedef {{width?: number, height?: number, theme?: 'dark' | 'light', moving?: boolean, hash?: string, quiet?: boolean}} Options
 *   moving: with animations; quiet: what goes wrong is no failure */

export function launch(args = /** @type {string[]} */ ([])) {
  if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is not there: apt-get install chromium, or set CHROMIUM`);
  return chromium.launch({ executablePath: CHROMIUM, args: [...ARGS, ...args] });
}

export class Tab {
  /** @param {import('playwright-core').Page} page @param {boolean} quiet */
  constructor(page, quiet) {
    this.page = page;
    /** What went wrong so far. @type {string[]} */
    this.problems = [];
    if (quiet) return;
    page.on('pageerror', (error) => this.problems.push(`exception: ${error.stack}`));
    page.on('console', (message) => message.type() === 'error' && this.problems.push(`console: ${message.text()} (${message.location().url})`));
    page.on('requestfailed', (request) => this.problems.push(`request: ${request.url()} ${request.failure()?.errorText}`));
    page.on('response', (response) => response.status() >= 400 && this.problems.push(`answer ${response.status()}: ${response.url()}`));
  }

  /** @param {import('playwright-core').Browser} browser @param {string} url @param {Options} [options] */
  static async open(browser, url, { width = 1280, height = 800, theme = 'dark', moving = false, hash = '', quiet = false } = {}) {
    const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor: 1, colorScheme: theme, reducedMotion: moving ? 'no-preference' : 'reduce', acceptDownloads: true });
    const tab = new Tab(await context.newPage(), quiet);
    tab.page.setDefaultTimeout(PATIENCE);
    await tab.page.goto(url + hash);
    return tab;
  }

  /** Closes it; nothing must have gone wrong. */
  async close() {
    await this.page.context().close();
    assert.deepEqual(this.problems, []);
  }

  /** What the page believes; empty until it has begun. @returns {Promise<any>} */
  state() {
    return this.page.evaluate(() => /** @type {any} */ (window).__p2psim?.state() ?? { names: [] });
  }

  /** @returns {Promise<any>} */
  stats() {
    return this.page.evaluate(() => /** @type {any} */ (window).__p2psim.renderStats());
  }

  /** Waits for something to be true of the page's state. @param {string} what @param {(state: any) => boolean} holds */
  until(what, holds) {
    return eventually(what, async () => holds(await this.state()), async () => {
      const { names, ...state } = await this.state();
      return `the page has ${names.length} names and ${JSON.stringify(state)}`;
    });
  }

  /** So many nodes and connections are there, and everything is in its place. @param {number} nodes @param {number} conns */
  async drawn(nodes, conns) {
    await this.until(`${nodes} nodes, ${conns} connections`, (s) => s.nodes === nodes && s.conns === conns);
    await eventually('the layout is done and drawn', () => this.page.evaluate(() => {
      const hook = /** @type {any} */ (window).__p2psim;
      return hook.layoutDone() && hook.renderStats().idle;
    }));
  }

  /** Where a node is drawn, or null. @param {number} node @returns {Promise<{x: number, y: number} | null>} */
  place(node) {
    return this.page.evaluate((i) => /** @type {any} */ (window).__p2psim.screenPos(i), node);
  }

  /** @param {number} count @returns {Promise<{x: number, y: number}[]>} */
  async places(count) {
    const all = await this.page.evaluate((n) => Array.from({ length: n }, (_, i) => /** @type {any} */ (window).__p2psim.screenPos(i)), count);
    assert.ok(all.every((at) => at && Number.isFinite(at.x) && Number.isFinite(at.y)), 'every node has a place');
    return all;
  }

  /** What is on the screen. */
  async picture() {
    return new Picture(await this.page.screenshot());
  }

  /** The box of the graph. */
  async graph() {
    const box = await this.page.locator('.graph').boundingBox();
    assert.ok(box, 'the graph is shown');
    return box;
  }

  /** @param {string} screen */
  async go(screen) {
    await this.page.evaluate((hash) => { location.hash = hash; }, screen);
    await this.until(`screen ${screen}`, (s) => s.screen === screen.split('?')[0]);
  }
}

/**
 * Waits until an element says so: numbers and lists are drawn a little after the page knows.
 * @param {import('playwright-core').Locator} element
 * @param {string | RegExp} wanted the whole text, or what it matches
 */
export async function says(element, wanted) {
  const fits = (/** @type {string} */ text) => (typeof wanted === 'string' ? text === wanted : wanted.test(text));
  const text = async () => (await element.textContent()) ?? '';
  await eventually(`a text ${wanted}`, async () => fits(await text()), async () => `It is: ${await text()}`);
}

/** Asks again until it holds. @param {string} what @param {() => Promise<boolean>} holds @param {() => Promise<string>} [why] what there is instead
 * @param {number} patience milliseconds */
export async function eventually(what, holds, why = async () => '', patience = PATIENCE) {
  const end = Date.now() + patience;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${patience / 1000} s: ${what}. ${await why()}`);
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
}
