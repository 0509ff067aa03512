"""What a recipient gets depends on the recipient and on what was written and chosen, and on nothing else (I9)."""

import pytest

from tests.canaries import twins
from tests.canaries.world import World

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


def test_two_runs_that_differ_in_who_sends_give_the_same_mails_and_records(alive: World) -> None:
    first, second = twins.pair()
    mails = [twins.run(alive, first, "en"), twins.run(alive, second, "fr-CH, fr;q=0.9, *;q=0.1")]
    assert len(mails[0]) == len(twins.CHOICES)
    assert mails[0] == mails[1]
    told = [twins.shapes(alive, crowd) for crowd in (first, second)]
    assert told[0] == told[1]
    assert {topic for topic, *_ in told[0]} >= {"leak.submitted.v1", "leak.confirmed.v1", "leak.decided.v1"}


@pytest.mark.long
@pytest.mark.parametrize("fault", ["a trace of the sender in the message", "a header that depends on the sender"])
def test_a_difference_is_seen(alive: World, fault: str) -> None:
    first, second = twins.pair()
    with alive.otherwise({"gateway-accept": fault}):
        mails = [twins.run(alive, first, "en"), twins.run(alive, second, "fr")]
        told = [twins.shapes(alive, crowd) for crowd in (first, second)]
    assert mails[0] != mails[1] or told[0] != told[1]
