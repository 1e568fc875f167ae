// What an answer must be like when parts of it differ from run to run: in texts of an expectation
// "<…>" stands for such a part. "<time>", "<url>" and "<random 21>" are anything of that kind, "<id
// group4>" the same wherever it comes again, "<times 5000 x>" a long text that is written shortly.
// SPDX-License-Identifier: MIT

const kinds = {
  any: ".*",
  time: "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z",
  url: "https?://[^/]+/.+",
  token: "[\\w-]+\\.[\\w-]+\\.[\\w-]+",
  invite: "[\\w-]{21}",
  sid: "[\\w-]{20}",
  number: "\\d+",
  svg: "<svg xmlns=\"http://www\\.w3\\.org/2000/svg\" width=\"100\" height=\"35\" " +
       "viewBox=\"0,0,100,35\">.*</svg>",
  page: "\\s*(<!--[^]*?-->\\s*)?<!doctype html>.*</html>\\s*",
};
const part = /<(\w+)(?: ([^>]+))?>/gu;
const whole = /^<(\w+)(?: ([^>]+))?>$/u;
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;

export class Likeness {
  // What names stand for: "id group4" -> 7.
  #bound = new Map();

  has(words) {
    return this.#bound.has(words);
  }

  bind(words, value) {
    this.#bound.set(words, value);
    const [kind, name] = words.split(" ");
    if (kind !== "id") return;
    this.#bound.set(`idtext ${name}`, `${value}`);
    this.#bound.set(`hex ${name}`, value.toString(16));
  }

  // `value` with everything filled in that has a name.
  filled(value) {
    if (Array.isArray(value)) return value.map((each) => this.filled(each));
    if (value && typeof value === "object") {
      return Object.fromEntries(
        Object.entries(value).map(([key, each]) => [key, this.filled(each)]));
    }
    if (typeof value !== "string") return value;
    const only = value.slice(1, -1);
    if (whole.test(value) && this.has(only)) return this.#bound.get(only);
    return value.replace(part, (all, kind, name) => this.#written(kind, name) ?? all);
  }

  #written(kind, name) {
    if (kind !== "times") return this.#bound.get(name ? `${kind} ${name}` : kind);
    const [count, text] = name.split(" ");
    return text.repeat(Number(count));
  }

  // The first place where `actual` is not `expected`, in words, or undefined; names that it met are
  // bound only when there is none. `mayAdd(key)` says which properties may be there beside those
  // that are expected. Properties must come in order.
  difference(actual, expected, mayAdd = () => false) {
    const fresh = new Map();
    const found = this.#compare(actual, expected, { mayAdd, fresh }, "");
    if (found === undefined) for (const [words, value] of fresh) this.bind(words, value);
    return found;
  }

  #compare(actual, expected, run, place) {
    const differs = () =>
      `${place || "it"} is ${brief(actual)} and should be ${brief(expected)}`;
    if (typeof expected === "string") {
      return this.#isText(actual, expected, run.fresh) ? undefined : differs();
    }
    if (expected === null || typeof expected !== "object") {
      return Object.is(actual, expected) ? undefined : differs();
    }
    if (!actual || typeof actual !== "object") return differs();
    const keys = Object.keys(actual).filter((key) => key in expected || !run.mayAdd(key));
    if (`${keys}` !== `${Object.keys(expected)}` || Array.isArray(actual) !== Array.isArray(expected)) {
      return `${place || "it"} has [${keys}] and should have [${Object.keys(expected)}]: ` +
             brief(actual);
    }
    for (const key of keys) {
      const found = this.#compare(actual[key], expected[key], run, `${place}.${key}`);
      if (found) return found;
    }
    return undefined;
  }

  #isText(actual, expected, fresh) {
    const only = whole.exec(expected);
    if (expected === "<any>") return actual !== undefined;
    if (only?.[1] === "count") return isCount(actual);
    if (only?.[1] === "id") {
      const words = expected.slice(1, -1);
      const known = fresh.get(words) ?? this.#bound.get(words);
      if (known === undefined && isCount(actual)) fresh.set(words, actual);
      return known === undefined ? isCount(actual) : actual === known;
    }
    if (typeof actual !== "string") return false;
    if (actual === expected) return true;
    const names = [];
    let pattern = "";
    let end = 0;
    for (const match of expected.matchAll(part)) {
      const [all, kind, name] = match;
      const known = fresh.get(all.slice(1, -1)) ?? this.#written(kind, name);
      const like = kind === "random" ? `[\\w-]{${name}}` : kinds[kind];
      if (known === undefined && !like) continue;
      pattern += quoted(expected.slice(end, match.index));
      pattern += known === undefined ? `(${like.replaceAll(/\((?!\?)/g, "(?:")})` : quoted(`${known}`);
      if (known === undefined) names.push(kind !== "random" && name ? `${kind} ${name}` : undefined);
      end = match.index + all.length;
    }
    pattern += quoted(expected.slice(end));
    const found = new RegExp(`^${pattern}$`, "is").exec(actual);
    found?.slice(1).forEach((value, i) => names[i] && fresh.set(names[i], value));
    return found !== null;
  }
}

const quoted = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function brief(value) {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
}
