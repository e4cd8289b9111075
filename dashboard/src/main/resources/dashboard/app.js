/* The page: stores the server's data and redraws on changes. */

import { followEvents, readCatalogue, readSeries, readStatus } from "./api.js";
import { Catalogue } from "./catalogue.js";
import { createCharts } from "./charts.js";
import { isNumber } from "./format.js";
import { showConnection, showHeadlines, showStatus } from "./headline.js";
import { clearRollouts, refreshRollouts } from "./rollouts.js";
import { QueueHistory, Series } from "./series.js";

const DRAW_MS = 400;
const GONE_MS = 2_500;

const page = document.documentElement;
const range = document.getElementById("view-range");
const reset = document.getElementById("view-reset");

const series = new Series();
const queues = new QueueHistory();
let catalogue = null;
let stale = true; // after a reconnection, the server and its catalogue may be different
let status = null;
let zoom = null;

/** The steps that charts show. */
function view() {
  const first = series.first?.step ?? 0;
  const last = Math.max(series.lastStep, first + 1);
  if (range.value === "zoom" && zoom) return zoom.to > zoom.from ? zoom : { from: zoom.from, to: zoom.from + 1 };
  if (range.value === "phase") return { from: Math.min(series.phases().at(-1)?.step ?? first, last - 1), to: last };
  const length = Number(range.value);
  return length > 0 ? { from: Math.max(first, last - length), to: last } : { from: first, to: last };
}

function setZoom(wanted) {
  zoom = wanted;
  range.querySelector("[value=zoom]").hidden = !zoom;
  range.value = zoom ? "zoom" : "all";
  viewChanged();
}

function viewChanged() {
  reset.hidden = range.value === "all";
  draw(true);
}

const charts = createCharts({ view, phases: () => series.phases(), zoom: setZoom });

range.addEventListener("change", viewChanged);
reset.addEventListener("click", () => setZoom(null));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  charts.forget();
  draw(true);
});

/* Drawing: at most once per DRAW_MS, however much arrives. */

let drawing = 0;
let drawnAt = 0;

function draw(now = false) {
  if (drawing && !now) return;
  clearTimeout(drawing);
  drawing = setTimeout(() => requestAnimationFrame(drawNow), now ? 0 : Math.max(0, drawnAt + DRAW_MS - performance.now()));
}

function drawNow() {
  drawing = 0;
  drawnAt = performance.now();
  document.getElementById("empty-run").hidden = series.size > 0;
  if (status) showStatus(status, series);
  if (!catalogue) return;
  showHeadlines(series, catalogue);
  charts.draw(catalogue, series, queues);
  page.dataset.steps = String(series.size);
  if (series.size > 0) page.dataset.ready = "true";
}

/* Data from the server. */

function takeStatus(next) {
  if (status && status.run !== next.run) {
    series.clear();
    forgetRun();
    catchUp();
  }
  status = next;
  queues.add(next.queues, Date.now() / 1000);
  showStatus(status, series);
  draw();
}

function forgetRun() {
  queues.clear();
  clearRollouts();
}

function takeStep(row) {
  const before = series.lastStep;
  series.add(row);
  draw();
  if (isNumber(row["reward/mean"])) refreshRollouts();
  if (before >= 0 && row.step > before + 1) catchUp();
}

let catching = null;

/** Reads the missed rows: everything after the last known step, or everything if the run rolled back. */
function catchUp() {
  catching ??= read().finally(() => { catching = null; });
  return catching;
}

async function read() {
  try {
    if (stale) catalogue = new Catalogue(await readCatalogue());
    stale = false;
    const next = await readStatus();
    const known = series.rows.findLast((row, index, rows) => index === 0 || rows[index - 1].step === row.step - 1)?.step ?? -1;
    const otherRun = status !== null && next.run !== status.run;
    const wentBack = otherRun || (isNumber(next.step) && next.step < series.lastStep);
    const rows = await readSeries(wentBack ? -1 : known);
    if (wentBack) series.clear();
    if (otherRun) forgetRun();
    status = next;
    for (const row of rows) series.add(row);
    takeStatus(next);
    connected();
  } catch (error) {
    lost(error.message);
  }
}

/* Connection state. */

let lostSince = null;
let declaring = 0;

function connected() {
  clearTimeout(declaring);
  declaring = 0;
  lostSince = null;
  showConnection("live");
}

/** A short outage shows only as a reconnection; a longer one is announced. */
function lost(reason) {
  stale = true;
  lostSince ??= new Date();
  if (declaring) return;
  if (page.dataset.connection !== "gone") showConnection("connecting");
  declaring = setTimeout(() => {
    declaring = 0;
    if (lostSince) showConnection("gone", lostSince, reason === "Failed to fetch" ? "" : reason);
  }, page.dataset.connection === "gone" ? 0 : GONE_MS);
}

followEvents({
  step: (row) => { connected(); takeStep(row); },
  status: (next) => { connected(); takeStatus(next); },
  open: () => { connected(); catchUp(); refreshRollouts({ force: true }); },
  lost,
});
catchUp();
refreshRollouts({ force: true });
