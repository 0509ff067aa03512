"""`./leak demo`: a kind leak, a refused one and a held one through their lives, as people would click them."""

import argparse

from local import endpoints
from local.failures import Failure
from local.layout import Paths
from local.leak_lives import Life, Scene, Walk

SCENES = (
    Scene(
        "a kind leak",
        relation="coworker",
        kind="thanks",
        message="You stayed late on Tuesday so that I could go home. You made my week.",
        ends="closed",
    ),
    Scene(
        "a cruel leak, refused",
        relation="someone",
        kind="revelation",
        message="Pay me 500 euros in bitcoin or I publish your photos.",
        ends="refused",
    ),
    Scene(
        "a leak that a moderator must see",
        relation="friend",
        kind="crush",
        message="I would love to hear your voice. Will you call me on 06 12 34 56 78?",
        ends="closed",
        held=True,
    ),
)


def run(asked: argparse.Namespace) -> int:
    """0 when all three ended as they must."""
    with Walk(endpoints.read(Paths.under(asked.home))) as walk:
        wrong = [scene.title for scene in SCENES if not _play(walk, scene)]
    print(f"wrong: {', '.join(wrong)}" if wrong else "three right endings")
    return 1 if wrong else 0


def _play(walk: Walk, scene: Scene) -> bool:
    life = Life(scene)
    try:
        walk.through(life)
    except Failure as failure:
        life.note(f"WRONG: {failure}")
        return False
    finally:
        print(life.told(), end="\n\n", flush=True)
    return True
