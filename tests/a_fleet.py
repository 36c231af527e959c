"""The providers of a small fleet."""

from __future__ import annotations

NAMES = ("Ada Ash", "Ben Birch", "Cy Cedar", "Dee Dogwood")
SLUGS = ("ada_ash", "ben_birch", "cy_cedar", "dee_dogwood")
