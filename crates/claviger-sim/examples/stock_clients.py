"""Points unmodified stock clients at the paper exchanges and checks what they make of the answers.

Needs ccxt, python-binance and python-okx. Run from the workspace: python crates/claviger-sim/examples/stock_clients.py
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import traceback
import urllib.request

import ccxt
import ccxt.async_support
import httpx
from binance.client import Client

KEY, SECRET, PHRASE = "PAPERKEY" * 8, "PAPERSECRET", "paper phrase"


class Paper:
    """The running example."""

    def __init__(self):
        command = sys.argv[1:] or ["cargo", "run", "-q", "-p", "claviger-sim", "--example", "paper"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.where = json.loads(self.process.stdout.readline())
        self.ca = tempfile.NamedTemporaryFile("w", suffix=".pem", delete=False)
        self.ca.write(self.where["ca"])
        self.ca.flush()
        # requests reads this for every client built on it.
        os.environ["REQUESTS_CA_BUNDLE"] = self.ca.name
        os.environ["NO_PROXY"] = "127.0.0.1"

    def admin(self, path, body):
        data = json.dumps(body).encode()
        with urllib.request.urlopen(f"http://{self.where['admin']}{path}", data) as answer:
            return json.load(answer)

    def price(self, exchange, symbol, price):
        self.admin("/price", {"exchange": exchange, "symbol": symbol, "price": price})

    def redirect(self, value):
        """Replaces the real hosts in a tree of URLs."""
        if isinstance(value, dict):
            return {name: self.redirect(inner) for name, inner in value.items()}
        if isinstance(value, str):
            for host in ("api", "fapi", "dapi"):
                value = value.replace(f"https://{host}.binance.com", f"https://{self.where['binance']}")
        return value


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def refused(kind, act):
    try:
        act()
    except kind as error:
        return error
    raise AssertionError(f"not refused with {kind.__name__}")


def ccxt_binance(paper, kind, **more):
    exchange = ccxt.binance({"apiKey": KEY, "secret": SECRET, "requests_trust_env": True, "options": {"defaultType": kind, **more}})
    exchange.urls["api"] = paper.redirect(exchange.urls["api"])
    return exchange


def ccxt_okx(paper, module=ccxt, **more):
    exchange = module.okx({"apiKey": KEY, "secret": SECRET, "password": PHRASE, "requests_trust_env": True, **more})
    exchange.hostname = paper.where["okx"]
    return exchange


def public(exchange, symbol):
    check(exchange.fetch_time() > 0, "time")
    check(exchange.fetch_ticker(symbol)["last"] > 0, "ticker")
    check(len(exchange.fetch_tickers([symbol])) == 1, "tickers")
    book = exchange.fetch_order_book(symbol, 20)
    check(book["bids"][0][0] < book["asks"][0][0], "book")
    check(len(exchange.fetch_ohlcv(symbol, "1m", limit=50)) == 50, "candles")
    check(exchange.fetch_trades(symbol, limit=10), "trades")


def spot(exchange, symbol, amount=0.01):
    exchange.load_markets()
    public(exchange, symbol)
    base, quote = exchange.market(symbol)["base"], exchange.market(symbol)["quote"]
    before = exchange.fetch_balance()
    check(before[base]["free"] > 0 and before[quote]["free"] > 0, "balance")
    last = exchange.fetch_ticker(symbol)["last"]
    order = exchange.create_order(symbol, "limit", "buy", amount, exchange.price_to_precision(symbol, last * 0.9))
    order = exchange.fetch_order(order["id"], symbol)
    check(order["status"] == "open" and order["filled"] == 0, order)
    check([one["id"] for one in exchange.fetch_open_orders(symbol)] == [order["id"]], "open orders")
    check(exchange.fetch_balance()[quote]["used"] > 0, "locked")
    edited = exchange.edit_order(order["id"], symbol, "limit", "buy", amount * 2, exchange.price_to_precision(symbol, last * 0.91))
    edited = exchange.fetch_order(edited["id"], symbol)
    check(abs(edited["amount"] - amount * 2) < 1e-9, edited)
    exchange.cancel_order(edited["id"], symbol)
    check(exchange.fetch_order(edited["id"], symbol)["status"] == "canceled", "canceled")
    check(exchange.fetch_balance()[quote]["used"] == 0, "unlocked")
    refused(ccxt.OrderNotFound, lambda: exchange.cancel_order(edited["id"], symbol))
    refused(ccxt.InsufficientFunds, lambda: exchange.create_order(symbol, "limit", "buy", 900, last))
    bought = exchange.create_order(symbol, "market", "buy", amount)
    bought = exchange.fetch_order(bought["id"], symbol)
    check(bought["status"] == "closed" and abs(bought["filled"] - amount) < 1e-9, bought)
    check(exchange.fetch_my_trades(symbol), "my trades")
    after = exchange.fetch_balance()
    check(after[base]["total"] > before[base]["total"] and after[quote]["total"] < before[quote]["total"], "moved")
    for tif, price, status in (("IOC", last * 1.01, "closed"), ("IOC", last * 0.9, "canceled"), ("FOK", last * 1.01, "closed")):
        got = exchange.create_order(symbol, "limit", "buy", amount, exchange.price_to_precision(symbol, price), {"timeInForce": tif})
        got = exchange.fetch_order(got["id"], symbol)
        check(got["status"] in (status, "expired" if status == "canceled" else status), got)
    resting = exchange.create_order(symbol, "limit", "buy", amount, exchange.price_to_precision(symbol, last * 0.9), {"postOnly": True})
    check(exchange.fetch_order(resting["id"], symbol)["status"] == "open", "post only")
    exchange.cancel_all_orders(symbol) if exchange.has["cancelAllOrders"] else exchange.cancel_orders([resting["id"]], symbol)
    check(exchange.fetch_open_orders(symbol) == [], "none open")
    check(exchange.fetch_orders(symbol) if exchange.has["fetchOrders"] is True else exchange.fetch_closed_orders(symbol), "orders")


def perp(exchange, symbol, amount):
    exchange.load_markets()
    public(exchange, symbol)
    check(exchange.fetch_funding_rate(symbol)["fundingRate"] is not None, "funding")
    exchange.set_leverage(5, symbol, {"mgnMode": "cross"} if exchange.id == "okx" else {})
    check(exchange.fetch_balance()["total"], "balance")
    opened = exchange.create_order(symbol, "market", "buy", amount)
    check(exchange.fetch_order(opened["id"], symbol)["status"] == "closed", "opened")
    position = exchange.fetch_positions([symbol])[0]
    check(position["side"] == "long" and abs(position["contracts"] - amount) < 1e-9, position)
    last = exchange.fetch_ticker(symbol)["last"]
    order = exchange.create_order(symbol, "limit", "sell", amount, exchange.price_to_precision(symbol, last * 1.1), {"reduceOnly": True})
    check(exchange.fetch_order(order["id"], symbol)["status"] == "open", "resting")
    edited = exchange.edit_order(order["id"], symbol, "limit", "sell", amount, exchange.price_to_precision(symbol, last * 1.2))
    exchange.cancel_order(edited["id"], symbol)
    exchange.create_order(symbol, "market", "sell", amount, None, {"reduceOnly": True})
    left = [one for one in exchange.fetch_positions([symbol]) if one["contracts"]]
    check(left == [], left)
    check(len(exchange.fetch_my_trades(symbol)) >= 2, "my trades")
    refused(ccxt.ExchangeError, lambda: exchange.create_order(symbol, "market", "sell", amount, None, {"reduceOnly": True}))
    check(exchange.fetch_leverage(symbol), "leverage") if exchange.has["fetchLeverage"] else None


def wallet_binance(paper):
    exchange = ccxt_binance(paper, "spot")
    exchange.options["fetchMargins"] = True
    exchange.load_markets()
    check(exchange.currencies["USDT"], "currencies")
    check(exchange.transfer("USDT", 10, "spot", "linear")["id"], "transfer")
    check(exchange.withdraw("USDT", 10, "0x" + "a" * 40)["id"], "withdraw")
    check(exchange.fetch_withdrawals("USDT"), "withdrawals")
    check(exchange.sapiGetAccountApiRestrictions()["enableReading"], "restrictions")


def wallet_okx(paper):
    exchange = ccxt_okx(paper)
    exchange.load_markets()
    check(exchange.currencies["USDT"], "currencies")
    check(exchange.transfer("USDT", 10, "funding", "spot")["id"], "transfer")
    check(exchange.withdraw("USDT", 10, "0x" + "a" * 40, params={"network": "ERC20", "fee": "0.1"})["id"], "withdraw")
    check(exchange.fetch_withdrawals("USDT"), "withdrawals")


def python_binance(paper):
    client = Client(KEY, SECRET, ping=False)
    base = f"https://{paper.where['binance']}"
    client.API_URL = base + "/api"
    client.MARGIN_API_URL = base + "/sapi"
    client.FUTURES_URL = base + "/fapi"
    client.FUTURES_COIN_URL = base + "/dapi"
    client.session.verify = paper.ca.name
    check(client.ping() == {} and client.get_server_time()["serverTime"], "time")
    check(client.get_symbol_info("BTCUSDT")["baseAsset"] == "BTC", "symbol")
    check(client.get_account()["balances"], "account")
    last = float(client.get_symbol_ticker(symbol="BTCUSDT")["price"])
    order = client.order_limit_buy(symbol="BTCUSDT", quantity="0.01", price=f"{last * 0.9:.2f}")
    check(client.get_order(symbol="BTCUSDT", orderId=order["orderId"])["status"] == "NEW", "order")
    client.cancel_order(symbol="BTCUSDT", orderId=order["orderId"])
    check(client.order_market_buy(symbol="BTCUSDT", quoteOrderQty="100")["fills"], "fills")
    check(client.get_my_trades(symbol="BTCUSDT"), "trades")
    check(client.get_all_orders(symbol="BTCUSDT") and client.get_open_orders() == [], "orders")
    client.create_test_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01")
    client.futures_change_leverage(symbol="BTCUSDT", leverage=7)
    client.futures_create_order(symbol="BTCUSDT", side="SELL", type="MARKET", quantity="0.01")
    check(float(client.futures_position_information(symbol="BTCUSDT")[0]["positionAmt"]) == -0.01, "position")
    client.futures_create_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01", reduceOnly="true")
    check(client.futures_account()["assets"] and client.futures_account_balance(), "futures account")
    check(client.futures_account_trades(symbol="BTCUSDT"), "futures trades")
    batch = [{"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": f"{last * 0.9:.1f}"}]
    check(client.futures_place_batch_order(batchOrders=batch)[0]["status"] == "NEW", "batch")
    client.futures_cancel_all_open_orders(symbol="BTCUSDT")
    check(client.futures_get_open_orders(symbol="BTCUSDT") == [], "none open")
    client.futures_coin_create_order(symbol="BTCUSD_PERP", side="BUY", type="MARKET", quantity=1)
    check(client.futures_coin_position_information(pair="BTCUSD"), "coin position")
    check(client.futures_coin_account() and client.futures_coin_account_balance(), "coin account")


def python_okx(paper):
    import okx.Account
    import okx.Funding
    import okx.MarketData
    import okx.PublicData
    import okx.Trade

    base = f"https://{paper.where['okx']}"

    def api(kind):
        made = kind(KEY, SECRET, PHRASE, flag="0", domain=base, debug=False)
        # Its constructor has no setting for the CA: give it a transport that trusts ours.
        made._mounts = {}
        made._transport = httpx.HTTPTransport(verify=paper.ca.name)
        return made

    trade, account = api(okx.Trade.TradeAPI), api(okx.Account.AccountAPI)

    def ok(answer):
        check(answer["code"] == "0", answer)
        return answer["data"]

    check(ok(api(okx.PublicData.PublicAPI).get_instruments("SPOT")), "instruments")
    last = float(ok(api(okx.MarketData.MarketAPI).get_ticker("BTC-USDT"))[0]["last"])
    check(ok(account.get_account_balance())[0]["details"], "balance")
    placed = ok(trade.place_order("BTC-USDT", "cash", "buy", "limit", "0.01", px=f"{last * 0.9:.1f}", clOrdId="abc1"))
    order_id = placed[0]["ordId"]
    twice = trade.place_order("BTC-USDT", "cash", "buy", "limit", "0.01", px=f"{last * 0.9:.1f}", clOrdId="abc1")
    check(twice["code"] == "1" and twice["data"][0]["sCode"] == "51016", twice)
    ok(trade.amend_order("BTC-USDT", ordId=order_id, newSz="0.02"))
    check(ok(trade.get_order("BTC-USDT", ordId=order_id))[0]["sz"] == "0.02", "amended")
    check(ok(trade.get_order_list())[0]["ordId"] == order_id, "pending")
    ok(trade.cancel_order("BTC-USDT", ordId=order_id))
    ok(account.set_leverage("4", "cross", instId="BTC-USDT-SWAP"))
    ok(trade.place_order("BTC-USDT-SWAP", "cross", "sell", "market", "1"))
    check(ok(account.get_positions())[0]["pos"] == "-1", "position")
    ok(trade.close_positions("BTC-USDT-SWAP", "cross"))
    check(ok(account.get_positions()) == [], "closed")
    check(ok(trade.get_fills()) and ok(trade.get_orders_history("SPOT")), "history")
    check(ok(account.get_account_config())[0]["posMode"] == "net_mode", "config")
    check(ok(api(okx.Funding.FundingAPI).get_balances()), "funding")


async def ccxt_async(paper):
    exchange = ccxt_okx(paper, ccxt.async_support, cafile=paper.ca.name)
    try:
        await exchange.load_markets()
        order = await exchange.create_order("BTC/USDT", "market", "sell", 0.01)
        check((await exchange.fetch_order(order["id"], "BTC/USDT"))["status"] == "closed", "closed")
        check((await exchange.fetch_balance())["USDT"]["free"] > 0, "balance")
    finally:
        await exchange.close()
    exchange = ccxt.async_support.binance({"apiKey": KEY, "secret": SECRET, "cafile": paper.ca.name})
    exchange.urls["api"] = paper.redirect(exchange.urls["api"])
    try:
        await exchange.load_markets()
        order = await exchange.create_order("ETH/USDT", "market", "sell", 0.1)
        check((await exchange.fetch_order(order["id"], "ETH/USDT"))["status"] == "closed", "closed")
    finally:
        await exchange.close()


def main():
    paper = Paper()
    cases = {
        "ccxt binance spot": lambda: spot(ccxt_binance(paper, "spot"), "BTC/USDT"),
        "ccxt binance usdm": lambda: perp(ccxt_binance(paper, "future"), "BTC/USDT:USDT", 0.01),
        "ccxt binance coinm": lambda: perp(ccxt_binance(paper, "swap", defaultSubType="inverse"), "BTC/USD:BTC", 2),
        "ccxt binance wallet": lambda: wallet_binance(paper),
        "ccxt okx spot": lambda: spot(ccxt_okx(paper), "BTC/USDT"),
        "ccxt okx swap": lambda: perp(ccxt_okx(paper), "BTC/USDT:USDT", 1),
        "ccxt okx inverse": lambda: perp(ccxt_okx(paper), "BTC/USD:BTC", 2),
        "ccxt okx wallet": lambda: wallet_okx(paper),
        "ccxt async": lambda: asyncio.run(ccxt_async(paper)),
        "python-binance": lambda: python_binance(paper),
        "python-okx": lambda: python_okx(paper),
    }
    failed = 0
    for name, case in cases.items():
        try:
            case()
            print("ok  ", name)
        except Exception:
            failed += 1
            print("FAIL", name)
            traceback.print_exc(limit=-4, chain=False)
    paper.process.stdin.close()
    paper.process.wait(10)
    sys.exit(failed)


main()
