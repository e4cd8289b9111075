/* The browser of recent groups. Text of documents and responses is untrusted: text nodes only. */

import { readRecentRollouts } from "./api.js";
import { count, element, isNumber, MISSING, number, signed, visibleText } from "./format.js";

const LIMIT = 50;
const PAUSE_MS = 4_000;
const TAIL = 28;

const list = document.getElementById("rollout-list");
const detail = document.getElementById("rollout-detail");
const follow = document.getElementById("rollout-follow");

let groups = [];
let selected = null; // a full copy, so it stays readable after the server has dropped it
let loading = false;
let again = false;
let loadedAt = -Infinity;
let arrived = false;
let failure = "";

const linkOf = (group) => `#group=${encodeURIComponent(group.group_id)}`;

function linkedId() {
  if (!location.hash.startsWith("#group=")) return null;
  try {
    return decodeURIComponent(location.hash.slice("#group=".length));
  } catch {
    return null;
  }
}

const rewards = (group) => (group.rollouts ?? []).map((rollout) => rollout.reward).filter(isNumber);

/** Fetches the recent groups, at most once every few seconds. */
export async function refreshRollouts({ force = false } = {}) {
  if (!force && !follow.checked) return;
  if (loading) {
    again = true;
    return;
  }
  loading = true;
  await new Promise((done) => setTimeout(done, Math.max(0, force ? 0 : loadedAt + PAUSE_MS - Date.now())));
  try {
    groups = await readRecentRollouts(LIMIT);
    failure = "";
  } catch (error) {
    failure = error.message;
  }
  loadedAt = Date.now();
  loading = false;
  choose();
  drawList();
  drawDetail();
  if (!arrived && linkedId() !== null) {
    document.getElementById("rollouts").scrollIntoView();
    const option = list.querySelector("[aria-selected=true]");
    if (option) keepInView(option);
  }
  arrived = true;
  if (again) {
    again = false;
    refreshRollouts();
  }
}

/** Clears everything when another run is shown. */
export function clearRollouts() {
  groups = [];
  selected = null;
}

function choose() {
  const wanted = linkedId();
  if (wanted !== null) {
    selected = groups.find((group) => group.group_id === wanted) ?? (selected?.group_id === wanted ? selected : null);
  } else {
    selected = (selected && groups.find((group) => group.group_id === selected.group_id)) ?? selected ?? groups[0] ?? null;
  }
}

function select(group, { focus = false } = {}) {
  selected = group;
  history.replaceState(null, "", linkOf(group));
  drawList();
  drawDetail();
  const option = list.querySelector("[aria-selected=true]");
  if (option && focus) keepInView(option);
}

/** Scrolls the list only, never the page. */
function keepInView(option) {
  const box = list.getBoundingClientRect();
  const place = option.getBoundingClientRect();
  if (place.top < box.top) list.scrollTop -= box.top - place.top;
  if (place.bottom > box.bottom) list.scrollTop += place.bottom - box.bottom;
}

let drawnList = "";

function drawList() {
  const key = JSON.stringify([groups.map((group) => group.group_id), selected?.group_id, failure]);
  if (key === drawnList) return;
  drawnList = key;
  const options = groups.map((group, index) => {
    const option = element("li", "option");
    option.id = `rollout-option-${index}`;
    option.setAttribute("role", "option");
    const chosen = group.group_id === selected?.group_id;
    option.setAttribute("aria-selected", String(chosen));
    if (chosen) list.setAttribute("aria-activedescendant", option.id);

    const text = element("span", "excerpt");
    const prefix = String(group.prefix ?? "");
    text.append(visibleText((prefix.length > TAIL ? "…" : "") + prefix.slice(-TAIL).replaceAll("\n", "↵")));
    const target = element("span", "target");
    target.append(visibleText(String(group.target ?? "").slice(0, 24).replaceAll("\n", "↵"), true));
    text.append(target);

    const values = rewards(group);
    const best = values.length ? Math.max(...values) : NaN;
    const mean = values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : NaN;
    const line = element("span", "option-line");
    line.append(
      element("span", "", `step ${count(group.step)}`),
      element("span", mean >= 0 ? "positive" : "negative", `mean ${signed(mean)}`),
      element("span", best >= 0 ? "positive" : "negative", `best ${signed(best)}`),
    );
    option.append(text, line);
    option.addEventListener("click", () => select(group));
    return option;
  });
  if (options.length === 0) {
    const none = element("li", "none", failure ? `The groups could not be read: ${failure}` : "No group yet: only phases that sample rollouts have some.");
    none.setAttribute("role", "presentation");
    options.push(none);
  }
  if (!groups.some((group) => group.group_id === selected?.group_id)) list.removeAttribute("aria-activedescendant");
  const top = list.scrollTop;
  list.replaceChildren(...options);
  list.scrollTop = top;
}

let drawnDetail = null;

function drawDetail() {
  if (!selected) {
    const wanted = linkedId();
    drawnDetail = null;
    const title = element("h3", "unseen", "No group");
    title.id = "rollout-detail-title";
    detail.replaceChildren(title, element("p", "none", wanted ? `Group ${wanted} is not among the recent ones.` : "Choose a group to read its responses."));
    return;
  }
  const key = JSON.stringify(selected);
  if (drawnDetail === key) return;
  drawnDetail = key;
  const group = selected;

  const head = element("div", "detail-head");
  const title = element("h3", "", "Group ");
  title.id = "rollout-detail-title";
  const name = element("a", "group-id", group.group_id);
  name.href = linkOf(group);
  title.append(name);
  const facts = element("dl", "facts");
  for (const [term, value] of [
    ["step", count(group.step)],
    ["objective", [group.objective ?? MISSING, group.role].filter(Boolean).join(" · ")],
    ["document", group.document_id ?? MISSING],
    ...(group.reward_unit ? [["reward", group.reward_unit]] : []),
    ...(isNumber(group.score_baseline) ? [["score without thought", `${number(group.score_baseline)} nats`]] : []),
  ]) {
    const pair = element("div");
    pair.append(element("dt", "", term), element("dd", "", value));
    facts.append(pair);
  }
  head.append(title, facts);

  const passage = element("div", "passage");
  const text = element("pre", "text");
  text.tabIndex = 0;
  text.setAttribute("aria-label", "The document up to here, and its true next tokens");
  text.append(visibleText(group.prefix));
  const target = element("mark", "target");
  target.append(visibleText(group.target, true));
  if (group.prefix && group.role) text.append("\n\n");
  text.append(target);
  const note = !group.role
    ? "Marked: the true next tokens, which the responses do not see."
    : group.prefix
      ? "Marked: the true answer, which the responses do not see."
      : "Marked: the text that the responses are about.";
  passage.append(text, element("p", "passage-note", note));

  const rollouts = [...(group.rollouts ?? [])].sort((a, b) => (isNumber(b.reward) ? b.reward : -Infinity) - (isNumber(a.reward) ? a.reward : -Infinity));
  const scale = (field) => Math.max(1e-9, ...rollouts.map((one) => Math.abs(one[field])).filter(isNumber));
  const scales = { reward: scale("reward"), advantage: scale("advantage") };
  const thoughts = element("ol", "thoughts");
  thoughts.id = "rollout-thoughts";
  thoughts.append(...rollouts.map((one) => thought(one, scales)));
  detail.replaceChildren(head, passage, thoughts);
  text.scrollTop = text.scrollHeight;
}

function thought(rollout, scales) {
  const failed = rollout.status && rollout.status.toUpperCase() !== "OK";
  const truncated = rollout.forced || (rollout.finish_reason && rollout.finish_reason.toUpperCase() === "LENGTH");
  const card = element("li", `thought${truncated ? " truncated" : ""}${failed ? " failed" : ""}`);

  const bars = element("div", "bars");
  bars.append(bar("reward", rollout.reward, scales.reward), bar("advantage", rollout.advantage, scales.advantage));

  const body = element("div", "thought-body");
  const text = element("pre", "text");
  const written = String(rollout.thought ?? "");
  const end = written.lastIndexOf("</think>");
  if (written === "") text.append(element("span", "nothing", "(empty response)"));
  else if (end >= 0 && written.slice(end).trim() === "</think>") {
    text.append(visibleText(written.slice(0, end)), element("span", "closing", written.slice(end)));
  } else text.append(visibleText(written));

  const line = element("p", "thought-line");
  if (truncated) line.append(element("span", "badge truncated", "truncated"));
  if (rollout.forced) line.append(element("span", "badge", "end forced"));
  if (rollout.rank) line.append(element("span", "badge", rollout.rank));
  if (rollout.origin === "DOCUMENT") line.append(element("span", "badge", "the document's own"));
  if (rollout.origin === "REWRITE") line.append(element("span", "badge", "rewrite"));
  if (failed) line.append(element("span", "badge failed", `${rollout.status.toLowerCase()}${rollout.reason ? `: ${rollout.reason}` : ""}`));
  line.append(element("span", "", `#${rollout.sample_index ?? "?"}`), element("span", "", `${count(rollout.tokens)} tokens`));
  if (rollout.policy_version >= 0) line.append(element("span", "", `version ${count(rollout.policy_version)}`));
  for (const [component, value] of Object.entries(rollout.components ?? {})) {
    if (isNumber(value) && component !== "score_baseline") line.append(element("span", "component", `${component.replaceAll("_", " ")} ${signed(value)}`));
  }
  body.append(text, line);
  card.append(bars, body);
  return card;
}

/** A signed bar that grows from the middle. */
function bar(label, value, scale) {
  const row = element("div", "bar");
  const track = element("span", "bar-track");
  track.setAttribute("aria-hidden", "true");
  if (isNumber(value)) {
    const fill = element("span", `bar-fill ${value < 0 ? "negative" : "positive"}`);
    fill.style.width = `${Math.min(1, Math.abs(value) / scale) * 50}%`;
    track.append(fill);
  }
  row.append(element("span", "bar-label", label), track, element("b", "bar-value", signed(value)));
  return row;
}

list.addEventListener("keydown", (event) => {
  const at = groups.findIndex((group) => group.group_id === selected?.group_id);
  const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? 0 : at - 1, Home: 0, End: groups.length - 1, PageDown: at + 8, PageUp: at - 8 }[event.key];
  if (to === undefined || groups.length === 0) return;
  event.preventDefault();
  select(groups[Math.max(0, Math.min(groups.length - 1, to))], { focus: true });
});

follow.addEventListener("change", () => refreshRollouts());

addEventListener("hashchange", () => {
  if (linkedId() === null) return;
  choose();
  drawList();
  drawDetail();
});
