/*
 * Renders a chat template with @huggingface/jinja. Where that writes another text than Python's Jinja2 without saying
 * so, and templates do it, it is corrected or refused here.
 */
for (const type of [Array, String]) {
  type.prototype.at ??= function (index) { return this[index < 0 ? this.length + index : index]; };
}
const MOST_CHARACTERS = 4 * 1024 * 1024;
const { Environment, Interpreter, Template } = module.exports;

const TEXT_FILTERS = ["capitalize", "length", "lower", "replace", "title", "trim", "upper"];

const valueOf = (plain) => new Environment().set("value", plain);
const given = (value) => ({ type: "Given", value });
const isNumber = ({ type }) => ["IntegerValue", "FloatValue", "BooleanValue"].includes(type);
const isText = ({ type }) => type === "StringValue";

/** A value as Python prints it. */
function printed(value) {
  switch (value.type) {
    case "UndefinedValue": return "";
    case "NullValue": return "None";
    case "BooleanValue": return value.value ? "True" : "False";
    case "StringValue": case "IntegerValue": case "FloatValue": return value.toString();
    case "ArrayValue": return `[${value.value.map(quoted).join(", ")}]`;
    case "TupleValue": return `(${value.value.map(quoted).join(", ")}${value.value.length === 1 ? "," : ""})`;
    case "ObjectValue": return `{${[...value.value].map(([key, item]) => `${repr(key)}: ${quoted(item)}`).join(", ")}}`;
    default: throw new Error(`something of type ${value.type} is printed`);
  }
}

/** A value as Python prints it inside a list. */
function quoted(value) {
  return isText(value) ? repr(value.value) : value.type === "UndefinedValue" ? "Undefined" : printed(value);
}

/** A text as Python's repr() writes it. */
function repr(text) {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", [quote]: `\\${quote}` };
  const written = text.replace(/[\\'"]|[\p{C}\p{Z}]/gu, (letter) => {
    const code = letter.codePointAt(0);
    const [prefix, digits] = code < 256 ? ["\\x", 2] : code < 65536 ? ["\\u", 4] : ["\\U", 8];
    return escaped[letter] ?? (/[ '"]/.test(letter) ? letter : prefix + code.toString(16).padStart(digits, "0"));
  });
  return quote + written + quote;
}

/** Whether two values are equal in Python. */
function equal(left, right) {
  if (isNumber(left) && isNumber(right)) return Number(left.value) === Number(right.value);
  if (left.type !== right.type) return false;
  const [one, other] = [left.value, right.value];
  if (Array.isArray(one)) return one.length === other.length && one.every((item, i) => equal(item, other[i]));
  if (!(one instanceof Map)) return one === other;
  return one.size === other.size && [...one].every(([key, item]) => other.has(key) && equal(item, other.get(key)));
}

/** The text without the characters of a set at its ends. */
function stripped(text, characters, method) {
  const all = Array.from(text);
  const set = new Set(characters);
  let start = 0;
  let end = all.length;
  while (method !== "rstrip" && start < end && set.has(all[start])) start++;
  while (method !== "lstrip" && start < end && set.has(all[end - 1])) end--;
  return all.slice(start, end).join("");
}

class Renderer extends Interpreter {
  loopBodies = new Set();

  /* A text that is too long for a prompt ends the rendering before it takes all memory, which the engine cannot bear. */
  evaluate(node, scope) {
    const value = node?.type === "Given" ? node.value : super.evaluate(node, scope);
    if (isText(value) && value.value.length > MOST_CHARACTERS) {
      throw new Error(`a text of more than ${MOST_CHARACTERS} characters is made`);
    }
    return value;
  }

  /* What a round of a loop sets ends with the round, and what it wrote before 'continue' stays. */
  evaluateBlock(statements, scope) {
    const isRound = this.loopBodies.has(statements);
    const inner = isRound ? new Environment(scope) : scope;
    let text = "";
    try {
      for (const statement of statements) {
        const value = this.evaluate(statement, inner);
        text += ["Set", "Macro", "Comment"].includes(statement.type) ? "" : printed(value);
      }
    } catch (control) {
      if (!["BreakControl", "ContinueControl"].includes(control.constructor.name)) throw control;
      control.text = text + (control.text ?? "");
      if (!isRound || !control.text) throw control;
      if (control.constructor.name === "BreakControl") {
        throw new Error("a round of a loop writes something before 'break'");
      }
      text = control.text;
    }
    return valueOf(text);
  }

  evaluateFor(node, scope) {
    this.loopBodies.add(node.body);
    return super.evaluateFor(node, scope);
  }

  evaluateMemberExpression(node, scope) {
    const object = this.evaluate(node.object, scope);
    if (object.type === "UndefinedValue") {
      throw new Error(`something is asked of '${node.object.value ?? node.object.property?.value}', which is not there`);
    }
    return super.evaluateMemberExpression({ ...node, object: given(object) }, scope);
  }

  evaluateBinaryExpression(node, scope) {
    const operator = node.operator.value;
    if (!["==", "!=", "+", "~"].includes(operator)) return super.evaluateBinaryExpression(node, scope);
    const left = this.evaluate(node.left, scope);
    const right = this.evaluate(node.right, scope);
    if (operator === "~") return valueOf(printed(left) + printed(right));
    if (operator !== "+") return valueOf(equal(left, right) === (operator === "=="));
    if (isText(left) !== isText(right)) throw new Error("a text and something else are added with +");
    return super.evaluateBinaryExpression({ ...node, left: given(left), right: given(right) }, scope);
  }

  evaluateCallExpression(node, scope) {
    const method = node.callee.type === "MemberExpression" && !node.callee.computed && node.callee.property.value;
    if (node.args.length === 1 && ["strip", "lstrip", "rstrip"].includes(method)) {
      const [text, characters] = [node.callee.object, node.args[0]].map((each) => this.evaluate(each, scope));
      if (isText(text) && isText(characters)) return valueOf(stripped(text.value, characters.value, method));
    }
    return super.evaluateCallExpression(node, scope);
  }

  applyFilter(operand, filter, scope) {
    const name = (filter.callee ?? filter).value;
    if (name === "string") return valueOf(printed(operand));
    if (name === "join" && Array.isArray(operand.value)) {
      return super.applyFilter(valueOf(operand.value.map(printed)), filter, scope);
    }
    const test = filter.args?.[1]?.value;
    if (["selectattr", "rejectattr"].includes(name) && ["defined", "undefined"].includes(test)) {
      const attribute = this.evaluate(filter.args[0], scope).value;
      const wanted = (name === "selectattr") === (test === "defined");
      return new operand.constructor(operand.value.filter((item) => item.value.has(attribute) === wanted));
    }
    const isEmptyText = operand.type === "UndefinedValue" && TEXT_FILTERS.includes(name);
    return super.applyFilter(isEmptyText ? valueOf("") : operand, filter, scope);
  }
}

function range(start, stop, step = 1) {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const numbers = [];
  for (let i = from; step > 0 ? i < to : i > to; i += step) numbers.push(i);
  return numbers;
}

/** The template as statements; blocks of transformers' tag 'generation' are rendered as they are. */
function parsed(source) {
  const lines = source.replace(/\r\n?/g, "\n");
  const plain = lines.replace(/({%[-+]?\s*)(end)?generation(\s*[-+]?%})/g,
    (_, open, end, close) => open + (end ? "endif" : "if true") + close);
  return new Template(plain).parsed;
}

/** The text of an action, or what is wrong as a sentence; the engine's own failures are passed on. */
function attempt(what, action) {
  try {
    return { text: action() };
  } catch (failure) {
    if (failure instanceof InternalError) throw failure;
    return { problem: failure.sentence ?? `${what}: ${failure.message || failure.name}` };
  }
}

function check(source) {
  return JSON.stringify(attempt("the chat template cannot be read", () => (parsed(source), "")));
}

/** `now`: letters of strftime, and what they stand for. */
function render(source, variables, now) {
  return JSON.stringify(attempt("the chat template cannot be rendered", () => {
    const constants = { true: true, True: true, false: false, False: false, none: null, None: null };
    const functions = {
      range,
      raise_exception: (message) => {
        throw Object.assign(new Error(), { sentence: `the chat template refuses these messages: ${message}` });
      },
      strftime_now: (format) => format.replace(/%(.)/g, (directive, letter) => {
        if (!(letter in now)) throw new Error(`strftime_now does not know ${directive}`);
        return now[letter];
      }),
    };
    const scope = new Environment();
    for (const [name, value] of Object.entries({ ...constants, ...functions, ...JSON.parse(variables) })) {
      scope.set(name, value);
    }
    const text = new Renderer(scope).run(parsed(source)).value;
    if (text.length > MOST_CHARACTERS) throw new Error(`the text has more than ${MOST_CHARACTERS} characters`);
    return text;
  }));
}
