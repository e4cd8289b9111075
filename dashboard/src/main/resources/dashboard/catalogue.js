/* Metrics on the page: the server's catalogue, and the charts for the metrics of a run. */

import { count, number, percent, seconds, signed } from "./format.js";

export const HELD_OUT = "heldout/";

const COLOURS = ["blue", "vermilion", "green", "orange", "purple", "sky"];
const STACK_COLOURS = ["blue", "sky", "grey", "orange", "purple", "green"];
const DASHES = [undefined, [6, 4], [2, 3], [9, 3, 2, 3]];
const SIGNED_UNITS = ["nats", "reward"]; // charts of these need not start at zero

const words = (text) => text.replaceAll("_", " ");
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** The suffix of a number in this unit; percentages and seconds already include theirs. */
export const unitOf = (metric) => (["number", "ratio", "seconds", "text", "reward", "steps"].includes(metric?.unit) ? "" : metric?.unit ?? "");

const AXIS_UNITS = { ratio: "%", seconds: "s", number: "", text: "", reward: "" };

const formatOf = (metric) => {
  if (metric?.unit === "ratio") return percent;
  if (metric?.unit === "seconds") return seconds;
  if (metric?.unit === "steps") return count;
  return metric?.signed ? signed : number;
};

/** The metric whose 95% interval a key bounds, if it does: heldout/x for heldout/x_low. */
const bounded = (key) => (/_(low|high)$/.test(key) ? key.replace(/_(low|high)$/, "") : null);

export class Catalogue {
  #exact = new Map();
  #patterns = [];
  #order = new Map();
  #charts;

  /** @param {{charts: Object, sections: {metrics: Object[]}[]}} read the answer of GET /v1/metrics/catalogue */
  constructor(read) {
    this.#charts = read.charts;
    for (const metric of read.sections.flatMap((section) => section.metrics)) {
      if (!metric.name) continue;
      this.#order.set(metric.name, this.#order.size);
      const star = metric.name.indexOf("*");
      if (star < 0) this.#exact.set(metric.name, metric);
      else this.#patterns.push({ metric, before: metric.name.slice(0, star), after: metric.name.slice(star + 1) });
    }
  }

  /** The entry for a key and the text matched by its *; nothing if the catalogue does not name the key. */
  find(key) {
    const metric = this.#exact.get(key);
    if (metric) return { key, metric, part: "" };
    const found = this.#patterns.find(({ before, after }) =>
      key.length > before.length + after.length && key.startsWith(before) && key.endsWith(after));
    return found && { key, metric: found.metric, part: key.slice(found.before.length, key.length - found.after.length) };
  }

  /** How to display a key: its label, its unit and its number format. */
  describe(key) {
    const { metric, part } = this.find(key) ?? {};
    const label = metric?.label && metric.label !== "*" ? metric.label : words(part || key.slice(key.indexOf("/") + 1));
    return { metric, label, unit: unitOf(metric), format: formatOf(metric) };
  }

  /** Metrics with a headline that are among the keys, in the catalogue's order. */
  headlines(keys) {
    return [...this.#exact.values()].filter((metric) => metric.headline && keys.has(metric.name));
  }

  /**
   * The charts for the keys. A chart exists if one of its metrics does. A held-out measure that no chart of the
   * catalogue shows gets its own chart, whether the catalogue names it or not.
   */
  charts(keys) {
    const shown = new Map(Object.keys(this.#charts).map((id) => [id, []]));
    const alone = [];
    for (const key of keys) {
      const entry = this.find(key);
      const isBound = bounded(key) !== null && keys.has(bounded(key));
      if (entry?.metric.chart) shown.get(entry.metric.chart).push(entry);
      else if (key.startsWith(HELD_OUT) && !isBound) alone.push({ key, metric: entry?.metric });
    }
    const specs = [];
    for (const [id, entries] of shown) {
      if (entries.length === 0) continue;
      entries.sort((a, b) => this.#order.get(a.metric.name) - this.#order.get(b.metric.name) || (a.key < b.key ? -1 : 1));
      specs.push(...this.#chartsOf(id, this.#charts[id], entries, keys));
    }
    for (const entry of alone.sort((a, b) => (a.key < b.key ? -1 : 1))) {
      const name = entry.key.slice(HELD_OUT.length);
      const chart = { section: "heldout", title: sentence(words(name)), note: entry.metric?.meaning ?? "a held-out measure" };
      specs.push(this.#chart(`heldout-${name}`, chart, [entry], keys));
    }
    return specs;
  }

  /** One chart, or one per unit. */
  #chartsOf(id, chart, entries, keys) {
    const units = [...new Set(entries.map((entry) => entry.metric.unit))];
    if (!chart.split || units.length === 1) return [this.#chart(id, chart, entries, keys)];
    return units.map((unit) => this.#chart(`${id}-${unit.replace(/\W/g, "-")}`, chart, entries.filter((entry) => entry.metric.unit === unit), keys));
  }

  #chart(id, chart, entries, keys) {
    const heldOut = chart.section === "heldout";
    const isRight = (entry) => Number(entry.metric?.axis === "right");
    const parts = entries.filter((entry) => entry.key !== chart.total).sort((a, b) => isRight(a) - isRight(b));
    const main = parts[0]?.metric?.unit;
    const palette = chart.stack ? STACK_COLOURS : COLOURS;
    const series = parts.map((entry, index) => {
      const right = entry.metric?.axis === "right" || entry.metric?.unit !== main;
      return this.#series(entry.key, { colour: palette[index % palette.length], dash: DASHES[index % DASHES.length], right, width: heldOut ? 2 : 1.6 });
    });
    const bands = series.filter(({ key }) => keys.has(`${key}_low`) && keys.has(`${key}_high`))
      .map(({ key, colour, format, right }) => ({ low: `${key}_low`, high: `${key}_high`, colour, format, right }));
    return {
      id: `chart-${id}`, place: chart.section, title: chart.title, note: chart.note,
      wide: chart.wide, stack: chart.stack, tall: heldOut, sparse: heldOut,
      units: [...new Set(series.map((one) => one.axisUnit).filter(Boolean))],
      reward: series.some((one) => one.unit === "reward"),
      fraction: main === "ratio",
      zero: series.some((one) => one.signed && !one.right),
      floor: !SIGNED_UNITS.includes(main),
      series, bands,
      over: chart.total && keys.has(chart.total) ? this.#series(chart.total, { colour: "ink" }) : undefined,
    };
  }

  #series(key, style) {
    const { metric, label, format } = this.describe(key);
    return {
      key, label, format, ...style,
      unit: metric?.unit ?? "number", signed: Boolean(metric?.signed), fraction: metric?.unit === "ratio",
      axisUnit: AXIS_UNITS[metric?.unit] ?? metric?.unit ?? "",
    };
  }
}
