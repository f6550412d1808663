"""What the catalogue does not know: refused with the line that allows it, which works as it stands."""

import contextlib
import json
import os
import pathlib
import shlex
import sqlite3
import subprocess
import tempfile

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


ROW = f'''{{ verb = "GET", path = "{PATH}", permission = "read", security = "signed", kind = "read", answer = "checked",
    about = "Something new", params = [{{ name = "view", grammar = {{ id = 16 }} }}] }}'''
REFUSED = '{ verb = "GET", path = "/api/v3/rateLimit/order", permission = "read", security = "signed", refused = "a test" }'
ORDER = '{ verb = "POST", path = "/sapi/v1/asset/novelty", permission = "trade", security = "signed", kind = "place" }'
XTASK = pathlib.Path(__file__).parents[2] / "xtask" / "sign-catalogue"


class Maintainer:
    """Makes catalogue files and signs them as docs/spec/catalogue.md says."""

    def __init__(self, folder):
        self.folder, self.key = folder, folder / "key.pem"
        folder.mkdir()
        made = subprocess.run([XTASK, "new", self.key], check=True, capture_output=True, text=True).stdout
        self.public = made.split('"')[1]

    def file(self, version, *rows):
        path = self.folder / f"spot-{version}.toml"
        path.write_text(
            f'format = 1\nexchange = "binance"\nversion = {version}\nsurfaces = ["spot"]\n'
            f'source = "a test"\ndate = "2026-11-25"\nrow = [{", ".join(rows)}]\n'
        )
        subprocess.run([XTASK, self.key, path], check=True)
        return path


@pytest.fixture
def maintained(own, tmp_path):
    maintainer = Maintainer(tmp_path / "maintainer")
    return own({"spot": stacks.BOTS["spot"]}, catalogue_keys=[maintainer.public]).serve(), maintainer


def update(stack, *arguments, **more):
    return stack.run("exchange", "update", *map(str, arguments), check=False, **more)


def test_a_signed_catalogue_is_taken_and_used_from_the_next_start(maintained):
    stack, maintainer = maintained
    file = maintainer.file(1000, ROW)
    wider = f"wider    spot GET {PATH} can be asked by who is granted `read`\n"
    done = update(stack, file, "--dry-run", fds={9: "not asked for"})
    assert done.stdout == wider + "not taken; taking this needs the vault's passphrase\n", done.stderr
    assert update(stack, file, fds={9: "not the passphrase"}).returncode == 17
    done = update(stack, file)
    assert done.stdout == wider + "taken; it is in use when `claviger serve` starts next\n", done.stderr
    assert line(refused(stack)), "a running claviger does not change its catalogue"
    stack.stop()
    stack.serve()
    assert ask(stack, view="full") == {"novelty": "full"}
    assert "withheld" in refused(stack, view="power")
    shown = stack.run("exchange", "show", "binance", PATH).stdout
    assert "Something new" in shown and "a newer catalogue" in shown
    listed = [json.loads(one) for one in stack.run("exchange", "list", "--json").stdout.splitlines()]
    assert listed[0]["updates"] == {"spot": 1000}

    for file, why in (
        (maintainer.file(999, ROW), "version 1000 is in use"),
        (maintainer.file(1001, ORDER), "needs a newer claviger"),
    ):
        done = update(stack, file)
        assert done.returncode == 30 and why in done.stderr, done.stderr
    file = maintainer.file(1002, ROW, REFUSED)
    done = update(stack, file, fds={9: "not asked for"})
    assert done.stdout.startswith("narrower spot GET /api/v3/rateLimit/order is refused by name: a test\ntaken"), done.stderr
    file.write_text(file.read_text().replace("a test", "a trap").replace("1002", "1003"))
    done = update(stack, file)
    assert done.returncode == 30 and "made this signature" in done.stderr, done.stderr
    stranger = Maintainer(maintainer.folder / "stranger").file(1004, ROW)
    done = update(stack, stranger)
    assert done.returncode == 30 and "made this signature" in done.stderr, done.stderr
    taken = [one["entry"]["body"] for one in map(json.loads, stack.run("journal", "show", "--all", "--json").stdout.splitlines())
             if one["entry"].get("kind") == "operator"]
    versions = [one["act"]["catalogue-taken"] for one in taken if isinstance(one["act"], dict) and "catalogue-taken" in one["act"]]
    assert [(one["version"], one["signer"]) for one in versions] == [(1000, maintainer.public), (1002, maintainer.public)]


def test_without_a_key_nothing_is_taken(stack, tmp_path):
    file = Maintainer(tmp_path / "maintainer").file(1000, ROW)
    done = update(stack, file)
    assert done.returncode == 30 and "catalogue_keys" in done.stderr, done.stderr


def test_a_start_refuses_what_a_key_signed_that_is_not_trusted_any_more(maintained):
    stack, maintainer = maintained
    assert update(stack, maintainer.file(1000, ROW)).returncode == 0
    stack.config = {}
    stack.write_config(stack.bots)
    stack.run("apply")
    stack.stop()
    done = serve_fails(stack)
    assert done.returncode == 30 and "was not signed by one of `catalogue_keys`" in done.stderr, done.stderr
    assert update(stack, "--drop", "binance", "spot").returncode == 0
    stack.serve()


def serve_fails(stack):
    # Not in the stack's folder, where the search after the run expects no passphrase.
    with tempfile.TemporaryDirectory() as folder:
        credential = pathlib.Path(folder) / "passphrase"
        with open(credential, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as secret:
            secret.write(stacks.PASSPHRASE)
        command = [stacks.binary(), "--home", stack.home, "--credential", credential, "serve"]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_a_start_refuses_what_was_altered_and_goes_back(maintained):
    stack, maintainer = maintained
    older, newer = maintainer.file(1000, ROW), maintainer.file(1001, ROW)
    assert update(stack, newer).returncode == 0
    stack.stop()
    for version, file in ((1000, older), (1001, newer)):
        text = file.read_text() + ("" if version == 1000 else "# altered\n")
        with contextlib.closing(sqlite3.connect(stack.home / "state.db")) as db, db:
            db.execute("UPDATE catalogues SET version = ?, text = ?, signature = ?",
                       (version, text, file.with_suffix(".toml.sig").read_text()))
        done = serve_fails(stack)
        assert done.returncode == 30 and "exchange update --drop" in done.stderr, done.stderr
    assert update(stack, "--drop", "binance", "spot", fds={9: "not the passphrase"}).returncode == 10
    assert update(stack, "--drop", "binance", "spot").returncode == 0
    assert update(stack, "--drop", "binance", "spot").returncode == 18, "there is none any more"
    stack.serve()
    assert line(refused(stack))
    assert stack.run("journal", "verify").returncode == 0
