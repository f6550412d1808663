"""What the catalogue does not know: refused with the line that allows it, which works as it stands."""

import json
import shlex

import clients
import pytest
import requests
import stack as stacks

PATH = "/sapi/v1/asset/novelty"


@pytest.fixture(scope="module")
def stack(make_stack):
    return make_stack({"spot": stacks.BOTS["spot"]}).serve()


def ask(stack, path="asset/novelty", **params):
    """A stock ccxt call of an endpoint that claviger's catalogue does not have."""
    return clients.Client(stack, "sync", "base", "binance", "spot").request(path, ["sapi"], "GET", params)


def refused(stack, **params):
    import ccxt

    with pytest.raises(ccxt.BaseError) as caught:
        ask(stack, **params)
    return str(caught.value)


def line(text):
    """The command in a refusal, as an operator would paste it."""
    start = text.index("claviger exchange allow-")
    return shlex.split(text[start:].split(chr(34))[0].rstrip(")"))[1:]


def denials(stack):
    shown = [json.loads(one) for one in stack.run("journal", "show", "--all", "--json").stdout.splitlines()]
    return [one["entry"]["body"] for one in shown if one["entry"].get("kind") == "denial"]


def test_the_line_of_a_refusal_allows_the_row_and_then_the_parameter(stack):
    text = refused(stack)
    command = line(text)
    assert command == ["exchange", "allow-read", "binance", "spot", "GET", PATH]
    assert any(" ".join(command) in one["message"] for one in denials(stack)), "the journal has the line"
    assert " ".join(command) in stack.log.read_text(), "and so has the log"
    assert stack.run(*command).stdout == f"allowed: binance spot GET {PATH}\n"
    assert ask(stack) == {"novelty": "plain"}, "it counts when the command returns"

    command = line(refused(stack, view="full"))
    assert command == ["exchange", "allow-param", "binance", "spot", "GET", PATH, "view=id:64"]
    stack.run(*command)
    assert ask(stack, view="full") == {"novelty": "full"}
    withheld = refused(stack, view="power")
    assert "withheld" in withheld and "pqia91" not in withheld, "an answer that tells a token does not arrive"

    listed = [json.loads(one) for one in stack.run("exchange", "allowed", "--json").stdout.splitlines()]
    assert [(one["path"], one["param"]) for one in listed] == [(PATH, None), (PATH, "view")]
    shown = stack.run("exchange", "show", "binance", PATH).stdout
    assert "an operator" in shown and "view" in shown

    stack.stop()
    stack.serve()
    assert ask(stack, view="full") == {"novelty": "full"}, "it counts after a restart"
    stack.run("exchange", "disallow", "binance", "spot", "GET", PATH)
    assert line(refused(stack)), "and not when it was taken back"
    operator = stack.run("journal", "tail", "-n", "200").stdout
    assert "allowed" in operator and "disallowed" in operator


def test_what_is_public_is_served_without_a_key(stack):
    url = f"{stack.base('binance')}/api/v3/novelty"
    text = requests.get(url, timeout=10).text
    command = line(text)
    assert command == ["exchange", "allow-read", "binance", "spot", "GET", "/api/v3/novelty", "--public"]
    stack.run(*command)
    stacks.until(lambda: requests.get(url, timeout=10).text == '{"novelty":"plain"}', 6)
    stack.run("exchange", "disallow", "binance", "spot", "GET", "/api/v3/novelty")
    stacks.until(lambda: requests.get(url, timeout=10).status_code != 200, 6)


@pytest.mark.parametrize("arguments, why", [
    (("allow-read", "binance", "spot", "POST", PATH), "only GET is known to change nothing"),
    (("allow-read", "binance", "spot", "GET", "/sapi/v1/sub-account/novelty"), "read-identity"),
    (("allow-read", "binance", "spot", "GET", "/api/v3/order"), "GET /api/v3/order is read already"),
    (("allow-read", "binance", "spot", "GET", "/sapi/v1/capital/withdraw/apply"), "withdraw"),
    (("allow-read", "binance", "spot", "GET", "/sapi/v1/asset/newListenKey"), "key or a token"),
    (("allow-param", "binance", "spot", "GET", "/api/v3/account", "recvWindow=number"), "belongs to the signature"),
    (("allow-param", "binance", "spot", "GET", "/sapi/v1/capital/withdraw/apply", "a=number"), "no row that reads"),
    (("allow-read", "binance", "ws-spot", "GET", PATH), "serves no path"),
])
def test_what_does_more_than_read_cannot_be_allowed(stack, arguments, why):
    done = stack.run("exchange", *arguments, check=False)
    assert done.returncode == 30 and why in done.stderr, done.stderr
    assert PATH not in stack.run("exchange", "allowed").stdout


def test_the_passphrase_is_needed(stack):
    done = stack.run("exchange", "allow-read", "binance", "spot", "GET", PATH, fds={9: "not the passphrase"}, check=False)
    assert done.returncode == 17, done.stderr
    assert line(refused(stack))
