import { randomInt } from 'node:crypto';

const SHAPES = ['Circle', 'Rectangle', 'Square', 'Triangle'];
const FORMS = ['Box', 'Cone', 'Cube', 'Sphere'];

/** One of the shapes, at random. */
export function randomShape() {
  return oneOf(SHAPES);
}

/** One of the forms, at random. */
export function randomForm() {
  return oneOf(FORMS);
}

/** @param {readonly string[]} names */
function oneOf(names) {
  return names[randomInt(names.length)] ?? '';
}

/** The page at `/`. */
export const HOME_PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Shapes API</title>
  </head>
  <body>
    <h1>Shapes API</h1>
    <p>A small API to try mobile app attestation with. The protected server checks what the last column says.</p>
    <table>
      <tr><th>endpoint</th><th>answers</th><th>asks for</th></tr>
      <tr><td><a href="/hello">/hello</a></td><td>text</td><td>nothing</td></tr>
      <tr><td><a href="/shapes">/shapes</a></td><td>text</td><td>nothing</td></tr>
      <tr><td><a href="/v1/hello">/v1/hello</a></td><td>JSON</td><td>nothing</td></tr>
      <tr><td><a href="/v1/shapes">/v1/shapes</a></td><td>JSON</td><td>nothing</td></tr>
      <tr><td><a href="/v1/forms">/v1/forms</a></td><td>JSON</td><td>nothing</td></tr>
      <tr><td><a href="/v2/hello">/v2/hello</a></td><td>JSON</td><td>nothing</td></tr>
      <tr><td><a href="/v2/shapes">/v2/shapes</a></td><td>JSON</td><td>an Approov token</td></tr>
      <tr><td><a href="/v2/forms">/v2/forms</a></td><td>JSON</td><td>an Approov token, bound to the Authorization header</td></tr>
      <tr><td><a href="/v3/hello">/v3/hello</a></td><td>JSON</td><td>nothing</td></tr>
      <tr><td><a href="/v3/shapes">/v3/shapes</a></td><td>JSON</td><td>an Approov token and the API key</td></tr>
      <tr><td><a href="/v3/forms">/v3/forms</a></td><td>JSON</td><td>a bound Approov token and the API key</td></tr>
      <tr><td><a href="/v5/hello">/v5/hello</a></td><td>JSON</td><td>nothing</td></tr>
      <tr><td><a href="/v5/shapes">/v5/shapes</a></td><td>JSON</td><td>the API key and an Approov token; if it carries a key, a message signature</td></tr>
    </table>
  </body>
</html>
`;
