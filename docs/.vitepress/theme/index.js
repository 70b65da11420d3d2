/** The default theme, with the fonts of the reader's system, and a main part on the page for addresses that lead nowhere, too. */
import theme from 'vitepress/theme-without-fonts';
import { h } from 'vue';
import './readable.css';

const lost = () => h('main', { class: 'lost' }, [h('h1', 'No such page'), h('a', { href: import.meta.env.BASE_URL }, 'To the start')]);

export default { extends: theme, Layout: () => h(theme.Layout, null, { 'not-found': lost }) };
