/** A replay store over a DynamoDB table with the partition key `id` (text). */

/**
 * One conditional put. Say `until` in the table's time to live, so that entries go; since that may take days, an entry that is over counts as gone.
 * @param {{ putItem(input: object): Promise<unknown> }} client - `new DynamoDB({ maxAttempts: 1 })` of `@aws-sdk/client-dynamodb`
 * @param {{ table: string, marginSeconds?: number, now?: () => number }} options - `marginSeconds`: how far the clocks of your instances may
 * differ, default 60
 * @returns {import('approov-guard').ReplayStore}
 */
export function dynamodbReplayStore(client, { table, marginSeconds = 60, now = () => Date.now() }) {
  return {
    async setIfAbsent(key, untilSeconds) {
      const seconds = now() / 1000;
      if (!(untilSeconds > seconds)) throw new RangeError('the time is past: nobody can tell any more whether the key is new');
      try {
        await client.putItem({
          TableName: table,
          Item: { id: { S: key }, until: { N: String(Math.ceil(untilSeconds + marginSeconds)) } },
          ConditionExpression: 'attribute_not_exists(id) OR #until <= :now',
          ExpressionAttributeNames: { '#until': 'until' },
          ExpressionAttributeValues: { ':now': { N: String(Math.floor(seconds)) } },
        });
        return true;
      } catch (error) {
        if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false;
        throw error;
      }
    },
  };
}
