/* Data kept by the page: one row per step, and queue depths over time. */

import { isNumber } from "./format.js";

const QUEUE_POINTS = 1800;

const timeOf = (row) => {
  if (isNumber(row.time)) return row.time;
  const parsed = Date.parse(row.time);
  return Number.isNaN(parsed) ? Infinity : parsed;
};

const isTraining = (row) => isNumber(row["timing_s/step"]);

/**
 * Merges rows: a step and the evaluation after it are two lines with one number but one row here, the step's plus the
 * held-out measures.
 */
function merged(old, row) {
  if (!isTraining(old)) return isTraining(row) ? { ...old, ...row } : row;
  if (isTraining(row)) return row;
  return { ...old, ...Object.fromEntries(Object.entries(row).filter(([key]) => !(key in old) || key.startsWith("heldout/"))) };
}

/** Rows ordered by step. After a crash the run resumes from a checkpoint, so a newer row replaces older steps. */
export class Series {
  rows = [];
  keys = new Set(); // of all numbers in any row

  get size() { return this.rows.length; }

  get first() { return this.rows[0]; }

  get last() { return this.rows[this.rows.length - 1]; }

  get lastStep() { return this.last?.step ?? -1; }

  clear() {
    this.rows = [];
    this.keys = new Set();
  }

  add(row) {
    if (!isNumber(row?.step)) return;
    for (const key of Object.keys(row)) if (isNumber(row[key])) this.keys.add(key);
    let place = this.rows.length;
    while (place > 0 && this.rows[place - 1].step >= row.step) place--;
    const later = this.rows.slice(place).filter((old) => old.step > row.step && timeOf(old) >= timeOf(row));
    const same = this.rows[place]?.step === row.step ? this.rows[place] : null;
    this.rows.length = place;
    this.rows.push(same ? merged(same, row) : row, ...later);
  }

  /** The newest row with a number under the key. */
  latest(key) { return this.rows.findLast((row) => isNumber(row[key])); }

  /** The last row with a number under the key at the start of the current phase, else the oldest one. */
  before(key) {
    const begin = this.phases().at(-1)?.step ?? Infinity;
    return this.rows.findLast((row) => row.step < begin && isNumber(row[key])) ?? this.rows.find((row) => isNumber(row[key]));
  }

  /** Starts of phases: [{step, phase}], including the first. */
  phases() {
    const starts = [];
    for (const row of this.rows) {
      if (row.phase !== undefined && row.phase !== starts.at(-1)?.phase) {
        starts.push({ step: row.step, phase: row.phase });
      }
    }
    return starts;
  }
}

/**
 * Columns for a chart: steps first, then one array per key, with null for gaps. If there are more rows than points,
 * equal runs of rows are averaged; a key named max keeps its maximum.
 */
export function columns(rows, keys, from, to, points) {
  const chosen = rows.filter((row) => row.step >= from && row.step <= to && keys.some((key) => isNumber(row[key])));
  const share = chosen.length > 1 ? (chosen.at(-1).step - chosen[0].step) / (to - from) : 1; // of the chart's width
  const run = Number.isFinite(points) ? Math.max(1, Math.ceil(chosen.length / Math.max(2, points * share))) : 1;
  const steps = [];
  const values = keys.map(() => []);
  for (let start = 0; start < chosen.length; start += run) {
    const part = chosen.slice(start, start + run);
    steps.push(part[part.length - 1].step);
    keys.forEach((key, index) => values[index].push(summary(part, key)));
  }
  return { data: [steps, ...values], run };
}

function summary(rows, key) {
  const largest = key.endsWith("/max");
  let total = 0;
  let count = 0;
  let top = -Infinity;
  for (const row of rows) {
    const value = row[key];
    if (!isNumber(value)) continue;
    total += value;
    count++;
    if (value > top) top = value;
  }
  if (count === 0) return null;
  return largest ? top : total / count;
}

/** Queue depths from status events; when full, drops every second point and halves the sampling rate. */
export class QueueHistory {
  names = [];
  points = [];
  #every = 1;
  #seen = 0;

  clear() {
    this.points = [];
    this.#every = 1;
    this.#seen = 0;
  }

  add(queues, atSeconds) {
    if (!queues || typeof queues !== "object") return;
    for (const name of Object.keys(queues)) if (!this.names.includes(name)) this.names.push(name);
    if (this.#seen++ % this.#every !== 0) return;
    this.points.push({ at: atSeconds, queues });
    if (this.points.length > QUEUE_POINTS) {
      this.points = this.points.filter((_, index) => index % 2 === 0);
      this.#every *= 2;
    }
  }

  columns(names) {
    return [
      this.points.map((point) => point.at),
      ...names.map((name) => this.points.map((point) => (isNumber(point.queues[name]) ? point.queues[name] : null))),
    ];
  }
}
