"""Pure judgement: no clock, no IO, no logging. The same `step` runs live, in backtests and in rule tests."""
