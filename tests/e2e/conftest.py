"""One set of paper exchanges and one gateway for all client tests; tests that break things make their own."""

import os
import pathlib
import sys
import tempfile

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
pytest.register_assert_rewrite("leaks", "repeat", "traps")

from preload import tap  # noqa: E402

# Everything that the clients of the run are told, here and in the processes that are started, is kept for `test_zz_leaks`.
os.environ.setdefault("CLAVIGER_TAP", tempfile.mkdtemp(prefix="claviger-tap"))
os.environ["NODE_OPTIONS"] = f"--require {HERE / 'preload' / 'tap.cjs'}"
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(HERE / "preload"), os.environ.get("PYTHONPATH")]))
tap.install()

from clients import Client  # noqa: E402
from leaks import assert_nothing_virtual_upstream  # noqa: E402
from stack import Sim, Stack  # noqa: E402
from traps import Trapped  # noqa: E402


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("claviger")
    sim = Sim(folder / "sim")
    stack = Stack(folder / "stack", sim)
    stack.serve()
    yield stack
    assert_nothing_virtual_upstream(stack)
    stack.stop()
    sim.stop()


@pytest.fixture(scope="module")
def make_stack(tmp_path_factory):
    """A maker of stacks for a whole file of tests."""
    made = []

    def make(bots=None, sim_arguments=(), **config):
        folder = tmp_path_factory.mktemp("own")
        made.append(Stack(folder / "stack", Sim(folder / "sim", *sim_arguments), bots, **config))
        return made[-1]

    yield make
    for stack in made:
        assert_nothing_virtual_upstream(stack)
        stack.stop()
        stack.sim.stop()


@pytest.fixture
def own(tmp_path):
    """A maker of stacks that a test may break."""
    made = []

    def make(bots=None, sim_arguments=(), **config):
        sim = Sim(tmp_path / f"sim{len(made)}", *sim_arguments)
        stack = Stack(tmp_path / f"stack{len(made)}", sim, bots, **config)
        made.append((stack, sim))
        return stack

    yield make
    for stack, sim in made:
        stack.stop()
        if sim.process.poll() is None:
            assert_nothing_virtual_upstream(stack)
        sim.stop()


@pytest.fixture(scope="session")
def trapped(tmp_path_factory):
    """One stack for all files of attacks."""
    trapped = Trapped(tmp_path_factory.mktemp("traps"))
    yield trapped
    assert_nothing_virtual_upstream(trapped.stack)
    trapped.stack.stop()
    trapped.sim.stop()


@pytest.fixture(params=["sync", "async"])
def kind(request):
    """Which ccxt for Python."""
    return request.param


@pytest.fixture(params=["base", "connect"])
def way(request):
    """Which way in."""
    return request.param


@pytest.fixture
def clients(kind, way):
    """A maker of ccxt clients for any stack."""
    made = []

    def make(stack, exchange, bot, door=None, **options):
        made.append(Client(stack, kind, way, exchange, bot, door, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def client(clients, stack):
    """A maker of ccxt clients for the stack that all share."""
    return lambda exchange, bot, **options: clients(stack, exchange, bot, **options)
