// contract.mjs -- reading the contract in topics/ and the sources that it describes; for the tests in this folder.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from '@msgpack/msgpack';
import Ajv from 'ajv';
import Ajv2019 from 'ajv/dist/2019.js';
import { load } from 'js-yaml';
import { pathOf, read } from '../support/repository.mjs';

export { pathOf, read };
export const readAll = (folder, ending) =>
  readdirSync(pathOf(folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => read(`${folder}/${name}`))
    .join('\n');
export const readAsyncapi = () => load(read('topics/asyncapi.yaml'));

export const schemaNames = readdirSync(pathOf('topics/schemas')).filter((name) => name.endsWith('.json'));
export const readSchema = (name) => JSON.parse(read(`topics/schemas/${name}`));

// One validator with every schema in it, each known by its file name.
export function newValidator() {
  const ajv = new Ajv({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    allErrors: true,
    allowUnionTypes: true,
  });
  for (const name of schemaNames) {
    ajv.addSchema(readSchema(name), name);
  }
  return ajv;
}

const closed = (schema) => ({ allOf: [withClosedMembers(schema)], unevaluatedProperties: false });

// The same schema, but what it describes has no member, at any depth, that it does not name.
function withClosedMembers(schema) {
  if (Array.isArray(schema)) {
    return schema.map(withClosedMembers);
  }
  if (schema === null || typeof schema !== 'object') {
    return schema;
  }
  const result = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'properties') {
      result.properties = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, closed(member)]));
    } else if (keyword === 'items') {
      result.items = closed(value);
    } else if (keyword !== '$schema') {
      result[keyword] = keyword === 'enum' || keyword === 'const' ? value : withClosedMembers(value);
    }
  }
  return result;
}

// Like newValidator, but for what is made with the schemas at hand: unknown members are refused. Readers must not do so.
export function newClosedValidator() {
  const ajv = new Ajv2019({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    allErrors: true,
    allowUnionTypes: true,
  });
  for (const name of schemaNames) {
    ajv.addSchema(withClosedMembers(readSchema(name)), name);
  }
  return { ajv, compile: (schema) => ajv.compile(closed(schema)) };
}

// The names of an X-macro list, such as "X(OK, ok)" or "X(ACTIVE)": the last argument of each.
export function namesOfMacro(header, macro) {
  const definition = read(header).match(new RegExp(`#define ${macro}\\(X\\)((?:.*\\\\\\n)*.*)`));
  return [...definition[1].matchAll(/X\((?:\w+, )?(\w+)\)/g)].map((match) => match[1]);
}

// The value of an enum constant that a header sets.
export function constantOf(header, name) {
  const definition = read(header).match(new RegExp(`\\b${name} = ([0-9 *]+),`));
  return definition[1].split('*').reduce((product, factor) => product * Number(factor), 1);
}

// The part of the README under a heading, up to the next one of the same or a higher level.
export function sectionOf(heading) {
  const lines = read('topics/README.md').split('\n');
  const start = lines.findIndex((line) => line.replace(/^#+ /, '') === heading && line.startsWith('#'));
  const level = lines[start].indexOf(' ');
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^#+ /.test(line) && line.indexOf(' ') <= level);
  return rest.slice(0, end < 0 ? rest.length : end).join('\n');
}

// The first column of the tables in a text: the names in backquotes in each row.
export function firstColumnOf(text) {
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) => [...row.split('|')[1].matchAll(/`([^`]+)`/g)].map((match) => match[1]));
}

const folder = 'topics/vectors';
const vectorPaths = readdirSync(pathOf(folder), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name }) => readdirSync(pathOf(join(folder, name))).map((file) => join(name, file)));

// The golden payloads, each with its path below topics/vectors.
export const readVectors = () => vectorPaths.map((path) => ({ path, ...JSON.parse(read(join(folder, path))) }));

// A payload is a text, or a list of texts and repetitions.
const assemble = (payload) =>
  [payload]
    .flat()
    .map((part) => (typeof part === 'string' ? part : part.repeat.repeat(part.times)))
    .join('');

// What a vector carries, in each encoding that it is given in and that other implementations can read.
export function valuesOf({ json, msgpack, malformed }) {
  const values = [];
  if (json !== undefined && !malformed) {
    values.push(JSON.parse(assemble(json)));
  }
  if (msgpack && !malformed) {
    values.push(decode(Buffer.from(assemble(msgpack), 'hex')));
  }
  return values;
}
