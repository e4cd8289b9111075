/* The header and the row of headline numbers. */

import { HELD_OUT, unitOf } from "./catalogue.js";
import { count, duration, element, isNumber } from "./format.js";

const byId = (id) => document.getElementById(id);

const ANNOUNCE_MS = 20_000;
const RECENT_STEPS = 20;

let announced = { text: "", at: 0, key: "" };

/** Announces a new state at once, and a mere change of a count only occasionally. */
function announce(text, key) {
  const now = Date.now();
  if (text === announced.text || (key === announced.key && now - announced.at < ANNOUNCE_MS)) return;
  announced = { text, at: now, key };
  byId("status-announcer").textContent = text;
}

function sentence(text) {
  const trimmed = String(text).trim();
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
}

/** The header, from a status object. */
export function showStatus(status, series) {
  const { phase } = status;
  byId("run-name").textContent = status.run ?? "";
  byId("state").textContent = status.state ?? "unknown";
  byId("state").dataset.state = status.state ?? "unknown";
  byId("step").textContent = isNumber(status.total_steps) ? `${count(status.step)} of ${count(status.total_steps)}` : count(status.step);
  byId("policy-version").textContent = count(status.policy_version);
  byId("uptime").textContent = duration(status.uptime_s);

  const place = byId("phase");
  place.replaceChildren();
  if (phase) {
    const objective = element("b", "objective", phase.objective ?? "");
    place.append(`Phase ${isNumber(phase.index) ? phase.index + 1 : ""} `, objective);
    if (phase.title) place.append(element("span", "objective-title", phase.title));
    place.append(element("span", "phase-step", `step ${count(phase.step)}${isNumber(phase.steps) ? ` of ${count(phase.steps)}` : ""}`));
  }

  const line = status.waiting_for ? `Waiting for ${status.waiting_for}` : `${sentence(status.state ?? "running")}, nothing to wait for`;
  byId("status-line").textContent = line;
  announce(line, `${status.state} ${phase?.index}`);

  const vocabulary = byId("vocabulary");
  vocabulary.hidden = !status.vocabulary;
  vocabulary.textContent = status.vocabulary ? `One iteration: ${status.vocabulary}` : "";

  showRemaining(status, series);
  showTrack(status, series);
}

function showRemaining(status, series) {
  const recent = series.rows.slice(-RECENT_STEPS).map((row) => row["timing_s/step"]).filter(isNumber);
  const left = status.total_steps - status.step;
  const place = byId("remaining");
  place.hidden = !(recent.length > 2 && left > 0 && status.state !== "paused");
  if (place.hidden) return;
  const perStep = recent.reduce((sum, value) => sum + value, 0) / recent.length;
  place.textContent = `about ${duration(left * perStep)} left at this pace`;
}

/** One bar for the whole run: phases as segments, the current one filled by its progress. */
function showTrack(status, series) {
  const { phase } = status;
  const begins = isNumber(phase?.step) ? status.step - phase.step : 0;
  const ends = isNumber(phase?.steps) ? begins + phase.steps : status.total_steps;
  const total = isNumber(status.total_steps) ? Math.max(status.total_steps, ends || 0) : ends;
  const track = byId("track");
  track.hidden = !(total > 0);
  if (track.hidden) return;

  const bounds = series.phases().map((start) => ({ from: Math.max(0, start.step - 1), name: start.phase })).filter((start) => start.from < begins);
  if (bounds.length > 0) bounds[0].from = 0;
  if (bounds.length === 0 && begins > 0) bounds.push({ from: 0, name: "" });
  const segments = bounds.map((start, index) => ({ ...start, to: bounds[index + 1]?.from ?? begins, done: 1, kind: "past" }));
  segments.push({ from: begins, to: ends, name: phase?.objective ?? "", done: (status.step - begins) / Math.max(1, ends - begins), kind: "now" });
  if (total > ends) segments.push({ from: ends, to: total, name: "", done: 0, kind: "next" });

  track.replaceChildren(...segments.map((segment) => {
    const piece = element("span", `segment ${segment.kind}`);
    piece.style.flexGrow = String(Math.max(1, segment.to - segment.from));
    if (segment.done < 0.12) piece.classList.add("bare");
    const fill = element("span", "fill");
    fill.style.width = `${Math.max(0, Math.min(1, segment.done)) * 100}%`;
    piece.append(fill);
    if (segment.name) piece.append(element("span", "name", segment.name));
    return piece;
  }));
}

const MAX_HEADLINES = 6;

let shownHeadlines = "";

/** One box per headline; the first held-out measure comes first. */
function buildHeadlines(metrics) {
  const names = metrics.map((metric) => metric.name).join(" ");
  if (names === shownHeadlines) return;
  shownHeadlines = names;
  document.querySelector("#headlines dl").replaceChildren(...metrics.map((metric, index) => {
    const id = headlineId(metric);
    const box = element("div", index === 0 && metric.name.startsWith(HELD_OUT) ? "headline lead" : "headline");
    const value = element("span", "value");
    value.id = id;
    const number = element("dd");
    number.append(value, " ", element("span", "unit", unitOf(metric)));
    const note = element("dd", "note");
    note.id = `${id}-note`;
    box.append(element("dt", "", metric.headline), number, note);
    return box;
  }));
}

const headlineId = (metric) => `headline-${metric.name.replace(HELD_OUT, "").replace(/[^a-z]+/g, "-")}`;

/**
 * The small print: the unit of the reward, the interval, the value at the start of the phase, and the paired metric.
 */
function headlineNote(metric, row, series, catalogue) {
  const { format } = catalogue.describe(metric.name);
  const low = row[`${metric.name}_low`];
  const high = row[`${metric.name}_high`];
  const notes = [];
  if (metric.unit === "reward" && row["reward/unit"]) notes.push(row["reward/unit"]);
  if (isNumber(low) && isNumber(high)) notes.push(`95% interval ${format(low)} to ${format(high)}`);
  if (metric.name.startsWith(HELD_OUT) && !metric.beside) {
    const before = series.before(metric.name);
    notes.push(before === row ? "first evaluation" : `from ${format(before[metric.name])} at step ${count(before.step)}`);
  }
  if (metric.beside && isNumber(row[metric.beside])) {
    const beside = catalogue.describe(metric.beside);
    notes.push([beside.label, beside.format(row[metric.beside]), beside.unit].filter(Boolean).join(" "));
  }
  return notes.join(", ");
}

/** The row of numbers, from the newest rows that have them. */
export function showHeadlines(series, catalogue) {
  const all = catalogue.headlines(series.keys);
  const measured = all.filter((metric) => metric.name.startsWith(HELD_OUT)).slice(0, MAX_HEADLINES / 2);
  const metrics = [...measured, ...all.filter((metric) => !metric.name.startsWith(HELD_OUT))].slice(0, MAX_HEADLINES);
  byId("headlines").hidden = metrics.length === 0;
  buildHeadlines(metrics);
  for (const metric of metrics) {
    const row = series.latest(metric.name);
    const value = byId(headlineId(metric));
    value.textContent = catalogue.describe(metric.name).format(row[metric.name]);
    byId(`${value.id}-note`).textContent = headlineNote(metric, row, series, catalogue);
    const [low, high] = [row[`${metric.name}_low`], row[`${metric.name}_high`]];
    value.dataset.verdict = metric.signed && low > 0 ? "positive" : metric.signed && high < 0 ? "negative" : "open";
  }
  const lead = measured[0];
  const { format, unit } = lead ? catalogue.describe(lead.name) : {};
  document.title = [lead ? `${format(series.latest(lead.name)[lead.name])} ${unit}`.trim() : "",
    series.last ? `step ${series.last.step}` : "", "Foretell"].filter(Boolean).join(" · ");
}

/** Shows the connection to the server. */
export function showConnection(connection, since, reason) {
  const place = byId("connection");
  place.dataset.connection = connection;
  place.textContent = { live: "live", connecting: "connecting", gone: "server gone" }[connection];
  document.documentElement.dataset.connection = connection;
  const gone = byId("server-gone");
  const text = connection === "gone"
    ? `The server has been gone since ${since.toLocaleTimeString([], { hour12: false })}${reason ? ` (${reason})` : ""}. The page shows what it said last and retries every few seconds.` : "";
  if (gone.textContent !== text) gone.textContent = text;
  gone.hidden = connection !== "gone";
}
