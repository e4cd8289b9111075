/* Draws charts. Their contents come from the catalogue and the metrics of the run. */

import uPlot from "./vendor/uPlot.esm.js";
import { count, element, isNumber, MISSING, number, percentTick, tick } from "./format.js";
import { columns } from "./series.js";

const PIXELS_PER_POINT = 3;
const TABLE_ROWS = 6;
const DECADES = [0, 1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7];
const QUEUE_STYLES = [["orange", [6, 3]], ["green", [2, 3]], ["blue", undefined], ["purple", [9, 3, 2, 3]]];

/** The chart of queue depths, which arrive with status events and not with the metrics. */
const queueChart = (names) => ({
  id: "chart-queues", place: "machinery", queues: true, floor: true, units: ["records"],
  title: "Queues", note: "records waiting, since this page was opened", bands: [],
  series: names.map((name, index) => {
    const [colour, dash] = QUEUE_STYLES[index % QUEUE_STYLES.length];
    return { key: name, label: name, colour, dash, format: number };
  }),
});

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const colourOf = (name) => css(name === "ink" ? "--ink" : `--series-${name}`);

/** An opaque colour closer to the card's background, for large areas. */
function soften(colour) {
  const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const card = channels(css("--card"));
  return `rgb(${channels(colour).map((value, at) => Math.round(value * 0.82 + card[at] * 0.18)).join(" ")})`;
}

/** A scale with a margin above and below; includes zero if zero is meaningful. */
function range(spec, fraction) {
  return (_, low, high) => {
    if (!isNumber(low) || !isNumber(high)) return [0, 1];
    if (fraction) return [0, high <= 0 ? 1 : Math.min(1.02, high * 1.15)];
    if (spec.floor || spec.zero) {
      low = Math.min(0, low);
      high = Math.max(0, high);
    }
    const air = (high - low || Math.abs(high) || 1) * 0.08;
    return [spec.floor && low >= 0 ? 0 : low - air, high + air];
  };
}

/** One figure on the page: heading, legend with values, canvas, table. */
class Chart {
  #spec;
  #context;
  #plot = null;
  #raw = [[]];
  #latest = [[]];
  #outputs = [];
  #parts;

  constructor(spec, context) {
    this.#spec = spec;
    this.#context = context;
    this.#parts = this.#build();
    new ResizeObserver(() => this.#resize()).observe(this.#parts.canvas);
  }

  /** Series in the order of the legend. */
  get #shown() { return this.#spec.over ? [...this.#spec.series, this.#spec.over] : this.#spec.series; }

  /** Maximum number of points: more would be noise on so few pixels, so runs of steps are averaged. */
  get #points() { return Math.max(60, Math.round(this.#parts.canvas.clientWidth / (this.#spec.stack ? 5 : PIXELS_PER_POINT))); }

  /** Columns of the table: the legend's series, then the bounds of the intervals. */
  get #listed() {
    return [...this.#shown, ...this.#spec.bands.flatMap(({ low, high, format }) =>
      [{ key: low, label: "95% interval, from", format }, { key: high, label: "to", format }])];
  }

  get figure() { return this.#parts.figure; }

  get #height() { return this.#spec.tall ? 250 : 180; }

  #build() {
    const { id, title, note, wide } = this.#spec;
    const figure = element("figure", wide ? "chart wide" : "chart");
    figure.id = id;
    const heading = element("h3", "", title);
    heading.id = `${id}-title`;
    const unit = element("span", "unit", this.#spec.units.join(", "));
    unit.id = `${id}-unit`;
    figure.setAttribute("aria-labelledby", `${heading.id} ${unit.id}`);
    const caption = element("figcaption", "", note);
    const where = element("span", "where");
    const head = element("div", "chart-head");
    head.append(heading, unit, where, caption);

    const legend = element("ul", "legend");
    for (const series of this.#shown) {
      const item = element("li", series.right ? "right" : "");
      const swatch = element("span", "swatch");
      swatch.dataset.colour = series.colour;
      swatch.dataset.kind = this.#spec.stack && series !== this.#spec.over ? "area" : series.dash ? "dashed" : "solid";
      const output = element("b", "", MISSING);
      this.#outputs.push(output);
      item.append(swatch, element("span", "", series.label), output);
      if (series.right) item.append(element("span", "axis-side", "right axis"));
      legend.append(item);
    }

    const canvas = element("div", "canvas");
    canvas.setAttribute("aria-hidden", "true");
    canvas.style.height = `${this.#height}px`;
    const empty = element("p", "chart-empty");
    const details = element("details", "values");
    details.append(element("summary", "", "Values"));
    const table = element("table");
    table.id = `${id}-table`;
    const scroll = element("div", "scroll");
    scroll.append(table);
    details.append(scroll);

    figure.append(head, legend, canvas, empty, details);
    return { figure, unit, where, canvas, empty, table };
  }

  #resize() {
    const width = this.#parts.canvas.clientWidth;
    if (this.#plot && width > 0 && width !== this.#plot.width) this.#plot.setSize({ width, height: this.#height });
  }

  /** Colours come from the style sheet, so a change of colour scheme redraws. */
  forget() {
    this.#plot?.destroy();
    this.#plot = null;
  }

  draw(series, queues, view) {
    const { data, run, bounds } = this.#data(series, queues, view);
    this.#raw = data;
    this.#latest = this.#spec.queues ? data : this.#recent(series);
    const has = data[0].length > 0;
    this.#parts.figure.classList.toggle("is-empty", !has);
    this.#parts.empty.textContent = has ? "" : this.#spec.sparse ? "No evaluation in these steps." : "No values in these steps.";
    if (this.#spec.reward) this.#parts.unit.textContent = [...rewardUnits(series, view), ...this.#spec.units].join("; ");
    const drawn = this.#arrange(data, bounds);
    if (!this.#plot) this.#plot = new uPlot(this.#options(), drawn, this.#parts.canvas);
    else this.#plot.setData(drawn);
    this.#where(run);
    this.#legend(null);
    this.#table();
  }

  #data(series, queues, view) {
    const keys = this.#shown.map((one) => one.key);
    if (this.#spec.queues) return { data: queues.columns(keys), run: 1, bounds: [] };
    const all = [...keys, ...this.#spec.bands.flatMap(({ low, high }) => [low, high])];
    const { data, run } = columns(series.rows, all, view.from, view.to, this.#spec.sparse ? Infinity : this.#points);
    return { data: data.slice(0, keys.length + 1), run, bounds: data.slice(keys.length + 1) };
  }

  /** The last rows unaveraged, even if the chart averages. */
  #recent(series) {
    const keys = this.#listed.map((one) => one.key);
    const rows = [];
    for (let at = series.rows.length - 1; at >= 0 && rows.length < TABLE_ROWS; at--) {
      if (keys.some((key) => isNumber(series.rows[at][key]))) rows.unshift(series.rows[at]);
    }
    return columns(rows, keys, -Infinity, Infinity, Infinity).data;
  }

  /** The order in which uPlot draws: a stack from the top down, so that each area covers the rest. */
  #arrange(data, bounds) {
    if (!this.#spec.stack) return [...data, ...bounds];
    const layers = [];
    let sums = data[0].map(() => 0);
    this.#spec.series.forEach((_, index) => {
      sums = sums.map((sum, at) => sum + Math.max(0, data[index + 1][at] ?? 0));
      layers.unshift(sums);
    });
    return [data[0], ...layers, ...data.slice(this.#spec.series.length + 1)];
  }

  #options() {
    const spec = this.#spec;
    const muted = css("--muted");
    const grid = { stroke: css("--grid"), width: 1 };
    const font = "11px system-ui, sans-serif";
    const axis = (more) => ({ stroke: muted, grid, ticks: { show: false }, font, gap: 4, ...more });
    const rightHand = spec.series.find((one) => one.right);
    const step = !spec.queues;
    const context = this.#context;

    const axes = [
      axis({
        size: 26, space: step ? 60 : 90,
        values: (_, values) => values.map((value) => (!step ? clock(value) : Number.isInteger(value) ? count(value) : "")),
      }),
      axis({
        scale: "y", size: 46, space: 34, values: (_, values) => values.map(spec.fraction ? percentTick : tick),
        ...(spec.queues ? { splits: (plot) => DECADES.filter((value) => value <= plot.scales.y.max), filter: (_, values) => values } : {}),
      }),
    ];
    if (rightHand) {
      axes.push(axis({
        scale: "right", side: 1, size: 46, space: 34, grid: { show: false }, stroke: colourOf(rightHand.colour),
        values: (_, values) => values.map(rightHand.fraction ? percentTick : tick),
      }));
    }

    return {
      width: Math.max(120, this.#parts.canvas.clientWidth),
      height: this.#height,
      padding: [14, rightHand ? 0 : 10, 0, 0],
      legend: { show: false },
      scales: {
        x: step ? { time: false, range: () => { const view = context.view(); return [view.from, view.to]; } } : { time: true },
        y: { range: range(spec, spec.fraction), ...(spec.queues ? { distr: 4, asinh: 1, range: (_, __, high) => [0, Math.max(10, (high || 0) * 1.3)] } : {}) },
        ...(rightHand ? { right: { range: range(spec, rightHand.fraction) } } : {}),
      },
      axes,
      series: [{}, ...this.#seriesOptions()],
      bands: spec.bands.map(({ colour }, index) => {
        const low = spec.series.length + 1 + 2 * index;
        return { series: [low + 1, low], fill: colourOf(colour) + "2e" };
      }),
      cursor: {
        y: false,
        points: { size: 7 },
        drag: { x: step, y: false, setScale: false },
        ...(step ? { sync: { key: "steps", filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } } } : {}),
        bind: { dblclick: () => () => { if (step) context.zoom(null); return null; } },
      },
      hooks: {
        setCursor: [(plot) => this.#legend(plot.cursor.idx)],
        setSelect: [(plot) => this.#select(plot)],
        drawAxes: step ? [(plot) => drawPhases(plot, context.phases())] : [],
      },
    };
  }

  #seriesOptions() {
    const spec = this.#spec;
    const points = { show: (plot) => spec.sparse && plot.data[0].length <= 60, size: 5 };
    const plain = (one) => ({
      scale: one.right ? "right" : "y",
      stroke: colourOf(one.colour),
      width: one.width ?? 1.6,
      dash: one.dash,
      spanGaps: Boolean(spec.sparse),
      points: spec.sparse ? points : { show: (plot) => plot.data[0].length === 1, size: 6 },
    });
    if (spec.stack) {
      const stepped = uPlot.paths.stepped({ align: -1 });
      const layer = (one) => ({ ...plain(one), width: 0, fill: soften(colourOf(one.colour)), paths: stepped, points: { show: false } });
      return [...spec.series.map(layer).reverse(), ...(spec.over ? [{ ...plain(spec.over), width: 1.3, paths: stepped }] : [])];
    }
    const edges = spec.bands.flatMap(({ colour, right }) => {
      const edge = { scale: right ? "right" : "y", stroke: colourOf(colour) + "00", width: 0, spanGaps: true, points: { show: false } };
      return [edge, edge];
    });
    return [...spec.series.map(plain), ...edges];
  }

  #select(plot) {
    const { left, width } = plot.select;
    if (width < 6) return;
    const from = plot.posToVal(left, "x");
    const to = plot.posToVal(left + width, "x");
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#context.zoom({ from: Math.floor(from), to: Math.ceil(to) });
  }

  #where(run) {
    this.#parts.where.dataset.rest = run > 1 ? `means of ${run} steps` : "";
    this.#parts.where.textContent = this.#parts.where.dataset.rest;
  }

  /** Values under the cursor, or the latest ones. */
  #legend(index) {
    const [steps] = this.#raw;
    const hovering = isNumber(index) && index < steps.length;
    this.#shown.forEach((series, at) => {
      const value = hovering ? this.#raw[at + 1]?.[index] : this.#latest[at + 1]?.findLast(isNumber);
      this.#outputs[at].textContent = series.format(value);
    });
    const rest = this.#parts.where.dataset.rest ?? "";
    if (!hovering) this.#parts.where.textContent = rest;
    else if (this.#spec.queues) this.#parts.where.textContent = clock(steps[index]);
    else this.#parts.where.textContent = `step ${count(steps[index])}`;
  }

  #table() {
    const [steps] = this.#latest;
    const head = element("tr");
    const first = element("th", "", this.#spec.queues ? "time" : "step");
    first.scope = "col";
    head.append(first);
    for (const series of this.#listed) {
      const cell = element("th", "", series.label);
      cell.scope = "col";
      head.append(cell);
    }
    const body = [];
    for (let at = steps.length - 1; at >= Math.max(0, steps.length - TABLE_ROWS); at--) {
      const row = element("tr");
      const name = element("th", "", this.#spec.queues ? clock(steps[at]) : count(steps[at]));
      name.scope = "row";
      row.append(name);
      this.#listed.forEach((series, index) => row.append(element("td", "", series.format(this.#latest[index + 1][at]))));
      body.push(row);
    }
    const caption = element("caption", "unseen", `${this.#spec.title}: latest values`);
    this.#parts.table.replaceChildren(caption, head, ...body);
  }
}

const clock = (secondsSinceEpoch) => new Date(secondsSinceEpoch * 1000).toLocaleTimeString([], { hour12: false });

/** A vertical line where a phase begins, with its name. */
function drawPhases(plot, phases) {
  const { ctx, bbox } = plot;
  const { min, max } = plot.scales.x;
  if (!isNumber(min) || !isNumber(max)) return;
  const pixel = devicePixelRatio || 1;
  ctx.save();
  ctx.strokeStyle = css("--phase");
  ctx.fillStyle = css("--muted");
  ctx.lineWidth = pixel;
  ctx.font = `${10.5 * pixel}px system-ui, sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "bottom";
  phases.forEach(({ step, phase }, index) => {
    const begins = index === 0 ? step : step - 0.5;
    if (begins > max) return;
    const next = phases[index + 1];
    if (next && next.step - 0.5 < min) return;
    const left = Math.max(bbox.left, Math.round(plot.valToPos(begins, "x", true)));
    const right = next ? Math.min(bbox.left + bbox.width, plot.valToPos(next.step - 0.5, "x", true)) : bbox.left + bbox.width;
    if (index > 0 && begins >= min) {
      ctx.setLineDash([4 * pixel, 3 * pixel]);
      ctx.beginPath();
      ctx.moveTo(left + 0.5, bbox.top - 12 * pixel);
      ctx.lineTo(left + 0.5, bbox.top + bbox.height);
      ctx.stroke();
    }
    const label = String(phase).slice(0, 24);
    if (ctx.measureText(label).width + 8 * pixel < right - left) ctx.fillText(label, left + 4 * pixel, bbox.top - pixel);
  });
  ctx.restore();
}

/** The units of the rewards in a range of steps: more than one if phases differ. */
function rewardUnits(series, view) {
  const rows = series.rows.filter((row) => row.step >= view.from && row.step <= view.to);
  return new Set(rows.map((row) => row["reward/unit"]).filter(Boolean));
}

/** All charts of the page. `context` provides the steps to show and the phases, and receives zooms. */
export function createCharts(context) {
  const charts = new Map();
  let known = null;
  let drawnKeys = "";

  /** Creates the charts for the current metrics, and keeps those that are unchanged. */
  function arrange(catalogue, series, queues) {
    const keys = JSON.stringify([[...series.keys].sort(), queues.names]);
    if (catalogue === known && keys === drawnKeys) return;
    known = catalogue;
    drawnKeys = keys;
    const specs = catalogue.charts(series.keys);
    if (queues.names.length > 0) specs.push(queueChart(queues.names));
    const places = new Map([...document.querySelectorAll(".charts")].map((place) => [place, []]));
    const before = new Map(charts);
    charts.clear();
    for (const spec of specs) {
      const shape = JSON.stringify(spec);
      const old = before.get(spec.id);
      const chart = old?.shape === shape ? old.chart : new Chart(spec, context);
      charts.set(spec.id, { chart, shape });
      places.get(document.getElementById(`charts-${spec.place}`)).push(chart.figure);
    }
    for (const [place, figures] of places) place.replaceChildren(...figures);
  }

  return {
    draw(catalogue, series, queues) {
      arrange(catalogue, series, queues);
      const view = context.view();
      for (const { chart } of charts.values()) chart.draw(series, queues, view);
    },
    forget() {
      for (const { chart } of charts.values()) chart.forget();
    },
  };
}
