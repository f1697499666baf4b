"""ALERTS: reads the log, lets the rules judge, keeps the alert book; people act on it."""
