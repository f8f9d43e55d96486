// openapi.mjs -- reading topics/openapi.yaml: its operations, and whether an answer is one that it promises.
import { load } from 'js-yaml';
import { newClosedValidator, newValidator, read } from './contract.mjs';

export const PREFIX = '/api/v1/worker-registration';
export const openapi = load(read('topics/openapi.yaml'));

const componentAt = (ref) =>
  ref
    .replace('#/', '')
    .split('/')
    .reduce((place, name) => place[name], openapi);
export const resolved = (object) => (object.$ref?.startsWith('#/') ? componentAt(object.$ref) : object);

// Schemas in other files are known to the validators by the name of the file.
const plain = (schema) => JSON.parse(JSON.stringify(schema).replaceAll('./schemas/', ''));

export const operations = Object.entries(openapi.paths).flatMap(([path, item]) =>
  ['get', 'post']
    .filter((method) => method in item)
    .map((method) => ({
      id: item[method].operationId,
      method: method.toUpperCase(),
      path,
      parameters: [...(item.parameters ?? []), ...(item[method].parameters ?? [])].map(resolved),
      body: item[method].requestBody?.content['application/json'],
      isBodyRequired: item[method].requestBody?.required === true,
      responses: Object.fromEntries(
        Object.entries(item[method].responses).map(([status, response]) => [status, resolved(response)]),
      ),
    })),
);

const requests = newValidator();
const answers = newClosedValidator();

// What a request may say: returns a function that tells whether a value is allowed.
export const compileRequestSchema = (schema) => requests.compile(plain(schema));

const compiledAnswers = new Map();
function answerValidator(schema) {
  const key = JSON.stringify(schema);
  if (!compiledAnswers.has(key)) {
    compiledAnswers.set(key, answers.compile(plain(schema)));
  }
  return compiledAnswers.get(key);
}

// What is wrong with an answer, in words; empty where it is as promised, with no member that is not.
export function complaintsAbout(operation, status, contentType, text) {
  const promised = operation.responses[status];
  if (promised === undefined) {
    return [`status ${status} is not promised: ${text}`];
  }
  const [[type, { schema }]] = Object.entries(promised.content);
  if (contentType?.split(';')[0] !== type) {
    return [`the content type is ${contentType}`];
  }
  if (type !== 'application/json') {
    return [];
  }
  const accepts = answerValidator(schema);
  if (accepts(JSON.parse(text))) {
    return [];
  }
  return [`${answers.ajv.errorsText(accepts.errors)} in ${text}`];
}
