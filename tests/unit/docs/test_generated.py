"""What is generated and committed is what today's code would generate."""

from pathlib import Path

from deploy.dev import env_example

ROOT = Path(__file__).resolve().parents[3]


def test_env_example_names_every_setting() -> None:
    assert (ROOT / ".env.example").read_text() == env_example.text()
