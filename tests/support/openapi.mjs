// The description of the REST interface as a judge of answers: JSON Schema 2020-12, strictly.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

export class Judge {
  // "operationId status" and "operationId status code" of every answer that was judged.
  seen = new Set();
  #validators = new Map();

  constructor(document) {
    this.document = closed(document);
    this.ajv = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true });
    addFormats(this.ajv);
    for (const format of ["binary", "password"]) this.ajv.addFormat(format, true);
    this.ajv.addVocabulary(["openapi", "info", "servers", "tags", "paths", "components"]);
    this.ajv.addSchema(this.document, "openapi");
  }

  // All operations as {path, method, id, told}.
  get operations() {
    return Object.entries(this.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, told]) =>
        ({ path, method, id: told.operationId, told })));
  }

  // The answers that an operation promises: {status, codes}, references followed.
  promises(told) {
    return Object.entries(told.responses).map(([status, response]) => {
      const { content } = this.#follow(response);
      const codes = content?.["application/json"]?.schema.allOf?.[1]?.properties.code.enum ?? [];
      return { status, codes };
    });
  }

  // Fails unless the answer is one of those that its operation promises.
  check(answer) {
    const operation = this.#find(answer);
    const { id, told } = operation;
    const words = `${id} ${answer.status}`;
    const named = told.responses[answer.status];
    const response = this.#follow(named ?? told.responses.default);
    assert.ok(response, `${words} is promised nowhere`);
    const isJson = answer.type?.startsWith("application/json");
    const type = isJson ? "application/json" : answer.type?.split(";")[0];
    const promised = response.content?.[type] ?? response.content?.["*/*"];
    assert.equal(Boolean(promised), Boolean(type), `${words}: ${type}`);
    if (isJson) {
      const validate = this.#validator(operation, named ? `${answer.status}` : "default");
      assert.ok(validate(answer.body), `${words}: ${this.ajv.errorsText(validate.errors)}\n` +
                                       answer.text);
      this.seen.add(`${words} ${answer.body.code}`);
    }
    this.seen.add(words);
    return id;
  }

  #find({ method, path }) {
    const wanted = path.split("?")[0];
    const fits = this.operations.filter((each) => {
      const pattern = each.path.replace(/\{[^}]+\}/g, "[^/]+");
      return each.method === method.toLowerCase() && new RegExp(`^${pattern}$`).test(wanted);
    });
    // A literal path is meant before one with parameters.
    const found = fits.find(({ path: each }) => !each.includes("{")) ?? fits[0];
    assert.ok(found, `${method} ${path} is not described`);
    return found;
  }

  #follow(response) {
    if (!response?.$ref) return response;
    return response.$ref.slice(2).split("/").reduce((value, key) => value[key], this.document);
  }

  #validator({ path, method, told }, status) {
    const key = `${method} ${path} ${status}`;
    if (!this.#validators.has(key)) {
      const { $ref } = told.responses[status];
      const place = $ref ?? `#/paths/${escaped(path)}/${method}/responses/${status}`;
      const pointer = `openapi${place}/content/application~1json/schema`;
      this.#validators.set(key, this.ajv.compile({ $ref: pointer }));
    }
    return this.#validators.get(key);
  }
}

const escaped = (text) =>
  encodeURIComponent(text.replaceAll("~", "~0").replaceAll("/", "~1"));

// Clients must bear properties they do not know; here each must be one that is described. What
// stands in an allOf only adds to another schema.
function closed(value) {
  if (Array.isArray(value)) return value.map(closed);
  if (!value || typeof value !== "object") return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, each]) =>
    [key, key === "allOf" ? each : closed(each)]));
  return copy.type === "object" && copy.properties ? { additionalProperties: false, ...copy } : copy;
}
