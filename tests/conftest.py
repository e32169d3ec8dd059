"""What all tests share: property tests that are the same in every run."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("threefold", derandomize=True, deadline=None, max_examples=60, database=None)
settings.load_profile("threefold")
