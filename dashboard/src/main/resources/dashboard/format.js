/* Formats numbers and text for display. Everything here is a pure function. */

export const MISSING = "—";

/** True for a number that can be drawn. */
export const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

const properMinus = (text) => text.replaceAll("-", "−");

/** About three significant digits: 12.3k, 4.57, 0.0123, 3.1e−8. */
export function number(value) {
  if (!isNumber(value)) return MISSING;
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e9) return properMinus((value / 1e9).toPrecision(3) + "G");
  if (size >= 1e6) return properMinus((value / 1e6).toPrecision(3) + "M");
  if (size >= 1e4) return properMinus((value / 1e3).toPrecision(3) + "k");
  if (Number.isInteger(value)) return properMinus(String(value));
  if (size >= 100) return properMinus(value.toFixed(0));
  if (size >= 10) return properMinus(value.toFixed(1));
  if (size >= 1) return properMinus(value.toFixed(2));
  if (size >= 0.001) return properMinus(value.toFixed(size >= 0.1 ? 3 : 4));
  return properMinus(value.toExponential(1));
}

/** An axis tick: as short as possible. */
export function tick(value) {
  if (!isNumber(value)) return "";
  const size = Math.abs(value);
  if (size >= 1e6) return properMinus(Number((value / 1e6).toPrecision(4)) + "M");
  if (size >= 1e4) return properMinus(Number((value / 1e3).toPrecision(4)) + "k");
  if (size !== 0 && size < 0.001) return properMinus(value.toExponential(0));
  return properMinus(String(Number(value.toPrecision(6))));
}

/** A number that always shows its sign. */
export const signed = (value) => (isNumber(value) && value > 0 ? "+" : "") + number(value);

/** A fraction as a percentage: 97.5%, 0.12%. */
export const percent = (value) => (isNumber(value)
  ? properMinus((value * 100).toFixed(value !== 0 && Math.abs(value) < 0.01 ? 2 : 1)) + "%" : MISSING);

export const percentTick = (value) => (isNumber(value) ? Number((value * 100).toPrecision(3)) + "%" : "");

/** A whole number with narrow unbreakable spaces between thousands. */
export const count = (value) =>
  isNumber(value) ? Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, "\u202f") : MISSING;

/** Seconds: 340 ms, 4.2 s. */
export const seconds = (value) => (isNumber(value) && Math.abs(value) < 1 ? Math.round(value * 1000) + " ms"
  : isNumber(value) ? number(value) + " s" : MISSING);

/** A long duration in seconds: 48 s, 12 min, 3 h 20 min, 2 d 4 h. */
export function duration(value) {
  if (!isNumber(value) || value < 0) return MISSING;
  if (value < 90) return Math.round(value) + " s";
  const minutes = Math.round(value / 60);
  if (minutes < 60) return minutes + " min";
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return hours + " h" + (minutes % 60 ? " " + (minutes % 60) + " min" : "");
  return Math.floor(hours / 24) + " d" + (hours % 24 ? " " + (hours % 24) + " h" : "");
}

const MARKS = { " ": "·", "\n": "↵", "\t": "⇥", "\r": "␍" };
// Control characters, and those that reorder or hide text: shown by code, never interpreted.
const HIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/;

const codePoint = (character) => "U+" + character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");

/**
 * Untrusted text as text nodes. With `marks`, every space, tab and newline is visible; a newline is both shown and
 * applied.
 */
export function visibleText(text, marks = false) {
  const nodes = document.createDocumentFragment();
  let plain = "";
  const flush = () => {
    if (plain) nodes.append(plain);
    plain = "";
  };
  for (const character of String(text ?? "")) {
    const mark = marks ? MARKS[character] : undefined;
    if (mark === undefined && !HIDDEN.test(character)) {
      plain += character;
      continue;
    }
    flush();
    const shown = document.createElement("span");
    shown.className = mark ? "mark" : "mark code-point";
    shown.textContent = mark ?? codePoint(character);
    nodes.append(shown);
    if (character === "\n") nodes.append("\n");
  }
  flush();
  return nodes;
}

/** An element in one call; text goes through textContent. */
export function element(tag, className = "", text = undefined) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}
