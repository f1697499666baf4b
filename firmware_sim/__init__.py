"""Simulated firmware: a campus whose every device is a real MQTT client, with faults and scenarios.

Written from the payload documents and never through the hub's decoders, so that one can disprove the other.
"""
