import { expect, it } from '@jest/globals';
import { webhookHeaders } from './webhook-signature.js';

const ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const BODY = '{"test": 2432232314}';

it('signs as the example of Standard Webhooks', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  expect(webhookHeaders(ID, BODY, secret, 1_614_265_330_999)).toEqual({
    'content-type': 'application/json',
    'webhook-id': ID,
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

it('takes a secret without the prefix as its text', () => {
  const signatureOf = (secret: string) => webhookHeaders(ID, BODY, secret, 0)['webhook-signature'];
  expect(signatureOf('abcd')).not.toBe(signatureOf('whsec_abcd'));
  expect(signatureOf('abcd')).toBe(signatureOf(`whsec_${Buffer.from('abcd').toString('base64')}`));
});
