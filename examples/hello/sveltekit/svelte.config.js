import adapter from '@sveltejs/adapter-node';

/** Apps send forms without an `Origin`. SvelteKit refuses those with 403, before any hook, unless it trusts every origin. */
export default { kit: { adapter: adapter(), csrf: { trustedOrigins: ['*'] } } };
