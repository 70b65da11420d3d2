import adapter from '@sveltejs/adapter-node';
import { sveltekit } from '@sveltejs/kit/vite';

/** Apps send forms without an `Origin`, which SvelteKit refuses with 403 before any hook, unless it trusts every origin. */
export default { plugins: [sveltekit({ adapter: adapter({ precompress: false }), csrf: { trustedOrigins: ['*'] } })] };
