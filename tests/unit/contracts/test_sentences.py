"""Sentences: said with their values, and known again."""

import pytest

from contracts.sentences import Saying, Sentence, saying_of

VALUES = {"why": "[Errno 104] reset: a.b (c)", "name": "a “cube”, twice.gcode"}


def values_of(sentence: Sentence) -> dict[str, str]:
    return {name: VALUES.get(name, f"7 {name}") for name in sentence.params}


@pytest.mark.parametrize("sentence", list(Sentence), ids=lambda sentence: sentence.code)
def test_every_sentence_is_known_again_with_its_values(sentence: Sentence) -> None:
    values = values_of(sentence)

    assert saying_of(sentence.say(**values)) == Saying(code=sentence.code, params=values)


def test_codes_are_short_and_no_sentence_is_there_twice() -> None:
    assert all(len(sentence.code) <= 48 for sentence in Sentence)
    assert len({sentence.value for sentence in Sentence}) == len(Sentence.__members__)


@pytest.mark.parametrize("text", [None, "", "Looks odd.", "The print was stopped", "It fell off."])
def test_other_words_are_none_of_them(text: str | None) -> None:
    assert saying_of(text) is None


def test_a_value_that_comes_twice_must_be_the_same() -> None:
    said = Sentence.FILE_FOR_OTHER_MODEL.say(plate=1, needs="A1 mini", here="P1S")

    assert saying_of(said.replace("Choose P1S", "Choose X1")) is None


def test_a_sentence_without_a_value_that_it_needs_is_an_error() -> None:
    with pytest.raises(KeyError):
        Sentence.NOT_FREE.say()
