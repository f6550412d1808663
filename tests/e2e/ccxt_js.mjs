// Unmodified ccxt for JavaScript: prints one JSON line a step, so that the Python test can tell what happened.
// node ccxt_js.mjs '{"way": "base|connect", "base": …, "proxy": …, "exchange": …, "symbol": …, "keys": {…}}'
import { createRequire } from 'node:module';
const require = createRequire(process.env.CLAVIGER_NODE + '/');
const ccxt = require('ccxt');

const plan = JSON.parse(process.argv[2]);
const settings = { ...plan.keys, enableRateLimit: false };
if (plan.way === 'connect') settings.httpsProxy = plan.proxy;
const client = new ccxt[plan.exchange](settings);
if (plan.way === 'base') {
    const prefixes = { 'https://api.binance.com': 'binance', 'https://fapi.binance.com': 'binance-usdm', 'https://dapi.binance.com': 'binance-coinm' };
    if (plan.exchange === 'okx') client.urls.api.rest = plan.base + '/okx';
    else for (const [name, url] of Object.entries(client.urls.api)) {
        for (const [host, prefix] of Object.entries(prefixes)) {
            if (url.startsWith(host + '/')) client.urls.api[name] = plan.base + '/' + prefix + url.slice(host.length);
        }
    }
}
const say = (step, value) => console.log(JSON.stringify({ step, ...value }));
const step = async (name, act) => {
    try { say(name, { value: await act() }); } catch (e) { say(name, { error: e.constructor.name, retryable: e instanceof ccxt.NetworkError, message: String(e.message).slice(0, 300) }); }
};
const s = plan.symbol;
if (plan.only === 'time') {
    await step('time', () => client.fetchTime());
    process.exit(0);
}
await step('markets', async () => s in await client.loadMarkets());
await step('balance', async () => (await client.fetchBalance()).USDT.total > 0);
const last = (await client.fetchTicker(s)).last;
const near = (share) => Number(client.priceToPrecision(s, last * share));
let id;
if (plan.only === 'order') {
    await step('order', async () => { for (let n = 0; n < 12; n++) await client.createOrder(s, 'limit', 'buy', 0.001, near(0.99)); });
    process.exit(0);
}
await step('place', async () => { id = (await client.createOrder(s, 'limit', 'buy', 0.002, near(0.99))).id; return Boolean(id); });
await step('read', async () => (await client.fetchOrder(id, s)).status);
if (plan.exchange === 'okx') await step('amend', async () => { await client.editOrder(id, s, 'limit', 'buy', 0.001, near(0.99)); return (await client.fetchOrder(id, s)).amount; });
await step('cancel', async () => { await client.cancelOrder(id, s); return (await client.fetchOrder(id, s)).status; });
await step('market', async () => (await client.fetchOrder((await client.createOrder(s, 'market', 'buy', 0.002)).id, s)).filled > 0);
await step('too large', () => client.createOrder(s, 'limit', 'buy', 5, near(0.99)));
await step('sell far below', () => client.createOrder(s, 'limit', 'sell', 0.002, near(0.8)));
await step('wrong symbol', () => client.createOrder('BTC/USDC', 'limit', 'buy', 0.002, near(0.99)));
await step('perp', () => client.createOrder('BTC/USDT:USDT', 'limit', 'buy', 1, near(0.99), plan.exchange === 'okx' ? { tdMode: 'cross' } : {}));
await step('unknown parameter', () => client.createOrder(s, 'limit', 'buy', 0.002, near(0.99), { surprise: '1' }));
await step('withdrawal', () => client.withdraw('USDT', 10, 'TXxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', { network: 'TRC20', ...(plan.exchange === 'okx' ? { fee: '1' } : {}) }));
await step('transfer', () => client.transfer('USDT', 1, 'spot', plan.exchange === 'binance' ? 'linear' : 'funding'));
