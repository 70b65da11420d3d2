/** The table against every adapter whose server runs as it is. */
import { adapters } from '../adapters/index.ts';
import { answerTable } from './answer-table.ts';

answerTable('the table', adapters);
