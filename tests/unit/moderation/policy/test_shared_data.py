"""A check on public data, of which no row is kept here; skipped where it is not at hand."""

import json
from pathlib import Path

import pytest

from services.moderation.policy import Outcome, evaluate

DATA = Path(__file__).parents[5] / "shared" / "moderation-data"
KIND = {"love", "joy", "gratitude", "admiration", "caring", "amusement", "excitement", "optimism", "relief", "pride"}
ROWS = 3000


def _rows(name):
    path = DATA / f"{name}.jsonl"
    if not path.exists():
        pytest.skip(f"{name} is not beside this checkout")
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _share(texts, outcomes):
    return sum(evaluate(text).outcome in outcomes for text in texts) / len(texts)


STOPPED = {Outcome.HOLD, Outcome.REJECT}


def test_kind_comments_are_almost_never_stopped():
    texts = [row["text"] for row in _rows("goemotions_train") if row["emo"] and set(row["emo"]) <= KIND][:ROWS]
    assert _share(texts, STOPPED) <= 0.01
    assert _share(texts, {Outcome.REJECT}) <= 0.001


def test_everyday_text_messages_are_rarely_stopped():
    texts = [row["text"] for row in _rows("sms_spam_70") if not row["y"]][:ROWS]
    assert _share(texts, STOPPED) <= 0.02


def test_french_threats_and_insults_are_often_found():
    rows = _rows("jigsaw_frmt")
    assert _share([row["text"] for row in rows if row["threat"]], STOPPED) >= 0.55
    assert _share([row["text"] for row in rows if row["insult"]], STOPPED) >= 0.55


@pytest.mark.parametrize(
    ("entity", "least"), [("EMAIL_ADDRESS", 1.0), ("IBAN_CODE", 1.0), ("US_SSN", 1.0), ("CREDIT_CARD", 0.7)]
)
def test_checked_identifiers_are_found(entity, least):
    found = []
    for row in _rows("pii_synth_half"):
        spans = [(start, end) for name, start, end in row["spans"] if name == entity]
        findings = evaluate(row["text"]).findings if spans else ()
        found.extend(any(one.start < end and start < one.end for one in findings) for start, end in spans)
    assert sum(found) / len(found) >= least
