"""kill -9 at random moments of every command that writes, of a search and of its workers."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time

import psutil

from tests.torture.cases import each, seeds
from tests.torture.forks import BEFORE, COMMANDS, TUNED, check, write_world
from tests.torture.test_operations import again

RECSYS = [sys.executable, "-c", "from recsys_cli.cli import main; main()"]
SEARCH = ["tune", "wide.yaml", "--workers", "2", "--trials", "40"]
WIDE = {**TUNED, "search": {"metric": "ndcg@10", "space": {"model.reg": {"log": [0.001, 0.1]}}}}
#: Seconds in which the workers of a search that is gone are gone too.
LIMIT = 30.0


@seeds(quick=12, full=1000, chunk=25)
def test_killed_at_a_random_moment(request, forks, tmp_path, seeds):
    world = tmp_path / "world"
    for seed, guard in each(request, seeds):
        with guard:
            chance = random.Random(seed)
            command = [*COMMANDS][seed % len(COMMANDS)]
            seconds, operations = forks.measure(command)
            forks.world(world)
            if seed // len(COMMANDS) % 2:
                forks.begin(world, COMMANDS[command])
                time.sleep(chance.uniform(0, seconds))
                forks.kill()
                forks.end(world)
            else:
                nth = chance.randint(1, operations)
                forks.run(world, COMMANDS[command], nth=nth, how=BEFORE)
            store = check(world)
            assert store.find("als-1").metrics is not None
            again(forks, world, command)


@seeds(quick=2, full=40)
def test_a_killed_search_takes_its_workers_along(request, tmp_path, seeds):
    for seed, guard in each(request, seeds):
        with guard:
            chance, world = random.Random(seed), tmp_path / str(seed)
            world.mkdir()
            write_world(world)
            (world / "wide.yaml").write_text(json.dumps(WIDE))
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            with subprocess.Popen([*RECSYS, *SEARCH], cwd=world, **pipes) as search:
                while not list(world.glob("runs/*/run.json")):
                    assert search.poll() is None, search.communicate()
                    time.sleep(0.01)
                time.sleep(chance.uniform(0, 2))
                workers = psutil.Process(search.pid).children()
                (workers[0] if seed % 2 else search).kill()
                _, said = search.communicate(timeout=LIMIT)
            assert not psutil.wait_procs(workers, timeout=LIMIT)[1]
            if seed % 2:
                assert (search.returncode, b"a worker was killed" in said) == (7, True), said
            store = check(world)
            assert {run.status for run in store.runs()} <= {"complete", "interrupted"}
            again = subprocess.run([*RECSYS, *SEARCH, "--resume", "--json"], cwd=world, **pipes)
            numbers = [trial["number"] for trial in json.loads(again.stdout)["trials"]]
            assert (again.returncode, sorted(numbers)) == (0, [*range(1, 41)])
