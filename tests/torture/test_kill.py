"""kill -9 at random moments of every command that writes."""

from __future__ import annotations

import random
import time

from tests.torture.cases import each, seeds
from tests.torture.forks import BEFORE, COMMANDS, check
from tests.torture.test_operations import again


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
