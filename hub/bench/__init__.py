"""Measuring: figures with their floors from the same run, as medians, with the machine named."""
