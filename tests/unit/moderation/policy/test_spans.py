"""Findings point at the original characters, whatever was folded on the way."""

# ruff: noqa: RUF001 - look-alike letters are what is tested here

import pytest

from services.moderation.policy import evaluate


@pytest.mark.parametrize(
    ("text", "rule", "words"),
    [
        ("Well. I will kill you! Bye", "threat.en.will-kill", "I will kill you"),
        ("Écoute, œil pour œil : je vais te tuer, là", "threat.fr.tuer", "je vais te tuer"),
        ("e\u0301coute, je vais te tue\u0301r vite", "threat.fr.tuer", "je vais te tue\u0301r"),
        ("ok I will k\u200bi\u200bl\u200bl you", "threat.en.will-kill", "I will k\u200bi\u200bl\u200bl you"),
        ("\u202eI w1ll k.i.l.l you\u202c", "threat.en.will-kill", "I w1ll k.i.l.l you\u202c"),
        ("😀😀 I will k i l l you 😀", "threat.en.will-kill", "I will k i l l you"),
        ("𝓘 𝔀𝓲𝓵𝓵 𝓴𝓲𝓵𝓵 𝔂𝓸𝓾", "threat.en.will-kill", "𝓘 𝔀𝓲𝓵𝓵 𝓴𝓲𝓵𝓵 𝔂𝓸𝓾"),
        ("🅺🅸🅻🅻 🆈🅾🆄🆁🆂🅴🅻🅵 now", "self-harm-encouragement.en.kill-yourself", "🅺🅸🅻🅻 🆈🅾🆄🆁🆂🅴🅻🅵"),
        ("Ｉ ｗｉｌｌ ｋｉｌｌ ｙｏｕ", "threat.en.will-kill", "Ｉ ｗｉｌｌ ｋｉｌｌ ｙｏｕ"),
        ("Coucou ! Mon numéro : 06 12 34 56 78.", "personal-data.phone", "06 12 34 56 78"),
        ("Paye ici : https://bit.ly/abc et vite", "scam.link-shortener", "https://bit.ly/abc"),
        ("Rue : 14 rue des Lilas, code", "personal-data.street", "14 rue des Lilas"),
    ],
)
def test_a_finding_points_at_the_original_words(text, rule, words):
    found = [text[finding.start : finding.end] for finding in evaluate(text).findings if finding.rule == rule]
    assert words in found


@pytest.mark.parametrize(
    "disguised",
    [
        "k1ll yourself", "kill yours3lf", "k!ll yourself", "kiiiiill yourself", "k i l l yourself", "k.i.l.l yourself",
        "k-i-l-l yourself", "k*ll yourself", "kіll yоursеlf", "KILL YOURSELF",
        "kill\u00adyourself".replace("\u00ad", "\u00ad "),
        "ｋｉｌｌ yourself", "k\u0336i\u0336l\u0336l\u0336 yourself", "kıll yourself", "ⓚⓘⓛⓛ yourself",
        "K I L L Y O U R S E L F",
    ],
)  # fmt: skip
def test_a_disguised_word_is_read(disguised):
    assert "self-harm-encouragement.en.kill-yourself" in {finding.rule for finding in evaluate(disguised).findings}
