/** The function fits viewer requests of CloudFront. */
import type { Guard, GuardOptions } from 'approov-guard';
import { approov } from 'approov-guard/lambda-edge';
import type { CloudFrontRequestEvent, CloudFrontRequestHandler, CloudFrontResponseEvent } from 'aws-lambda';

declare const guard: Guard;
declare const options: GuardOptions;

export const handler: CloudFrontRequestHandler = approov(options);
export const bound: CloudFrontRequestHandler = approov(guard, { binding: { headers: ['authorization'] } });

export async function rewritten(event: CloudFrontRequestEvent): Promise<unknown> {
  const answer = await approov(guard)(event);
  if ('status' in answer) return answer.status satisfies string;
  // What passes is CloudFront's own request.
  answer.querystring satisfies string;
  return answer.origin;
}

// @ts-expect-error: a function needs a guard or its options
approov();
// @ts-expect-error: a route has no keys
approov(guard, { keys: { secret: { base64: 'x' } } });
declare const response: CloudFrontResponseEvent;
// @ts-expect-error: responses are not judged
approov(guard)(response.Records[0]?.cf.response);
