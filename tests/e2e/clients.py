"""Stock clients, made as their users make them, by both ways in."""

import asyncio
import os

import ccxt
import ccxt.async_support

HOSTS = {
    "https://api.binance.com": "binance", "https://fapi.binance.com": "binance-usdm", "https://dapi.binance.com": "binance-coinm",
}


class Client:
    """ccxt, sync or async, behind one face that waits. `door` has the port and CA of what stands before the gateway, if anything does."""

    def __init__(self, stack, kind, way, exchange, bot, door=None, **options):
        self.kind, self.door = kind, door or stack
        self.loop = asyncio.new_event_loop() if kind == "async" else None
        keys = stack.secrets(bot)
        settings = {"apiKey": keys["apiKey"], "secret": keys["secret"], "options": options, "enableRateLimit": False}
        if keys.get("password"):
            settings["password"] = keys["password"]
        self.raw = self.make(exchange, settings, way)

    def make(self, exchange, settings, way):
        if way == "connect":
            settings |= {"httpsProxy": self.door.proxy}
            if self.kind == "async":
                settings |= {"cafile": self.door.ca}
            else:
                os.environ["REQUESTS_CA_BUNDLE"] = self.door.ca
                settings |= {"requests_trust_env": True}
        module = ccxt.async_support if self.kind == "async" else ccxt
        if self.kind == "async":
            return self.loop.run_until_complete(self.build(module, exchange, settings, way))
        return self.point(getattr(module, exchange)(settings), exchange, way)

    async def build(self, module, exchange, settings, way):
        return self.point(getattr(module, exchange)(settings), exchange, way)

    def point(self, client, exchange, way):
        if way == "base" and exchange == "okx":
            client.urls["api"]["rest"] = self.door.base("okx")
        elif way == "base":
            for name, url in client.urls["api"].items():
                for host, prefix in HOSTS.items():
                    if url.startswith(host + "/"):
                        client.urls["api"][name] = self.door.base(prefix) + url[len(host):]
        return client

    def __getattr__(self, name):
        method = getattr(self.raw, name)

        def call(*a, **k):
            value = method(*a, **k)
            return self.loop.run_until_complete(value) if asyncio.iscoroutine(value) else value

        return call

    def close(self):
        if self.loop:
            self.loop.run_until_complete(self.raw.close())
            self.loop.close()


def near(client, symbol, share):
    """A price so far from the market, on the market's own steps."""
    last = client.fetch_ticker(symbol)["last"]
    return float(client.raw.price_to_precision(symbol, last * share))
