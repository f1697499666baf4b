"""WORDS: what every room that speaks to people shares: texts in both languages, numbers, times."""
