// openapi.test.mjs -- topics/openapi.yaml: valid by a public linter, and the routes, verbs and parameters of the code.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConfig, lint } from '@redocly/openapi-core';
import { newValidator, pathOf, read, readAsyncapi, sectionOf } from './contract.mjs';
import { PREFIX, compileRequestSchema, openapi, operations } from './openapi.mjs';

test('a public linter finds nothing wrong', async () => {
  // Probes have no bad requests.
  const config = await createConfig({ extends: ['recommended'], rules: { 'operation-4xx-response': 'off' } });
  const problems = await lint({ ref: pathOf('topics/openapi.yaml'), config });
  assert.deepEqual(
    problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`),
    [],
  );
});

const routesOfCode = () => {
  const source = read('src/http/routes.c');
  const table = source.match(/struct route routes\[\] = \{([^]*?)\n\};/)[1];
  const paramsOf = (list) => {
    const found = source.match(new RegExp(`struct param ${list}\\[\\] = \\{([^]*?)\\};`))[1];
    return [...found.matchAll(/\{"(\w+)"/g)].map(([, name]) => name);
  };
  return [...table.matchAll(/^ {4}\{([^]*?)\},?$/gm)].map(([, row]) => {
    const [, at, quoted] = row.match(/^(AT\()?([^,)]*)/);
    const path = quoted
      .replace(/" WORKER "/, '{workerId}')
      .replaceAll('"', '')
      .trim();
    return {
      path: at ? PREFIX + path : path,
      method: /WRITES|ROUTE_POST/.test(row) ? 'POST' : 'GET',
      verb: row
        .match(/(?:READS|WRITES)\("([a-z-]+)"|\.verb = "([a-z-]+)"/)
        ?.slice(1)
        .find(Boolean),
      params: (row.match(/\b\w+_params\b/) ?? []).flatMap(paramsOf),
    };
  });
};

const bySignature = (a, b) => a.signature.localeCompare(b.signature);

test('the routes and their parameters are those of the code', () => {
  const told = operations.map(({ method, path, parameters }) => ({
    signature: `${method} ${path}`,
    params: parameters
      .filter(({ in: place }) => place === 'query')
      .map(({ name }) => name)
      .sort(),
  }));
  const coded = routesOfCode().map(({ method, path, params }) => ({
    signature: `${method} ${path}`,
    params: params.sort(),
  }));
  assert.ok(coded.length > 25);
  assert.deepEqual(told.sort(bySignature), coded.sort(bySignature));
});

test('every verb has a route, and the README says which', () => {
  const verbs = Object.values(readAsyncapi().channels).flatMap(
    ({ address }) => address.match(/request\/\{client\}\/(.+)/)?.[1] ?? [],
  );
  const routes = routesOfCode().filter(({ verb }) => verb !== undefined);
  assert.deepEqual([...new Set(routes.map(({ verb }) => verb))].sort(), verbs.sort());
  const rows = [...sectionOf('HTTP').matchAll(/^\| `(GET|POST) ([^?`]+)[^|]*\| `([a-z-]+)`/gm)];
  assert.deepEqual(
    rows.map(([, method, path, verb]) => `${method} ${PREFIX}${path} ${verb}`).sort(),
    routes.map(({ method, path, verb }) => `${method} ${path} ${verb}`).sort(),
  );
});

test('every example of a body is one that its schema accepts', () => {
  const withBody = operations.filter(({ body }) => body !== undefined);
  assert.ok(withBody.length > 10);
  for (const { id, body } of withBody) {
    const accepts = compileRequestSchema(body.schema);
    assert.ok(accepts(body.example), `${id}: ${newValidator().errorsText(accepts.errors)}`);
  }
});

test('the prefix is the one of the code', () => {
  assert.equal(read('src/http/routes.h').match(/ROUTES_PREFIX "([^"]+)"/)[1], PREFIX);
  assert.ok(Object.keys(openapi.paths).some((path) => path.startsWith(PREFIX)));
});
