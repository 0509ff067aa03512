"""`python -m services.moderation.policy` prints a verdict that programs can read."""

import json

from services.moderation.policy.__main__ import main


def test_the_command_prints_the_verdict_with_the_words_found(capsys):
    assert main(["I", "will", "kill", "you"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["outcome"], shown["policy"], shown["language"]) == ("reject", "threat", "en")
    assert shown["findings"][0]["words"] == "I will kill you"


def test_the_command_prints_what_can_not_be_encoded(capsys):
    assert main(["caf\u00e9 \ud800"]) == 0
    assert json.loads(capsys.readouterr().out)["outcome"] == "approve"
