"""Bad input through every door is answered by a clear sentence; `python tests/bad_inputs.py` prints the counts."""

from __future__ import annotations

from pathlib import Path

import pytest

import bad_inputs


def test_every_bad_input_gets_a_clear_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    answers = [(case, bad_inputs.judged(case)) for case in bad_inputs.cases(tmp_path)]
    assert len(answers) >= 250
    assert len({case.door for case, _ in answers}) >= 10
    assert [f"{case.door}, {case.what}: {complaint}" for case, complaint in answers if complaint] == []


@pytest.mark.parametrize(
    ("error", "complaint"),
    [
        (ValueError("5"), "ValueError"), (None, "not refused"),
        (bad_inputs.SpikepruneError("no\nsentence."), "one line"),
        (bad_inputs.SpikepruneError("No remedy."), "no remedy"),
        (bad_inputs.SpikepruneError("Odd (x): please report it."), "not clear"),
        (bad_inputs.SpikepruneError("Neurons are 0: give at least 1."), ""),
    ],
)  # fmt: skip
def test_what_is_not_clear_is_found(error: Exception | None, complaint: str) -> None:
    def call() -> None:
        if error is not None:
            raise error

    found = bad_inputs.judged(bad_inputs.Case("door", "what", call))
    assert (complaint in found) if complaint else found == ""
