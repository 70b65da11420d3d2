/** Writes the documents: `node -C source --import tsx conformance/collection/make.ts`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { COLLECTION_PATH, CURL_PATH, curlPage, postmanCollection } from './documents.ts';
import { collectedRequests } from './requests.ts';

const requests = await collectedRequests();
const root = fileURLToPath(new URL('../..', import.meta.url));
writeFileSync(root + COLLECTION_PATH, postmanCollection(requests));
writeFileSync(root + CURL_PATH, curlPage(requests));
console.log(`${requests.length} requests`);
