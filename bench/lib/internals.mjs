/** Parts of the built library that are not exported: measured by themselves, so that a figure says which part it is. */

const dist = new URL('dist/', import.meta.resolve('approov-guard/package.json'));

/** Imports one built file of the library. @param {string} file @returns {Promise<any>} */
export const internal = (file) => import(new URL(file, dist).href);

/** The parts that verify a token. */
export async function internals() {
  const files = [
    'core/jws/algorithms.js',
    'core/jws/jws.js',
    'core/token/verified.js',
    'crypto/node.js',
    'core/judge/judge.js',
    'core/judge/order.js',
  ];
  return Object.assign({}, ...(await Promise.all(files.map(internal))));
}
