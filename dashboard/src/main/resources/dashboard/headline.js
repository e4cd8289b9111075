/* The header and the row of headline numbers. */

import { count, duration, element, isNumber, MISSING, number, objectiveTitle, percent, signed } from "./format.js";

const byId = (id) => document.getElementById(id);

const ANNOUNCE_MS = 20_000;
const RECENT_STEPS = 20;

let announced = { text: "", at: 0, key: "" };

/** Speaks a state at once, and a mere change of a count now and then. */
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
    const title = objectiveTitle(phase.objective);
    place.append(`Phase ${isNumber(phase.index) ? phase.index + 1 : ""} `, objective);
    if (title) place.append(element("span", "objective-title", title));
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

/** One bar for the whole run: phases as segments, the present one filled as far as it has come. */
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

const put = (id, value, note) => {
  byId(id).textContent = value;
  byId(`${id}-note`).textContent = note;
};

/** The row of numbers, from the newest rows. */
export function showHeadlines(series) {
  const gain = series.latest("heldout/information_gain");
  const low = gain?.["heldout/information_gain_low"];
  const high = gain?.["heldout/information_gain_high"];
  const answers = series.latest("heldout/accuracy_with_thought");
  put("headline-information-gain", signed(gain?.["heldout/information_gain"]),
    !gain ? answers ? "not of responses that state their answer" : "no evaluation yet"
      : `${isNumber(low) && isNumber(high) ? `95% interval ${signed(low)} to ${signed(high)}, ` : ""}step ${count(gain.step)}`);
  byId("headline-information-gain").dataset.verdict = low > 0 ? "positive" : high < 0 ? "negative" : "open";

  const accuracy = series.latest("heldout/accuracy_with_thought") ?? series.latest("heldout/accuracy_without_thought");
  put("headline-accuracy", percent(accuracy?.["heldout/accuracy_with_thought"]),
    accuracy ? `without thought ${percent(accuracy["heldout/accuracy_without_thought"])}` : "no evaluation yet");

  const loss = series.latest("heldout/no_thought_loss");
  const before = series.earliest("heldout/no_thought_loss");
  put("headline-no-thought-loss", number(loss?.["heldout/no_thought_loss"]),
    !loss ? "no evaluation yet" : loss === before ? "first evaluation"
      : `from ${number(before["heldout/no_thought_loss"])} at step ${count(before.step)}`);

  const { last } = series;
  const reward = last?.["reward/mean"];
  const positive = last?.["reward/positive_fraction"];
  put("headline-reward", signed(reward),
    !last ? "" : !isNumber(reward) ? `no thoughts in phase ${last.phase ?? MISSING}`
      : isNumber(positive) ? `${percent(positive)} of thoughts help` : `step ${count(last.step)}`);

  const length = last?.["response_length/mean"];
  put("headline-sampling", number(last?.["perf/sampling_tokens_per_s"]), isNumber(length) ? `${number(length)} tokens per thought` : "");
  const time = last?.["timing_s/step"];
  put("headline-training", number(last?.["perf/training_tokens_per_s"]), isNumber(time) ? `${number(time)} s per step` : "");
  document.title = [gain ? `${signed(gain["heldout/information_gain"])} nats` : "", last ? `step ${last.step}` : "", "Foretell"].filter(Boolean).join(" · ");
}

/** Whether the server is there. */
export function showConnection(connection, since, reason) {
  const place = byId("connection");
  place.dataset.connection = connection;
  place.textContent = { live: "live", connecting: "connecting", gone: "server gone" }[connection];
  document.documentElement.dataset.connection = connection;
  const gone = byId("server-gone");
  const text = connection === "gone"
    ? `The server is gone since ${since.toLocaleTimeString([], { hour12: false })}${reason ? ` (${reason})` : ""}. What you see is what it last said; trying again every few seconds.` : "";
  if (gone.textContent !== text) gone.textContent = text;
  gone.hidden = connection !== "gone";
}
